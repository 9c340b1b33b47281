// Everything of the runtime that a program may use, but for the event loop's own headers, which include Asio.
#pragma once

#include <zerver/async/async.h>
#include <zerver/core/arena.h>
#include <zerver/core/clock.h>
#include <zerver/core/log.h>
#include <zerver/core/random.h>
#include <zerver/core/result.h>
#include <zerver/effects/registry.h>
#include <zerver/execution/run_on.h>
#include <zerver/execution/task_system.h>
#include <zerver/flow/service.h>
#include <zerver/flow/step.h>
#include <zerver/io/model/channel.h>
#include <zerver/io/model/models.h>
#include <zerver/io/stop_signals.h>
#include <zerver/io/writer.h>
#include <zerver/program/config.h>
#include <zerver/program/doctor.h>
#include <zerver/program/machine.h>
#include <zerver/program/runtime.h>
#include <zerver/server/main.h>
#include <zerver/server/server.h>
#include <zerver/server/settings.h>
#include <zerver/server/snapshot.h>
