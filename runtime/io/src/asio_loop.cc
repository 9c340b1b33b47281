// The loop of a production worker.
#include <zerver/io/asio_loop.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace zerver::io {

AsioLoop::RemainsRing::RemainsRing() noexcept { next_ = previous_ = this; }

AsioLoop::RemainsRing::~RemainsRing() {
  while (next_ != this) {
    Remains* const each = next_;
    next_ = each->next_;
    delete each;
  }
}

AsioLoop::AsioLoop(const Clock& clock) : clock_(clock), wheel_(clock.now()), timer_(context_) {}

AsioLoop::~AsioLoop() = default;

void AsioLoop::keep(std::unique_ptr<Remains> remains) noexcept {
  Remains* const each = remains.release();
  each->next_ = &remains_;
  each->previous_ = remains_.previous_;
  each->previous_->next_ = each;
  remains_.previous_ = each;
}

void AsioLoop::dispose_of(Remains& remains) noexcept {
  remains.next_->previous_ = remains.previous_;
  remains.previous_->next_ = remains.next_;
  delete &remains;
}

void AsioLoop::run() {
  const boost::asio::executor_work_guard<Executor> work(context_.get_executor());
  context_.restart();
  context_.run();
  // Operations that were cancelled before stop() complete, so that none is left when the objects that they
  // belong to go.
  context_.restart();
  context_.poll();
}

bool AsioLoop::run_ready() {
  context_.restart();
  return context_.poll() != 0;
}

TimePoint AsioLoop::now() const noexcept {
  if (!now_is_read_ || turn_depth_ == 0) {
    now_ = clock_.now();
    now_is_read_ = true;
  }
  return now_;
}

void AsioLoop::post(async::Job& job) noexcept {
  async::Job* first = posted_.load(std::memory_order_relaxed);
  do {
    job.next = first;
  } while (!posted_.compare_exchange_weak(first, &job, std::memory_order_acq_rel, std::memory_order_relaxed));
  // The memory of the handler is free: the one before has been taken out of it when it emptied the queue.
  if (first == nullptr) boost::asio::post(context_, Handler(wake_memory_, [this] { run_posted(); }));
}

void AsioLoop::run_posted() noexcept {
  const Turn turn(*this);
  async::Job* reversed = nullptr;
  for (async::Job* job = posted_.exchange(nullptr, std::memory_order_acq_rel); job != nullptr;) {
    async::Job* const next = std::exchange(job->next, reversed);
    reversed = job;
    job = next;
  }
  while (reversed != nullptr) {
    async::Job& job = *reversed;
    reversed = std::exchange(job.next, nullptr);
    job.run();
  }
}

void AsioLoop::defer(async::Job& job) noexcept {
  if (turn_depth_ == 0) {
    post(job);
    return;
  }
  job.next = nullptr;
  if (deferred_last_ == nullptr) {
    deferred_first_ = &job;
  } else {
    deferred_last_->next = &job;
  }
  deferred_last_ = &job;
}

void AsioLoop::end_turn() noexcept {
  for (int left = kDeferredPerTurn; turn_depth_ == 1 && deferred_first_ != nullptr; --left) {
    if (left == 0) {
      post_turn();
      break;
    }
    async::Job& job = *deferred_first_;
    deferred_first_ = std::exchange(job.next, nullptr);
    if (deferred_first_ == nullptr) deferred_last_ = nullptr;
    job.run();
  }
  if (--turn_depth_ == 0 && heartbeat_ != nullptr) heartbeat_->end();
}

void AsioLoop::post_turn() noexcept {
  if (std::exchange(turn_is_posted_, true)) return;
  boost::asio::post(context_, Handler(turn_memory_, [this] {
                      turn_is_posted_ = false;
                      const Turn turn(*this);
                    }));
}

void AsioLoop::start(async::Timer& timer, TimePoint when) noexcept {
  wheel_.start(timer, when);
  // Arming costs more than ten times what the wheel does, and most timers are stopped before they fire: so it
  // is armed for the earliest one only, and not again when that one is stopped.
  if (const TimePoint next = wheel_.next(); next < armed_for_) arm(next);
}

void AsioLoop::arm(TimePoint when) noexcept {
  armed_for_ = when;
  const Duration wait{std::max<std::int64_t>(0, (when - clock_.now()).nanoseconds)};
  timer_.expires_after(std::chrono::nanoseconds(wait.nanoseconds));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) on_timer();
  });
}

void AsioLoop::on_timer() noexcept {
  const Turn turn(*this);
  // Timers that are started meanwhile are looked at when all that is due has fired.
  armed_for_ = TimePoint{std::numeric_limits<std::int64_t>::min()};
  wheel_.advance(now());
  armed_for_ = TimePoint::never();
  if (const TimePoint next = wheel_.next(); next != TimePoint::never()) arm(next);
}

}  // namespace zerver::io
