// Values that are bound: that they are, and that they fit.

#include "compiler/check/sql/compatibility.h"
#include "compiler/check/sql/statement_check.h"

#include <llvm/ADT/STLExtras.h>

namespace zc::check {

using model::TypeKind;

namespace {

// The quoted text or comment that hides a placeholder; "comment" when no token is there.
std::string hiding(const StatementUse& use, std::uint32_t offset) {
  const auto token = llvm::find_if(
      use.facts.tokens, [&](const sql::Token& each) { return each.begin <= offset && offset < each.end; });
  if (token == use.facts.tokens.end() || token->kind == sql::TokenKind::kEnd) return "a comment";
  return token->kind == sql::TokenKind::kQuotedName ? "a name in quotes" : "a quoted text";
}

void report_hidden(const StatementUse& use, const StatementText::Parameter& parameter) {
  const std::string where = hiding(use, parameter.begin);
  auto& diagnostic = use.context.engine.report(Kind::kUnboundParameter, parameter.value->span,
                                               "nothing is bound inside of " + where);
  if (where == "a quoted text") diagnostic.help("put the text together: `'%' || {text} || '%'`");
}

void report_foreign(const StatementUse& use, sql::Token token) {
  const llvm::StringRef written = sql::text_of(use.text.text(), token);
  use.context.engine
      .report(Kind::kUnboundParameter, use.text.span(token), "no value is bound to `" + written + "`")
      .help("write the value in its place: `{value}`");
}

std::string column_text(const sql::Fact& fact) {
  return fact.column == nullptr
             ? "a value of type `" + type_word(fact.type).str() + "`"
             : "column `" + fact.column->name + "`, which is `" + fact.column->declared + "`";
}

// Of rows that are inserted no field is written in the statement.
void label_field(const StatementUse& use, diagnostics::Diagnostic& diagnostic,
                 const model::Expression& value) {
  if (!use.call.bulk) return;
  const model::Field& field = use.context.program.structs[value.structure].fields[value.field];
  diagnostic.secondary(field.origin.span, "it is this field of the rows");
}

void report_type(const StatementUse& use, const model::Expression& value, llvm::StringRef what,
                 const sql::Fact& fact) {
  auto& diagnostic = use.context.engine.report(Kind::kParameterType, value.span, use.context.text(value.type),
                                               what, column_text(fact));
  use.label_column(diagnostic, fact.column);
  label_field(use, diagnostic, value);
}

void check_parameter(const StatementUse& use, const model::Expression& value, const sql::ParameterFact& fact,
                     sql::Type wanted) {
  const TypeKind kind = use.kind_of(value.type);
  if (kind == TypeKind::kError || kind == TypeKind::kNull) return;
  const bool is_stored = fact.use == sql::ParameterUse::kStored;
  sql::Fact with = fact.with;
  if (wanted != sql::Type::kUnknown && with.type == sql::Type::kUnknown) with.type = wanted;
  if (fact.use == sql::ParameterUse::kCounted) {
    const bool is_count =
        kind == TypeKind::kI32 || kind == TypeKind::kI64 || kind == TypeKind::kU32 || kind == TypeKind::kU64;
    if (!is_count) report_type(use, value, "used as", with);
    return;
  }
  if (is_stored ? !can_store(kind, with.type) : !can_compare(kind, with.type)) {
    report_type(use, value, is_stored ? "stored in" : "compared with", with);
    return;
  }
  const bool is_null_refused = is_stored && with.column != nullptr && with.column->refuses_null;
  if (!is_null_refused || !use.context.types.is_optional(value.type)) return;
  auto& diagnostic = use.context.engine.report(Kind::kNullableParameter, value.span,
                                               use.context.text(value.type), with.column->name);
  use.label_column(diagnostic, with.column);
  label_field(use, diagnostic, value);
  if (!use.call.bulk) diagnostic.help("say with `??` what is stored when it is absent");
}

void check_left_out(const StatementUse& use) {
  const sql::Analysis& analysis = use.facts.analysis;
  if (analysis.left_out.empty()) return;
  std::string names;
  for (std::size_t i = 0; i < analysis.left_out.size(); ++i) {
    if (i > 0) names += i + 1 == analysis.left_out.size() ? " and " : ", ";
    names += "`" + analysis.left_out[i]->name + "`";
  }
  auto& diagnostic =
      use.context.engine.report(Kind::kLeftOutColumn, use.text.span(analysis.table_begin, analysis.table_end),
                                names, analysis.inserted->name);
  use.label_column(diagnostic, analysis.left_out.front());
  diagnostic.help("insert a value, or give the column a default in the schema");
}

}  // namespace

bool check_bound(const StatementUse& use) {
  bool is_clean = true;
  const auto begins_at = [](sql::Token token, std::uint32_t begin) { return token.begin < begin; };
  for (const StatementText::Parameter& parameter : use.text.parameters()) {
    const auto token = llvm::lower_bound(use.facts.tokens, parameter.begin, begins_at);
    const bool is_token = token->kind == sql::TokenKind::kParameter && token->begin == parameter.begin;
    if (is_token) continue;
    report_hidden(use, parameter);
    is_clean = false;
  }
  auto next = use.text.parameters().begin();
  for (const sql::Token token : use.facts.tokens) {
    if (token.kind != sql::TokenKind::kParameter) continue;
    while (next != use.text.parameters().end() && next->begin < token.begin)
      ++next;
    if (next != use.text.parameters().end() && next->begin == token.begin) continue;
    report_foreign(use, token);
    is_clean = false;
  }
  return is_clean;
}

void check_parameters(const StatementUse& use) {
  const std::vector<sql::ParameterFact>& facts = use.facts.analysis.parameters;
  const std::vector<sql::Type>& wanted = use.facts.prepared.parameters;
  for (std::size_t i = 0; i < use.text.parameters().size() && i < facts.size(); ++i) {
    check_parameter(use, *use.text.parameters()[i].value, facts[i],
                    i < wanted.size() ? wanted[i] : sql::Type::kUnknown);
  }
  check_left_out(use);
}

}  // namespace zc::check
