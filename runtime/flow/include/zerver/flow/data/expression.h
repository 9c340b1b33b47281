// What operators and literals of a `.flow` file become where C++ would leave the result undefined, or has
// none.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/decimal.h>
#include <zerver/core/list.h>
#include <zerver/core/time.h>
#include <zerver/flow/data/json_codec.h>
#include <zerver/flow/data/json_writer.h>
#include <zerver/flow/data/value.h>
#include <zerver/flow/exchange.h>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

namespace zerver::flow {

// Integer arithmetic that throws std::overflow_error instead of wrapping around or ending the program; the
// request is answered with 500 and the step is named in the log.
template <std::integral Integer> Integer checked_add(Integer left, Integer right) {
  Integer result;
  if (__builtin_add_overflow(left, right, &result)) throw std::overflow_error("a sum is out of range");
  return result;
}
template <std::integral Integer> Integer checked_subtract(Integer left, Integer right) {
  Integer result;
  if (__builtin_sub_overflow(left, right, &result)) throw std::overflow_error("a difference is out of range");
  return result;
}
template <std::integral Integer> Integer checked_multiply(Integer left, Integer right) {
  Integer result;
  if (__builtin_mul_overflow(left, right, &result)) throw std::overflow_error("a product is out of range");
  return result;
}
template <std::integral Integer> Integer checked_negate(Integer value) {
  return checked_subtract(Integer{0}, value);
}
template <std::integral Integer> Integer checked_divide(Integer left, Integer right) {
  if (right == 0) throw std::overflow_error("a division by zero");
  if constexpr (std::signed_integral<Integer>)
    if (right == -1) return checked_negate(left);
  return static_cast<Integer>(left / right);
}
template <std::integral Integer> Integer checked_remainder(Integer left, Integer right) {
  if (right == 0) throw std::overflow_error("a division by zero");
  if constexpr (std::signed_integral<Integer>)
    if (right == -1) return 0;
  return static_cast<Integer>(left % right);
}

// The same for spans and points in time.
inline Duration checked_add(Duration left, Duration right) {
  return {checked_add(left.nanoseconds, right.nanoseconds)};
}
inline Duration checked_subtract(Duration left, Duration right) {
  return {checked_subtract(left.nanoseconds, right.nanoseconds)};
}
inline Duration checked_negate(Duration span) { return {checked_negate(span.nanoseconds)}; }
template <std::integral Integer> Duration checked_multiply(Duration span, Integer factor) {
  Duration result;
  if (__builtin_mul_overflow(span.nanoseconds, factor, &result.nanoseconds))
    throw std::overflow_error("a product is out of range");
  return result;
}
template <std::integral Integer> Duration checked_divide(Duration span, Integer divisor) {
  if (!std::in_range<std::int64_t>(divisor)) return {};  // larger than any span
  return {checked_divide(span.nanoseconds, static_cast<std::int64_t>(divisor))};
}
inline Timestamp checked_add(Timestamp time, Duration span) {
  const Timestamp of_span = Timestamp{} + span;
  return {checked_add(time.microseconds, of_span.microseconds)};
}
inline Timestamp checked_subtract(Timestamp time, Duration span) {
  return checked_add(time, checked_negate(span));
}
inline Duration checked_subtract(Timestamp left, Timestamp right) {
  constexpr std::int64_t kNanoseconds = 1'000;  // of a microsecond
  return {checked_multiply(checked_subtract(left.microseconds, right.microseconds), kNanoseconds)};
}

// `[a, b]`
template <class T> List<T> make_list(Arena& arena, std::initializer_list<T> items) {
  const std::span<T> copy = arena.make_array<T>(items.size());
  std::size_t index = 0;
  for (const T& item : items)
    copy[index++] = item;
  return List<T>::borrowed(copy);
}

// The entries in their order; their keys differ. Throws ArenaFull.
template <class T> Map<T> make_map(Arena& arena, std::initializer_list<typename Map<T>::Entry> entries) {
  const std::span<typename Map<T>::Entry> copy = arena.make_array<typename Map<T>::Entry>(entries.size());
  std::ranges::copy(entries, copy.begin());
  return Map<T>::borrowed(copy);
}

// Exact arithmetic on decimals: a sum has the larger scale, a product the sum of both, less the zeros at its
// end when it would not fit otherwise. Throws std::overflow_error for what does not fit even so.
Decimal checked_add(const Decimal& left, const Decimal& right);
Decimal checked_subtract(const Decimal& left, const Decimal& right);
Decimal checked_multiply(const Decimal& left, const Decimal& right);
inline Decimal checked_negate(const Decimal& number) {
  return {checked_negate(number.coefficient), number.scale};
}

// JSON text for the arena, written where the body of the response will be: it takes no memory of its own, and
// what is written there stays. Pieces nest as calls do.
class JsonBuilder {
 public:
  explicit JsonBuilder(Exchange& exchange, Format format = Format::kJson) noexcept
      : exchange_(&exchange), begin_(exchange.body_buffer().size()), format_(format) {}
  JsonBuilder(const JsonBuilder&) = delete;
  JsonBuilder& operator=(const JsonBuilder&) = delete;
  ~JsonBuilder() { exchange_->body_buffer().truncate(begin_); }

  JsonWriter writer() noexcept { return JsonWriter(exchange_->body_buffer(), format_); }
  // What has been written. Throws ArenaFull.
  Json take() {
    return Json::borrowed(exchange_->arena().text(exchange_->body_buffer().view().substr(begin_)).view());
  }

 private:
  Exchange* exchange_;
  std::size_t begin_;
  Format format_;
};

// A value as JSON text in the arena; what a target with another format is handed is in that format.
template <class T> Json json_text(Exchange& exchange, const T& value, Format format = Format::kJson) {
  JsonBuilder text(exchange, format);
  JsonWriter json = text.writer();
  write_json(json, value);
  return text.take();
}

// What a list of scalars is bound as. Throws ArenaFull.
template <class T> Value list_value(Exchange& exchange, const List<T>& list) {
  return Value::list(json_text(exchange, list).view());
}
template <class T> Value list_value(Exchange& exchange, const std::optional<List<T>>& list) {
  return list ? list_value(exchange, *list) : Value();
}

}  // namespace zerver::flow
