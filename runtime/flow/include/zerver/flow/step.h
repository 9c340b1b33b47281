// What a generated header needs: the base of the views that steps get, optional slots, and a step's own
// answer.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/decimal.h>
#include <zerver/core/list.h>
#include <zerver/core/string.h>
#include <zerver/core/time.h>
#include <zerver/core/uuid.h>
#include <zerver/flow/data/text.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace zerver::flow {

// A slot that may be unset: std::optional's members, over a value that somebody else keeps.
template <class T> class OptionalRef {
 public:
  constexpr OptionalRef() noexcept = default;
  constexpr OptionalRef(std::nullopt_t) noexcept {}  // NOLINT(google-explicit-constructor)
  constexpr explicit OptionalRef(T* value) noexcept : value_(value) {}

  constexpr bool has_value() const noexcept { return value_ != nullptr; }
  constexpr explicit operator bool() const noexcept { return has_value(); }
  constexpr T& operator*() const noexcept { return *value_; }
  constexpr T* operator->() const noexcept { return value_; }
  constexpr T& value() const {
    if (value_ == nullptr) throw std::bad_optional_access();
    return *value_;
  }
  template <class Other> constexpr std::remove_const_t<T> value_or(Other&& other) const {
    return value_ != nullptr ? *value_ : static_cast<std::remove_const_t<T>>(std::forward<Other>(other));
  }

 private:
  T* value_ = nullptr;
};

// The answer of a step that `may done`: what is left of the flow does not run. `body` is a literal or made
// with `view.text(...)`.
struct Answer {
  std::uint16_t status = 200;
  String content_type;
  String body;
};

// Base of all views. What it makes lives in the request's arena; when that is full it throws, and the request
// is answered with 503.
class StepView {
 public:
  StepView(const StepView&) = delete;
  StepView& operator=(const StepView&) = delete;

  // A copy of some text, or several pieces one after the other: `view.text("hello ", name, ", you are number
  // ", 7)`.
  template <class... Parts>
    requires(sizeof...(Parts) > 0)  // `view.text()` is a slot of that name
  String text(const Parts&... parts) {
    return concat(*arena_, {Piece(parts)...});
  }
  Bytes bytes(std::string_view bytes) { return Bytes::borrowed(arena_->text(bytes)); }

  template <class T> List<T> list(std::span<const T> items) {
    const std::span<T> copy = arena_->make_array<T>(items.size());
    for (std::size_t index = 0; index < items.size(); ++index)
      copy[index] = items[index];
    return List<T>::borrowed(copy);
  }
  template <class T> List<T> list(std::initializer_list<T> items) {
    return list(std::span<const T>(items.begin(), items.size()));
  }
  // Keys must be unique; they are not copied.
  template <class T> Map<T> map(std::span<const typename Map<T>::Entry> entries) {
    return Map<T>::borrowed(list(entries).span());
  }

 protected:
  explicit StepView(Arena& arena) noexcept : arena_(&arena) {}
  ~StepView() = default;

 private:
  Arena* arena_;
};

// For the static_assert of what a step's signature does not allow.
template <class> inline constexpr bool kDeclared = false;

}  // namespace zerver::flow
