// Where a request stands in a distributed trace (W3C Trace Context).
#pragma once

#include <zerver/core/message.h>
#include <zerver/core/random.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace zerver::flow {

struct TraceContext {
  static constexpr std::size_t kParentSize = 55;  // of `traceparent`: 00-trace-parent-flags

  std::array<std::uint64_t, 2> trace_id{};  // not both 0
  std::uint8_t flags = 0;
  std::string_view state;  // `tracestate`, as it came

  // Of a request that brings a valid `traceparent`; nothing otherwise. The views are those of the request.
  static std::optional<TraceContext> of(const Request& request) noexcept;
  // A new trace, which nobody has decided to sample.
  static TraceContext make(Random& random) noexcept;

  // `traceparent` of a request that is made on behalf of this one, with a parent id of its own.
  std::array<char, kParentSize> child(Random& random) const noexcept;
};

}  // namespace zerver::flow
