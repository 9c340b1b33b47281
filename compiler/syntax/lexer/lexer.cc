// Drives the grammar's lexer: white space, comments, the modes inside strings, and recovery when a quote is
// missing.

#include "FlowLexer.h"
#include "compiler/base/source_manager.h"
#include "compiler/syntax/lexer/byte_stream.h"
#include "compiler/syntax/lexer/declaration_keywords.h"
#include "compiler/syntax/lexer/escapes.h"
#include "compiler/syntax/parse.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/ConvertUTF.h>

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

namespace zc::syntax {
namespace {

using diagnostics::Kind;
using grammar::FlowLexer;

constexpr std::array<TokenKind, std::numeric_limits<std::uint8_t>::max()> make_kinds() {
  std::array<TokenKind, std::numeric_limits<std::uint8_t>::max()> kinds{};
  kinds.fill(TokenKind::kPunctuation);
  for (std::size_t type = FlowLexer::ADAPTER; type <= FlowLexer::WITH; ++type)
    kinds[type] = TokenKind::kKeyword;
  kinds[FlowLexer::IDENTIFIER] = TokenKind::kIdentifier;
  kinds[FlowLexer::NUMBER] = TokenKind::kNumber;
  kinds[FlowLexer::STRING_BEGIN] = TokenKind::kStringBegin;
  kinds[FlowLexer::STRING_TEXT] = TokenKind::kStringText;
  kinds[FlowLexer::STRING_ESCAPE] = TokenKind::kStringEscape;
  kinds[FlowLexer::BAD_ESCAPE] = TokenKind::kStringEscape;
  kinds[FlowLexer::INTERPOLATION_BEGIN] = TokenKind::kInterpolationBegin;
  kinds[FlowLexer::INTERPOLATION_END] = TokenKind::kInterpolationEnd;
  kinds[FlowLexer::STRING_END] = TokenKind::kStringEnd;
  kinds[FlowLexer::COMMENT] = TokenKind::kComment;
  kinds[FlowLexer::DOC_COMMENT] = TokenKind::kDocComment;
  kinds[FlowLexer::INVALID] = TokenKind::kInvalid;
  return kinds;
}
constexpr auto kKinds = make_kinds();

// Half of what brackets may: an interpolation brings brackets along.
constexpr std::uint32_t kMaxInterpolations = kMaxNesting / 2;

constexpr llvm::StringRef kByteOrderMark = "\xEF\xBB\xBF";

class Lexer {
 public:
  Lexer(const SourceManager& sources, FileId file, diagnostics::DiagnosticEngine& engine)
      : text_(sources.text(file)), file_(file), engine_(engine), stream_(text_), lexer_(&stream_) {
    lexer_.removeErrorListeners();
    simulator_ = lexer_.getInterpreter<antlr4::atn::LexerATNSimulator>();
  }

  TokenList run() {
    if (!check_encoding()) return {};
    position_ = text_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
    // Measured over real files; growing by doubling would hold twice the tokens for a moment.
    tokens_.reserve(text_.size() / 4);
    while (true) {
      if (in_text()) {
        if (!lex_string_text()) continue;
      } else if (!lex_code()) {
        break;
      }
    }
    tokens_.shrink_to_fit();
    return std::move(tokens_);
  }

 private:
  // A string that is open, innermost last.
  struct OpenString {
    std::size_t mode = FlowLexer::LINE_STRING;
    std::uint32_t begin = 0;
    bool in_interpolation = false;
    std::uint32_t open_braces = 0;  // of the code in the interpolation
  };

  [[nodiscard]] Span span(std::size_t begin, std::size_t end) const {
    return {file_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  }
  [[nodiscard]] bool in_text() const { return !strings_.empty() && !strings_.back().in_interpolation; }
  [[nodiscard]] bool at_end() const { return position_ >= text_.size(); }
  [[nodiscard]] bool at_line_break() const { return text_[position_] == '\n' || text_[position_] == '\r'; }

  void push(std::size_t type, std::size_t begin, std::size_t end) {
    tokens_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), kKinds[type],
                       static_cast<std::uint8_t>(type)});
  }

  // False when this is no text at all.
  bool check_encoding() {
    if (const std::size_t nul = text_.find('\0'); nul != llvm::StringRef::npos) {
      engine_.report(Kind::kInvalidCharacter, span(nul, nul + 1), "a NUL byte")
          .note("a .flow file is UTF-8 text; nothing else in this file was looked at");
      return false;
    }
    const auto* at = reinterpret_cast<const llvm::UTF8*>(text_.bytes_begin());
    if (!llvm::isLegalUTF8String(&at, reinterpret_cast<const llvm::UTF8*>(text_.bytes_end()))) {
      const auto offset = static_cast<std::size_t>(at - text_.bytes_begin());
      const std::string byte = "0x" + llvm::utohexstr(static_cast<unsigned char>(text_[offset]));
      engine_.report(Kind::kInvalidUtf8, span(offset, offset + 1), byte)
          .help("save the file with the encoding UTF-8");
    }
    return true;
  }

  // The next token of the grammar's lexer in `mode`, of which there is one: not at the end of the text.
  std::size_t match(std::size_t mode) {
    stream_.seek(position_);
    lexer_.type = 0;
    const std::size_t type = simulator_->match(&stream_, mode);
    begin_ = position_;
    position_ = stream_.index();
    return lexer_.type != 0 ? lexer_.type : type;
  }

  // White space, then a comment or a token. False at the end of the text.
  bool lex_code() {
    while (!at_end() && (text_[position_] == ' ' || text_[position_] == '\t' || at_line_break())) {
      if (at_line_break() && !strings_.empty() && strings_.back().mode != FlowLexer::TAGGED_STRING) {
        close_unterminated();
        return true;
      }
      ++position_;
    }
    if (at_end()) {
      if (strings_.empty()) return false;
      close_unterminated();
      return true;
    }
    if (text_.substr(position_, 2) == "//") {
      lex_comment();
      return true;
    }
    if (text_.substr(position_, 2) == "/*") {
      lex_block_comment();
      return true;
    }
    const std::size_t type = match(FlowLexer::DEFAULT_MODE);
    switch (type) {
      case FlowLexer::STRING_BEGIN:
        open_string();
        return true;
      case FlowLexer::INVALID:
        lex_invalid();
        return true;
      case FlowLexer::NUMBER:
        extend_number();
        break;
      case FlowLexer::LEFT_BRACE:
        if (!strings_.empty()) ++strings_.back().open_braces;
        break;
      case FlowLexer::RIGHT_BRACE:
        if (!strings_.empty() && strings_.back().open_braces-- == 0) {
          strings_.back().in_interpolation = false;
          strings_.back().open_braces = 0;
          push(FlowLexer::INTERPOLATION_END, begin_, position_);
          return true;
        }
        break;
      default:
        break;
    }
    push(type, begin_, position_);
    return true;
  }

  void lex_comment() {
    const std::size_t begin = position_;
    position_ = std::min(text_.find_first_of("\r\n", begin), text_.size());
    const llvm::StringRef comment = text_.slice(begin, position_);
    const bool is_doc = comment.starts_with("///") && !comment.starts_with("////");
    push(is_doc ? FlowLexer::DOC_COMMENT : FlowLexer::COMMENT, begin, position_);
  }

  // A habit from C: skipped as a whole, so that it costs one diagnostic.
  void lex_block_comment() {
    const std::size_t begin = position_;
    const std::size_t close = text_.find("*/", begin + 2);
    const std::size_t line_end = std::min(text_.find_first_of("\r\n", begin), text_.size());
    position_ = close == llvm::StringRef::npos ? line_end : close + 2;
    push(FlowLexer::INVALID, begin, position_);
    engine_.report(Kind::kBlockComment, span(begin, begin + 2))
        .help("begin each line of the comment with `//`");
  }

  // `1.2.3` is one mistake. `1..2` is a range.
  void extend_number() {
    while (position_ + 1 < text_.size() && text_[position_] == '.' && llvm::isDigit(text_[position_ + 1])) {
      position_ =
          std::min(text_.find_if_not([](char c) { return llvm::isAlnum(c) || c == '_'; }, position_ + 1),
                   text_.size());
    }
  }

  // One diagnostic for a run of such bytes.
  void lex_invalid() {
    const std::size_t begin = begin_;
    const auto is_text = [](char c) {
      return llvm::isAlnum(c) || llvm::isSpace(c) || llvm::StringRef("\"_{}()[];,.:@/").contains(c);
    };
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    // The bytes that letters begin with in UTF-8: not signs (spaces, quotes, dashes, arrows), and not what is
    // no UTF-8 at all.
    const auto lead = static_cast<unsigned char>(text_[begin]);
    const bool is_word = lead > 0xC2 && lead < 0xF5 && lead != 0xE2 && lead != 0xEF;
    while (!at_end() && !(is_word ? is_ascii(text_[position_]) : is_text(text_[position_])))
      ++position_;
    const llvm::StringRef seen = text_.slice(begin, position_);
    const bool is_printable =
        llvm::all_of(seen, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
    const std::string shown = is_printable && seen.size() <= 32 ? "`" + seen.str() + "`" : "this text";
    diagnostics::Diagnostic& report = engine_.report(Kind::kInvalidCharacter, span(begin, position_), shown);
    if (seen.starts_with("'") || seen.starts_with("\xE2\x80\x9C") || seen.starts_with("\xE2\x80\x9D")) {
      report.help("strings are written in double quotes: `\"text\"`");
    } else if (seen.starts_with("#")) {
      report.help("comments begin with `//`");
    } else if (static_cast<unsigned char>(seen.front()) >= 0x80) {
      report.help(
          "names are made of ASCII letters, digits and `_`; other text belongs into strings and comments");
    }
    if (is_word)
      push_word(begin);
    else
      push(FlowLexer::INVALID, begin, position_);
  }

  // A name with letters of other scripts, of which one was found at `begin`: one token, so that it is one
  // mistake.
  void push_word(std::size_t begin) {
    if (!tokens_.empty() && tokens_.back().end == begin && llvm::isAlpha(text_[tokens_.back().begin])) {
      begin = tokens_.back().begin;
      tokens_.pop_back();
    }
    const auto is_part = [](char c) {
      return llvm::isAlnum(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
    };
    position_ = std::min(text_.find_if_not(is_part, position_), text_.size());
    push(FlowLexer::IDENTIFIER, begin, position_);
  }

  void open_string() {
    push(FlowLexer::STRING_BEGIN, begin_, position_);
    const llvm::StringRef tag = text_.slice(begin_, position_ - 1);
    OpenString string;
    string.begin = static_cast<std::uint32_t>(begin_);
    if (tag == "re" || tag == "raw") {
      string.mode = FlowLexer::RAW_STRING;
    } else if (!tag.empty()) {
      string.mode = FlowLexer::TAGGED_STRING;
    }
    strings_.push_back(string);
  }

  // A piece of a string. False when the string was closed because its quote is missing.
  bool lex_string_text() {
    OpenString& string = strings_.back();
    if (at_end() || (at_line_break() && (string.mode != FlowLexer::TAGGED_STRING || declaration_follows()))) {
      close_unterminated();
      return false;
    }
    const std::size_t type = match(string.mode);
    switch (type) {
      case FlowLexer::STRING_END:
        strings_.pop_back();
        break;
      case FlowLexer::STRING_ESCAPE:
      case FlowLexer::BAD_ESCAPE:
        check_escape();
        break;
      case FlowLexer::INTERPOLATION_BEGIN:
        if (strings_.size() >= kMaxInterpolations) {
          if (!reported_depth_) {
            engine_.report(Kind::kNestingTooDeep, span(begin_, position_), "an interpolation",
                           kMaxInterpolations);
          }
          reported_depth_ = true;
          push(FlowLexer::STRING_TEXT, begin_, position_);
          return true;
        }
        string.in_interpolation = true;
        break;
      default:
        break;
    }
    push(type, begin_, position_);
    return true;
  }

  void check_escape() {
    const llvm::StringRef escape = text_.slice(begin_, position_);
    if (resolve_escape(escape).has_value()) return;
    engine_.report(Kind::kInvalidEscape, span(begin_, position_), escape)
        .note("the escapes are `\\n` `\\r` `\\t` `\\\"` `\\\\` `\\{` `\\}` and `\\u{1F600}`");
  }

  // Whether the line break here is followed by a declaration: then the quote of a tagged string is missing.
  [[nodiscard]] bool declaration_follows() const {
    const std::size_t line = text_.find_first_not_of("\r\n", position_);
    return line != llvm::StringRef::npos && begins_declaration(text_.substr(line));
  }

  // Closes the innermost string at the end of its line, but before what probably follows the string there, as
  // in `step x = db.one("select);`.
  void close_unterminated() {
    const OpenString string = strings_.pop_back_val();
    const std::size_t line_end = position_;
    engine_.report(Kind::kUnterminatedString, span(string.begin, line_end))
        .label("begins here")
        .help(string.mode == FlowLexer::TAGGED_STRING
                  ? "close it with `\"`; a line that begins with a declaration ends it"
                  : "close it with `\"`; only a tagged string, as `sql\"...\"`, may span lines");
    if (string.in_interpolation) {
      close_interpolation();
      return;
    }
    Token& last = tokens_.back();
    if (last.kind == TokenKind::kStringText && last.end == position_) {
      const llvm::StringRef piece = text_.slice(last.begin, last.end);
      const llvm::StringRef kept = piece.rtrim(" \t;,)]}");
      if (piece.drop_front(kept.size()).contains(';')) {
        position_ = last.begin + kept.size();
        last.end = static_cast<std::uint32_t>(position_);
        if (kept.empty()) tokens_.pop_back();
      }
    }
    push(FlowLexer::STRING_END, position_, position_);
  }

  // Closes the interpolation that was opened last, and its string, but before a `;` or a bracket that closes
  // something outside of it.
  void close_interpolation() {
    std::size_t first = tokens_.size();
    while (first > 0 && tokens_[first - 1].kind != TokenKind::kInterpolationBegin)
      --first;
    std::size_t depth = 0;
    std::size_t cut = first;
    for (; cut < tokens_.size(); ++cut) {
      const std::uint8_t type = tokens_[cut].type;
      const bool is_closing = type == FlowLexer::RIGHT_PAREN || type == FlowLexer::RIGHT_BRACKET;
      if (type == FlowLexer::LEFT_PAREN || type == FlowLexer::LEFT_BRACKET) ++depth;
      if (type == FlowLexer::SEMICOLON || (is_closing && depth == 0)) break;
      if (is_closing) --depth;
    }
    const std::vector<Token> outside(tokens_.begin() + static_cast<std::ptrdiff_t>(cut), tokens_.end());
    tokens_.resize(cut);
    const std::size_t end = outside.empty() ? position_ : outside.front().begin;
    push(FlowLexer::INTERPOLATION_END, end, end);
    push(FlowLexer::STRING_END, end, end);
    tokens_.insert(tokens_.end(), outside.begin(), outside.end());
  }

  llvm::StringRef text_;
  FileId file_;
  diagnostics::DiagnosticEngine& engine_;
  ByteStream stream_;
  FlowLexer lexer_;
  antlr4::atn::LexerATNSimulator* simulator_ = nullptr;
  std::size_t begin_ = 0;  // of the token that `match` answered
  std::size_t position_ = 0;
  llvm::SmallVector<OpenString, 4> strings_;
  bool reported_depth_ = false;
  TokenList tokens_;
};

}  // namespace

TokenList lex(const SourceManager& sources, FileId file, diagnostics::DiagnosticEngine& engine) {
  return Lexer(sources, file, engine).run();
}

}  // namespace zc::syntax
