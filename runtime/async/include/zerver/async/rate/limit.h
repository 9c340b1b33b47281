// What all rate limiters have in common: the limit that they hold and the answer that they give.
#pragma once

#include <zerver/core/time.h>

#include <concepts>
#include <cstdint>

namespace zerver::async {

// `count` in every `per`, which are both at least 1. `burst` is how many may come at once: the depth of a
// bucket, the places of a queue. 0 stands for `count`.
struct RateLimit {
  std::uint32_t count = 1;
  Duration per = Duration::from_seconds(1);
  std::uint32_t burst = 0;

  constexpr std::uint32_t depth() const noexcept { return burst == 0 ? count : burst; }
  friend constexpr bool operator==(const RateLimit&, const RateLimit&) noexcept = default;
};

struct Admission {
  bool admitted = false;
  // Admitted: how long to wait before going on, which only a leaky bucket asks for. Not admitted: nothing is
  // admitted before that time has passed; Duration::max() when this cost never is.
  Duration wait;

  constexpr explicit operator bool() const noexcept { return admitted; }
  friend constexpr bool operator==(const Admission&, const Admission&) noexcept = default;
};

// Limiters are values: the time goes in, the answer comes out. Time never goes backwards. What is refused
// changes nothing. One thread at a time.
template <class T>
concept RateLimiter = std::copyable<T> && std::constructible_from<T, const RateLimit&, TimePoint> &&
                      requires(T& limiter, const T& same, TimePoint now, std::uint32_t cost) {
                        { limiter.take(now, cost) } noexcept -> std::same_as<Admission>;
                        // True when it behaves like a new one from now on.
                        { same.idle(now) } noexcept -> std::same_as<bool>;
                        { same.limit() } noexcept -> std::same_as<const RateLimit&>;
                      };

}  // namespace zerver::async
