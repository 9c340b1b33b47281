// An optional value kept on the heap, so that a struct with several of them stays small.

#pragma once

#include <cassert>
#include <memory>
#include <optional>
#include <utility>

namespace zc::model {

// Like std::optional<T>, but one pointer wide; a value: copying copies what is inside. `T` may be incomplete
// where a member is declared.
template <typename T> class Boxed {
 public:
  Boxed() = default;
  // NOLINTBEGIN(google-explicit-constructor): like optional
  Boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}
  Boxed(std::optional<T> value) : value_(value ? std::make_unique<T>(std::move(*value)) : nullptr) {}
  // NOLINTEND(google-explicit-constructor)
  Boxed(const Boxed& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(const Boxed& other) {
    if (this != &other) value_ = other.value_ ? std::make_unique<T>(*other.value_) : nullptr;
    return *this;
  }
  Boxed& operator=(Boxed&&) noexcept = default;
  ~Boxed() = default;

  template <typename... Arguments> T& emplace(Arguments&&... arguments) {
    value_ = std::make_unique<T>(std::forward<Arguments>(arguments)...);
    return *value_;
  }
  void reset() { value_.reset(); }

  [[nodiscard]] bool has_value() const { return value_ != nullptr; }
  [[nodiscard]] explicit operator bool() const { return has_value(); }
  [[nodiscard]] T& operator*() {
    assert(value_);
    return *value_;
  }
  [[nodiscard]] const T& operator*() const {
    assert(value_);
    return *value_;
  }
  [[nodiscard]] T* operator->() { return &**this; }
  [[nodiscard]] const T* operator->() const { return &**this; }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace zc::model
