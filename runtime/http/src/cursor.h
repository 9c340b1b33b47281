// Writes the parts of a head one behind the other.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace zerver::http {

// Writes to memory that has been reserved.
class Cursor {
 public:
  static constexpr std::size_t kMaxDigits = 20;  // of a number

  explicit Cursor(char* at) noexcept : at_(at) {}
  template <std::size_t N> void literal(const char (&text)[N]) noexcept {
    std::memcpy(at_, text, N - 1);
    at_ += N - 1;
  }
  void text(std::string_view text) noexcept {
    if (!text.empty()) std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void number(std::size_t value, int base = 10) noexcept {
    at_ = std::to_chars(at_, at_ + kMaxDigits, value, base).ptr;
  }
  char* at() const noexcept { return at_; }

 private:
  char* at_;
};

}  // namespace zerver::http
