// Times of tests over virtual time, in milliseconds.
#pragma once

#include <zerver/core/time.h>

#include <cstdint>

namespace zerver::test {

constexpr Duration ms(std::int64_t count) { return Duration::from_milliseconds(count); }
// Behind the beginning of a clock.
constexpr TimePoint at(std::int64_t milliseconds) { return {milliseconds * 1'000'000}; }

}  // namespace zerver::test
