// Reads the words around the list: only one form of statement is taken, which every database can run fast.

#include "compiler/check/steps/bulk_insert.h"

#include "compiler/check/expressions/conversions.h"
#include "compiler/diagnostics/did_you_mean.h"
#include "compiler/sql/syntax/lexer.h"

#include <llvm/ADT/STLExtras.h>

#include <cstddef>
#include <string>
#include <vector>

namespace zc::check {

using model::TypeKind;

namespace {

// The words of a text that is a part of a statement, without the end.
class Words {
 public:
  explicit Words(llvm::StringRef text) : text_(text), tokens_(sql::tokenize(text, sql::Dialect::kSqlite)) {
    tokens_.pop_back();
  }

  [[nodiscard]] bool is_empty() const { return tokens_.empty(); }
  [[nodiscard]] bool end_with(llvm::StringRef word) const {
    return !tokens_.empty() && sql::is_word(text_, tokens_.back(), word);
  }
  [[nodiscard]] bool is_done() const { return at_ == tokens_.size(); }
  bool take_word(llvm::StringRef word) { return take(!is_done() && sql::is_word(text_, next(), word)); }
  bool take_symbol(llvm::StringRef symbol) {
    return take(!is_done() && sql::is_symbol(text_, next(), symbol));
  }
  // As it is written; empty when here is none.
  llvm::StringRef take_name() {
    if (is_done()) return {};
    const sql::Token token = next();
    const bool is_name = token.kind == sql::TokenKind::kWord || token.kind == sql::TokenKind::kQuotedName;
    return take(is_name) ? sql::text_of(text_, token) : llvm::StringRef();
  }
  // Of what was taken last, without its quotes.
  [[nodiscard]] std::string name() const { return sql::name_of(text_, tokens_[at_ - 1]); }

 private:
  [[nodiscard]] sql::Token next() const { return tokens_[at_]; }
  bool take(bool is_there) {
    if (is_there) ++at_;
    return is_there;
  }

  llvm::StringRef text_;
  std::vector<sql::Token> tokens_;
  std::size_t at_ = 0;
};

bool is_text(const model::Expression& part) {
  return part.kind == model::ExpressionKind::kConstant &&
         part.constant.kind == model::Constant::Kind::kString;
}

class BulkInsertResolver {
 public:
  BulkInsertResolver(Context& context, const model::Operation& operation, const model::Expression& statement)
      : context_(context), operation_(operation), parts_(statement.operands) {}

  // Whether one stands there. `rows_` is where.
  bool find() {
    for (std::size_t i = 1; i < parts_.size() && rows_ == 0; ++i) {
      const model::TypeId type = context_.types.strip_optional(parts_[i].type);
      const TypeKind kind = context_.types.kind(type);
      const bool is_rows = (kind == TypeKind::kList || kind == TypeKind::kStream) &&
                           context_.types.kind(context_.types[type].element) == TypeKind::kStruct;
      if (is_rows && stands_behind_values(i)) rows_ = i;
    }
    return rows_ != 0;
  }

  // Of a statement that inserts no rows: a stream can be nothing else in it. What should have been rows, and
  // is erroneous, would be no SQL as a single value.
  bool check_others() {
    bool is_clean = true;
    for (std::size_t i = 1; i < parts_.size(); ++i) {
      const model::Expression& part = parts_[i];
      if (part.kind == model::ExpressionKind::kError && stands_behind_values(i)) is_clean = false;
      if (context_.types.kind(part.type) != TypeKind::kStream) continue;
      is_clean = false;
      context_.engine.report(Kind::kMisplacedStream, part.span, "a stream is no value that could be bound")
          .help("one of structs can be inserted: `insert into table (columns) values {rows}`");
    }
    return is_clean;
  }

  std::optional<model::BulkInsert> resolve() {
    if (context_.types.is_optional(rows().type)) {
      report("the rows may be absent").help("say with `??` what is inserted then");
      return std::nullopt;
    }
    if (operation_.format == model::ResultFormat::kRow) {
      report("`" + operation_.origin.name + "` reads rows, and what inserts rows yields none")
          .help("`exec` answers how many it has inserted");
      return std::nullopt;
    }
    if (!read_head() || !check_tail()) return std::nullopt;
    bool is_clean = true;
    for (const std::string& column : columns_)
      is_clean = add_cell(column) && is_clean;
    if (!is_clean) return std::nullopt;
    return std::move(result_);
  }

 private:
  [[nodiscard]] const model::Expression& rows() const { return parts_[rows_]; }
  [[nodiscard]] bool stands_behind_values(std::size_t part) const {
    return is_text(parts_[part - 1]) && Words(parts_[part - 1].constant.text).end_with("values");
  }

  diagnostics::Diagnostic& report(const llvm::Twine& what) {
    return context_.engine.report(Kind::kBulkInsert, rows().span, what);
  }

  bool read_head() {
    Words words(parts_.front().constant.text);
    bool is_good = rows_ == model::BulkInsert::kRows && words.take_word("insert") &&
                   words.take_word("into") && take_table(words) && words.take_symbol("(");
    result_.into += " (";
    while (is_good) {
      const llvm::StringRef name = words.take_name();
      is_good = !name.empty();
      if (!is_good) break;
      columns_.push_back(words.name());
      result_.into += name;
      if (!words.take_symbol(",")) break;
      result_.into += ", ";
    }
    result_.into += ")";
    is_good = is_good && words.take_symbol(")") && words.take_word("values") && words.is_done();
    if (!is_good) report("rows are inserted by `insert into table (columns) values {rows}` and nothing else");
    return is_good;
  }

  bool take_table(Words& words) {
    result_.into = words.take_name().str();
    if (!words.take_symbol(".")) return !result_.into.empty();
    const llvm::StringRef name = words.take_name();
    result_.into += "." + name.str();
    return !name.empty();
  }

  bool check_tail() {
    for (std::size_t i = rows_ + 1; i < parts_.size(); ++i) {
      if (is_text(parts_[i])) {
        Words words(parts_[i].constant.text);
        if (words.is_empty() || (words.take_symbol(";") && words.is_done())) continue;
      }
      auto& diagnostic = report("nothing can stand behind the rows that are inserted");
      if (context_.types.kind(rows().type) == TypeKind::kList)
        diagnostic.help(
            "for `on conflict` and `returning` the list is bound as JSON: `select ... from "
            "json_each({rows})`");
      return false;
    }
    return true;
  }

  bool add_cell(const std::string& column) {
    const model::StructId id(context_.types[context_.types[rows().type].element].declaration);
    const model::Struct& structure = context_.program.structs[id];
    const auto field =
        llvm::find_if(structure.fields, [&](const model::Field& each) { return each.origin.name == column; });
    if (field == structure.fields.end()) {
      report_unknown(structure, column);
      return false;
    }
    if (!is_column(context_, field->type)) {
      context_.engine
          .report(Kind::kNotFormattable, rows().span, context_.text(field->type), "bound to a statement")
          .secondary(field->origin.span, "the field is declared here");
      return false;
    }
    model::Expression cell;
    cell.kind = model::ExpressionKind::kField;
    cell.type = field->type;
    cell.span = rows().span;
    cell.structure = id;
    cell.field = static_cast<std::uint32_t>(field - structure.fields.begin());
    result_.cells.push_back(std::move(cell));
    return true;
  }

  void report_unknown(const model::Struct& structure, const std::string& column) {
    auto& diagnostic =
        context_.engine.report(Kind::kUnknownField, rows().span, structure.origin.name, column);
    diagnostic.secondary(structure.origin.span, "the rows are of this struct");
    std::vector<llvm::StringRef> known;
    for (const model::Field& each : structure.fields)
      known.push_back(each.origin.name);
    const auto guess = diagnostics::did_you_mean(column, known);
    diagnostic.help(
        guess ? "there is a field `" + *guess + "`"
              : "a column is filled from the field of its name; one that has a default can be left out");
  }

  Context& context_;
  const model::Operation& operation_;
  const std::vector<model::Expression>& parts_;
  std::size_t rows_ = 0;
  std::vector<std::string> columns_;
  model::BulkInsert result_;
};

}  // namespace

std::optional<model::BulkInsert> resolve_bulk_insert(Context& context, const model::Operation& operation,
                                                     model::Expression& statement) {
  BulkInsertResolver resolver(context, operation, statement);
  if (!resolver.find()) {
    if (!resolver.check_others()) statement.kind = model::ExpressionKind::kError;
    return std::nullopt;
  }
  std::optional<model::BulkInsert> result = resolver.resolve();
  if (!result) statement.kind = model::ExpressionKind::kError;
  return result;
}

}  // namespace zc::check
