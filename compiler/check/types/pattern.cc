// A recogniser for RE2's syntax, by recursive descent.

#include "compiler/check/types/pattern.h"

#include <llvm/ADT/StringExtras.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace zc::check {

namespace {

constexpr std::uint32_t kMaxGroupDepth = 32;
constexpr std::uint64_t kMaxRepeat = 1000;  // RE2's own bound
// Of the program that a pattern unfolds to; the runtime (runtime/flow/src/validate.cc) takes no larger one.
// Counts stay below kManyStates, so that a bomb of repetitions does not overflow them.
constexpr std::uint64_t kMaxStates = 20'000;
constexpr std::uint64_t kManyStates = 1'000'000'000;

class PatternChecker {
 public:
  explicit PatternChecker(llvm::StringRef text) : text_(text) {}

  std::optional<PatternError> check() {
    const std::uint64_t states = alternation(0) + 1;  // one to end with
    if (!error_ && at_ < text_.size()) fail(at_, "`)` closes nothing");
    if (states > kMaxStates) fail(0, "its repetitions unfold to more than 20000 states");
    return error_;
  }

 private:
  [[nodiscard]] bool done() const { return error_.has_value() || at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return text_[at_]; }

  void fail(std::size_t offset, std::string message) {
    if (!error_) error_ = PatternError{offset, std::move(message)};
  }

  // The functions below answer how many states the runtime needs for what they have read.
  std::uint64_t alternation(std::uint32_t depth) {
    std::uint64_t states = 0;
    while (!done() && peek() != ')') {
      if (peek() == '|') {
        ++at_;
        states += 2;  // where it splits, and where it joins
      } else {
        states += repeated(depth);
      }
      states = std::min(states, kManyStates);
    }
    return states;
  }

  std::uint64_t repeated(std::uint32_t depth) {
    std::uint64_t states = atom(depth);
    bool has_repeat = false;
    while (!done()) {
      const std::size_t quantifier = at_;
      Bounds repeat;
      if (peek() == '*' || peek() == '+' || peek() == '?') {
        repeat.least = peek() == '+' ? 1 : 0;
        if (peek() == '?') repeat.most = 1;
        ++at_;
      } else if (peek() != '{') {
        return states;
      } else if (!bounds(repeat)) {
        return states + 1;  // the brace
      }
      if (has_repeat) fail(quantifier, "a repetition of a repetition needs a group");
      if (has_repeat) return states;
      has_repeat = true;
      states = unfolded(states, repeat);
      if (!done() && peek() == '?') ++at_;  // the lazy form
    }
    return states;
  }

  struct Bounds {
    std::uint64_t least = 0;
    std::optional<std::uint64_t> most;
  };

  // What must be there is repeated as often; the rest begins with a split each time, or is a loop.
  static std::uint64_t unfolded(std::uint64_t states, const Bounds& repeat) {
    std::uint64_t total = repeat.least * states;
    if (!repeat.most) {
      total += states + 2;
    } else if (*repeat.most > repeat.least) {
      total += (*repeat.most - repeat.least) * (states + 1);
    }
    return std::min(total, kManyStates);
  }

  // `{n}`, `{n,}`, `{n,m}`; anything else is a literal brace, as in RE2.
  bool bounds(Bounds& repeat) {
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
    repeat.least = low;
    if (!has_comma || !high_text.empty()) repeat.most = high;
    return true;
  }

  bool literal_brace() {
    ++at_;
    return false;
  }

  std::uint64_t atom(std::uint32_t depth) {
    switch (peek()) {
      case '(':
        return group(depth);
      case '[':
        bracket();
        return 1;
      case '\\':
        escape(/*in_class=*/false);
        return 1;
      case '*':
      case '+':
      case '?':
        fail(at_, "nothing stands before `" + std::string(1, peek()) + "`");
        return 0;
      default:
        ++at_;
        // All bytes of one character are one state.
        while (!done() && (static_cast<unsigned char>(peek()) & 0xC0U) == 0x80U)
          ++at_;
        return 1;
    }
  }

  std::uint64_t group(std::uint32_t depth) {
    const std::size_t open = at_++;
    if (depth == kMaxGroupDepth) {
      fail(open, "groups nest too deep");
      return 0;
    }
    if (!group_head(open)) return 0;
    const std::uint64_t states = alternation(depth + 1);
    if (error_) return 0;
    if (at_ >= text_.size()) {
      fail(open, "`(` is never closed");
      return 0;
    }
    ++at_;
    return states;
  }

  // What may stand behind `(`: nothing, `?:` or a name.
  bool group_head(std::size_t open) {
    if (!text_.substr(at_).starts_with("?")) return true;
    const llvm::StringRef rest = text_.substr(at_ + 1);
    if (rest.starts_with(":")) {
      at_ += 2;
    } else if (rest.starts_with("P<") ||
               (rest.starts_with("<") && !rest.starts_with("<=") && !rest.starts_with("<!"))) {
      at_ = text_.find('>', at_);
      if (at_ == llvm::StringRef::npos) {
        fail(open, "the name of a group is never closed");
        return false;
      }
      ++at_;
    } else if (rest.starts_with("=") || rest.starts_with("!") || rest.starts_with("<")) {
      fail(open, "look-around is not possible in linear time");
      return false;
    } else {
      fail(open, "only `(?:` and named groups may follow `(?`");
      return false;
    }
    return true;
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
