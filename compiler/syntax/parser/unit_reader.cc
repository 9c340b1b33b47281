// Cuts a file into declarations, matches brackets, and bounds nesting.

#include "compiler/syntax/parser/unit_reader.h"

#include "FlowLexer.h"
#include "compiler/diagnostics/did_you_mean.h"
#include "compiler/syntax/lexer/declaration_keywords.h"
#include "compiler/syntax/parse.h"

#include <llvm/ADT/STLExtras.h>

namespace zc::syntax {
namespace {

using diagnostics::Kind;
using grammar::FlowLexer;

bool is_opening(std::uint8_t type) {
  return type == FlowLexer::LEFT_PAREN || type == FlowLexer::LEFT_BRACKET || type == FlowLexer::LEFT_BRACE ||
         type == FlowLexer::INTERPOLATION_BEGIN;
}

bool is_closing(std::uint8_t type) {
  return type == FlowLexer::RIGHT_PAREN || type == FlowLexer::RIGHT_BRACKET ||
         type == FlowLexer::RIGHT_BRACE || type == FlowLexer::INTERPOLATION_END;
}

std::uint8_t closing_of(std::uint8_t opening) {
  switch (opening) {
    case FlowLexer::LEFT_PAREN:
      return FlowLexer::RIGHT_PAREN;
    case FlowLexer::LEFT_BRACKET:
      return FlowLexer::RIGHT_BRACKET;
    case FlowLexer::LEFT_BRACE:
      return FlowLexer::RIGHT_BRACE;
    default:
      return FlowLexer::INTERPOLATION_END;
  }
}

bool is_operator(std::uint8_t type) {
  return (type >= FlowLexer::COALESCE && type <= FlowLexer::GREATER) ||
         (type >= FlowLexer::PLUS && type <= FlowLexer::PERCENT) || type == FlowLexer::DOT;
}

bool is_separator(std::uint8_t type) {
  return type == FlowLexer::COMMA || type == FlowLexer::SEMICOLON || type == FlowLexer::COLON ||
         type == FlowLexer::LEFT_BRACE || type == FlowLexer::RIGHT_BRACE || type == FlowLexer::ASSIGN;
}

bool is_name(const Token& token) {
  return token.kind == TokenKind::kIdentifier || token.kind == TokenKind::kKeyword;
}

bool is_declaration_keyword(std::uint8_t type) {
  switch (type) {
    case FlowLexer::EDITION:
    case FlowLexer::PACKAGE:
    case FlowLexer::IMPORT:
    case FlowLexer::SCHEMA:
    case FlowLexer::SCALAR:
    case FlowLexer::STRUCT:
    case FlowLexer::ENUM:
    case FlowLexer::EXTERN:
    case FlowLexer::ERROR:
    case FlowLexer::DOMAIN:
    case FlowLexer::ADAPTER:
    case FlowLexer::TARGET:
    case FlowLexer::POLICY:
    case FlowLexer::SLOTS:
    case FlowLexer::STEP:
    case FlowLexer::CHAIN:
    case FlowLexer::FLOW:
    case FlowLexer::JOB:
    case FlowLexer::CRON:
    case FlowLexer::SERVICE:
      return true;
    default:
      return false;
  }
}

// Whether a `}` outside of brackets ends such a declaration.
bool ends_with_brace(std::uint8_t keyword) {
  switch (keyword) {
    case FlowLexer::STEP:
    case FlowLexer::EDITION:
    case FlowLexer::PACKAGE:
    case FlowLexer::IMPORT:
    case FlowLexer::SCHEMA:
    case FlowLexer::SCALAR:
    case FlowLexer::EXTERN:
    case FlowLexer::DOMAIN:
      return false;
    default:
      return true;
  }
}

}  // namespace

UnitReader::UnitReader(const SourceManager& sources, FileId file, const TokenList& tokens,
                       diagnostics::DiagnosticEngine& engine)
    : text_(sources.text(file)), file_(file), tokens_(tokens), engine_(engine) {}

bool UnitReader::is_line_begin(const Token& token) const {
  return token.begin == 0 || text_[token.begin - 1] == '\n';
}

std::size_t UnitReader::skip_trivia(std::size_t index) const {
  while (index < tokens_.size() && tokens_[index].is_trivia())
    ++index;
  return index;
}

std::size_t UnitReader::skip_traits(std::size_t index) const {
  while (index < tokens_.size() && tokens_[index].type == FlowLexer::AT) {
    index = skip_trivia(index + 1);
    if (index >= tokens_.size() || !is_name(tokens_[index])) return index;
    index = skip_trivia(index + 1);
    if (index >= tokens_.size() || tokens_[index].type != FlowLexer::LEFT_PAREN) continue;
    // No bracket nests in sensible arguments of a trait; what is no trait only has to stop.
    while (index < tokens_.size() && tokens_[index].type != FlowLexer::RIGHT_PAREN &&
           tokens_[index].type != FlowLexer::SEMICOLON && tokens_[index].type != FlowLexer::LEFT_BRACE) {
      ++index;
    }
    if (index < tokens_.size() && tokens_[index].type == FlowLexer::RIGHT_PAREN)
      index = skip_trivia(index + 1);
  }
  return index;
}

bool UnitReader::begins_unit(std::size_t index) const {
  if (!is_line_begin(tokens_[index])) return false;
  if (tokens_[index].type == FlowLexer::AT) {
    index = skip_traits(index);
    if (index >= tokens_.size()) return false;
  }
  return is_declaration_keyword(tokens_[index].type) &&
         begins_declaration(text_.substr(tokens_[index].begin));
}

bool UnitReader::next(Unit& unit) {
  position_ = skip_trivia(position_);
  if (position_ >= tokens_.size()) return false;
  unit.tokens.clear();
  unit.first_index = static_cast<std::uint32_t>(position_);
  unit.span = span_of(tokens_[position_]);
  unit.is_parsable = true;
  unit.name = {};
  open_.clear();
  links_ = suffixes_ = prefixes_ = type_depth_ = open_interpolations_ = 0;
  previous_type_ = 0;

  const std::size_t keyword = skip_traits(position_);
  if (keyword < tokens_.size() && is_declaration_keyword(tokens_[keyword].type)) {
    const std::size_t name =
        skip_trivia(tokens_[keyword].type == FlowLexer::EXTERN ? keyword + 2 : keyword + 1);
    if (name < tokens_.size() && is_name(tokens_[name]))
      unit.name = {text_of(tokens_[name]), span_of(tokens_[name])};
    read_declaration(unit, keyword);
  } else {
    read_junk(unit);
  }
  return true;
}

void UnitReader::read_declaration(Unit& unit, std::size_t keyword) {
  const std::uint8_t keyword_type = tokens_[keyword].type;
  while (position_ < tokens_.size()) {
    const Token& token = tokens_[position_];
    if (token.is_trivia()) {
      ++position_;
      continue;
    }
    const bool in_string = open_interpolations_ != 0;
    if (position_ > keyword && !in_string && begins_unit(position_)) break;
    if (is_closing(token.type)) {
      if (!match_closing(unit, token)) {
        ++position_;
        continue;
      }
    } else if (token.type == FlowLexer::SEMICOLON && !in_string) {
      // Only braces hold statements: whatever else is open was forgotten.
      const auto brace = std::find_if(open_.rbegin(), open_.rend(),
                                      [](const Open& open) { return open.type == FlowLexer::LEFT_BRACE; });
      close_open(unit, static_cast<std::size_t>(open_.rend() - brace));
    }
    check_limits(unit, token);
    append(unit, token);
    if (is_opening(token.type)) open_.push_back({span_of(token), token.type});
    if (is_closing(token.type)) open_.pop_back();
    if (token.type == FlowLexer::INTERPOLATION_BEGIN) ++open_interpolations_;
    if (token.type == FlowLexer::INTERPOLATION_END) --open_interpolations_;
    ++position_;
    if (!open_.empty()) continue;
    if (token.type == FlowLexer::SEMICOLON) return;
    if (token.type == FlowLexer::RIGHT_BRACE && ends_with_brace(keyword_type)) return;
  }
  close_open(unit, 0);
}

// What no declaration begins with, up to where one could.
void UnitReader::read_junk(Unit& unit) {
  unit.is_parsable = false;
  const Token& first = tokens_[position_];
  report_junk(first, unit);
  std::uint32_t depth = 0;
  while (position_ < tokens_.size()) {
    const Token& token = tokens_[position_];
    if (token.begin != first.begin && begins_unit(position_)) return;
    unit.span.end = token.end;
    ++position_;
    if (is_opening(token.type)) ++depth;
    if (is_closing(token.type) && depth > 0) --depth;
    if (depth > 0) continue;
    if (token.type == FlowLexer::SEMICOLON || token.type == FlowLexer::RIGHT_BRACE) return;
    const std::size_t following = skip_trivia(position_);
    if (following < tokens_.size() && is_declaration_keyword(tokens_[following].type) &&
        begins_declaration(text_.substr(tokens_[following].begin))) {
      return;
    }
  }
}

void UnitReader::report_junk(const Token& first, Unit& unit) {
  const llvm::StringRef seen = text_of(first);
  if (first.type == FlowLexer::SEMICOLON) {
    engine_.report(Kind::kUnexpectedToken, span_of(first), "a declaration", "`;`")
        .note("a declaration that ends with `}` needs no `;`")
        .fix("remove the `;`", span_of(first), "");
    return;
  }
  if (is_closing(first.type)) {
    engine_.report(Kind::kUnmatchedBracket, span_of(first), seen).label("no bracket is open here");
    return;
  }
  const std::string shown =
      first.kind == TokenKind::kStringBegin ? std::string("a string") : "`" + seen.str() + "`";
  diagnostics::Diagnostic& report = engine_.report(Kind::kUnknownDeclaration, span_of(first), shown);
  if (!is_name(first)) return;
  if (const auto meant = diagnostics::did_you_mean(seen, declaration_keywords())) {
    report.help("did you mean `" + *meant + "`?").fix("write `" + *meant + "`", span_of(first), *meant);
    const std::size_t name = skip_trivia(position_ + 1);
    if (name < tokens_.size() && is_name(tokens_[name]))
      unit.name = {text_of(tokens_[name]), span_of(tokens_[name])};
  } else {
    report.note("declarations begin with `package`, `import`, `struct`, `slots`, `step`, `flow`, ...");
  }
}

void UnitReader::append(Unit& unit, const Token& token) {
  unit.span.end = token.end;
  if (!unit.is_parsable) return;
  unit.tokens.push_back({token.begin, token.end, static_cast<std::uint32_t>(position_), token.type});
}

void UnitReader::insert(Unit& unit, std::uint8_t type) {
  if (!unit.is_parsable) return;
  const UnitToken& before = unit.tokens.back();
  unit.tokens.push_back({before.end, before.end, before.index, type});
}

// Closes brackets that were forgotten, inner ones first, until `down_to` are open. One diagnostic: the
// outermost.
void UnitReader::close_open(Unit& unit, std::size_t down_to) {
  if (open_.size() <= down_to) return;
  const Open& outermost = open_[down_to];
  engine_
      .report(Kind::kUnclosedBracket, outermost.span, text_.slice(outermost.span.begin, outermost.span.end))
      .label("opened here")
      .secondary({file_, unit.span.end, unit.span.end}, "the closing one is missing before here");
  while (open_.size() > down_to) {
    const std::uint8_t type = open_.back().type;
    // A statement that was begun ends here, too.
    if (type == FlowLexer::LEFT_BRACE && unit.is_parsable) {
      const std::uint8_t last = unit.tokens.back().type;
      if (last != FlowLexer::SEMICOLON && last != FlowLexer::RIGHT_BRACE && last != FlowLexer::LEFT_BRACE) {
        insert(unit, FlowLexer::SEMICOLON);
      }
    }
    insert(unit, closing_of(type));
    open_.pop_back();
  }
}

bool UnitReader::match_closing(Unit& unit, const Token& token) {
  const auto match = std::find_if(open_.rbegin(), open_.rend(), [&](const Open& open) {
    return closing_of(open.type) == token.type || open.type == FlowLexer::INTERPOLATION_BEGIN;
  });
  // The lexer closes every interpolation itself, so nothing inside closes one, or what is around it.
  if (match == open_.rend() || closing_of(match->type) != token.type) {
    engine_.report(Kind::kUnmatchedBracket, span_of(token), text_of(token))
        .label("no bracket is open that this closes");
    return false;
  }
  close_open(unit, static_cast<std::size_t>(open_.rend() - match));
  return true;
}

void UnitReader::check_limits(Unit& unit, const Token& token) {
  const std::uint8_t type = token.type;
  std::uint32_t& links = open_.empty() ? links_ : open_.back().links;
  std::uint32_t& suffixes = open_.empty() ? suffixes_ : open_.back().suffixes;
  if (is_separator(type)) links = suffixes = 0;
  if (is_operator(type) && ++links > kMaxChain) {
    report_limit(unit, Kind::kChainTooLong, token, "operators and members", kMaxChain);
  }
  if (type == FlowLexer::ELSE && !open_.empty() && ++open_.back().elses > kMaxChain) {
    report_limit(unit, Kind::kChainTooLong, token, "branches", kMaxChain);
  } else if (previous_type_ == FlowLexer::RIGHT_BRACE && type != FlowLexer::ELSE && !open_.empty()) {
    open_.back().elses = 0;
  }
  const bool after_bracket =
      previous_type_ == FlowLexer::RIGHT_PAREN || previous_type_ == FlowLexer::RIGHT_BRACKET;
  const bool is_suffix =
      type == FlowLexer::LEFT_PAREN || type == FlowLexer::LEFT_BRACKET || type == FlowLexer::DOT;
  if (is_suffix && after_bracket && ++suffixes > kMaxSuffixes) {
    report_limit(unit, Kind::kChainTooLong, token, "calls, indices and members", kMaxSuffixes);
  }
  const bool is_prefix = type == FlowLexer::NOT || type == FlowLexer::MINUS;
  prefixes_ = is_prefix ? prefixes_ + 1 : 0;
  if (type == FlowLexer::LESS) {
    ++type_depth_;
  } else if (!is_name(token) && type != FlowLexer::DOT && type != FlowLexer::COMMA) {
    type_depth_ = 0;
  }
  if (prefixes_ > kMaxNesting)
    report_limit(unit, Kind::kNestingTooDeep, token, "a prefix operator", kMaxNesting);
  if (type_depth_ > kMaxNesting) report_limit(unit, Kind::kNestingTooDeep, token, "a type", kMaxNesting);
  if (is_opening(type) && open_.size() >= kMaxNesting) {
    report_limit(unit, Kind::kNestingTooDeep, token, "a bracket", kMaxNesting);
  }
  previous_type_ = type;
}

// Once a unit: it is not parsed then.
void UnitReader::report_limit(Unit& unit, Kind kind, const Token& token, llvm::StringRef what,
                              std::uint32_t limit) {
  if (!unit.is_parsable) return;
  unit.is_parsable = false;
  unit.tokens.clear();
  engine_.report(kind, span_of(token), what, limit)
      .note("the declaration around it was not looked at")
      .help("give a part of it a name of its own: a step, a chain, a struct, or code in C++");
}

}  // namespace zc::syntax
