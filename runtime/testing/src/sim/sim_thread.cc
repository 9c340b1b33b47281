#include <zerver/io/fiber.h>
#include <zerver/testing/sim_loop.h>
#include <zerver/testing/sim_thread.h>

#include <utility>

namespace zerver::testing {

SimThread::SimThread(SimLoop& world) : world_(world), wheel_(world.now()), now_(world.now()) {
  world_.threads_.push_back(this);
}

SimThread::~SimThread() {
  std::erase(world_.threads_, this);
  if (fiber_ == nullptr) return;
  ends_ = true;
  fiber_->resume();
}

void SimThread::post(async::Job& job) noexcept {
  const std::lock_guard lock(world_.mutex_);
  posted_.push_back(&job);
  world_.posted_somewhere_.notify_one();
}

void SimThread::defer(async::Job& job) noexcept {
  (first_deferred_ == nullptr ? first_deferred_ : last_deferred_->next) = &job;
  last_deferred_ = &job;
  job.next = nullptr;
}

void SimThread::read_time() noexcept { now_ = world_.now(); }

void SimThread::spend(Duration time) noexcept {
  if (time <= Duration{} || is_dead_) return;
  wakes_at_ = world_.now() + time;
  is_asleep_ = true;
  fiber_->suspend();
  is_asleep_ = false;
}

void SimThread::die() noexcept {
  is_dead_ = true;
  if (is_asleep_) fiber_->resume();
}

bool SimThread::is_ready(TimePoint time) const noexcept {
  if (is_dead_) return false;
  if (is_asleep_) return wakes_at_ <= time;
  return !posted_.empty() || first_deferred_ != nullptr || wheel_.next() <= time;
}

void SimThread::go_on() {
  if (fiber_ == nullptr) {
    fiber_ =
        std::make_unique<io::Fiber>(kStack, [](void* self) { static_cast<SimThread*>(self)->serve(); }, this);
  }
  fiber_->resume();
}

void SimThread::serve() noexcept {
  while (!ends_) {
    turn();
    fiber_->suspend();
  }
}

void SimThread::turn() noexcept {
  read_time();
  busy_since_ = now_;
  wheel_.advance(now_);
  async::Job* job = nullptr;
  {
    const std::lock_guard lock(world_.mutex_);
    if (!posted_.empty()) {
      job = posted_.front();
      posted_.pop_front();
    }
  }
  if (job != nullptr) job->run();
  for (int left = kDeferredPerTurn; left > 0 && first_deferred_ != nullptr && !is_dead_; --left)
    std::exchange(first_deferred_, first_deferred_->next)->run();
  busy_since_ = TimePoint::never();
}

}  // namespace zerver::testing
