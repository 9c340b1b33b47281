// How long one call of an effect, and one step, can wait under their policies.

#pragma once

#include "compiler/model/program.h"

#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace zc::model {

// Sums and products that end at the largest number instead of beginning again at zero.
inline constexpr Nanoseconds kForever = std::numeric_limits<Nanoseconds>::max();
[[nodiscard]] Nanoseconds add_times(Nanoseconds left, Nanoseconds right);
[[nodiscard]] Nanoseconds multiply_time(Nanoseconds time, std::uint64_t count);

// `count` waits that follow each other, each of at most `longest`.
struct BackoffWait {
  std::uint64_t count = 1;
  Nanoseconds longest = 0;

  friend bool operator==(const BackoffWait&, const BackoffWait&) = default;
};
// The longest waits before the retries: the first, doubled with each, up to the cap. The same progression as
// that of `zerver::flow::CallMachine`; a test holds both against one table.
[[nodiscard]] std::vector<BackoffWait> longest_waits(const Backoff& backoff, std::uint32_t retries);

// A call under its policy. Each attempt has the timeout for itself; with hedges the last copy begins
// `hedges * hedge_after` after the first one. No time is spent between attempts but the backoff: what is
// above a `rate` or `in_flight` fails at once.
struct CallTime {
  std::optional<Nanoseconds> timeout;  // none: an attempt may take for ever
  std::uint32_t retries = 0;
  std::uint32_t hedges = 0;
  Nanoseconds hedge_after = 0;
  std::vector<BackoffWait> waits;
  bool by_default = false;  // its policy has no timeout

  [[nodiscard]] bool is_bounded() const { return timeout.has_value(); }
  // Of one attempt with its hedges; zero when it has no bound.
  [[nodiscard]] Nanoseconds attempt() const;
  // Attempts and waits, each at its longest; zero when it has no bound.
  [[nodiscard]] Nanoseconds worst() const;
  // The first attempt answers at the last moment; `kForever` when it has no bound.
  [[nodiscard]] Nanoseconds best() const { return timeout.value_or(kForever); }
  // The time for which all its attempts together occupy the target; zero when it has no bound.
  [[nodiscard]] Nanoseconds held() const;
};
// What ends an attempt whose policy has no timeout.
enum class Otherwise : bool {
  kNothing,  // the deadline of its flow, or nothing
  kDefault,  // the timeout of its adapter in policy_defaults.def: its flow has no deadline
};
// Built-in targets answer at once.
[[nodiscard]] CallTime time_call(const Program& program, const EffectCall& call,
                                 Otherwise otherwise = Otherwise::kNothing);
// Of policy_defaults.def; `adapter` is qualified.
[[nodiscard]] Nanoseconds default_timeout(llvm::StringRef adapter);

// What a step waits for, whether it succeeds or fails.
struct StepTime {
  Nanoseconds worst = 0;  // of the calls with a bound
  Nanoseconds best = 0;   // every first attempt answers at the last moment; `kForever` without a bound
  bool cannot_fail = true;
  std::vector<const EffectCall*> longest;    // the calls whose times make `worst`, in order
  std::vector<const EffectCall*> unbounded;  // calls without a timeout on which the end depends

  [[nodiscard]] bool is_bounded() const { return unbounded.empty(); }
};
// A step without effects waits for nothing. A group waits as long as its join can make it.
[[nodiscard]] StepTime time_step(const Program& program, const Step& step,
                                 Otherwise otherwise = Otherwise::kNothing);

}  // namespace zc::model
