// What a server answers.
#pragma once

#include <zerver/core/result.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace zerver::effects::redis {

// A view of the bytes that were received, valid until whoever was given it returns.
struct Reply {
  enum class Kind : std::uint8_t { kNull, kText, kError, kInteger, kList };

  Kind kind = Kind::kNull;
  std::string_view text;  // of a text or an error
  std::int64_t integer = 0;
  const Reply* items = nullptr;  // of a list
  std::size_t count = 0;

  std::span<const Reply> list() const noexcept { return {items, count}; }
  bool is_error() const noexcept { return kind == Kind::kError; }
  // Whether it is an error of that code, its first word: `WRONGTYPE`.
  bool is_error(std::string_view code) const noexcept {
    return is_error() && text.starts_with(code) && (text.size() == code.size() || text[code.size()] == ' ');
  }
};

// What an error stands for: `unavailable` when the server cannot answer now, else `internal`. It borrows the
// text.
Fault fault_of(const Reply& error) noexcept;

}  // namespace zerver::effects::redis
