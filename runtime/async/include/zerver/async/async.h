// All primitives that a coroutine of one loop may use, and those between threads.
#pragma once

#include <zerver/async/channel/channel.h>
#include <zerver/async/channel/oneshot.h>
#include <zerver/async/channel/shared_channel.h>
#include <zerver/async/combine/all.h>
#include <zerver/async/combine/race.h>
#include <zerver/async/combine/select.h>
#include <zerver/async/combine/timeout.h>
#include <zerver/async/context.h>
#include <zerver/async/future/future.h>
#include <zerver/async/future/submit.h>
#include <zerver/async/pool/pool.h>
#include <zerver/async/rate/keyed_limiter.h>
#include <zerver/async/rate/leaky_bucket.h>
#include <zerver/async/rate/sliding_window.h>
#include <zerver/async/rate/token_bucket.h>
#include <zerver/async/sleep.h>
#include <zerver/async/spawn.h>
#include <zerver/async/stop.h>
#include <zerver/async/sync/event.h>
#include <zerver/async/sync/mutex.h>
#include <zerver/async/sync/rw_lock.h>
#include <zerver/async/sync/semaphore.h>
#include <zerver/async/task.h>
#include <zerver/async/task_group.h>
