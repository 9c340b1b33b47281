// A value or the reason why there is none.
#pragma once

#include <zerver/core/fault.h>

#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>

namespace zerver {

// Member names are those of std::expected (C++23), with Fault for the error. Reading the value of a failed
// result is undefined, as with std::optional.
template <class T> class [[nodiscard]] Result {
 public:
  using value_type = T;

  // Implicit, because that is what they are for. NOLINTBEGIN(google-explicit-constructor)
  constexpr Result(T value) noexcept(std::is_nothrow_move_constructible_v<T>) : value_(std::move(value)) {}
  constexpr Result(Fault fault) noexcept : fault_(fault) {}
  // NOLINTEND(google-explicit-constructor)

  constexpr bool has_value() const noexcept { return value_.has_value(); }
  constexpr explicit operator bool() const noexcept { return value_.has_value(); }

  constexpr T& value() & noexcept { return *value_; }
  constexpr const T& value() const& noexcept { return *value_; }
  constexpr T&& value() && noexcept { return *std::move(value_); }
  constexpr T& operator*() & noexcept { return *value_; }
  constexpr const T& operator*() const& noexcept { return *value_; }
  constexpr T&& operator*() && noexcept { return *std::move(value_); }
  constexpr T* operator->() noexcept { return &*value_; }
  constexpr const T* operator->() const noexcept { return &*value_; }
  template <class Other> constexpr T value_or(Other&& other) const& {
    return value_.value_or(std::forward<Other>(other));
  }

  constexpr const Fault& error() const noexcept { return fault_; }

 private:
  std::optional<T> value_;
  Fault fault_;
};

template <> class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  constexpr Result() noexcept = default;
  // Implicit, because that is what they are for. NOLINTBEGIN(google-explicit-constructor)
  constexpr Result(Fault fault) noexcept : failed_(true), fault_(fault) {}
  // NOLINTEND(google-explicit-constructor)

  constexpr bool has_value() const noexcept { return !failed_; }
  constexpr explicit operator bool() const noexcept { return !failed_; }
  constexpr const Fault& error() const noexcept { return fault_; }

 private:
  bool failed_ = false;
  Fault fault_;
};

}  // namespace zerver
