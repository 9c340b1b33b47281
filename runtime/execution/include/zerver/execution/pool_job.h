// Work for a thread other than the loop's, on its way through a pool and back.
#pragma once

#include <zerver/async/loop.h>

#include <cstdint>

namespace zerver::execution {

// Embedded in the object that does the work, so that submitting allocates nothing. Pinned, and left alone by
// its owner, from the submit() that accepted it until its end is told. Its end is told exactly once, whether
// it has run or was dropped by a pool that stopped first: to a job with a home as a job of that loop, to one
// without on a thread of the pool's choice. Whoever is told may destroy it, or submit it again.
class PoolJob : public async::Job {
 public:
  // Runs on a thread of the pool.
  using Work = void (*)(PoolJob&) noexcept;

  // `home` outlives the job's way through the pool.
  PoolJob(Work work, async::Loop& home, Run ended) noexcept : Job(ended), work_(work), home_(&home) {}
  PoolJob(Work work, Run ended) noexcept : Job(ended), work_(work) {}

  // For whoever is told of the end: false when it was dropped.
  bool ran() const noexcept { return ran_; }

  // --- For pools ---

  void perform() noexcept {
    work_(*this);
    ran_ = true;
  }
  void accept() noexcept { ran_ = false; }
  // The job may be gone when this returns.
  void tell_end() noexcept {
    if (home_ != nullptr) {
      home_->post(*this);
    } else {
      run();
    }
  }

 protected:
  ~PoolJob() = default;

 private:
  Work work_;
  async::Loop* home_ = nullptr;
  bool ran_ = false;
};

// What a pool says to a job that is submitted. Only an accepted one is touched.
enum class Submit : std::uint8_t {
  kAccepted,
  kFull,     // as many wait as may
  kStopped,  // the pool takes no new work any more
};

// The states of a pool, in their order; none is entered twice.
enum class PoolState : std::uint8_t {
  kStarting,  // its threads are being made; jobs are accepted
  kRunning,
  kDraining,  // what was accepted is finished; only jobs of the pool itself may submit more
  kStopped,   // no thread runs
};

}  // namespace zerver::execution
