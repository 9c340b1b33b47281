#include "pattern_parser.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string>
#include <utility>

namespace zerver::flow::pattern {

namespace {

constexpr char32_t kLast = 0x10FFFF;
constexpr char32_t kNoUtf8 = 0x110000;
constexpr std::uint32_t kMaxCount = 1'000;
constexpr int kMaxDepth = 64;

using Ranges = std::vector<Range>;

[[noreturn]] void fail(const char* why) {
  throw std::invalid_argument(std::string("regular expression: ") + why);
}

Ranges sorted(Ranges ranges) {
  std::ranges::sort(ranges, {}, &Range::first);
  Ranges merged;
  for (const Range& range : ranges) {
    if (!merged.empty() && range.first <= merged.back().last + 1) {
      merged.back().last = std::max(merged.back().last, range.last);
    } else {
      merged.push_back(range);
    }
  }
  return merged;
}

Ranges all_but(const Ranges& ranges) {
  Ranges result;
  char32_t next = 0;
  for (const Range& range : sorted(ranges)) {
    if (range.first > next) result.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= kLast) result.push_back({next, kLast});
  return result;
}

// `\d`, `\w`, `\s`, and what their capitals leave; empty for other letters.
Ranges class_of(char32_t letter) {
  switch (letter) {
    case 'd':
      return {{'0', '9'}};
    case 'w':
      return {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
    case 's':
      return {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}};
    case 'D':
    case 'W':
    case 'S':
      return all_but(class_of(letter - 'A' + 'a'));
    default:
      return {};
  }
}

// `[:alpha:]` and so on, of POSIX; empty for other names.
Ranges posix_class(std::string_view name) {
  if (name == "alnum") return {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}};
  if (name == "alpha") return {{'A', 'Z'}, {'a', 'z'}};
  if (name == "ascii") return {{0, 0x7F}};
  if (name == "blank") return {{'\t', '\t'}, {' ', ' '}};
  if (name == "cntrl") return {{0, 0x1F}, {0x7F, 0x7F}};
  if (name == "digit") return {{'0', '9'}};
  if (name == "graph") return {{'!', '~'}};
  if (name == "lower") return {{'a', 'z'}};
  if (name == "print") return {{' ', '~'}};
  if (name == "punct") return {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}};
  if (name == "space") return {{'\t', '\r'}, {' ', ' '}};
  if (name == "upper") return {{'A', 'Z'}};
  if (name == "word") return {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
  if (name == "xdigit") return {{'0', '9'}, {'A', 'F'}, {'a', 'f'}};
  return {};
}

NodePtr make(Node::Kind kind) {
  auto node = std::make_unique<Node>();
  node->kind = kind;
  return node;
}

NodePtr make_set(Ranges ranges) {
  NodePtr node = make(Node::Kind::kSet);
  node->ranges = sorted(std::move(ranges));
  return node;
}

NodePtr make_assertion(Assertion assertion) {
  NodePtr node = make(Node::Kind::kAssertion);
  node->assertion = assertion;
  return node;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  NodePtr run() {
    NodePtr node = choice();
    if (!rest_.empty()) fail("`)` without `(`");
    return node;
  }

 private:
  bool eat(char c) noexcept {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  NodePtr choice() {
    if (++depth_ > kMaxDepth) fail("nested too deep");
    NodePtr node = make(Node::Kind::kChoice);
    do
      node->children.push_back(sequence());
    while (eat('|'));
    --depth_;
    return node;
  }

  NodePtr sequence() {
    NodePtr node = make(Node::Kind::kSequence);
    while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')')
      node->children.push_back(repeated(atom()));
    return node;
  }

  NodePtr repeated(NodePtr node) {
    std::uint32_t least = 0;
    std::uint32_t most = Node::kNoLimit;
    if (eat('+')) {
      least = 1;
    } else if (eat('?')) {
      most = 1;
    } else if (!eat('*') && !counts(least, most)) {
      return node;
    }
    eat('?');  // "lazy" changes nothing for a whole match
    NodePtr repeat = make(Node::Kind::kRepeat);
    repeat->least = least;
    repeat->most = most;
    repeat->children.push_back(std::move(node));
    return repeat;
  }

  static bool number(std::string_view text, std::uint32_t& out) {
    const char* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, out);
    return error == std::errc() && at == end;
  }

  // `{n}`, `{n,}`, `{n,m}`; any other brace stands for itself.
  bool counts(std::uint32_t& least, std::uint32_t& most) {
    if (rest_.empty() || rest_.front() != '{') return false;
    const std::size_t close = rest_.find('}');
    if (close == std::string_view::npos) return false;
    const std::string_view inside = rest_.substr(1, close - 1);
    const std::size_t comma = inside.find(',');
    if (!number(inside.substr(0, comma), least)) return false;
    most = least;
    if (comma != std::string_view::npos) {
      const std::string_view upper = inside.substr(comma + 1);
      most = Node::kNoLimit;
      if (!upper.empty() && !number(upper, most)) return false;
    }
    if (least > kMaxCount || (most > kMaxCount && most != Node::kNoLimit))
      fail("a count is larger than 1000");
    if (most < least) fail("the counts in `{}` are the wrong way round");
    rest_.remove_prefix(close + 1);
    return true;
  }

  NodePtr atom() {
    if (eat('(')) return group();
    if (eat('[')) return make_set(bracket());
    if (eat('.')) return make_set(all_but({{'\n', '\n'}}));
    if (eat('^')) return make_assertion(Assertion::kBegin);
    if (eat('$')) return make_assertion(Assertion::kEnd);
    if (eat('\\')) {
      if (eat('A')) return make_assertion(Assertion::kBegin);
      if (eat('z')) return make_assertion(Assertion::kEnd);
      if (eat('b')) return make_assertion(Assertion::kWordBoundary);
      if (eat('B')) return make_assertion(Assertion::kNoWordBoundary);
      return make_set(escape());
    }
    if (rest_.front() == '*' || rest_.front() == '+' || rest_.front() == '?') fail("nothing to repeat");
    const char32_t point = code_point();
    return make_set({{point, point}});
  }

  // Behind its parenthesis. What is captured is of no interest.
  NodePtr group() {
    if (eat('?')) {
      const std::size_t name = rest_.starts_with("P<") ? 2 : rest_.starts_with("<") ? 1 : 0;
      if (name != 0) {
        const std::size_t close = rest_.find('>');
        if (close == std::string_view::npos) fail("the name of a group is never closed");
        rest_.remove_prefix(close + 1);
      } else if (!eat(':')) {
        fail("only `(?:` and named groups may follow `(?`");
      }
    }
    NodePtr node = choice();
    if (!eat(')')) fail("`(` without `)`");
    return node;
  }

  char32_t code_point() {
    if (rest_.empty()) fail("it ends too early");
    const char32_t point = take_code_point(rest_);
    if (point >= kNoUtf8) fail("it is no UTF-8");
    return point;
  }

  Ranges escape() {
    const char32_t letter = code_point();
    if (Ranges ranges = class_of(letter); !ranges.empty()) return ranges;
    char32_t point = letter;
    switch (letter) {
      case 'n':
        point = '\n';
        break;
      case 'r':
        point = '\r';
        break;
      case 't':
        point = '\t';
        break;
      case 'a':
        point = '\a';
        break;
      case 'x':
        point = hexadecimal();
        break;
      case 'f':
        point = '\f';
        break;
      case 'v':
        point = '\v';
        break;
      default:
        if ((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
            (letter >= '0' && letter <= '9')) {
          fail("an escape that is not known");
        }
    }
    return {{point, point}};
  }

  // Behind `\x`: two digits, or any number of them in braces.
  char32_t hexadecimal() {
    std::size_t behind = 2;
    std::string_view digits = rest_.substr(0, 2);
    if (rest_.starts_with('{')) {
      const std::size_t close = std::min(rest_.find('}'), rest_.size());
      digits = rest_.substr(1, close - 1);
      behind = close + 1;
    }
    std::uint32_t point = 0;
    const char* const end = digits.data() + digits.size();
    const auto [at, error] = std::from_chars(digits.data(), end, point, 16);
    if (error != std::errc() || at != end || behind > rest_.size() || point > kLast)
      fail("`\\x` needs hexadecimal digits");
    rest_.remove_prefix(behind);
    return point;
  }

  Ranges bracket() {
    const bool negated = eat('^');
    Ranges ranges;
    bool first = true;
    while (first || rest_.empty() || rest_.front() != ']') {
      first = false;
      if (rest_.empty()) fail("`[` without `]`");
      Ranges item = bracket_item();
      const bool single = item.size() == 1 && item.front().first == item.front().last;
      // A hyphen before the closing bracket stands for itself.
      if (single && rest_.size() >= 2 && rest_[0] == '-' && rest_[1] != ']') {
        rest_.remove_prefix(1);
        const Ranges end = bracket_item();
        if (end.size() != 1 || end.front().first != end.front().last) fail("a range ends with a class");
        if (end.front().first < item.front().first) fail("a range is the wrong way round");
        item.front().last = end.front().first;
      }
      ranges.insert(ranges.end(), item.begin(), item.end());
    }
    rest_.remove_prefix(1);
    return negated ? all_but(ranges) : ranges;
  }

  Ranges bracket_item() {
    if (eat('\\')) return escape();
    if (rest_.starts_with("[:")) {
      const std::size_t close = rest_.find(":]");
      if (close == std::string_view::npos) fail("`[:` is never closed");
      const bool negated = rest_.substr(2).starts_with('^');
      const std::size_t begin = negated ? 3 : 2;
      Ranges ranges = posix_class(rest_.substr(begin, close - begin));
      if (ranges.empty()) fail("a class in `[:...:]` that is not known");
      rest_.remove_prefix(close + 2);
      return negated ? all_but(ranges) : ranges;
    }
    const char32_t point = code_point();
    return {{point, point}};
  }

  std::string_view rest_;
  int depth_ = 0;
};

}  // namespace

NodePtr parse(std::string_view expression) { return Parser(expression).run(); }

char32_t take_code_point(std::string_view& text) noexcept {
  const auto byte = [&](std::size_t index) -> char32_t { return static_cast<unsigned char>(text[index]); };
  const char32_t lead = byte(0);
  const std::size_t size = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (size == 1) {
    text.remove_prefix(1);
    return lead;
  }
  if (size != 0 && size <= text.size()) {
    char32_t point = lead & (0xFFU >> (size + 1));
    bool continues = true;
    for (std::size_t index = 1; index < size; ++index) {
      continues = continues && (byte(index) & 0xC0U) == 0x80U;
      point = point << 6U | (byte(index) & 0x3FU);
    }
    if (continues && point <= kLast) {
      text.remove_prefix(size);
      return point;
    }
  }
  text.remove_prefix(1);
  return kNoUtf8 + lead;
}

}  // namespace zerver::flow::pattern
