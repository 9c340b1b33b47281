// A value that crosses the border to a database: a parameter that is bound, or a cell of a row.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/decimal.h>
#include <zerver/core/string.h>
#include <zerver/core/time.h>
#include <zerver/core/uuid.h>
#include <zerver/flow/data/text.h>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

namespace zerver::flow {

// 24 bytes, trivially copyable; text, blobs and lists are views.
class Value {
 public:
  enum class Kind : std::uint8_t { kNull, kBool, kInteger, kReal, kText, kBlob, kList };

  constexpr Value() noexcept : integer_(0) {}
  // Implicit, because that is what they are for. NOLINTBEGIN(google-explicit-constructor)
  constexpr Value(std::same_as<bool> auto flag) noexcept : integer_(flag ? 1 : 0), kind_(Kind::kBool) {}
  constexpr Value(std::int32_t number) noexcept : integer_(number), kind_(Kind::kInteger) {}
  constexpr Value(std::uint32_t number) noexcept : integer_(number), kind_(Kind::kInteger) {}
  constexpr Value(std::int64_t number) noexcept : integer_(number), kind_(Kind::kInteger) {}
  constexpr Value(double number) noexcept : real_(number), kind_(Kind::kReal) {}
  constexpr Value(String text) noexcept : data_(text.data()), size_(text.size()), kind_(Kind::kText) {}
  constexpr Value(Bytes bytes) noexcept
      : data_(bytes.view().data()), size_(bytes.size()), kind_(Kind::kBlob) {}
  // NOLINTEND(google-explicit-constructor)

  // Of scalars, as the text of a JSON array. Bound only; a cell that is one is a text.
  static constexpr Value list(std::string_view json) noexcept {
    Value value(String::borrowed(json));
    value.kind_ = Kind::kList;
    return value;
  }

  constexpr Kind kind() const noexcept { return kind_; }
  constexpr bool is_null() const noexcept { return kind_ == Kind::kNull; }
  constexpr bool boolean() const noexcept { return integer_ != 0; }     // of kBool
  constexpr std::int64_t integer() const noexcept { return integer_; }  // of kBool and kInteger
  constexpr double real() const noexcept { return real_; }              // of kReal
  constexpr bool has_text() const noexcept {
    return kind_ == Kind::kText || kind_ == Kind::kBlob || kind_ == Kind::kList;
  }
  constexpr std::string_view text() const noexcept { return {data_, size_}; }  // where it has one

 private:
  union {  // whose members are private as well, NOLINTBEGIN(readability-identifier-naming)
    std::int64_t integer_;
    double real_;
    const char* data_;
  };  // NOLINTEND(readability-identifier-naming)
  std::size_t size_ = 0;
  Kind kind_ = Kind::kNull;
};
static_assert(sizeof(Value) == 24 && std::is_trivially_copyable_v<Value>);

// What a parameter of each type is bound as: types that a database does not know become text, in the arena
// where they need room. Throws ArenaFull.
inline Value to_value(Arena&, std::same_as<bool> auto flag) noexcept { return Value(flag); }
inline Value to_value(Arena&, std::int32_t number) noexcept { return Value(number); }
inline Value to_value(Arena&, std::uint32_t number) noexcept { return Value(number); }
inline Value to_value(Arena&, std::int64_t number) noexcept { return Value(number); }
// Above 2^63 as text of digits: SQL integers are signed.
Value to_value(Arena& arena, std::uint64_t number);
inline Value to_value(Arena&, double number) noexcept { return Value(number); }
inline Value to_value(Arena&, String text) noexcept { return Value(text); }
inline Value to_value(Arena&, Bytes bytes) noexcept { return Value(bytes); }
inline Value to_value(Arena&, Json json) noexcept { return Value(String::borrowed(json.view())); }
Value to_value(Arena& arena, const Uuid& uuid);
Value to_value(Arena& arena, Timestamp time);
Value to_value(Arena& arena, Duration span);
Value to_value(Arena& arena, const Decimal& number);

template <class Enum>
  requires std::is_enum_v<Enum>
Value to_value(Arena&, Enum value) noexcept {
  return Value(String::borrowed(to_string(value)));
}
template <StrongScalar Scalar> Value to_value(Arena& arena, const Scalar& scalar) {
  return to_value(arena, scalar.value);
}
template <class T> Value to_value(Arena& arena, const std::optional<T>& value) {
  return value ? to_value(arena, *value) : Value();
}

}  // namespace zerver::flow
