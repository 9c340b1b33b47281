#include "pattern_parser.h"

#include <algorithm>
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
    while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
      // Whole texts are matched, so the anchors say nothing new where they may stand.
      if (eat('^')) {
        if (!node->children.empty()) fail("`^` is allowed at the beginning only");
      } else if (eat('$')) {
        if (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')')
          fail("`$` is allowed at the end only");
      } else {
        node->children.push_back(repeated(atom()));
      }
    }
    return node;
  }

  NodePtr repeated(NodePtr node) {
    while (!rest_.empty()) {
      std::uint32_t least = 0;
      std::uint32_t most = Node::kNoLimit;
      if (eat('+')) {
        least = 1;
      } else if (eat('?')) {
        most = 1;
      } else if (eat('{')) {
        counts(least, most);
      } else if (!eat('*')) {
        break;
      }
      eat('?');  // "lazy" changes nothing for a whole match
      NodePtr repeat = make(Node::Kind::kRepeat);
      repeat->least = least;
      repeat->most = most;
      repeat->children.push_back(std::move(node));
      node = std::move(repeat);
      if (++depth_of_repeats_ > kMaxDepth * 16) fail("too many repetitions");
    }
    return node;
  }

  std::uint32_t number() {
    std::uint32_t value = 0;
    bool any = false;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; rest_.remove_prefix(1)) {
      value = value * 10 + static_cast<std::uint32_t>(rest_.front() - '0');
      if (value > kMaxCount) fail("a count is larger than 1000");
      any = true;
    }
    if (!any) fail("a number is missing in `{}`");
    return value;
  }

  void counts(std::uint32_t& least, std::uint32_t& most) {
    least = number();
    most = least;
    if (eat(',')) most = !rest_.empty() && rest_.front() == '}' ? Node::kNoLimit : number();
    if (!eat('}')) fail("`{` without `}`");
    if (most < least) fail("the counts in `{}` are the wrong way round");
  }

  NodePtr atom() {
    if (eat('(')) {
      if (eat('?') && !eat(':')) fail("only `(?:` is supported of the groups that begin with `(?`");
      NodePtr node = choice();
      if (!eat(')')) fail("`(` without `)`");
      return node;
    }
    if (eat('[')) return make_set(bracket());
    if (eat('.')) return make_set(all_but({{'\n', '\n'}}));
    if (eat('\\')) return make_set(escape());
    if (rest_.front() == '*' || rest_.front() == '+' || rest_.front() == '?' || rest_.front() == '{') {
      fail("nothing to repeat");
    }
    const char32_t point = code_point();
    return make_set({{point, point}});
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
    const char32_t point = code_point();
    return {{point, point}};
  }

  std::string_view rest_;
  int depth_ = 0;
  int depth_of_repeats_ = 0;
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
