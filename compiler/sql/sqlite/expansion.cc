// Adds up names: which of them stand for views is all that matters, so no tree is needed.

#include "compiler/sql/sqlite/expansion.h"

#include <algorithm>
#include <string>
#include <vector>

namespace zc::sql {

namespace {

class Counter {
 public:
  Counter(const llvm::StringMap<std::uint64_t>& views, llvm::StringRef text, llvm::ArrayRef<Token> tokens)
      : views_(views), text_(text), tokens_(tokens) {}

  // One pass: a common table is finished before it is named, but by itself.
  std::uint64_t run() {
    struct Open {
      std::string name;  // of the common table whose brackets these are; else empty
      std::uint64_t before;
    };
    std::vector<Open> open;
    std::uint64_t sum = 1;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (is_symbol(text_, tokens_[i], "(")) {
        open.push_back({table_of(i), sum});
        if (!open.back().name.empty()) sum = 1;
      } else if (is_symbol(text_, tokens_[i], ")") && !open.empty()) {
        if (!open.back().name.empty()) {
          tables_[open.back().name] = sum;
          sum = std::min(Expansion::kMax + 1, sum + open.back().before);
        }
        open.pop_back();
      } else if (is_name(tokens_[i])) {
        sum = std::min(Expansion::kMax + 1, sum + weight(name_of(text_, tokens_[i])));
      }
    }
    return sum;
  }

 private:
  [[nodiscard]] std::uint64_t weight(llvm::StringRef name) const {
    const std::string lower = name.lower();
    const auto table = tables_.find(lower);
    return table != tables_.end() ? table->second : views_.lookup(lower);
  }

  // `name as (`, `name (a, b) as not materialized (`: the name, in lower case.
  [[nodiscard]] std::string table_of(std::size_t bracket) const {
    std::size_t i = bracket;
    while (i > 0 && (is_word(text_, tokens_[i - 1], "materialized") || is_word(text_, tokens_[i - 1], "not")))
      --i;
    if (i < 2 || !is_word(text_, tokens_[i - 1], "as")) return {};
    i -= 2;
    if (is_symbol(text_, tokens_[i], ")")) {
      while (i > 0 && !is_symbol(text_, tokens_[i], "("))
        --i;
      if (i == 0) return {};
      --i;
    }
    return is_name(tokens_[i]) ? llvm::StringRef(name_of(text_, tokens_[i])).lower() : std::string();
  }

  const llvm::StringMap<std::uint64_t>& views_;
  llvm::StringRef text_;
  llvm::ArrayRef<Token> tokens_;
  llvm::StringMap<std::uint64_t> tables_;
};

}  // namespace

std::uint64_t Expansion::of(llvm::StringRef text, llvm::ArrayRef<Token> tokens) const {
  return Counter(views_, text, tokens).run();
}

bool Expansion::declare(llvm::StringRef text, llvm::ArrayRef<Token> tokens) {
  std::size_t at = 1;
  if (is_word(text, tokens[at], "temp") || is_word(text, tokens[at], "temporary")) ++at;
  if (!is_word(text, tokens[0], "create") || !is_word(text, tokens[at], "view")) return true;
  ++at;
  while (is_word(text, tokens[at], "if") || is_word(text, tokens[at], "not") ||
         is_word(text, tokens[at], "exists"))
    ++at;
  if (tokens[at].kind == TokenKind::kEnd) return true;  // SQLite will say what is missing
  if (is_symbol(text, tokens[at + 1], ".") && tokens[at + 2].kind != TokenKind::kEnd) at += 2;
  const std::uint64_t size = of(text, tokens.drop_front(at + 1));
  all_ += size;
  if (size > kMax || all_ > kMaxAll) return false;
  views_[llvm::StringRef(name_of(text, tokens[at])).lower()] = size;
  return true;
}

}  // namespace zc::sql
