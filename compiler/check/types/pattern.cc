// A recogniser for RE2's syntax, by recursive descent.

#include "compiler/check/types/pattern.h"

#include <llvm/ADT/StringExtras.h>

#include <cstdint>
#include <utility>

namespace zc::check {

namespace {

constexpr std::uint32_t kMaxGroupDepth = 32;
constexpr std::uint64_t kMaxRepeat = 1000;  // RE2's own bound

class PatternChecker {
 public:
  explicit PatternChecker(llvm::StringRef text) : text_(text) {}

  std::optional<PatternError> check() {
    alternation(0);
    if (!error_ && at_ < text_.size()) fail(at_, "`)` closes nothing");
    return error_;
  }

 private:
  [[nodiscard]] bool done() const { return error_.has_value() || at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return text_[at_]; }

  void fail(std::size_t offset, std::string message) {
    if (!error_) error_ = PatternError{offset, std::move(message)};
  }

  void alternation(std::uint32_t depth) {
    while (!done() && peek() != ')') {
      if (peek() == '|') {
        ++at_;
      } else {
        repeated(depth);
      }
    }
  }

  void repeated(std::uint32_t depth) {
    atom(depth);
    bool has_repeat = false;
    while (!done()) {
      const std::size_t quantifier = at_;
      if (peek() == '*' || peek() == '+' || peek() == '?') {
        ++at_;
      } else if (peek() != '{' || !bounds()) {
        return;
      }
      if (has_repeat) return fail(quantifier, "a repetition of a repetition needs a group");
      has_repeat = true;
      if (!done() && peek() == '?') ++at_;  // the lazy form
    }
  }

  // `{n}`, `{n,}`, `{n,m}`; anything else is a literal brace, as in RE2.
  bool bounds() {
    const std::size_t close = text_.find('}', at_);
    if (close == llvm::StringRef::npos) return literal_brace();
    const auto [low_text, high_text] = text_.slice(at_ + 1, close).split(',');
    const bool has_comma = text_.slice(at_ + 1, close).contains(',');
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    if (low_text.getAsInteger(10, low)) return literal_brace();
    high = low;
    if (has_comma && !high_text.empty() && high_text.getAsInteger(10, high)) return literal_brace();
    if (low > kMaxRepeat || high > kMaxRepeat) fail(at_, "a repetition of more than 1000");
    if (has_comma && !high_text.empty() && high < low) fail(at_, "the bounds of a repetition are swapped");
    at_ = close + 1;
    return true;
  }

  bool literal_brace() {
    ++at_;
    return false;
  }

  void atom(std::uint32_t depth) {
    switch (peek()) {
      case '(':
        return group(depth);
      case '[':
        return bracket();
      case '\\':
        return escape(/*in_class=*/false);
      case '*':
      case '+':
      case '?':
        return fail(at_, "nothing stands before `" + std::string(1, peek()) + "`");
      default:
        ++at_;
    }
  }

  void group(std::uint32_t depth) {
    const std::size_t open = at_++;
    if (depth == kMaxGroupDepth) return fail(open, "groups nest too deep");
    if (text_.substr(at_).starts_with("?")) {
      const llvm::StringRef rest = text_.substr(at_ + 1);
      if (rest.starts_with(":")) {
        at_ += 2;
      } else if (rest.starts_with("P<") ||
                 (rest.starts_with("<") && !rest.starts_with("<=") && !rest.starts_with("<!"))) {
        at_ = text_.find('>', at_);
        if (at_ == llvm::StringRef::npos) return fail(open, "the name of a group is never closed");
        ++at_;
      } else if (rest.starts_with("=") || rest.starts_with("!") || rest.starts_with("<")) {
        return fail(open, "look-around is not possible in linear time");
      } else {
        return fail(open, "only `(?:` and named groups may follow `(?`");
      }
    }
    alternation(depth + 1);
    if (error_) return;
    if (at_ >= text_.size()) return fail(open, "`(` is never closed");
    ++at_;
  }

  void bracket() {
    const std::size_t open = at_++;
    if (!done() && peek() == '^') ++at_;
    bool is_first = true;
    while (!done() && (peek() != ']' || is_first)) {
      is_first = false;
      const std::size_t low_at = at_;
      const std::optional<unsigned char> low = class_member();
      if (error_) return;
      if (at_ + 1 < text_.size() && peek() == '-' && text_[at_ + 1] != ']') {
        ++at_;
        const std::optional<unsigned char> high = class_member();
        if (error_) return;
        if (!low || !high) return fail(low_at, "a range needs a character on both sides");
        if (*high < *low) return fail(low_at, "the bounds of a range are swapped");
      }
    }
    if (error_) return;
    if (at_ >= text_.size()) return fail(open, "`[` is never closed");
    ++at_;
  }

  // The character, or none for a class such as `\d` or `[:alpha:]`.
  std::optional<unsigned char> class_member() {
    if (peek() == '\\') {
      const std::size_t begin = at_;
      escape(/*in_class=*/true);
      const bool is_plain = at_ == begin + 2 && !llvm::isAlnum(text_[begin + 1]);
      return is_plain ? std::optional(static_cast<unsigned char>(text_[begin + 1])) : std::nullopt;
    }
    if (text_.substr(at_).starts_with("[:")) {
      const std::size_t close = text_.find(":]", at_);
      if (close == llvm::StringRef::npos) {
        fail(at_, "`[:` is never closed");
        return std::nullopt;
      }
      at_ = close + 2;
      return std::nullopt;
    }
    return static_cast<unsigned char>(text_[at_++]);
  }

  void escape(bool in_class) {
    const std::size_t begin = at_++;
    if (at_ >= text_.size()) return fail(begin, "nothing stands behind `\\`");
    const char letter = text_[at_++];
    if (!llvm::isAlnum(letter)) return;
    if (llvm::StringRef("dDsSwWtnrfva").contains(letter)) return;
    if (!in_class && llvm::StringRef("bBAz").contains(letter)) return;
    if (letter == 'x') return hexadecimal(begin);
    if (letter >= '1' && letter <= '9') return fail(begin, "back-references are not possible in linear time");
    fail(begin, "`\\" + std::string(1, letter) + "` is no escape");
  }

  void hexadecimal(std::size_t begin) {
    llvm::StringRef digits = text_.substr(at_, 2);
    std::size_t length = 2;
    if (text_.substr(at_).starts_with("{")) {
      const std::size_t close = text_.find('}', at_);
      if (close == llvm::StringRef::npos) return fail(begin, "`\\x{` is never closed");
      digits = text_.slice(at_ + 1, close);
      length = close + 1 - at_;
    }
    std::uint32_t code = 0;
    if (digits.empty() || digits.getAsInteger(16, code) || code > 0x10FFFF)
      return fail(begin, "`\\x` needs hexadecimal digits");
    at_ += length;
  }

  llvm::StringRef text_;
  std::size_t at_ = 0;
  std::optional<PatternError> error_;
};

}  // namespace

std::optional<PatternError> check_pattern(llvm::StringRef pattern) { return PatternChecker(pattern).check(); }

}  // namespace zc::check
