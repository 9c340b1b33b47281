// Types as a lock file writes them: `list<todo.v1.Todo>?`, `map<string,i32>`, `{message:string}`.

#pragma once

#include <llvm/ADT/StringRef.h>

#include <optional>
#include <string>
#include <vector>

namespace zc::lock {

// A type that was read from text.
struct TypeText {
  std::string name;                      // "i32", "todo.v1.Todo", "list", "map"; empty for an object
  std::vector<TypeText> elements;        // of a list or map: one; of an object: one a field
  std::vector<std::string> field_names;  // of an object
  bool is_optional = false;

  friend bool operator==(const TypeText&, const TypeText&) = default;
};

// None for what is no type, also when it is nested deeper than any that the compiler writes.
[[nodiscard]] std::optional<TypeText> parse_type(llvm::StringRef text);
// The alternatives of `a|b`, at least one.
[[nodiscard]] std::optional<std::vector<TypeText>> parse_types(llvm::StringRef text);

[[nodiscard]] std::string to_text(const TypeText& type);
// The name of an object's field: in quotes unless it is a plain name.
[[nodiscard]] std::string field_name_text(llvm::StringRef name);

// `"a \"b\""`: quotes, backslashes and control characters are escaped.
[[nodiscard]] std::string quoted(llvm::StringRef text);
// Reads a text in quotes at the front of `rest` and takes it away; none when it does not end or has an
// unknown escape.
[[nodiscard]] std::optional<std::string> take_quoted(llvm::StringRef& rest);

}  // namespace zc::lock
