#include "pattern_parser.h"
#include <zerver/flow/data/validate.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

namespace zerver::flow {

namespace {

using pattern::Node;
using pattern::Range;

constexpr std::size_t kMaxProgram = 20'000;

struct Instruction {
  enum class Kind : std::uint8_t { kSet, kAssertion, kJump, kSplit, kMatch };
  Kind kind;
  std::uint32_t first = 0;   // kSet: index of its first range; kJump and kSplit: where to go on
  std::uint32_t second = 0;  // kSet: behind its last range; kSplit: the other place to go on
  pattern::Assertion assertion = pattern::Assertion::kBegin;  // kAssertion
};

}  // namespace

struct Pattern::Program {
  std::vector<Instruction> instructions;
  std::vector<Range> ranges;

  std::uint32_t add(Instruction instruction) {
    if (instructions.size() == kMaxProgram)
      throw std::invalid_argument("regular expression: it is too large");
    instructions.push_back(instruction);
    return static_cast<std::uint32_t>(instructions.size() - 1);
  }
  std::uint32_t here() const noexcept { return static_cast<std::uint32_t>(instructions.size()); }

  void compile(const Node& node);
  void compile_choice(const Node& node);
  void compile_repeat(const Node& node);

  bool contains(const Instruction& set, char32_t point) const noexcept {
    const auto begin = ranges.begin() + set.first;
    const auto end = ranges.begin() + set.second;
    const auto next =
        std::upper_bound(begin, end, point, [](char32_t p, const Range& range) { return p < range.first; });
    return next != begin && point <= std::prev(next)->last;
  }
};

void Pattern::Program::compile(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kSet: {
      const auto first = static_cast<std::uint32_t>(ranges.size());
      ranges.insert(ranges.end(), node.ranges.begin(), node.ranges.end());
      add({Instruction::Kind::kSet, first, static_cast<std::uint32_t>(ranges.size())});
      return;
    }
    case Node::Kind::kAssertion:
      add({Instruction::Kind::kAssertion, 0, 0, node.assertion});
      return;
    case Node::Kind::kSequence:
      for (const auto& child : node.children)
        compile(*child);
      return;
    case Node::Kind::kChoice:
      return compile_choice(node);
    case Node::Kind::kRepeat:
      return compile_repeat(node);
  }
}

void Pattern::Program::compile_choice(const Node& node) {
  std::vector<std::uint32_t> ends;
  for (std::size_t index = 0; index + 1 < node.children.size(); ++index) {
    const std::uint32_t split = add({Instruction::Kind::kSplit});
    instructions[split].first = here();
    compile(*node.children[index]);
    ends.push_back(add({Instruction::Kind::kJump}));
    instructions[split].second = here();
  }
  compile(*node.children.back());
  for (const std::uint32_t end : ends)
    instructions[end].first = here();
}

void Pattern::Program::compile_repeat(const Node& node) {
  const Node& child = *node.children.front();
  for (std::uint32_t count = 0; count < node.least; ++count)
    compile(child);
  if (node.most == Node::kNoLimit) {
    const std::uint32_t split = add({Instruction::Kind::kSplit});
    instructions[split].first = here();
    compile(child);
    add({Instruction::Kind::kJump, split});
    instructions[split].second = here();
    return;
  }
  std::vector<std::uint32_t> splits;
  for (std::uint32_t count = node.least; count < node.most; ++count) {
    splits.push_back(add({Instruction::Kind::kSplit}));
    instructions[splits.back()].first = here();
    compile(child);
  }
  for (const std::uint32_t split : splits)
    instructions[split].second = here();
}

namespace {

// The instructions that a match may be at, each once (Briggs and Torczon, "An Efficient Representation for
// Sparse Sets", 1993).
class States {
 public:
  explicit States(std::size_t size) : dense_(size), sparse_(size) {}

  bool add(std::uint32_t state) noexcept {
    if (sparse_[state] < size_ && dense_[sparse_[state]] == state) return false;
    sparse_[state] = size_;
    dense_[size_++] = state;
    return true;
  }
  void clear() noexcept { size_ = 0; }
  bool empty() const noexcept { return size_ == 0; }
  const std::uint32_t* begin() const noexcept { return dense_.data(); }
  const std::uint32_t* end() const noexcept { return dense_.data() + size_; }

 private:
  std::vector<std::uint32_t> dense_;
  std::vector<std::uint32_t> sparse_;
  std::uint32_t size_ = 0;
};

}  // namespace

Pattern::Pattern(std::string_view expression) {
  const pattern::NodePtr tree = pattern::parse(expression);
  auto program = std::make_unique<Program>();
  program->compile(*tree);
  program->add({Instruction::Kind::kMatch});
  program_ = std::move(program);
}

Pattern::~Pattern() = default;

namespace {

// Between two characters; kNothing before the first and behind the last.
struct Place {
  static constexpr char32_t kNothing = 0xFFFFFFFF;

  char32_t before;
  char32_t behind;

  bool is(pattern::Assertion assertion) const noexcept {
    switch (assertion) {
      case pattern::Assertion::kBegin:
        return before == kNothing;
      case pattern::Assertion::kEnd:
        return behind == kNothing;
      case pattern::Assertion::kWordBoundary:
        return is_word(before) != is_word(behind);
      case pattern::Assertion::kNoWordBoundary:
        return is_word(before) == is_word(behind);
    }
    return false;
  }

  static bool is_word(char32_t point) noexcept {
    return (point >= '0' && point <= '9') || (point >= 'A' && point <= 'Z') ||
           (point >= 'a' && point <= 'z') || point == '_';
  }
};

char32_t take_next(std::string_view& text) noexcept {
  return text.empty() ? Place::kNothing : pattern::take_code_point(text);
}

}  // namespace

bool Pattern::matches(std::string_view text) const {
  const auto& instructions = program_->instructions;
  States now(instructions.size());
  States next(instructions.size());
  std::vector<std::uint32_t> to_visit;
  bool matched = false;

  // Adds what can be reached from a place without a character.
  const auto enter = [&](States& states, std::uint32_t start, const Place& place) {
    to_visit.push_back(start);
    while (!to_visit.empty()) {
      const std::uint32_t state = to_visit.back();
      to_visit.pop_back();
      if (!states.add(state)) continue;
      const Instruction& instruction = instructions[state];
      switch (instruction.kind) {
        case Instruction::Kind::kSet:
          break;
        case Instruction::Kind::kMatch:
          matched = true;
          break;
        case Instruction::Kind::kAssertion:
          if (place.is(instruction.assertion)) to_visit.push_back(state + 1);
          break;
        case Instruction::Kind::kSplit:
          to_visit.push_back(instruction.second);
          [[fallthrough]];
        case Instruction::Kind::kJump:
          to_visit.push_back(instruction.first);
          break;
      }
    }
  };

  char32_t point = take_next(text);
  enter(now, 0, {Place::kNothing, point});
  while (point != Place::kNothing && !now.empty()) {
    const char32_t behind = take_next(text);
    matched = false;
    next.clear();
    for (const std::uint32_t state : now) {
      const Instruction& instruction = instructions[state];
      if (instruction.kind == Instruction::Kind::kSet && program_->contains(instruction, point)) {
        enter(next, state + 1, {point, behind});
      }
    }
    std::swap(now, next);
    point = behind;
  }
  return matched && point == Place::kNothing;
}

}  // namespace zerver::flow
