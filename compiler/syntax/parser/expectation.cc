// Puts sets of expected tokens into words.

#include "compiler/syntax/parser/expectation.h"

#include "FlowLexer.h"
#include "compiler/syntax/parser/unit_stream.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>

namespace zc::syntax {
namespace {

using grammar::FlowLexer;

// More than this says nothing any more.
constexpr std::size_t kMaxListed = 5;

const antlr4::dfa::Vocabulary& vocabulary() {
  static const FlowLexer lexer(nullptr);
  return lexer.getVocabulary();
}

}  // namespace

std::string spelling_of(std::size_t type) {
  // 'struct' with quotes, or empty.
  const std::string literal = vocabulary().getLiteralName(type);
  return literal.size() > 2 ? literal.substr(1, literal.size() - 2) : std::string();
}

std::string describe_expected(const antlr4::misc::IntervalSet& expected) {
  const bool name = contains(expected, FlowLexer::IDENTIFIER);
  const bool expression =
      name && contains(expected, FlowLexer::NUMBER) && contains(expected, FlowLexer::LEFT_BRACKET);
  const bool binary = contains(expected, FlowLexer::COALESCE) && contains(expected, FlowLexer::STAR);
  llvm::SmallVector<std::string, 8> words;
  if (expression) {
    words.push_back("an expression");
  } else if (name) {
    words.push_back("a name");
  }
  if (binary) words.push_back("an operator");
  for (const ssize_t signed_type : expected.toList()) {
    const auto type = static_cast<std::size_t>(signed_type);
    const bool is_keyword = signed_type >= 0 && type >= FlowLexer::ADAPTER && type <= FlowLexer::WITH;
    // A keyword is a name, too, and then stands for itself only where few are possible.
    if (is_keyword && name) continue;
    if (binary && ((type >= FlowLexer::COALESCE && type <= FlowLexer::GREATER) ||
                   (type >= FlowLexer::PLUS && type <= FlowLexer::PERCENT))) {
      continue;
    }
    if (expression &&
        (type == FlowLexer::NOT || type == FlowLexer::MINUS || type == FlowLexer::LEFT_PAREN ||
         type == FlowLexer::LEFT_BRACKET || type == FlowLexer::LEFT_BRACE || type == FlowLexer::NUMBER ||
         type == FlowLexer::STRING_BEGIN || type == FlowLexer::RANGE)) {
      continue;
    }
    // Suffixes can follow nearly everything.
    if (binary &&
        (type == FlowLexer::DOT || type == FlowLexer::LEFT_PAREN || type == FlowLexer::LEFT_BRACKET))
      continue;
    switch (signed_type) {
      case -1:
        words.push_back("the end of the declaration");
        break;
      case FlowLexer::IDENTIFIER:
        break;
      case FlowLexer::NUMBER:
        words.push_back("a number");
        break;
      case FlowLexer::STRING_BEGIN:
        words.push_back("a string");
        break;
      case FlowLexer::STRING_TEXT:
      case FlowLexer::STRING_ESCAPE:
      case FlowLexer::BAD_ESCAPE:
        break;
      case FlowLexer::INTERPOLATION_END:
        words.push_back("`}`");
        break;
      case FlowLexer::STRING_END:
        words.push_back("`\"`");
        break;
      default:
        if (const std::string spelling = spelling_of(type); !spelling.empty())
          words.push_back("`" + spelling + "`");
        break;
    }
  }
  if (words.empty()) return "something else";
  if (words.size() > kMaxListed) {
    words.resize(kMaxListed);
    return llvm::join(words, ", ") + ", ...";
  }
  const std::string last = words.pop_back_val();
  return words.empty() ? last : llvm::join(words, ", ") + " or " + last;
}

std::string describe_found(const antlr4::Token& token) {
  switch (token.getType()) {
    case static_cast<std::size_t>(antlr4::Token::EOF):
      return "the end of the declaration";
    case FlowLexer::STRING_BEGIN:
      return "a string";
    case FlowLexer::STRING_END:
      return "the end of the string";
    case FlowLexer::STRING_TEXT:
      return "text";
    default:
      break;
  }
  const std::string text = token.getText();
  // What was inserted has no text.
  return "`" + (text.empty() ? spelling_of(token.getType()) : text) + "`";
}

}  // namespace zc::syntax
