// Builds expressions: resolves precedence, joins names to paths and pieces to strings.

#include "compiler/diagnostics/did_you_mean.h"
#include "compiler/syntax/lexer/escapes.h"
#include "compiler/syntax/lexer/numbers.h"
#include "compiler/syntax/parser/builder.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Support/ErrorHandling.h>

namespace zc::syntax {
namespace {

using diagnostics::Kind;
using Grammar = TreeBuilder::Grammar;

BinaryOperator operator_of(std::size_t type) {
  switch (type) {
    case Grammar::COALESCE:
      return BinaryOperator::kCoalesce;
    case Grammar::OR:
      return BinaryOperator::kOr;
    case Grammar::AND:
      return BinaryOperator::kAnd;
    case Grammar::EQUAL:
      return BinaryOperator::kEqual;
    case Grammar::NOT_EQUAL:
      return BinaryOperator::kNotEqual;
    case Grammar::LESS:
      return BinaryOperator::kLess;
    case Grammar::LESS_EQUAL:
      return BinaryOperator::kLessEqual;
    case Grammar::GREATER:
      return BinaryOperator::kGreater;
    case Grammar::GREATER_EQUAL:
      return BinaryOperator::kGreaterEqual;
    case Grammar::PLUS:
      return BinaryOperator::kAdd;
    case Grammar::MINUS:
      return BinaryOperator::kSubtract;
    case Grammar::STAR:
      return BinaryOperator::kMultiply;
    case Grammar::SLASH:
      return BinaryOperator::kDivide;
    case Grammar::PERCENT:
      return BinaryOperator::kRemainder;
    default:
      llvm_unreachable("not a binary operator");
  }
}

constexpr int kComparisonLevel = 3;
constexpr int kTightestLevel = 5;

int level_of(BinaryOperator op) {
  switch (op) {
    case BinaryOperator::kCoalesce:
      return 0;
    case BinaryOperator::kOr:
      return 1;
    case BinaryOperator::kAnd:
      return 2;
    case BinaryOperator::kEqual:
    case BinaryOperator::kNotEqual:
    case BinaryOperator::kLess:
    case BinaryOperator::kLessEqual:
    case BinaryOperator::kGreater:
    case BinaryOperator::kGreaterEqual:
      return kComparisonLevel;
    case BinaryOperator::kAdd:
    case BinaryOperator::kSubtract:
      return 4;
    case BinaryOperator::kMultiply:
    case BinaryOperator::kDivide:
    case BinaryOperator::kRemainder:
      return kTightestLevel;
  }
  llvm_unreachable("not a binary operator");
}

}  // namespace

const ErrorExpr* TreeBuilder::error_expr(Span span) {
  auto* error = make<ErrorExpr>();
  error->span = span;
  saw_error_ = true;
  return error;
}

const Expr* TreeBuilder::expression(Grammar::ExpressionContext* context, Span place) {
  if (context == nullptr) return error_expr(place.end_point());
  const std::vector<Grammar::OperandContext*> operands = context->operand();
  if (context->exception != nullptr || operands.empty()) return error_expr(span(context));
  const Expr* first = operand(operands.front());
  if (operands.size() == 1) return first;
  return chain(first, context->binaryOperator(), {operands.begin() + 1, operands.end()}, span(context));
}

// `operators[i]` stands before `operands[i]`.
const Expr* TreeBuilder::chain(const Expr* first,
                               const std::vector<Grammar::BinaryOperatorContext*>& operators,
                               const std::vector<Grammar::OperandContext*>& operands, Span place) {
  if (operators.size() != operands.size()) return error_expr(place);
  llvm::SmallVector<const Expr*, 8> values{first};
  llvm::SmallVector<BinaryLink, 8> links;
  for (std::size_t index = 0; index < operators.size(); ++index) {
    const ParserToken& op = token(operators[index]->getStart());
    values.push_back(operand(operands[index]));
    links.push_back({operator_of(op.getType()), span(op), values.back()});
  }
  return links.empty() ? first : fold(values, links, 0);
}

// Splits at the operators of `level`; what lies between them is tighter. `links[i]` stands before `operands[i
// + 1]`.
const Expr* TreeBuilder::fold(llvm::ArrayRef<const Expr*> operands, llvm::ArrayRef<BinaryLink> links,
                              int level) {
  while (level <= kTightestLevel &&
         llvm::none_of(links, [&](const BinaryLink& link) { return level_of(link.op) == level; })) {
    ++level;
  }
  if (links.empty()) return operands.front();
  ErrorScope scope(*this);
  auto* node = make<BinaryExpr>();
  llvm::SmallVector<BinaryLink, 8> chain;
  std::size_t begin = 0;
  for (std::size_t index = 0; index <= links.size(); ++index) {
    if (index < links.size() && level_of(links[index].op) != level) continue;
    const Expr* value =
        fold(operands.slice(begin, index - begin + 1), links.slice(begin, index - begin), level + 1);
    if (begin == 0) {
      node->first = value;
    } else {
      chain.push_back({links[begin - 1].op, links[begin - 1].op_span, value});
    }
    begin = index + 1;
  }
  node->links = copy(chain);
  node->span = cover(operands.front()->span, operands.back()->span);
  if (level == kComparisonLevel && chain.size() > 1) {
    engine_.report(Kind::kChainedComparison, chain[1].op_span)
        .secondary(chain[0].op_span, "the first comparison")
        .help("write `a < b && b < c`");
    saw_error_ = true;
  }
  for (const Expr* operand : operands)
    saw_error_ = saw_error_ || operand->erroneous;
  node->erroneous = saw_error_;
  return node;
}

const Expr* TreeBuilder::range(Grammar::RangeValueContext* context) {
  if (context == nullptr) {
    saw_error_ = true;
    return error_expr({});
  }
  const std::vector<Grammar::ExpressionContext*> bounds = context->expression();
  if (context->exception != nullptr || bounds.empty()) return error_expr(span(context));
  if (context->RANGE() == nullptr) return expression(bounds.front(), span(context));
  ErrorScope scope(*this);
  auto* node = make<RangeExpr>();
  node->span = span(context);
  const bool is_open_below = context->children.front() == context->RANGE();
  if (!is_open_below) node->low = expression(bounds.front(), node->span);
  if (is_open_below || bounds.size() > 1) node->high = expression(bounds.back(), node->span);
  node->erroneous = scope.failed(context);
  return node;
}

const Expr* TreeBuilder::range(Grammar::TermValueContext* context) {
  const Span place = span(context);
  if (context->exception != nullptr) return error_expr(place);
  const Expr* low = context->term() != nullptr ? term_expression(context->term()) : nullptr;
  if (context->RANGE() == nullptr) return low != nullptr ? low : error_expr(place);
  ErrorScope scope(*this);
  auto* node = make<RangeExpr>();
  node->span = place;
  node->low = low;
  if (context->expression() != nullptr) node->high = expression(context->expression(), place);
  saw_error_ = saw_error_ || (low != nullptr && low->erroneous);
  node->erroneous = scope.failed(context);
  return node;
}

const Expr* TreeBuilder::term_expression(Grammar::TermContext* context) {
  const Span place = span(context);
  if (context->exception != nullptr || context->termOperand() == nullptr) return error_expr(place);
  return chain(operand(context->termOperand()), context->binaryOperator(), context->operand(), place);
}

const Expr* TreeBuilder::operand(Grammar::TermOperandContext* context) {
  Grammar::TermPrimaryContext* base = context->termPrimary();
  if (context->exception != nullptr || base == nullptr || base->children.empty())
    return error_expr(span(context));
  llvm::SmallVector<Name, 8> path;
  const Expr* value = simple_primary(base->name(), base->string(), token(base->getStart()), path);
  return with_suffixes(value, path, span(base), context->suffix());
}

const Expr* TreeBuilder::with_suffixes(const Expr* base, llvm::SmallVectorImpl<Name>& path, Span begin,
                                       const std::vector<Grammar::SuffixContext*>& suffixes) {
  for (Grammar::SuffixContext* next : suffixes)
    base = suffix(next, base, path, begin);
  return finish_path(base, path);
}

const Expr* TreeBuilder::operand(Grammar::OperandContext* context) {
  if (context->exception != nullptr || context->primary() == nullptr) return error_expr(span(context));
  llvm::SmallVector<Name, 8> path;
  const Span begin = span(context->primary());
  const Expr* value = with_suffixes(primary(context->primary(), path), path, begin, context->suffix());
  // Prefix operators bind looser than suffixes; the innermost stands last.
  for (antlr4::tree::ParseTree* child : llvm::reverse(context->children)) {
    auto* terminal = dynamic_cast<antlr4::tree::TerminalNode*>(child);
    if (terminal == nullptr) continue;
    ErrorScope scope(*this);
    auto* node = make<UnaryExpr>();
    node->op = token(terminal).getType() == Grammar::NOT ? UnaryOperator::kNot : UnaryOperator::kMinus;
    node->operand = value;
    node->span = cover(span(terminal), value->span);
    saw_error_ = value->erroneous;
    node->erroneous = saw_error_;
    value = node;
  }
  return value;
}

// Null when a path was begun.
const Expr* TreeBuilder::primary(Grammar::PrimaryContext* context, llvm::SmallVectorImpl<Name>& path) {
  const Span place = span(context);
  if (context->exception != nullptr || context->children.empty()) return error_expr(place);
  if (context->expression() != nullptr) return expression(context->expression(), place);
  if (context->list() != nullptr) return list(context->list());
  if (context->object() != nullptr) return object(context->object());
  return simple_primary(context->name(), context->string(), token(context->getStart()), path);
}

// A name, a string, or the literal `first`. Null when a path was begun.
const Expr* TreeBuilder::simple_primary(Grammar::NameContext* name, Grammar::StringContext* text,
                                        const ParserToken& first, llvm::SmallVectorImpl<Name>& path) {
  if (name != nullptr) {
    path.push_back(name_of(name));
    return nullptr;
  }
  if (text != nullptr) return string(text, StringUse::kExpression);
  switch (first.getType()) {
    case Grammar::NUMBER:
      return number(first);
    case Grammar::TRUE:
    case Grammar::FALSE:
    case Grammar::NULL_VALUE: {
      auto* literal = make<LiteralExpr>();
      literal->span = span(first);
      literal->literal = first.getType() == Grammar::NULL_VALUE ? LiteralKind::kNull : LiteralKind::kBool;
      literal->text = first.text();
      literal->value = first.getType() == Grammar::TRUE ? 1 : 0;
      return literal;
    }
    default:
      return error_expr(span(first));
  }
}

// The path so far as an expression, if there is one.
const Expr* TreeBuilder::finish_path(const Expr* base, llvm::SmallVectorImpl<Name>& path) {
  if (path.empty()) return base;
  auto* node = make<PathExpr>();
  node->span = cover(path.front().span, path.back().span);
  node->segments = copy(path);
  path.clear();
  return node;
}

const Expr* TreeBuilder::suffix(Grammar::SuffixContext* context, const Expr* base,
                                llvm::SmallVectorImpl<Name>& path, Span begin) {
  const Span place = cover(begin, span(context));
  if (context->exception != nullptr) return error_expr(place);
  if (context->memberName() != nullptr) {
    const Name member = name_of(context->memberName());
    if (!path.empty()) {
      path.push_back(member);
      return nullptr;
    }
    ErrorScope scope(*this);
    auto* node = make<MemberExpr>();
    node->span = place;
    node->base = base;
    node->member = member;
    saw_error_ = base->erroneous;
    node->erroneous = saw_error_;
    return node;
  }
  if (context->expression() != nullptr) {
    ErrorScope scope(*this);
    auto* node = make<IndexExpr>();
    node->span = place;
    node->base = finish_path(base, path);
    node->index = expression(context->expression(), place);
    node->erroneous = node->base->erroneous || node->index->erroneous;
    saw_error_ = node->erroneous;
    return node;
  }
  if (path.empty()) {
    if (!base->erroneous) {
      engine_.report(Kind::kNotCallable, span(context)).secondary(base->span, "this is no name");
    }
    return error_expr(place);
  }
  ErrorScope scope(*this);
  auto* node = make<CallExpr>();
  node->span = place;
  node->callee = {copy(path), cover(path.front().span, path.back().span)};
  path.clear();
  node->arguments = arguments(context->arguments());
  node->erroneous = scope.failed(context);
  return node;
}

const LiteralExpr* TreeBuilder::number(const ParserToken& token) {
  auto* literal = make<LiteralExpr>();
  literal->span = span(token);
  literal->text = token.text();
  const Number number = read_number(token.text());
  literal->literal = number.kind;
  literal->value = number.value;
  if (number.problem == NumberProblem::kNone) return literal;
  literal->erroneous = true;
  saw_error_ = true;
  switch (number.problem) {
    case NumberProblem::kNone:
      break;
    case NumberProblem::kMalformed:
      engine_.report(Kind::kInvalidNumber, literal->span, token.text());
      break;
    case NumberProblem::kUnknownUnit: {
      const std::uint32_t end = literal->span.end;
      const Span place{file_, end - static_cast<std::uint32_t>(number.unit.size()), end};
      diagnostics::Diagnostic& report = engine_.report(Kind::kUnknownUnit, place, number.unit);
      if (const auto meant = diagnostics::did_you_mean(number.unit, unit_names())) {
        report.help("did you mean `" + *meant + "`?").fix("write `" + *meant + "`", place, *meant);
      }
      report.note("the units are `ns us ms s m h d`, `B KB MB GB TB KiB MiB GiB TiB`, and `%`");
      if (number.unit.starts_with_insensitive("e")) report.note("numbers have no exponent");
      break;
    }
    case NumberProblem::kOutOfRange:
      engine_.report(Kind::kNumberOutOfRange, literal->span, token.text(), "64 bits");
      break;
    case NumberProblem::kNotWhole:
      engine_.report(Kind::kInvalidNumber, literal->span, token.text())
          .note("it is no whole number of nanoseconds, bytes or millionths");
      break;
  }
  return literal;
}

const Expr* TreeBuilder::list(Grammar::ListContext* context) {
  ErrorScope scope(*this);
  auto* node = make<ListExpr>();
  node->span = span(context);
  llvm::SmallVector<const Expr*, 8> elements;
  for (Grammar::ExpressionContext* element : context->expression())
    elements.push_back(expression(element, node->span));
  node->elements = copy(elements);
  node->erroneous = scope.failed(context);
  return node;
}

const Expr* TreeBuilder::object(Grammar::ObjectContext* context) {
  ErrorScope scope(*this);
  auto* node = make<ObjectExpr>();
  node->span = span(context);
  llvm::SmallVector<ObjectEntry, 8> entries;
  for (Grammar::ObjectEntryContext* member : context->objectEntry()) {
    ObjectEntry entry;
    entry.span = span(member);
    if (member->exception != nullptr) {
      saw_error_ = true;
      continue;
    }
    if (member->name() != nullptr) {
      entry.key = name_of(member->name());
      entry.value = word(token(member->getStart()));
    } else {
      if (member->string() != nullptr) {
        const StringExpr* key = string(member->string(), StringUse::kPlain);
        entry.key = {key->plain_text(), key->span};
      } else {
        entry.key = name_of(member->memberName());
      }
      entry.value = expression(member->expression(), entry.span);
    }
    entries.push_back(entry);
  }
  node->entries = copy(entries);
  node->erroneous = scope.failed(context);
  return node;
}

llvm::ArrayRef<Argument> TreeBuilder::arguments(Grammar::ArgumentsContext* context) {
  if (context == nullptr || context->exception != nullptr) {
    saw_error_ = true;
    return {};
  }
  llvm::SmallVector<Argument, 8> arguments;
  for (Grammar::ArgumentContext* member : context->argument()) {
    Argument argument;
    if (member->memberName() != nullptr) argument.name = name_of(member->memberName());
    argument.value = expression(member->expression(), span(member));
    arguments.push_back(argument);
  }
  return copy(arguments);
}

const StringExpr* TreeBuilder::string(Grammar::StringContext* context, StringUse use) {
  ErrorScope scope(*this);
  auto* node = make<StringExpr>();
  node->span = span(context);
  const ParserToken& begin = token(context->getStart());
  if (begin.text().size() > 1) {
    const Span tag{file_, node->span.begin, begin.unit_token().end - 1};
    node->tag = {begin.text().drop_back(), tag};
  }
  llvm::SmallVector<StringPart, 4> parts;
  // Text pieces next to each other become one part: a slice of the source while there is no escape in it.
  Span text_span;
  llvm::SmallString<64> resolved;
  bool has_escape = false;
  const auto finish_text = [&] {
    if (!text_span.is_valid()) return;
    StringPart part;
    part.span = text_span;
    part.text = has_escape ? resolved.str().copy(arena()) : text_.slice(text_span.begin, text_span.end);
    parts.push_back(part);
    text_span = {};
    resolved.clear();
    has_escape = false;
  };
  for (antlr4::tree::ParseTree* child : context->children) {
    if (auto* interpolation = dynamic_cast<Grammar::InterpolationContext*>(child)) {
      finish_text();
      StringPart part;
      part.span = span(interpolation);
      part.expression = interpolation->exception != nullptr
                            ? error_expr(part.span)
                            : expression(interpolation->expression(), part.span);
      part.is_rest = interpolation->ELLIPSIS() != nullptr;
      if (part.is_rest && use != StringUse::kRoute) {
        engine_.report(Kind::kUnexpectedToken, span(interpolation->ELLIPSIS()), "`}`", "`...`")
            .note("`{name...}` takes the rest of a path, so only a route can hold it");
        saw_error_ = true;
      }
      parts.push_back(part);
      continue;
    }
    auto* terminal = dynamic_cast<antlr4::tree::TerminalNode*>(child);
    if (terminal == nullptr) continue;
    const ParserToken& piece = token(terminal);
    switch (piece.getType()) {
      case Grammar::STRING_TEXT:
        text_span = cover(text_span, span(piece));
        resolved += piece.text();
        break;
      case Grammar::STRING_ESCAPE:
      case Grammar::BAD_ESCAPE: {
        text_span = cover(text_span, span(piece));
        has_escape = true;
        const auto escape = resolve_escape(piece.text());
        if (escape) {
          resolved += *escape;
        } else {
          saw_error_ = true;
        }
        break;
      }
      // Empty where the quote is missing.
      case Grammar::STRING_END:
        saw_error_ = saw_error_ || piece.is_inserted();
        break;
      default:
        break;
    }
  }
  finish_text();
  node->parts = copy(parts);
  if (use == StringUse::kPlain) check_fixed_text(*node);
  node->erroneous = scope.failed(context);
  return node;
}

}  // namespace zc::syntax
