// Places in source text.

#pragma once

#include "compiler/base/id.h"

#include <algorithm>
#include <cassert>
#include <compare>
#include <cstdint>

namespace zc {

struct FileTag;
using FileId = Id<FileTag>;

// The bytes `[begin, end)` of one file. An empty span is a place between two bytes; a span without a file is
// "nowhere" (a diagnostic about the command line, a declaration that the compiler made up).
struct Span {
  FileId file;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  [[nodiscard]] bool is_valid() const { return file.is_valid(); }
  [[nodiscard]] bool is_empty() const { return begin == end; }
  [[nodiscard]] std::uint32_t size() const { return end - begin; }
  [[nodiscard]] bool contains(Span other) const {
    return file == other.file && begin <= other.begin && other.end <= end;
  }
  // The empty span where this one begins, and where it ends.
  [[nodiscard]] Span start_point() const { return {file, begin, begin}; }
  [[nodiscard]] Span end_point() const { return {file, end, end}; }

  friend bool operator==(Span, Span) = default;
  friend auto operator<=>(Span, Span) = default;
};

// The smallest span that covers both, which must be in one file unless one of them is nowhere.
[[nodiscard]] inline Span cover(Span left, Span right) {
  if (!left.is_valid()) return right;
  if (!right.is_valid()) return left;
  assert(left.file == right.file);
  return {left.file, std::min(left.begin, right.begin), std::max(left.end, right.end)};
}

// Where a byte is for a human: both count from 1, the column in bytes.
struct LineColumn {
  std::uint32_t line = 1;
  std::uint32_t column = 1;

  friend bool operator==(LineColumn, LineColumn) = default;
};

}  // namespace zc
