// All that a generated `.flow.cc` needs.
#pragma once

#include <zerver/flow/answer.h>
#include <zerver/flow/call.h>
#include <zerver/flow/exchange.h>
#include <zerver/flow/expression.h>
#include <zerver/flow/flow_task.h>
#include <zerver/flow/json_codec.h>
#include <zerver/flow/operation.h>
#include <zerver/flow/path.h>
#include <zerver/flow/problem.h>
#include <zerver/flow/request_parts.h>
#include <zerver/flow/row_codec.h>
#include <zerver/flow/service.h>
#include <zerver/flow/step.h>
#include <zerver/flow/target.h>
#include <zerver/flow/validate.h>
#include <zerver/flow/value.h>
#include <zerver/flow/worker.h>
