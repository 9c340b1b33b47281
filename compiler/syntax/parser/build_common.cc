// Builds names, docs, traits, types, fields and settings.

#include "compiler/syntax/parser/builder.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Support/Casting.h>

namespace zc::syntax {

using diagnostics::Kind;

TreeBuilder::TreeBuilder(llvm::StringRef text, FileId file, const TokenList& tokens, Arenas& arenas,
                         diagnostics::DiagnosticEngine& engine)
    : text_(text), file_(file), tokens_(tokens), arenas_(arenas), engine_(engine) {}

Span TreeBuilder::span(antlr4::ParserRuleContext* context) const {
  const ParserToken& start = token(context->getStart());
  const std::uint32_t begin = start.unit_token().begin;
  // A rule that matched nothing stops before it starts; one that failed may not have stopped at all.
  if (context->getStop() == nullptr) return {file_, begin, start.unit_token().end};
  return {file_, begin, std::max(begin, token(context->getStop()).unit_token().end)};
}

Span TreeBuilder::span(antlr4::ParserRuleContext* first, antlr4::ParserRuleContext* last) const {
  return last == nullptr ? span(first) : cover(span(first), span(last));
}

std::uint32_t TreeBuilder::column(std::uint32_t offset) const {
  const std::size_t line_break = text_.rfind('\n', offset);
  return static_cast<std::uint32_t>(line_break == llvm::StringRef::npos ? offset : offset - line_break - 1);
}

// Rules `name`, `memberName` and `useName`, of one token each.
Name TreeBuilder::name_of(antlr4::ParserRuleContext* context) {
  if (context == nullptr || context->exception != nullptr || context->children.empty()) {
    saw_error_ = true;
    return {};
  }
  return name_of(token(context->getStart()));
}

QualifiedName TreeBuilder::qualified_name(Grammar::QualifiedNameContext* context) {
  if (context == nullptr || context->exception != nullptr || context->name() == nullptr) {
    saw_error_ = true;
    return {};
  }
  llvm::SmallVector<Name, 4> segments{name_of(context->name())};
  for (Grammar::MemberNameContext* member : context->memberName())
    segments.push_back(name_of(member));
  return {copy(segments), span(context)};
}

llvm::ArrayRef<QualifiedName> TreeBuilder::qualified_names(
    const std::vector<Grammar::QualifiedNameContext*>& contexts) {
  llvm::SmallVector<QualifiedName, 8> names;
  for (Grammar::QualifiedNameContext* context : contexts) {
    const QualifiedName name = qualified_name(context);
    if (!name.is_missing()) names.push_back(name);
  }
  return copy(names);
}

llvm::ArrayRef<Name> TreeBuilder::names(const std::vector<Grammar::NameContext*>& contexts) {
  llvm::SmallVector<Name, 8> names;
  for (Grammar::NameContext* context : contexts) {
    const Name name = name_of(context);
    if (!name.is_missing()) names.push_back(name);
  }
  return copy(names);
}

std::uint16_t TreeBuilder::status(const ParserToken& written) {
  unsigned value = 0;
  if (written.text().size() == 3 && !written.text().getAsInteger(10, value) && value >= 100)
    return static_cast<std::uint16_t>(value);
  engine_.report(Kind::kInvalidStatus, span(written), written.text());
  saw_error_ = true;
  return 0;
}

// The lines right before the first token, each on a line of its own.
Doc TreeBuilder::doc_before(antlr4::ParserRuleContext* context) {
  const std::size_t first = token(context->getStart()).unit_token().index;
  std::size_t begin = first;
  while (begin > 0 && tokens_[begin - 1].kind == TokenKind::kDocComment) {
    const Token& comment = tokens_[begin - 1];
    if (begin >= 2 && !text_.slice(tokens_[begin - 2].end, comment.begin).contains('\n')) break;
    --begin;
  }
  if (begin == first) return {};
  used_docs_.resize(tokens_.size());
  llvm::SmallVector<llvm::StringRef, 8> lines;
  for (std::size_t index = begin; index < first; ++index) {
    llvm::StringRef line = text_.slice(tokens_[index].begin, tokens_[index].end).drop_front(3);
    line.consume_front(" ");
    lines.push_back(line.rtrim());
    used_docs_[index] = true;
  }
  return {copy(lines), {file_, tokens_[begin].begin, tokens_[first - 1].end}};
}

void TreeBuilder::report_dangling_docs() {
  used_docs_.resize(tokens_.size());
  for (std::size_t index = 0; index < tokens_.size(); ++index) {
    if (tokens_[index].kind != TokenKind::kDocComment || used_docs_[index]) continue;
    const Span place{file_, tokens_[index].begin, tokens_[index].end};
    engine_.report(Kind::kDanglingDocComment, place)
        .help("place it before a declaration or a member, or write a comment with `//`");
    // One for all lines of a comment.
    while (index + 1 < tokens_.size() && tokens_[index + 1].kind == TokenKind::kDocComment)
      ++index;
  }
}

llvm::ArrayRef<Trait> TreeBuilder::traits(const std::vector<Grammar::TraitContext*>& contexts) {
  llvm::SmallVector<Trait, 4> traits;
  for (Grammar::TraitContext* context : contexts) {
    ErrorScope scope(*this);
    Trait trait;
    trait.span = span(context);
    trait.name = name_of(context->name());
    llvm::SmallVector<Argument, 4> arguments;
    for (Grammar::TraitArgumentContext* argument : context->traitArgument()) {
      Argument value;
      if (argument->memberName() != nullptr) value.name = name_of(argument->memberName());
      value.value = range(argument->rangeValue());
      if (const auto* text = llvm::dyn_cast<StringExpr>(value.value)) check_fixed_text(*text);
      arguments.push_back(value);
    }
    trait.arguments = copy(arguments);
    trait.erroneous = scope.failed(context);
    if (!trait.name.is_missing()) traits.push_back(trait);
  }
  return copy(traits);
}

void TreeBuilder::check_fixed_text(const StringExpr& string) {
  for (const StringPart& part : string.parts) {
    if (part.expression == nullptr || part.expression->erroneous) continue;
    engine_.report(Kind::kInvalidInterpolation, part.span, "has no meaning here")
        .label("fixed text is expected")
        .help("write `\\{` for a brace, or `re\"...\"`, in which a brace is a brace");
    saw_error_ = true;
  }
}

const TypeRef* TreeBuilder::type(Grammar::TypeRefContext* context, Span place) {
  ErrorScope scope(*this);
  auto* node = make<TypeRef>();
  if (context == nullptr) {
    node->span = place;
    node->erroneous = scope.failed(nullptr);
    return node;
  }
  node->span = span(context);
  node->name = qualified_name(context->qualifiedName());
  llvm::SmallVector<const TypeRef*, 2> arguments;
  for (Grammar::TypeRefContext* argument : context->typeRef())
    arguments.push_back(type(argument, node->span));
  node->arguments = copy(arguments);
  node->is_optional = context->QUESTION() != nullptr;
  node->erroneous = scope.failed(context);
  return node;
}

llvm::ArrayRef<Field> TreeBuilder::fields(Grammar::FieldBlockContext* context) {
  if (context == nullptr) {
    saw_error_ = true;
    return {};
  }
  if (context->exception != nullptr) saw_error_ = true;
  llvm::SmallVector<Field, 16> fields;
  for (Grammar::FieldContext* member : context->field()) {
    ErrorScope scope(*this);
    Field field;
    field.span = span(member);
    field.doc = doc_before(member);
    field.traits = traits(member->trait());
    field.is_private = member->PRIVATE() != nullptr;
    field.name = name_of(member->memberName());
    field.type = type(member->typeRef(), field.span);
    if (member->ASSIGN() != nullptr) field.default_value = expression(member->expression(), field.span);
    field.erroneous = scope.failed(member);
    if (!field.name.is_missing()) fields.push_back(field);
  }
  return copy(fields);
}

llvm::ArrayRef<Field> TreeBuilder::parameters(Grammar::ParametersContext* context) {
  if (context == nullptr) {
    saw_error_ = true;
    return {};
  }
  llvm::SmallVector<Field, 4> fields;
  for (Grammar::ParameterContext* parameter : context->parameter()) {
    ErrorScope scope(*this);
    Field field;
    field.span = span(parameter);
    field.doc = doc_before(parameter);
    field.traits = traits(parameter->trait());
    field.name = name_of(parameter->memberName());
    field.type = type(parameter->typeRef(), field.span);
    if (parameter->ASSIGN() != nullptr) field.default_value = expression(parameter->expression(), field.span);
    field.erroneous = scope.failed(parameter);
    if (!field.name.is_missing()) fields.push_back(field);
  }
  return copy(fields);
}

llvm::ArrayRef<Setting> TreeBuilder::settings(Grammar::SettingBlockContext* context) {
  if (context == nullptr) {
    saw_error_ = true;
    return {};
  }
  if (context->exception != nullptr) saw_error_ = true;
  llvm::SmallVector<Setting, 8> settings;
  for (Grammar::SettingContext* member : context->setting()) {
    const Setting built = setting(member);
    if (!built.name.is_missing()) settings.push_back(built);
  }
  return copy(settings);
}

Setting TreeBuilder::setting(Grammar::SettingContext* context) {
  ErrorScope scope(*this);
  Setting setting;
  setting.span = span(context);
  setting.doc = doc_before(context);
  setting.name = name_of(context->name());
  const std::vector<Grammar::SettingTermContext*> contexts = context->settingTerm();
  const std::size_t count = count_terms(context, contexts);
  llvm::SmallVector<SettingTerm, 4> terms;
  for (Grammar::SettingTermContext* value : llvm::ArrayRef(contexts).take_front(count))
    terms.push_back(term(value));
  if (count < contexts.size()) saw_error_ = true;
  setting.terms = copy(terms);
  setting.erroneous = scope.failed(context);
  return setting;
}

SettingTerm TreeBuilder::term(Grammar::SettingTermContext* context) {
  llvm::SmallVector<const Expr*, 4> values;
  for (Grammar::TermValueContext* value : context->termValue())
    values.push_back(range(value));
  return copy(values);
}

std::size_t TreeBuilder::count_terms(antlr4::ParserRuleContext* setting,
                                     const std::vector<Grammar::SettingTermContext*>& terms) {
  const std::uint32_t begin = token(setting->getStart()).unit_token().begin;
  std::uint32_t before = token(setting->getStart()).unit_token().end;
  for (std::size_t index = 0; index < terms.size(); ++index) {
    const std::uint32_t at = token(terms[index]->getStart()).unit_token().begin;
    if (text_.slice(before, at).contains('\n') && column(at) <= column(begin)) {
      const Span place{file_, before, before};
      engine_.report(Kind::kMissingToken, place, "`;`", "before the next line").fix("insert `;`", place, ";");
      return index;
    }
    before = span(terms[index]).end;
  }
  return terms.size();
}

const PathExpr* TreeBuilder::word(const ParserToken& token) {
  auto* path = make<PathExpr>();
  path->span = span(token);
  path->segments = copy(llvm::SmallVector<Name, 1>{name_of(token)});
  return path;
}

}  // namespace zc::syntax
