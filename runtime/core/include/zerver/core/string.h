// Text and bytes as the language has them: views whose characters live in static storage or in the request's
// arena.
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <functional>
#include <ostream>
#include <span>
#include <string_view>

namespace zerver {

// UTF-8 text that somebody else keeps. A literal converts by itself; text of any other origin must first be
// copied into the arena (a step's `view.text(...)`), because a std::string would be gone before the answer is
// written.
class String {
 public:
  constexpr String() noexcept = default;
  // Implicit, because that is what they are for. NOLINTBEGIN(google-explicit-constructor)
  template <std::size_t N>
  consteval String(const char (&literal)[N]) noexcept : data_(literal), size_(N - 1) {}
  // NOLINTEND(google-explicit-constructor)

  // For whoever knows that `text` outlives the request.
  static constexpr String borrowed(std::string_view text) noexcept {
    String string;
    string.data_ = text.data();
    string.size_ = text.size();
    return string;
  }

  // Implicit, because that is what they are for. NOLINTBEGIN(google-explicit-constructor)
  constexpr operator std::string_view() const noexcept { return {data_, size_}; }
  // NOLINTEND(google-explicit-constructor)
  constexpr std::string_view view() const noexcept { return {data_, size_}; }
  constexpr const char* data() const noexcept { return data_; }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr const char* begin() const noexcept { return data_; }
  constexpr const char* end() const noexcept { return data_ + size_; }
  constexpr char operator[](std::size_t index) const noexcept { return data_[index]; }

  template <std::convertible_to<std::string_view> Text>
  friend constexpr bool operator==(String left, const Text& right) noexcept {
    return left.view() == std::string_view(right);
  }
  template <std::convertible_to<std::string_view> Text>
  friend constexpr std::strong_ordering operator<=>(String left, const Text& right) noexcept {
    return left.view() <=> std::string_view(right);
  }
  friend std::ostream& operator<<(std::ostream& out, String string) { return out << string.view(); }

 private:
  const char* data_ = "";
  std::size_t size_ = 0;
};

// Any bytes; base64 (RFC 4648) in JSON.
class Bytes {
 public:
  constexpr Bytes() noexcept = default;
  static constexpr Bytes borrowed(std::string_view bytes) noexcept {
    Bytes result;
    result.bytes_ = bytes;
    return result;
  }

  constexpr std::string_view view() const noexcept { return bytes_; }
  std::span<const std::byte> span() const noexcept {
    return std::as_bytes(std::span(bytes_.data(), bytes_.size()));
  }
  constexpr std::size_t size() const noexcept { return bytes_.size(); }
  constexpr bool empty() const noexcept { return bytes_.empty(); }
  friend constexpr bool operator==(Bytes, Bytes) noexcept = default;

 private:
  std::string_view bytes_;
};

// A JSON text (RFC 8259) that is known to be valid.
class Json {
 public:
  constexpr Json() noexcept = default;
  // For whoever has checked the text and knows that it outlives the request.
  static constexpr Json borrowed(std::string_view valid) noexcept {
    Json result;
    result.text_ = valid;
    return result;
  }

  constexpr std::string_view view() const noexcept { return text_; }
  friend constexpr bool operator==(Json, Json) noexcept = default;

 private:
  std::string_view text_ = "null";
};

}  // namespace zerver

template <> struct std::hash<zerver::String> {
  std::size_t operator()(zerver::String string) const noexcept {
    return std::hash<std::string_view>()(string.view());
  }
};
