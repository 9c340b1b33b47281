// Rows into structs and single values.

#include "compiler/check/expressions/conversions.h"
#include "compiler/check/sql/compatibility.h"
#include "compiler/check/sql/statement_check.h"
#include "compiler/check/steps/sql_facts.h"
#include "compiler/diagnostics/did_you_mean.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

namespace zc::check {

using model::TypeKind;

namespace {

// A column as the database names it, with what the analysis knows of it.
struct ColumnFacts {
  std::string name;
  sql::Fact value;
  bool is_from_star = false;
  Span span;
};

class ResultCheck {
 public:
  explicit ResultCheck(const StatementUse& use) : use_(use) {}

  void run() {
    collect();
    if (!check_rows() || use_.facts.prepared.is_opaque) return;
    const model::TypeId element = row_type();
    if (!element.is_valid()) return;
    const TypeKind kind = use_.context.types.kind(element);
    if (kind == TypeKind::kStruct) {
      check_struct(model::StructId(use_.context.types[element].declaration));
    } else if (is_column(use_.context, element)) {  // else it was reported
      check_single(element);
    }
  }

 private:
  // The analysis counts where it agrees with the database about the columns.
  void collect() {
    const std::vector<sql::ResultColumn>& columns = use_.facts.prepared.columns;
    const std::vector<sql::ResultFact>& results = use_.facts.analysis.results;
    has_analysis_ = use_.facts.analysis.is_known && results.size() == columns.size();
    for (std::size_t i = 0; i < columns.size() && has_analysis_; ++i) {
      if (results[i].is_from_star && !llvm::StringRef(results[i].name).equals_insensitive(columns[i].name))
        has_analysis_ = false;
    }
    for (std::size_t i = 0; i < columns.size(); ++i) {
      ColumnFacts facts{columns[i].name, {}, true, use_.first_token()};
      if (has_analysis_) {
        facts.value = results[i].value;
        facts.is_from_star = results[i].is_from_star;
        facts.span = use_.text.span(results[i].begin, results[i].end);
      }
      // Where both know the column and do not agree, neither is believed.
      const sql::Column* column = facts.value.column;
      const bool agrees = column == nullptr || columns[i].column.empty() ||
                          llvm::StringRef(columns[i].column).equals_insensitive(column->name);
      if (!agrees) facts.value = {};
      if (columns[i].type != sql::Type::kUnknown && (facts.value.type == sql::Type::kUnknown || !agrees))
        facts.value.type = columns[i].type;
      columns_.push_back(std::move(facts));
    }
  }

  // Whether the operation wants rows, and the statement yields them.
  bool check_rows() {
    const std::string& name = use_.operation().origin.name;
    const bool wants_rows = use_.operation().format == model::ResultFormat::kRow;
    if (use_.facts.prepared.is_opaque) return true;
    if (!wants_rows) {
      const bool is_select = sql_facts(use_.text.text()).verb == SqlVerb::kSelect && !columns_.empty();
      if (is_select) {
        use_.context.engine
            .report(Kind::kResultRows, use_.first_token(), "`" + name + "` throws away what is selected")
            .help("`one`, `maybe`, `many` and `stream` read rows");
      }
      return false;
    }
    if (!columns_.empty()) return true;
    auto& diagnostic = use_.context.engine.report(
        Kind::kResultRows, use_.first_token(), "`" + name + "` reads rows, and this statement yields none");
    const std::vector<sql::Token>& tokens = use_.facts.tokens;
    const SqlVerb verb = sql_facts(use_.text.text()).verb;
    const bool can_return = verb == SqlVerb::kInsert || verb == SqlVerb::kUpdate || verb == SqlVerb::kDelete;
    if (can_return && !sql::is_symbol(use_.text.text(), tokens[tokens.size() - 2], ";")) {
      const Span last = use_.text.span(tokens[tokens.size() - 2]);
      diagnostic.fix("return the rows", last_end(last), " returning *");
    } else {
      diagnostic.help("`exec` runs it and answers how many rows it changed");
    }
    return false;
  }

  // Behind the last token, of which an interpolation ends with its bracket.
  [[nodiscard]] Span last_end(Span last) const {
    const llvm::StringRef source = use_.context.engine.sources().text(last.file);
    const sql::Token token = use_.facts.tokens[use_.facts.tokens.size() - 2];
    std::size_t end = last.end;
    if (token.kind == sql::TokenKind::kParameter)
      end = std::min(source.find('}', end), source.size() - 1) + 1;
    return {last.file, static_cast<std::uint32_t>(end), static_cast<std::uint32_t>(end)};
  }

  // What one row is read into; none when it goes nowhere.
  [[nodiscard]] model::TypeId row_type() const {
    const model::TypeId result = use_.call.result;
    if (use_.context.types.kind(result) == TypeKind::kVoid) return {};
    const model::TypeId inner = use_.context.types.strip_optional(result);
    const model::TypeId declared = use_.context.types.strip_optional(use_.operation().result);
    const TypeKind kind = use_.context.types.kind(declared);
    if (kind != TypeKind::kList && kind != TypeKind::kStream) return inner;
    return use_.context.types.kind(inner) == kind ? use_.context.types[inner].element : model::TypeId();
  }

  // --- One value ---

  void check_single(model::TypeId type) {
    if (columns_.size() != 1) {
      Span span = columns_.front().span;
      if (has_analysis_) span = cover(span, columns_.back().span);
      use_.context.engine.report(Kind::kColumnCount, span, use_.context.text(type),
                                 llvm::Twine(columns_.size()) + " columns");
      return;
    }
    const std::string what = "the result of `" + use_.operation().origin.name + "`";
    // A value that may be absent takes NULL as that.
    const bool takes_null =
        use_.context.types.is_optional(use_.call.result) || use_.context.types.is_optional(type);
    check_value(columns_.front(), type, takes_null, what, {});
  }

  // --- Structs ---

  void check_struct(model::StructId id) {
    const model::Struct& structure = use_.context.program.structs[id];
    const auto is_field = [&](const ColumnFacts& column) {
      return llvm::any_of(structure.fields,
                          [&](const model::Field& field) { return field.origin.name == column.name; });
    };
    for (const ColumnFacts& column : columns_)
      if (!is_field(column)) unread_.push_back(column.name);
    for (const model::Field& field : structure.fields)
      check_field(structure, field);
    for (const ColumnFacts& column : columns_) {
      if (is_field(column) || column.is_from_star || !has_analysis_) continue;
      auto& diagnostic =
          use_.context.engine.report(Kind::kUnusedColumn, column.span, structure.origin.name, column.name);
      diagnostic.secondary(structure.origin.span, "rows are read into this struct");
    }
  }

  void check_field(const model::Struct& structure, const model::Field& field) {
    const auto has_name = [&](const ColumnFacts& column) { return column.name == field.origin.name; };
    const auto column = llvm::find_if(columns_, has_name);
    if (column == columns_.end()) return check_missing(structure, field);
    const auto second = std::find_if(column + 1, columns_.end(), has_name);
    if (second != columns_.end()) {
      auto& diagnostic = use_.context.engine.report(Kind::kDuplicateColumn, second->span, column->name);
      if (second->span != column->span) diagnostic.secondary(column->span, "this is the first");
      diagnostic.secondary(field.origin.span, "the field is read from one of them");
      diagnostic.help("name the columns that are wanted, each once");
      return;
    }
    const bool takes_null = use_.context.types.is_optional(field.type);
    check_value(*column, field.type, takes_null,
                "field `" + field.origin.name + "` of `" + structure.origin.name + "`", field.origin.span);
  }

  void check_missing(const model::Struct& structure, const model::Field& field) {
    if (field.default_value || use_.context.types.is_optional(field.type)) return;
    Span span = columns_.front().span;
    if (has_analysis_) span = cover(span, columns_.back().span);
    auto& diagnostic =
        use_.context.engine.report(Kind::kMissingColumn, span, field.origin.name, structure.origin.name);
    diagnostic.secondary(field.origin.span, "the field is declared here");
    if (const auto guess = diagnostics::did_you_mean(field.origin.name, unread_)) {
      diagnostic.help("column `" + *guess + "` can be given the name: `" + *guess + " as " +
                      field.origin.name + "`");
    } else {
      diagnostic.help("select it, or make the field optional or give it a default");
    }
  }

  // --- A column and what it is read into ---

  void check_value(const ColumnFacts& column, model::TypeId type, bool takes_null, const std::string& what,
                   Span declared) {
    const TypeKind kind = use_.kind_of(type);
    if (kind == TypeKind::kError) return;
    constexpr std::size_t kMaxName = 60;  // of an expression it is the whole text
    const bool is_long = column.name.size() > kMaxName;
    const std::string name = is_long ? "this value" : "column `" + column.name + "`";
    if (!can_read(kind, column.value.type)) {
      const std::string is =
          column.value.column != nullptr ? column.value.column->declared : type_word(column.value.type).str();
      auto& diagnostic = use_.context.engine.report(Kind::kColumnType, column.span, name + " is `" + is + "`",
                                                    what, use_.context.text(type));
      finish(diagnostic, column, declared);
      return;
    }
    if (takes_null || column.value.nullable != sql::Nullable::kYes) return;
    auto& diagnostic =
        use_.context.engine.report(Kind::kNullableColumn, column.span, name, what, use_.context.text(type));
    finish(diagnostic, column, declared);
    diagnostic.help("make it `" + use_.context.text(type) +
                    "?`, or leave NULL out: `coalesce(x, ...)`, `where x is not null`");
  }

  void finish(diagnostics::Diagnostic& diagnostic, const ColumnFacts& column, Span declared) const {
    if (declared.is_valid()) diagnostic.secondary(declared, "the field is declared here");
    use_.label_column(diagnostic, column.value.column);
  }

  const StatementUse& use_;
  std::vector<ColumnFacts> columns_;
  std::vector<llvm::StringRef> unread_;  // names of columns that no field has
  bool has_analysis_ = false;
};

}  // namespace

void check_results(const StatementUse& use) { ResultCheck(use).run(); }

}  // namespace zc::check
