#include <zerver/server/scheduling/request_queue.h>

#include <algorithm>

namespace zerver::server {

using async::Priority;

RequestQueue::RequestQueue(const Scheduling& settings, bool batch_workers) noexcept
    : batch_workers_(batch_workers),
      queue_(settings.queue),
      delay_{async::ControlledDelay(settings.delay[0]), async::ControlledDelay(settings.delay[1]),
             async::ControlledDelay(settings.delay[2])} {}

bool RequestQueue::push(ServedExchange& exchange, Priority priority, TimePoint since,
                        TimePoint deadline) noexcept {
  const std::lock_guard lock(mutex_);
  if (!queue_.push(exchange, priority, since, deadline)) return false;
  publish_size(priority);
  return true;
}

RequestQueue::Taken RequestQueue::choose(Taker taker, TimePoint now) noexcept {
  async::Scheduled* const entry =
      taker == Taker::kBatchWorker ? queue_.pop(Priority::kBatch)
                                   : queue_.pop_up_to(batch_workers_ ? Priority::kNormal : Priority::kBatch);
  if (entry == nullptr) return {};
  const Priority priority = entry->priority();
  publish_size(priority);
  // Another worker's clock may have been read a little earlier.
  const Duration wait = std::max(Duration{}, now - entry->since());
  if (no_wait_.load(std::memory_order_relaxed)) {
    no_wait_.store(false, std::memory_order_relaxed);
    for (async::ControlledDelay& delay : delay_)
      delay.note_no_wait();
  }
  const bool shed = delay_[static_cast<std::size_t>(priority)].sheds(wait, now);
  // Batch work may wait for long.
  const bool stands = delay_[static_cast<std::size_t>(Priority::kInteractive)].overloaded() ||
                      delay_[static_cast<std::size_t>(Priority::kNormal)].overloaded();
  if (stands_.load(std::memory_order_relaxed) != stands) stands_.store(stands, std::memory_order_relaxed);
  return {static_cast<ServedExchange*>(entry), wait, shed};
}

bool RequestQueue::remove(ServedExchange& exchange) noexcept {
  const std::lock_guard lock(mutex_);
  if (!exchange.waiting()) return false;
  const Priority priority = exchange.priority();
  queue_.remove(exchange);
  publish_size(priority);
  return true;
}

void RequestQueue::publish_size(Priority priority) noexcept {
  sizes_[static_cast<std::size_t>(priority)].store(queue_.size(priority), std::memory_order_seq_cst);
}

}  // namespace zerver::server
