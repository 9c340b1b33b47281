// Changes `.flow` text by its structure, so that most of what comes out still parses.

#pragma once

#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace zc::fuzz {

// A piece of text that stands in brackets, or at the top, up to its separator: a declaration, a statement, a
// field, an argument.
struct Item {
  std::uint32_t begin = 0, end = 0;  // bytes, the separator included
  char bracket = '\0';               // that it stands in; none at the top
  std::string head;                  // its first word
  std::uint32_t parent = 0;          // index of the bracket that it stands in, counted as they open
};

// The items of `text` from the outside in. Strings are never cut.
[[nodiscard]] std::vector<Item> items_of(llvm::StringRef text);

// One random change: items are removed, doubled, exchanged, moved, wrapped into blocks; words and numbers are
// exchanged for others of the text. The same `random` makes the same change.
[[nodiscard]] std::string mutate(llvm::StringRef text, std::mt19937& random);
// An item of `other` takes the place of one like it.
[[nodiscard]] std::string cross_over(llvm::StringRef text, llvm::StringRef other, std::mt19937& random);

}  // namespace zc::fuzz
