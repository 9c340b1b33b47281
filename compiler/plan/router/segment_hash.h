// Telling the literals at one place of a route apart with one jump.

#pragma once

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <string>

namespace zc::plan {

// A multiplicative hash of a segment's first eight characters into `bits` bits.
struct SegmentHash {
  std::uint64_t multiplier = 1;
  unsigned bits = 1;

  // As zerver::flow::RoutePath::bucket has it.
  [[nodiscard]] unsigned operator()(llvm::StringRef segment) const;
};

// One that gives segments with different beginnings different buckets, or nearly so: of a fixed number of
// multipliers the best. The same for the same segments.
[[nodiscard]] SegmentHash find_segment_hash(llvm::ArrayRef<std::string> segments);

}  // namespace zc::plan
