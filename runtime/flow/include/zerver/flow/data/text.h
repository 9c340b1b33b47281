// Building text in the arena, from values of the language's types.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/decimal.h>
#include <zerver/core/string.h>
#include <zerver/core/time.h>
#include <zerver/core/uuid.h>

#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <type_traits>

namespace zerver::flow {

// `scalar TodoId: uuid;` becomes `struct TodoId { using scalar_type = zerver::Uuid; zerver::Uuid value; ...
// };`.
template <class T>
concept StrongScalar = requires(const T& scalar) {
  typename T::scalar_type;
  { scalar.value } -> std::convertible_to<const typename T::scalar_type&>;
};

// A strong scalar with traits: its generated `violation` says why a value of the right form is not accepted,
// and is empty when it is.
template <class T>
concept Constrained = StrongScalar<T> && requires(const T& scalar) {
  { violation(scalar) } -> std::convertible_to<std::string_view>;
};

// The text of one value, as the language formats it in `"... {value} ..."`. Lives as long as the value.
class Piece {
 public:
  // Implicit, because that is what they are for. NOLINTBEGIN(google-explicit-constructor)
  template <std::convertible_to<std::string_view> Text>
  Piece(const Text& text) noexcept : borrowed_(text), is_borrowed_(true) {}
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool> && !std::same_as<Integer, char>)
  Piece(Integer number) noexcept {
    if constexpr (std::is_signed_v<Integer>) {
      write(static_cast<std::int64_t>(number));
    } else {
      write(static_cast<std::uint64_t>(number));
    }
  }
  Piece(std::same_as<bool> auto flag) noexcept : borrowed_(flag ? "true" : "false"), is_borrowed_(true) {}
  Piece(double number) noexcept;
  Piece(const Uuid& uuid) noexcept;
  Piece(Timestamp time) noexcept;
  Piece(Duration span) noexcept;
  Piece(const Decimal& number) noexcept;
  template <StrongScalar Scalar> Piece(const Scalar& scalar) noexcept : Piece(scalar.value) {}
  // Enums of a `.flow` file have a `to_string`.
  template <class Enum>
    requires std::is_enum_v<Enum>
  Piece(Enum value) noexcept : borrowed_(to_string(value)), is_borrowed_(true) {}
  // NOLINTEND(google-explicit-constructor)

  std::string_view view() const noexcept {
    return is_borrowed_ ? borrowed_ : std::string_view(own_.data(), size_);
  }

 private:
  void write(std::int64_t number) noexcept;
  void write(std::uint64_t number) noexcept;

  std::string_view borrowed_;
  std::array<char, 40> own_;
  std::uint8_t size_ = 0;
  bool is_borrowed_ = false;
};

// The pieces one after the other. Throws ArenaFull.
String concat(Arena& arena, std::initializer_list<Piece> pieces);

// One path segment or query value: everything but RFC 3986's unreserved characters percent-encoded. Throws
// ArenaFull.
String url_encode(Arena& arena, const Piece& piece);

}  // namespace zerver::flow
