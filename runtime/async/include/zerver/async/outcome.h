// How a coroutine or a function ended: with a value or with an exception.
#pragma once

#include <concepts>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace zerver::async {

// Stands in for a value of type void.
using Nothing = std::monostate;
template <class T> using Something = std::conditional_t<std::is_void_v<T>, Nothing, T>;

template <class T> class Outcome {
 public:
  bool has_value() const noexcept { return value_.has_value(); }
  bool has_exception() const noexcept { return exception_ != nullptr; }
  const Something<T>& value() const noexcept { return *value_; }
  const std::exception_ptr& exception() const noexcept { return exception_; }

  template <class... Arguments> void set_value(Arguments&&... arguments) {
    value_.emplace(std::forward<Arguments>(arguments)...);
  }
  void set_exception(std::exception_ptr exception) noexcept { exception_ = std::move(exception); }
  // The value moved out, or the exception thrown. Once; it has one of the two.
  T take() {
    if (exception_) std::rethrow_exception(exception_);
    if constexpr (!std::is_void_v<T>) return *std::move(value_);
  }

 private:
  std::optional<Something<T>> value_;
  std::exception_ptr exception_;
};

// The part of a promise that receives what the coroutine returns.
template <class T> class Returns {
 public:
  template <class Source = T>
    requires std::convertible_to<Source&&, T>
  void return_value(Source&& value) {
    outcome_.set_value(std::forward<Source>(value));
  }
  void unhandled_exception() noexcept { outcome_.set_exception(std::current_exception()); }
  Outcome<T>& outcome() noexcept { return outcome_; }

 private:
  Outcome<T> outcome_;
};

template <> class Returns<void> {
 public:
  void return_void() { outcome_.set_value(); }
  void unhandled_exception() noexcept { outcome_.set_exception(std::current_exception()); }
  Outcome<void>& outcome() noexcept { return outcome_; }

 private:
  Outcome<void> outcome_;
};

// Calls the function and keeps how it ended.
template <class T, class Function> void capture(Outcome<T>& outcome, Function&& function) noexcept {
  try {
    if constexpr (std::is_void_v<T>) {
      std::forward<Function>(function)();
      outcome.set_value();
    } else {
      outcome.set_value(std::forward<Function>(function)());
    }
  } catch (...) {
    outcome.set_exception(std::current_exception());
  }
}

}  // namespace zerver::async
