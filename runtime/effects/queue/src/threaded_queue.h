// A store of a queue behind a thread, for all workers of a process.
#pragma once

#include "backend.h"
#include <zerver/core/clock.h>
#include <zerver/jobs/queue_store.h>

#include <memory>
#include <string_view>

namespace zerver::effects::queue {

// What all workers ask for while the thread is busy is one batch for the backend: so they share its
// transactions and round trips, and no worker waits.
class ThreadedQueue final : public jobs::QueueStore {
 public:
  // `clock` outlives it, and is read by the thread.
  ThreadedQueue(std::unique_ptr<Backend> backend, const Clock& clock);
  // Does what is left. The loops of those who wait do not run any more.
  ~ThreadedQueue() override;
  ThreadedQueue(const ThreadedQueue&) = delete;
  ThreadedQueue& operator=(const ThreadedQueue&) = delete;

  std::unique_ptr<jobs::QueueSession> session(async::Loop& loop, const Clock& clock,
                                              jobs::QueueListener* listener) override;
  bool is_durable() const noexcept override { return true; }
  std::string_view database() const noexcept override;
  flow::Statement put_statement(const jobs::NewJob& job, Timestamp now, Arena& arena) const override;

 private:
  class Session;
  class Thread;
  std::unique_ptr<Thread> thread_;
};

}  // namespace zerver::effects::queue
