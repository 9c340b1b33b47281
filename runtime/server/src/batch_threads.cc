#include "batch_threads.h"

#include <cstdint>
#include <sched.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace zerver::server {
namespace {

constexpr int kNice = 10;  // a weight of 110 beside the 1024 of others

// As sched_setattr(2) has it; the C library does not declare it.
struct Attributes {
  std::uint32_t size = sizeof(Attributes);
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};

int policy_for(bool shares) noexcept { return shares ? SCHED_BATCH : SCHED_IDLE; }

// Policy and weight at once. False where the system says no: then everything stays as it is.
bool schedule(pid_t thread, bool shares) noexcept {
  Attributes attributes;
  attributes.policy = static_cast<std::uint32_t>(policy_for(shares));
  attributes.nice = shares ? kNice : 0;
  return syscall(SYS_sched_setattr, thread, &attributes, 0U) == 0;
}

}  // namespace

bool SystemBatchThreads::can_raise() {
  bool came_back = false;
  std::thread([&came_back] { came_back = schedule(0, false) && schedule(0, true); }).join();
  return came_back;
}

void SystemBatchThreads::enter() {
  const std::lock_guard lock(mutex_);
  const pid_t self = gettid();
  threads_.reserve(threads_.size() + 1);
  // Where even that is not allowed, batch work shares the processors as others do.
  if (schedule(self, urgent_ || !raises_)) threads_.push_back(self);
}

void SystemBatchThreads::leave() noexcept {
  const std::lock_guard lock(mutex_);
  std::erase(threads_, gettid());
}

void SystemBatchThreads::set_urgent(bool urgent) noexcept {
  const std::lock_guard lock(mutex_);
  if (urgent == urgent_) return;
  urgent_ = urgent;
  if (!raises_) return;
  std::erase_if(threads_, [urgent](pid_t thread) {
    return sched_getscheduler(thread) != policy_for(!urgent) || !schedule(thread, urgent);
  });
}

}  // namespace zerver::server
