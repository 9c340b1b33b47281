// Tables by name, and their places in the schema's text.

#include "compiler/sql/catalog.h"

#include "compiler/sql/syntax/lexer.h"

#include <llvm/ADT/STLExtras.h>

namespace zc::sql {

const Column* Table::find(llvm::StringRef column) const {
  const auto found =
      llvm::find_if(columns, [&](const Column& each) { return column.equals_insensitive(each.name); });
  return found == columns.end() ? nullptr : &*found;
}

Table& Catalog::add(llvm::StringRef name) {
  by_name_[name.lower()] = tables_.size();
  Table& table = tables_.emplace_back();
  table.name = name.str();
  return table;
}

Table* Catalog::find(llvm::StringRef name) {
  const auto found = by_name_.find(name.lower());
  return found == by_name_.end() ? nullptr : &tables_[found->second];
}

const Table* Catalog::find(llvm::StringRef name) const {
  const auto found = by_name_.find(name.lower());
  return found == by_name_.end() ? nullptr : &tables_[found->second];
}

namespace {

// `create table name (column type ..., ...)` and `alter table name add column name`.
class Locator {
 public:
  Locator(Catalog& catalog, llvm::StringRef text, llvm::ArrayRef<Token> tokens)
      : catalog_(catalog), text_(text), tokens_(tokens) {}

  void run() {
    while (!at_end()) {
      if (take("create")) {
        create();
      } else if (take("alter")) {
        alter();
      }
      while (!at_end() && !is_symbol(text_, tokens_[at_], ";"))
        ++at_;
      if (!at_end()) ++at_;
    }
  }

 private:
  [[nodiscard]] bool at_end() const { return tokens_[at_].kind == TokenKind::kEnd; }
  bool take(llvm::StringRef word) {
    if (!is_word(text_, tokens_[at_], word)) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] bool at_name() const {
    return tokens_[at_].kind == TokenKind::kWord || tokens_[at_].kind == TokenKind::kQuotedName;
  }

  // The table that is named here, behind the schema that it may be qualified with.
  Table* table() {
    if (!at_name()) return nullptr;
    Token name = tokens_[at_++];
    if (is_symbol(text_, tokens_[at_], ".")) {
      ++at_;
      if (!at_name()) return nullptr;
      name = tokens_[at_++];
    }
    Table* found = catalog_.find(name_of(text_, name));
    if (found != nullptr && !found->declared_at) found->declared_at = name.begin;
    return found;
  }

  void create() {
    while (take("temp") || take("temporary") || take("unlogged") || take("or") || take("replace"))
      continue;
    if (!take("table") && !take("view")) return;
    if (take("if")) {
      take("not");
      take("exists");
    }
    Table* const created = table();
    if (created == nullptr || !is_symbol(text_, tokens_[at_], "(")) return;
    std::uint32_t depth = 0;
    for (; !at_end(); ++at_) {
      const Token token = tokens_[at_];
      const bool opens = is_symbol(text_, token, "(");
      if (opens) ++depth;
      if (is_symbol(text_, token, ")") && --depth == 0) return;
      if (depth == 1 && (opens || is_symbol(text_, token, ","))) locate(*created, tokens_[at_ + 1]);
    }
  }

  void alter() {
    if (!take("table")) return;
    if (take("if")) take("exists");
    take("only");
    Table* const altered = table();
    if (altered == nullptr) return;
    for (; !at_end() && !is_symbol(text_, tokens_[at_], ";"); ++at_) {
      if (!is_word(text_, tokens_[at_], "add")) continue;
      ++at_;
      take("column");
      if (take("if")) {
        take("not");
        take("exists");
      }
      locate(*altered, tokens_[at_]);
      if (at_end()) return;
    }
  }

  void locate(Table& table, Token name) const {
    if (name.kind != TokenKind::kWord && name.kind != TokenKind::kQuotedName) return;
    const std::string wanted = name_of(text_, name);
    for (Column& column : table.columns) {
      if (!column.declared_at && llvm::StringRef(wanted).equals_insensitive(column.name))
        column.declared_at = name.begin;
    }
  }

  Catalog& catalog_;
  llvm::StringRef text_;
  llvm::ArrayRef<Token> tokens_;
  std::size_t at_ = 0;
};

}  // namespace

void Catalog::locate(llvm::StringRef schema, llvm::ArrayRef<Token> tokens) {
  Locator(*this, schema, tokens).run();
}

}  // namespace zc::sql
