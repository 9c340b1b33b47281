// Tasks on the caller's thread, which waits for time and the outside itself.
#include "socket_poll.h"
#include <zerver/io/model/models.h>

#include <cerrno>
#include <deque>
#include <time.h>

namespace zerver::io {

struct BlockingModel::State {
  std::deque<Io*> ready;
};

BlockingModel::BlockingModel() : state_(std::make_unique<State>()) {}
BlockingModel::~BlockingModel() = default;

void BlockingModel::schedule(Io& io) noexcept { state_->ready.push_back(&io); }

void BlockingModel::forget(Io&) noexcept {}

// What waits for a peer is completed or cancelled before nothing is ready any more: look_for_deadlock().
void BlockingModel::drive(Io& root) {
  const auto run_one = [this] {
    Io& io = *state_->ready.front();
    state_->ready.pop_front();
    step(io);
  };
  while (!has_ended(root))
    run_one();
  cancel_all();
  while (living() > 0)
    run_one();
}

bool BlockingModel::begin_sleep(SleepWait& wait, std::unique_lock<std::mutex>&) {
  timespec until{};  // TimePoint is of this clock
  until.tv_sec = wait.until().nanoseconds / 1'000'000'000;
  until.tv_nsec = wait.until().nanoseconds % 1'000'000'000;
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
  return true;
}

bool BlockingModel::end_sleep(SleepWait&) noexcept { return false; }

bool BlockingModel::begin_socket(SocketWait& wait, std::unique_lock<std::mutex>&) {
  while (!wait.attempt()) {
    if (poll_socket(wait, now(), -1)) continue;
    wait.expire();
    break;
  }
  return true;
}

bool BlockingModel::end_socket(SocketWait&) noexcept { return false; }

bool BlockingModel::begin_call(FileTransfer& wait, std::unique_lock<std::mutex>&) {
  wait.perform();
  return true;
}

}  // namespace zerver::io
