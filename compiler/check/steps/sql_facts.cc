// A scanner over the words of a statement.

#include "compiler/check/steps/sql_facts.h"

#include <llvm/ADT/StringExtras.h>

#include <utility>

namespace zc::check {

namespace {

class StatementWords {
 public:
  explicit StatementWords(llvm::StringRef text) : text_(text) {}

  // The next word in lower case outside of parentheses, empty at the end. Words inside parentheses are
  // skipped.
  std::string next() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (skip_comment()) continue;
      const bool opens = std::exchange(opens_, c == '(' || (opens_ && llvm::isSpace(c)));
      if (c == '\'' || c == '"' || c == '`' || c == '[') {
        skip_quoted(c == '[' ? ']' : c);
      } else if (llvm::isAlpha(c) || c == '_') {
        const std::size_t begin = at_;
        while (at_ < text_.size() && (llvm::isAlnum(text_[at_]) || text_[at_] == '_'))
          ++at_;
        std::string word = text_.slice(begin, at_).lower();
        if (depth_ == 0) return word;
        has_inner_write_ =
            has_inner_write_ || (opens && (word == "insert" || word == "update" || word == "delete"));
      } else {
        if (c == '(') ++depth_;
        if (c == ')' && depth_ > 0) --depth_;
        ++at_;
      }
    }
    return {};
  }

  // Whether what was skipped holds a statement that writes.
  [[nodiscard]] bool has_inner_write() const { return has_inner_write_; }

 private:
  bool skip_comment() {
    if (text_.substr(at_).starts_with("--")) {
      const std::size_t end = text_.find('\n', at_);
      at_ = end == llvm::StringRef::npos ? text_.size() : end;
      return true;
    }
    if (text_.substr(at_).starts_with("/*")) {
      const std::size_t end = text_.find("*/", at_);
      at_ = end == llvm::StringRef::npos ? text_.size() : end + 2;
      return true;
    }
    return false;
  }

  void skip_quoted(char close) {
    ++at_;
    while (at_ < text_.size() && text_[at_] != close)
      ++at_;
    if (at_ < text_.size()) ++at_;
  }

  llvm::StringRef text_;
  std::size_t at_ = 0;
  std::uint32_t depth_ = 0;
  bool opens_ = false;  // nothing but space since the last `(`
  bool has_inner_write_ = false;
};

SqlVerb verb_of(llvm::StringRef word) {
  if (word == "select" || word == "values") return SqlVerb::kSelect;
  if (word == "insert" || word == "replace") return SqlVerb::kInsert;
  if (word == "update") return SqlVerb::kUpdate;
  if (word == "delete") return SqlVerb::kDelete;
  return SqlVerb::kOther;
}

}  // namespace

model::Kinds SqlFacts::narrow(model::Kinds declared) const {
  unsigned kinds = declared;
  if (!writes() || has_conflict_clause) kinds &= ~unsigned{model::kConflict};
  // `on conflict do nothing` may return no row, which only the caller of `one` can judge: the clause says
  // that it is expected, and the row is there in the usual `do update ... returning`, but for one that has a
  // `where`.
  if (verb == SqlVerb::kInsert && !has_filtered_update) kinds &= ~unsigned{model::kMissing};
  return static_cast<model::Kinds>(kinds);
}

SqlFacts sql_facts(llvm::StringRef text) {
  StatementWords words(text);
  SqlFacts facts;
  std::string previous;
  bool sets = false;  // in `on conflict ... do update set`
  std::string word = words.next();
  const bool has_tables = word == "with";
  facts.verb = verb_of(word);
  for (; !word.empty(); previous = std::move(word), word = words.next()) {
    if (has_tables && facts.verb == SqlVerb::kOther) facts.verb = verb_of(word);
    if (previous == "on" && word == "conflict") facts.has_conflict_clause = true;
    sets = sets || (facts.has_conflict_clause && word == "set");
    if (sets && word == "where") facts.has_filtered_update = true;
    const bool is_replacement = (previous == "insert" || previous == "update") && word == "or";
    if (is_replacement) {
      const std::string action = words.next();
      facts.has_conflict_clause = facts.has_conflict_clause || action == "replace" || action == "ignore";
    }
    if (previous.empty() && word == "replace") facts.has_conflict_clause = true;
  }
  facts.has_inner_write = words.has_inner_write();
  return facts;
}

}  // namespace zc::check
