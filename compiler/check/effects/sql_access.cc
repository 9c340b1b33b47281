// Reads a statement without a grammar of SQL: the verb, the tables, and conditions of the form `column =
// value`.

#include "compiler/check/effects/sql_access.h"

#include "compiler/check/effects/sql_tokens.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringRef.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace zc::check {

namespace {

using Tokens = llvm::ArrayRef<SqlToken>;

bool is_any_word(const SqlToken& token, llvm::ArrayRef<llvm::StringRef> words) {
  return token.kind == SqlToken::Kind::kWord && llvm::is_contained(words, token.text);
}

void sort_unique(std::vector<std::string>& words) {
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
}

// `tokens` cut at each symbol or word `separator` that stands at `depth`.
template <typename IsSeparator>
std::vector<Tokens> split(Tokens tokens, std::uint32_t depth, const IsSeparator& is_separator) {
  std::vector<Tokens> parts;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].depth != depth || !is_separator(tokens[i])) continue;
    parts.push_back(tokens.slice(begin, i - begin));
    begin = i + 1;
  }
  parts.push_back(tokens.drop_front(begin));
  return parts;
}

std::vector<Tokens> split_at_commas(Tokens tokens, std::uint32_t depth) {
  return split(tokens, depth, [](const SqlToken& token) { return token.is_symbol(","); });
}

SqlValue value_of(const SqlToken& token) { return {token.parameter, token.text}; }

// `column`, or `table.column`; the column alone.
std::optional<std::string> column_of(Tokens tokens) {
  if (tokens.size() == 1 && tokens[0].is_name()) return tokens[0].text;
  if (tokens.size() == 3 && tokens[0].is_name() && tokens[1].is_symbol(".") && tokens[2].is_name())
    return tokens[2].text;
  return std::nullopt;
}

class StatementReader {
 public:
  explicit StatementReader(Tokens tokens) : tokens_(tokens) {}

  std::vector<SqlAccess> read() {
    find_verb();
    if (verb_ == tokens_.size()) return {};
    const SqlToken& verb = tokens_[verb_];
    if (verb.is_word("insert") || verb.is_word("replace")) {
      insert();
    } else if (verb.is_word("update")) {
      update();
    } else if (verb.is_word("delete")) {
      remove();
    }
    reads();
    return std::move(accesses_);
  }

 private:
  static constexpr llvm::StringRef kVerbs[] = {"select", "values", "insert", "replace", "update", "delete"};
  static constexpr llvm::StringRef kBehindWhere[] = {"group",     "order",  "limit",  "offset",
                                                     "returning", "having", "window", "union",
                                                     "intersect", "except", "for",    "fetch"};

  void find_verb() {
    while (verb_ < tokens_.size() && !(tokens_[verb_].depth == 0 && is_any_word(tokens_[verb_], kVerbs)))
      ++verb_;
  }

  // The first word at depth 0 behind `begin` that is one of `words`, else the end.
  [[nodiscard]] std::size_t find(std::size_t begin, llvm::ArrayRef<llvm::StringRef> words) const {
    while (begin < tokens_.size() && !(tokens_[begin].depth == 0 && is_any_word(tokens_[begin], words)))
      ++begin;
    return begin;
  }

  [[nodiscard]] Tokens between(std::size_t begin, std::size_t end) const {
    return begin < end ? tokens_.slice(begin, end - begin) : Tokens();
  }

  // Reads `schema.table` at `at` and stands behind it.
  std::optional<std::string> table(std::size_t& at) const {
    if (at >= tokens_.size() || !tokens_[at].is_name()) return std::nullopt;
    std::string name = tokens_[at++].text;
    while (at + 1 < tokens_.size() && tokens_[at].is_symbol(".") && tokens_[at + 1].is_name()) {
      name = tokens_[at + 1].text;
      at += 2;
    }
    return name;
  }

  void insert() {
    std::size_t at = find(verb_, {"into"}) + 1;
    const std::optional<std::string> name = table(at);
    if (!name) return;
    SqlAccess access;
    access.use = SqlUse::kInsert;
    access.table = *name;
    const std::size_t values = find(at, {"values"});
    const std::size_t end = find(at, {"on", "returning"});
    std::vector<std::string> columns;
    for (const Tokens column : split_at_commas(between(at + 1, std::min(values, end)), 1))
      columns.push_back(column.empty() ? std::string() : column.front().text);
    if (at >= tokens_.size() || !tokens_[at].is_symbol("(")) columns.clear();
    for (const Tokens row : split_at_commas(between(values + 1, end), 0)) {
      if (row.size() < 2) continue;
      const std::vector<Tokens> items = split_at_commas(row.drop_front().drop_back(), 1);
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (items[i].size() != 1 || !items[i].front().is_value()) continue;
        access.inserted.push_back({i < columns.size() ? columns[i] : "", value_of(items[i].front())});
      }
    }
    accesses_.push_back(std::move(access));
  }

  void update() {
    std::size_t at = verb_ + 1;
    if (at < tokens_.size() && tokens_[at].is_word("or")) at += 2;
    if (at < tokens_.size() && tokens_[at].is_word("only")) ++at;
    const std::optional<std::string> name = table(at);
    if (!name) return;
    SqlAccess access;
    access.use = SqlUse::kUpdate;
    access.table = *name;
    const std::size_t set = find(at, {"set"});
    const std::size_t end = find(set, {"from", "where", "returning"});
    for (const Tokens item : split_at_commas(between(set + 1, end), 0))
      assignment(item, access);
    note_words(between(end, tokens_.size()), access);
    set_keys(set, access);
    sort_unique(access.written);
    sort_unique(access.added);
    sort_unique(access.read);
    accesses_.push_back(std::move(access));
  }

  // `c = value`, `c = c + value`, `(a, b) = (...)`
  static void assignment(Tokens item, SqlAccess& access) {
    const auto* equals =
        llvm::find_if(item, [](const SqlToken& token) { return token.depth == 0 && token.is_symbol("="); });
    if (equals == item.end()) return;
    const Tokens target = item.take_front(static_cast<std::size_t>(equals - item.begin()));
    const Tokens value = item.drop_front(target.size() + 1);
    const std::optional<std::string> column = column_of(target);
    if (!column) {
      for (const SqlToken& token : target) {
        if (token.is_name()) access.written.push_back(token.text);
      }
      note_words(value, access);
      return;
    }
    access.written.push_back(*column);
    const bool adds =
        value.size() > 2 && value[0].is_name() && value[0].text == *column &&
        (value[1].is_symbol("+") || value[1].is_symbol("-")) &&
        llvm::none_of(value.drop_front(2), [](const SqlToken& token) { return token.is_name(); });
    if (adds) {
      access.added.push_back(*column);
    } else {
      note_words(value, access);
    }
  }

  void remove() {
    std::size_t at = find(verb_, {"from"}) + 1;
    if (at < tokens_.size() && tokens_[at].is_word("only")) ++at;
    const std::optional<std::string> name = table(at);
    if (!name) return;
    SqlAccess access;
    access.use = SqlUse::kDelete;
    access.table = *name;
    set_keys(at, access);
    accesses_.push_back(std::move(access));
  }

  // Tables behind `from` and `join`, those of inner selects too.
  void reads() {
    std::vector<std::pair<std::string, std::uint32_t>> found;
    bool skips_own = tokens_[verb_].is_word("delete");
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (!tokens_[i].is_word("from") && !tokens_[i].is_word("join")) continue;
      if (skips_own && i > verb_ && tokens_[i].depth == 0) {
        skips_own = false;
        continue;
      }
      const std::uint32_t depth = tokens_[i].depth;
      for (std::size_t at = i + 1; at < tokens_.size();) {
        if (const std::optional<std::string> name = table(at)) found.emplace_back(*name, depth);
        // An alias, and whether one more table follows.
        while (at < tokens_.size() && tokens_[at].is_name() && !is_any_word(tokens_[at], kBehindTable))
          ++at;
        if (at >= tokens_.size() || tokens_[at].depth != depth || !tokens_[at].is_symbol(",")) break;
        ++at;
      }
    }
    std::sort(found.begin(), found.end());
    const auto outer = llvm::count_if(found, [](const auto& table) { return table.second == 0; });
    found.erase(std::unique(found.begin(), found.end(),
                            [](const auto& left, const auto& right) { return left.first == right.first; }),
                found.end());
    const bool is_select = tokens_[verb_].is_word("select");
    for (auto& [name, depth] : found) {
      SqlAccess access;
      access.table = std::move(name);
      note_words(tokens_, access);
      sort_unique(access.read);
      if (is_select && outer == 1 && depth == 0) set_keys(verb_, access);
      accesses_.push_back(std::move(access));
    }
  }

  static constexpr llvm::StringRef kBehindTable[] = {
      "where",  "join",   "inner", "left",   "right", "full",      "cross",     "natural",
      "on",     "using",  "group", "order",  "limit", "union",     "intersect", "except",
      "having", "window", "set",   "offset", "for",   "returning", "fetch"};

  // Names that a part of the statement mentions; keywords among them do no harm.
  static void note_words(Tokens tokens, SqlAccess& access) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i].is_name()) access.read.push_back(tokens[i].text);
      if (!tokens[i].is_symbol("*")) continue;
      const bool is_all = i > 0 && (is_any_word(tokens[i - 1], {"select", "distinct", "all", "returning"}) ||
                                    tokens[i - 1].is_symbol(",") || tokens[i - 1].is_symbol("."));
      access.reads_all_columns = access.reads_all_columns || is_all;
    }
  }

  // The conditions of the outer `where` that every row fulfils.
  void set_keys(std::size_t begin, SqlAccess& access) const {
    if (find(begin, {"union", "intersect", "except", "join"}) != tokens_.size()) return;
    const std::size_t where = find(begin, {"where"});
    const Tokens condition = between(where + 1, find(where, kBehindWhere));
    const auto is_outer = [](llvm::StringRef word) {
      return [word](const SqlToken& token) { return token.depth == 0 && token.is_word(word); };
    };
    if (llvm::any_of(condition, is_outer("or"))) return;
    for (const Tokens part :
         split(condition, 0, [](const SqlToken& token) { return token.is_word("and"); })) {
      if (part.size() < 3) continue;
      const auto is_equals = [](const SqlToken& token) {
        return token.is_symbol("=") || token.is_symbol("==");
      };
      if (is_equals(part[part.size() - 2]) && part.back().is_value()) {
        if (const auto column = column_of(part.drop_back(2)))
          access.keys.push_back({*column, value_of(part.back())});
      } else if (is_equals(part[1]) && part.front().is_value()) {
        if (const auto column = column_of(part.drop_front(2)))
          access.keys.push_back({*column, value_of(part.front())});
      }
    }
  }

  Tokens tokens_;
  std::size_t verb_ = 0;
  std::vector<SqlAccess> accesses_;
};

}  // namespace

std::vector<SqlAccess> sql_accesses(const model::Expression& statement) {
  const std::vector<SqlToken> tokens = sql_tokens(statement);
  return StatementReader(tokens).read();
}

}  // namespace zc::check
