// An array as PostgreSQL writes it: `{1,NULL,"a \"b\""}`.
// https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO
#pragma once

#include <zerver/core/arena.h>
#include <zerver/flow/data/value.h>

#include <cstddef>
#include <string_view>

namespace zerver::flow {

// Read element by element. Of one dimension, counted from 1.
class ArrayText {
 public:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  static bool is_one(std::string_view text) noexcept { return text.starts_with('{'); }

  // Of a text that begins like one; it stays as long as this. Elements that are escaped are put into the
  // arena.
  ArrayText(std::string_view text, Arena& arena) noexcept : text_(text.substr(1)), arena_(&arena) {}

  // How many elements there are to come; kNone when the text cannot be read, as with several dimensions.
  std::size_t size() const noexcept;
  // A text, or null. There are elements left. Throws ArenaFull.
  Value next();

 private:
  // What is left of the text begins with an element, and how long that is; npos: it is none.
  static std::size_t element_size(std::string_view text) noexcept;

  std::string_view text_;
  Arena* arena_;
};

}  // namespace zerver::flow
