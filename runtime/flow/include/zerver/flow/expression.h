// What operators and literals of a `.flow` file become where C++ would leave the result undefined, or has
// none.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/list.h>
#include <zerver/core/output_buffer.h>
#include <zerver/flow/json_codec.h>
#include <zerver/flow/json_writer.h>

#include <concepts>
#include <initializer_list>
#include <limits>
#include <span>
#include <stdexcept>

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

// `[a, b]`
template <class T> List<T> make_list(Arena& arena, std::initializer_list<T> items) {
  const std::span<T> copy = arena.make_array<T>(items.size());
  std::size_t index = 0;
  for (const T& item : items)
    copy[index++] = item;
  return List<T>::borrowed(copy);
}

// A value as JSON text in the arena.
template <class T> Json json_text(Arena& arena, const T& value) {
  OutputBuffer buffer;
  JsonWriter writer(buffer);
  write_json(writer, value);
  return Json::borrowed(arena.text(buffer.view()).view());
}

}  // namespace zerver::flow
