// What happened to a request, as a record of fixed size.
#pragma once

#include <zerver/core/fault.h>
#include <zerver/core/time.h>

#include <cstdint>
#include <string_view>

namespace zerver::trace {

enum class Kind : std::uint8_t {
#define KIND(enumerator, name, detail) enumerator,
#include <zerver/trace/kinds.def>
#undef KIND
};

// What Event::detail is. A target is its position in PackageInfo::targets; a call is a CallDetail.
enum class Detail : std::uint8_t { kNothing, kNumber, kDuration, kStatus, kMethod, kTarget, kCall, kLine };

// What holds for an attempt, whoever has said so: the policy of its step, that of its target, a default.
struct CallDetail {
  std::uint16_t target = 0;   // position in PackageInfo::targets
  std::uint8_t attempts = 0;  // of the call at most; 255: that many or more; 0: not known
  Duration timeout =
      Duration::from_microseconds(0);  // in whole microseconds; zero: only the deadline ends it

  constexpr std::int64_t packed() const noexcept {
    constexpr std::int64_t kMost = (std::int64_t{1} << 39) - 1;  // six days
    const std::int64_t microseconds = timeout.nanoseconds / 1'000;
    return (microseconds < kMost ? microseconds : kMost) << 24 | std::int64_t{attempts} << 16 | target;
  }
  static constexpr CallDetail of(std::int64_t packed) noexcept {
    return {static_cast<std::uint16_t>(packed & 0xFFFF), static_cast<std::uint8_t>(packed >> 16 & 0xFF),
            Duration::from_microseconds(packed >> 24)};
  }
};

// `begin`, `undo-failed` and so on: part of timelines, and never changed.
std::string_view name_of(Kind kind) noexcept;
Detail detail_of(Kind kind) noexcept;

struct Event {
  TimePoint at = {};           // of the worker's loop
  std::uint64_t request = 0;   // 0: none
  std::string_view name = {};  // static: a step, a flow, a job, as the kind says
  std::int64_t detail = 0;     // as the kind says; nanoseconds for a duration
  std::uint16_t attempt = 0;   // from 1; 0: of no attempt
  Kind kind = Kind::kStep;
  bool failed = false;
  FaultKind fault = FaultKind::kInternal;  // when it failed

  friend bool operator==(const Event&, const Event&) noexcept = default;
};
static_assert(sizeof(Event) <= 48, "a ring holds many");

}  // namespace zerver::trace
