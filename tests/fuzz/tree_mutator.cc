// Finds items by brackets and separators of the token list.

#include "tests/fuzz/tree_mutator.h"

#include "compiler/base/source_manager.h"
#include "compiler/diagnostics/engine.h"
#include "compiler/syntax/parse.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Support/MemoryBuffer.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace zc::fuzz {
namespace {

using syntax::Token;
using syntax::TokenKind;

syntax::TokenList tokens_of(llvm::StringRef text) {
  SourceManager sources;
  const FileId file = sources.add(llvm::MemoryBuffer::getMemBufferCopy(text, "fuzz.flow"));
  diagnostics::DiagnosticEngine engine(sources);
  return syntax::parse(sources, file, engine).tokens;
}

std::size_t pick(std::size_t count, std::mt19937& random) { return random() % count; }

class ItemFinder {
 public:
  explicit ItemFinder(llvm::StringRef text) : text_(text) {}

  std::vector<Item> find() {
    open_.push_back({'\0', 0, kNone, {}});
    for (const Token& token : tokens_of(text_)) {
      if (token.is_trivia()) continue;
      add(token);
      last_end_ = token.end;
    }
    while (!open_.empty())
      close(last_end_);
    llvm::sort(items_, [](const Item& left, const Item& right) {
      return std::pair(left.begin, right.end) < std::pair(right.begin, left.end);
    });
    return std::move(items_);
  }

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  struct Bracket {
    char open;
    std::uint32_t number;
    std::uint32_t begin;  // of the item that is being read
    std::string head;
  };

  void add(const Token& token) {
    const llvm::StringRef text = text_.slice(token.begin, token.end);
    const bool closes =
        token.kind == TokenKind::kInterpolationEnd || text == "}" || text == ")" || text == "]";
    Bracket& inner = open_.back();
    if (inner.begin == kNone && !closes) {
      inner.begin = token.begin;
      inner.head = text.str();
    }
    if (token.kind == TokenKind::kInterpolationBegin || text == "{" || text == "(" || text == "[") {
      open_.push_back({text.front(), ++count_, kNone, {}});
    } else if (closes) {
      if (open_.size() == 1) return;
      close(last_end_);
      // A declaration or statement with a block ends with it.
      if (text == "}" && token.kind != TokenKind::kInterpolationEnd) end_item(token.end);
    } else if (text == ";" || text == ",") {
      end_item(token.end);
    }
  }

  void end_item(std::uint32_t end) {
    Bracket& inner = open_.back();
    if (inner.begin == kNone) return;
    items_.push_back({inner.begin, end, inner.open, std::move(inner.head), inner.number});
    inner.begin = kNone;
    inner.head.clear();
  }

  void close(std::uint32_t end) {
    end_item(end);
    open_.pop_back();
  }

  llvm::StringRef text_;
  std::vector<Bracket> open_;
  std::vector<Item> items_;
  std::uint32_t count_ = 0;
  std::uint32_t last_end_ = 0;  // of the tokens so far
};

llvm::StringRef text_of(llvm::StringRef text, const Item& item) { return text.slice(item.begin, item.end); }

std::string replace(llvm::StringRef text, std::uint32_t begin, std::uint32_t end, llvm::StringRef with) {
  return (text.take_front(begin) + with + text.drop_front(end)).str();
}

// One of `items` that may stand where `item` does; any of them when there is none.
const Item& like(const Item& item, const std::vector<Item>& items, std::mt19937& random) {
  std::vector<const Item*> candidates;
  for (const Item& other : items) {
    if (other.bracket == item.bracket && (item.bracket != '\0' || other.head == item.head))
      candidates.push_back(&other);
  }
  return candidates.empty() ? items[pick(items.size(), random)]
                            : *candidates[pick(candidates.size(), random)];
}

std::string exchange(llvm::StringRef text, const std::vector<Item>& items, std::mt19937& random) {
  const Item* first = &items[pick(items.size(), random)];
  const Item* second = &like(*first, items, random);
  if (second->begin < first->begin) std::swap(first, second);
  if (second->begin < first->end) return replace(text, first->begin, first->end, text_of(text, *second));
  return (text.take_front(first->begin) + text_of(text, *second) + text.slice(first->end, second->begin) +
          text_of(text, *first) + text.drop_front(second->end))
      .str();
}

std::string wrap(llvm::StringRef text, const Item& item, std::mt19937& random) {
  constexpr std::array kBlocks{"when true {", "parallel {", "saga {", "tx {",
                               "when 1 < 2 { return 204; } else {"};
  return replace(text, item.begin, item.end,
                 (llvm::Twine(kBlocks[pick(kBlocks.size(), random)]) + text_of(text, item) + "}").str());
}

// A word, number or sign becomes another one of the text.
std::string exchange_token(llvm::StringRef text, std::mt19937& random) {
  const syntax::TokenList tokens = tokens_of(text);
  std::vector<Token> words;
  for (const Token& token : tokens) {
    if (token.kind == TokenKind::kIdentifier || token.kind == TokenKind::kKeyword ||
        token.kind == TokenKind::kNumber || token.kind == TokenKind::kPunctuation ||
        token.kind == TokenKind::kStringText)
      words.push_back(token);
  }
  if (words.empty()) return text.str();
  const Token& from = words[pick(words.size(), random)];
  if (from.kind == TokenKind::kNumber && random() % 2 == 0) {
    constexpr std::array kNumbers{"0",   "1",   "2",  "100", "65536", "18446744073709551615",
                                  "0.5", "1ms", "1h", "50%"};
    return replace(text, from.begin, from.end, kNumbers[pick(kNumbers.size(), random)]);
  }
  std::vector<Token> alike;
  llvm::copy_if(words, std::back_inserter(alike),
                [&](const Token& token) { return token.kind == from.kind; });
  const Token& to = alike[pick(alike.size(), random)];
  return replace(text, from.begin, from.end, text.slice(to.begin, to.end));
}

}  // namespace

std::vector<Item> items_of(llvm::StringRef text) { return ItemFinder(text).find(); }

std::string mutate(llvm::StringRef text, std::mt19937& random) {
  const std::vector<Item> items = items_of(text);
  const auto choice = random() % 16;
  if (items.empty() || choice >= 9) return exchange_token(text, random);
  const Item& item = items[pick(items.size(), random)];
  if (choice < 2) return replace(text, item.begin, item.end, "");
  if (choice < 3) return replace(text, item.end, item.end, text_of(text, item));
  if (choice < 6) return exchange(text, items, random);
  if (choice < 7) {
    const Item& place = like(item, items, random);
    return replace(text, place.begin, place.begin, text_of(text, item));
  }
  return item.bracket == '{' ? wrap(text, item, random) : exchange(text, items, random);
}

std::string cross_over(llvm::StringRef text, llvm::StringRef other, std::mt19937& random) {
  const std::vector<Item> items = items_of(text);
  const std::vector<Item> others = items_of(other);
  if (items.empty() || others.empty()) return text.str();
  const Item& from = others[pick(others.size(), random)];
  const Item& place = like(from, items, random);
  // Half of the time beside it, so that declarations come together.
  const std::uint32_t end = random() % 2 == 0 ? place.begin : place.end;
  return replace(text, place.begin, end, text_of(other, from));
}

}  // namespace zc::fuzz
