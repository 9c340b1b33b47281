// The threads of batch workers and their share of the processors, by the scheduler of Linux.
#pragma once

#include <zerver/server/scheduling/batch_urgency.h>

#include <mutex>
#include <sys/types.h>
#include <vector>

namespace zerver::server {

// While batch work is not urgent its threads run under SCHED_IDLE: the kernel takes the processor from them
// as soon as any other thread wants it. When it is, they are ordinary threads of low weight, which get about
// a tenth of a processor that another one keeps busy. Where the system does not let a thread come back from
// SCHED_IDLE (sched(7): that takes CAP_SYS_NICE, or RLIMIT_NICE), they are that all the time.
class SystemBatchThreads final : public BatchThreads {
 public:
  // Whether a thread of this process comes back from SCHED_IDLE; tried out on one.
  static bool can_raise();

  explicit SystemBatchThreads(bool raises) noexcept : raises_(raises) {}

  // The calling thread is one of them, until leave(). Threads whose policy somebody else changes are left
  // alone from then on. Throws std::bad_alloc.
  void enter();
  void leave() noexcept;
  void set_urgent(bool urgent) noexcept override;

 private:
  const bool raises_;
  std::mutex mutex_;
  bool urgent_ = false;  // guarded by mutex_, as is what follows
  std::vector<pid_t> threads_;
};

}  // namespace zerver::server
