// C++ spellings of names that a `.flow` file uses freely.

#pragma once

#include <llvm/ADT/StringRef.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace zc::plan {

// `name` where a C++ identifier is needed: keywords, macros of the standard library and reserved spellings
// get a `_` behind them, characters that no identifier has become `_`.
[[nodiscard]] std::string identifier(llvm::StringRef name);

// "todo_page" and "todoPage" as "TodoPage"; the result is an identifier.
[[nodiscard]] std::string upper_camel(llvm::StringRef name);

// "in_progress" as "kInProgress".
[[nodiscard]] std::string constant(llvm::StringRef name);

// "TodoPage" as "todo_page": what functions about a type are called.
[[nodiscard]] std::string snake(llvm::StringRef name);

// "todo.v1" as "todo::v1". A first part that is a name of the C library, a part that would hide `zerver` or
// `std`, and keywords get a `_` behind them.
[[nodiscard]] std::string cpp_namespace(llvm::StringRef package);

// `text` as a C++ string literal, quotes included.
[[nodiscard]] std::string string_literal(llvm::StringRef text);

// The same, a literal for each line, so that a long text stays readable: C++ puts them together.
[[nodiscard]] std::vector<std::string> string_literals(llvm::StringRef text);

// The names of one C++ scope: no two alike.
class NameScope {
 public:
  NameScope() = default;
  explicit NameScope(std::set<std::string> reserved) : taken_(std::move(reserved)) {}

  // `wanted` as an identifier, with `_` behind it as often as needed to be new here.
  std::string claim(llvm::StringRef wanted);
  [[nodiscard]] bool is_taken(const std::string& name) const { return taken_.contains(name); }
  [[nodiscard]] const std::set<std::string>& taken() const { return taken_; }

 private:
  std::set<std::string> taken_;
};

}  // namespace zc::plan
