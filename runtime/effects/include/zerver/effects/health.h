// How an outside system is doing, as its adapter sees it.
#pragma once

#include <zerver/core/time.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace zerver::effects {

struct Health {
  enum class State : std::uint8_t {
    kStarting,  // not known yet
    kUp,
    kDegraded,  // answers, but not as it should
    kDown,
  };

  State state = State::kUp;
  std::string why = {};  // one line, without secrets; empty when there is nothing to say
  TimePoint since = {};  // of the process's clock, as Worker::loop() has it; zero: since the start
};

// `starting`, `up`, `degraded`, `down`.
std::string_view name_of(Health::State state) noexcept;

// Called once with the answer of a probe, on the thread of the worker that asked.
using ProbeDone = std::function<void(Health health)>;

// Where an adapter notes how its traffic goes, and anybody reads it. Any thread.
class HealthRecord {
 public:
  explicit HealthRecord(Health::State state = Health::State::kStarting) : health_{.state = state} {}

  // `since` stays while the state is the same; the last `why` counts.
  void note(Health::State state, std::string_view why, TimePoint now) {
    const std::lock_guard lock(mutex_);
    if (health_.state != state) health_.since = now;
    health_.state = state;
    health_.why.assign(why);
  }
  Health health() const {
    const std::lock_guard lock(mutex_);
    return health_;
  }

 private:
  mutable std::mutex mutex_;
  Health health_;  // guarded by mutex_
};

}  // namespace zerver::effects
