// Recovers from what does not fit the grammar, one diagnostic a mistake.

#include "compiler/syntax/parser/error_strategy.h"

#include "FlowParser.h"
#include "compiler/diagnostics/did_you_mean.h"
#include "compiler/syntax/parser/expectation.h"

#include <llvm/ADT/SmallVector.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace zc::syntax {
namespace {

using diagnostics::Kind;
using grammar::FlowParser;

// A member of a list in braces.
bool is_member_rule(std::size_t rule) {
  switch (rule) {
    case FlowParser::RuleField:
    case FlowParser::RuleEnumMember:
    case FlowParser::RuleOperation:
    case FlowParser::RuleSetting:
    case FlowParser::RuleGroupMember:
    case FlowParser::RuleStatement:
      return true;
    default:
      return false;
  }
}

// A list in braces: its rule has one decision, whether another member follows.
bool is_list_rule(std::size_t rule) {
  switch (rule) {
    case FlowParser::RuleFieldBlock:
    case FlowParser::RuleEnumBlock:
    case FlowParser::RuleOperationBlock:
    case FlowParser::RuleSettingBlock:
    case FlowParser::RuleGroupBlock:
    case FlowParser::RuleBlock:
      return true;
    default:
      return false;
  }
}

bool is_opening(std::size_t type) {
  return type == FlowParser::LEFT_BRACE || type == FlowParser::LEFT_PAREN ||
         type == FlowParser::LEFT_BRACKET || type == FlowParser::INTERPOLATION_BEGIN;
}

bool is_closing(std::size_t type) {
  return type == FlowParser::RIGHT_BRACE || type == FlowParser::RIGHT_PAREN ||
         type == FlowParser::RIGHT_BRACKET || type == FlowParser::INTERPOLATION_END;
}

bool begins_statement(std::size_t type) {
  switch (type) {
    case FlowParser::PARALLEL:
    case FlowParser::SEQUENTIAL:
    case FlowParser::SAGA:
    case FlowParser::TX:
    case FlowParser::WHEN:
    case FlowParser::EACH:
    case FlowParser::RESCUE:
    case FlowParser::CALL:
    case FlowParser::ENQUEUE:
    case FlowParser::RETURN:
      return true;
    default:
      return false;
  }
}

// A statement with a block behind its head.
bool has_block(std::size_t type) {
  switch (type) {
    case FlowParser::PARALLEL:
    case FlowParser::SEQUENTIAL:
    case FlowParser::SAGA:
    case FlowParser::TX:
    case FlowParser::WHEN:
    case FlowParser::EACH:
    case FlowParser::RESCUE:
    case FlowParser::ON:
      return true;
    default:
      return false;
  }
}

bool is_keyword(std::size_t type) { return type >= FlowParser::ADAPTER && type <= FlowParser::WITH; }

// What could have followed where no alternative went on.
antlr4::misc::IntervalSet expected_after(const antlr4::NoViableAltException& error,
                                         const antlr4::atn::ATN& atn) {
  antlr4::misc::IntervalSet expected;
  const antlr4::atn::ATNConfigSet* configurations = error.getDeadEndConfigs();
  if (configurations == nullptr) return error.getExpectedTokens();
  for (const auto& configuration : configurations->configs) {
    expected.addAll(atn.nextTokens(configuration->state));
  }
  expected.remove(antlr4::Token::EPSILON);
  return expected;
}

// Clauses that could stand where only the end of the declaration is still expected.
llvm::ArrayRef<llvm::StringRef> clause_keywords(std::size_t rule) {
  static constexpr std::array<llvm::StringRef, 11> kStep{"with",  "key",   "fails", "may",     "then", "undo",
                                                         "drops", "pivot", "retry", "timeout", "hedge"};
  static constexpr std::array<llvm::StringRef, 3> kFlow{"on", "before", "public"};
  if (rule == FlowParser::RuleStepDeclaration) return kStep;
  if (rule == FlowParser::RuleFlowDeclaration) return kFlow;
  return {};
}

bool is_in_interpolation(const antlr4::ParserRuleContext& innermost) {
  for (const antlr4::RuleContext* context = &innermost; context != nullptr;
       context = static_cast<const antlr4::RuleContext*>(context->parent)) {
    if (context->getRuleIndex() == FlowParser::RuleInterpolation) return true;
    if (is_member_rule(context->getRuleIndex())) return false;
  }
  return false;
}

const char* list_expectation(std::size_t rule) {
  switch (rule) {
    case FlowParser::RuleFieldBlock:
      return "a field or `}`";
    case FlowParser::RuleEnumBlock:
      return "a member or `}`";
    case FlowParser::RuleOperationBlock:
      return "an operation or `}`";
    case FlowParser::RuleSettingBlock:
      return "a setting or `}`";
    case FlowParser::RuleGroupBlock:
      return "an effect or `}`";
    default:
      return "a statement or `}`";
  }
}

}  // namespace

bool RecoveringStrategy::is_on_new_line(const ParserToken& token) const {
  const std::size_t position = token.getTokenIndex();
  if (position == 0) return true;
  return text_.slice(stream_.at(position - 1).unit_token().end, token.unit_token().begin).contains('\n');
}

bool RecoveringStrategy::is_beside_repair(const ParserToken& token) const {
  const std::size_t position = token.getTokenIndex();
  if (position > 0 && stream_.at(position - 1).is_inserted()) return true;
  for (std::size_t at = position; at < stream_.size(); ++at) {
    const ParserToken& next = stream_.at(at);
    const std::size_t type = next.getType();
    if (type == static_cast<std::size_t>(antlr4::Token::EOF)) return false;
    if (next.is_inserted()) return true;
    if (type == FlowParser::SEMICOLON || type == FlowParser::LEFT_BRACE || type == FlowParser::RIGHT_BRACE)
      return false;
  }
  return false;
}

bool RecoveringStrategy::insert_semicolon(const ParserToken& found) {
  const std::size_t position = found.getTokenIndex();
  const std::size_t type = found.getType();
  if (position == 0 || (!is_on_new_line(found) && type != FlowParser::RIGHT_BRACE &&
                        type != static_cast<std::size_t>(antlr4::Token::EOF))) {
    return false;
  }
  const ParserToken& before = stream_.at(position - 1);
  if (!is_beside_repair(found)) {
    const Span place{file_, before.unit_token().end, before.unit_token().end};
    engine_.report(Kind::kMissingToken, place, "`;`", "after " + describe_found(before))
        .fix("insert `;`", place, ";");
  }
  return true;
}

antlr4::Token* RecoveringStrategy::recoverInline(antlr4::Parser* parser) {
  const antlr4::misc::IntervalSet expected = parser->getExpectedTokens();
  // Matching a `;` at the end of what can go on says so by the one state that it fails in.
  if (expected.size() == 1 && contains(expected, FlowParser::SEMICOLON) &&
      insert_semicolon(stream_.current())) {
    // The token before stands for it: nothing looks at a `;` in the parse tree.
    return &stream_.at(stream_.index() - 1);
  }
  throw antlr4::InputMismatchException(parser);
}

void RecoveringStrategy::reportError(antlr4::Parser* parser, const antlr4::RecognitionException& error) {
  if (reported_) return;
  reported_ = true;
  // Tokens of this parser are all ours.
  const auto& found = static_cast<const ParserToken&>(*error.getOffendingToken());
  if (is_beside_repair(found)) return;
  const auto* no_way_on = dynamic_cast<const antlr4::NoViableAltException*>(&error);
  const antlr4::misc::IntervalSet expected =
      no_way_on != nullptr ? expected_after(*no_way_on, parser->getATN()) : error.getExpectedTokens();
  if (is_in_interpolation(*parser->getContext())) {
    engine_
        .report(Kind::kInvalidInterpolation, {file_, found.unit_token().begin, found.unit_token().end},
                "holds one expression: expected " + describe_expected(expected) + ", found " +
                    describe_found(found))
        .help("write `\\{` for a brace");
  } else {
    report_unexpected(parser->getContext()->getRuleIndex(), found, expected);
  }
}

void RecoveringStrategy::report_unexpected(std::size_t rule, const ParserToken& found,
                                           const antlr4::misc::IntervalSet& expected) {
  const Span place{file_, found.unit_token().begin, found.unit_token().end};
  diagnostics::Diagnostic& report =
      engine_.report(Kind::kUnexpectedToken, place, describe_expected(expected), describe_found(found));
  const std::size_t position = found.getTokenIndex();
  if (found.getType() == FlowParser::LEFT_BRACE && position > 0 &&
      stream_.at(position - 1).getType() == FlowParser::RESCUE) {
    report.help("name the errors that it takes: `rescue NotFound { ... }`; `on error { ... }` takes any");
  }
  if (found.getType() == FlowParser::ASSIGN && rule == FlowParser::RuleBlock) report.help("`==` compares");
  if (contains(expected, FlowParser::IDENTIFIER) && is_keyword(found.getType()))
    report.note(describe_found(found) + " cannot be a name here, as the language has a use for the word");
  if (found.getType() != FlowParser::IDENTIFIER) return;
  std::vector<std::string> spellings;
  for (const ssize_t type : expected.toList()) {
    if (type < 0) continue;
    std::string spelling = spelling_of(static_cast<std::size_t>(type));
    if (spelling.size() > 1) spellings.push_back(std::move(spelling));
  }
  llvm::SmallVector<llvm::StringRef, 16> candidates(spellings.begin(), spellings.end());
  const llvm::ArrayRef<llvm::StringRef> clauses = clause_keywords(rule);
  candidates.append(clauses.begin(), clauses.end());
  if (const auto meant = diagnostics::did_you_mean(found.text(), candidates)) {
    report.help("did you mean `" + *meant + "`?").fix("write `" + *meant + "`", place, *meant);
  }
}

void RecoveringStrategy::recover(antlr4::Parser* parser, std::exception_ptr error) {
  const std::size_t rule = parser->getContext()->getRuleIndex();
  if (rule == FlowParser::RuleInterpolation) {
    skip_interpolation(parser);
  } else if (rule == FlowParser::RuleStatement && has_block(parser->getContext()->getStart()->getType())) {
    reported_ = false;
    skip_block_statement(parser);
  } else if (is_member_rule(rule)) {
    skip_member(parser, parser->getContext()->getStart()->getTokenIndex());
  } else if (rule == FlowParser::RuleUnit) {
    while (stream_.LA(1) != static_cast<std::size_t>(antlr4::Token::EOF))
      parser->consume();
  } else {
    std::rethrow_exception(error);
  }
  reported_ = false;
}

void RecoveringStrategy::sync(antlr4::Parser* parser) {
  const std::size_t rule = parser->getContext()->getRuleIndex();
  if (!is_list_rule(rule)) return;
  while (true) {
    const antlr4::misc::IntervalSet& expected =
        parser->getInterpreter<antlr4::atn::ATNSimulator>()->atn.nextTokens(
            parser->getInterpreter<antlr4::atn::ATNSimulator>()->atn.states[parser->getState()]);
    const std::size_t type = stream_.LA(1);
    if (expected.contains(type) || type == static_cast<std::size_t>(antlr4::Token::EOF)) return;
    const ParserToken& found = stream_.current();
    if (!is_beside_repair(found)) {
      const Span place{file_, found.unit_token().begin, found.unit_token().end};
      engine_.report(Kind::kUnexpectedToken, place, list_expectation(rule), describe_found(found));
    }
    // The list is marked, so that the declaration counts as erroneous.
    parser->getContext()->exception = std::make_exception_ptr(antlr4::InputMismatchException(parser));
    skip_member(parser, stream_.index());
  }
}

void RecoveringStrategy::skip_member(antlr4::Parser* parser, std::size_t begin) {
  std::size_t depth = 0;
  while (true) {
    const std::size_t type = stream_.LA(1);
    if (type == static_cast<std::size_t>(antlr4::Token::EOF)) return;
    if (depth == 0 && type == FlowParser::RIGHT_BRACE) return;
    if (depth == 0 && stream_.index() > begin && begins_statement(type) && is_on_new_line(stream_.current()))
      return;
    parser->consume();
    if (is_opening(type)) ++depth;
    if (is_closing(type) && depth > 0) --depth;
    if (depth > 0) continue;
    if (type == FlowParser::SEMICOLON) return;
    // `else` and `->` go on behind a block.
    const bool goes_on = stream_.LA(1) == FlowParser::ELSE || stream_.LA(1) == FlowParser::ARROW;
    if (type == FlowParser::RIGHT_BRACE && !goes_on) return;
  }
}

void RecoveringStrategy::skip_block_statement(antlr4::Parser* parser) {
  const std::size_t begin = parser->getContext()->getStart()->getTokenIndex();
  std::size_t depth = 0;
  while (true) {
    const std::size_t type = stream_.LA(1);
    if (type == static_cast<std::size_t>(antlr4::Token::EOF)) return;
    if (depth == 0 && type == FlowParser::RIGHT_BRACE) return;
    if (depth == 0 && type == FlowParser::LEFT_BRACE) {
      static_cast<FlowParser*>(parser)->block();
      // `else` and `->` go on behind a block.
      if (stream_.LA(1) != FlowParser::ELSE && stream_.LA(1) != FlowParser::ARROW) return;
      continue;
    }
    if (depth == 0 && stream_.index() > begin && begins_statement(type) && is_on_new_line(stream_.current()))
      return;
    parser->consume();
    if (is_opening(type)) ++depth;
    if (is_closing(type) && depth > 0) --depth;
    if (depth == 0 && type == FlowParser::SEMICOLON) return;
  }
}

void RecoveringStrategy::skip_interpolation(antlr4::Parser* parser) {
  std::size_t depth = 0;
  while (stream_.LA(1) != static_cast<std::size_t>(antlr4::Token::EOF)) {
    const std::size_t type = stream_.LA(1);
    if (type == FlowParser::INTERPOLATION_BEGIN) ++depth;
    parser->consume();
    if (type == FlowParser::INTERPOLATION_END && depth-- == 0) return;
  }
}

}  // namespace zc::syntax
