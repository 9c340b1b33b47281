// All that a generated `.flow.cc` needs.
#pragma once

#include <zerver/flow/block/branch.h>
#include <zerver/flow/block/each.h>
#include <zerver/flow/block/exit.h>
#include <zerver/flow/call/call.h>
#include <zerver/flow/call/group.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/call/target.h>
#include <zerver/flow/data/expression.h>
#include <zerver/flow/data/json_codec.h>
#include <zerver/flow/data/row_codec.h>
#include <zerver/flow/data/validate.h>
#include <zerver/flow/data/value.h>
#include <zerver/flow/exchange.h>
#include <zerver/flow/flow_task.h>
#include <zerver/flow/job/job.h>
#include <zerver/flow/request/answer.h>
#include <zerver/flow/request/path.h>
#include <zerver/flow/request/problem.h>
#include <zerver/flow/request/request_parts.h>
#include <zerver/flow/saga/saga.h>
#include <zerver/flow/service.h>
#include <zerver/flow/step.h>
#include <zerver/flow/stream/streamed_answer.h>
#include <zerver/flow/transaction/transaction.h>
#include <zerver/flow/worker.h>
