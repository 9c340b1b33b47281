// By the beginnings of SQLite's messages, which have been the same since its version 3.0.

#include "compiler/sql/sqlite/messages.h"

#include <llvm/ADT/STLExtras.h>

#include <array>
#include <utility>

namespace zc::sql {

namespace {

struct Beginning {
  llvm::StringLiteral text;
  ProblemKind kind;
};

constexpr std::array kBeginnings = {
    Beginning{"no such table: ", ProblemKind::kUnknownTable},
    Beginning{"no such column: ", ProblemKind::kUnknownColumn},
    Beginning{"ambiguous column name: ", ProblemKind::kAmbiguousColumn},
    Beginning{"no such function: ", ProblemKind::kUnknownFunction},
    Beginning{"unrecognized token: ", ProblemKind::kSyntax},
    Beginning{"incomplete input", ProblemKind::kSyntax},
};

// "table todo has no column named titel"
constexpr llvm::StringLiteral kNoColumnNamed = " has no column named ";

// The last part of "main.todo" and of "t.title".
llvm::StringRef last_part(llvm::StringRef name) {
  const std::size_t dot = name.rfind('.');
  return dot == llvm::StringRef::npos ? name : name.drop_front(dot + 1);
}

class Finder {
 public:
  Finder(llvm::StringRef text, llvm::ArrayRef<Token> tokens) : text_(text), tokens_(tokens) {}

  // The token at a byte; that behind the last one for the end of the text.
  [[nodiscard]] Token at(std::size_t offset) const {
    const auto* found = llvm::find_if(tokens_, [&](const Token& each) { return offset < each.end; });
    return found == tokens_.end() ? tokens_.back() : *found;
  }

  // A name that has parts is looked for as they stand behind each other.
  [[nodiscard]] std::optional<Token> named(llvm::StringRef name) const {
    const llvm::StringRef last = last_part(name);
    const llvm::StringRef qualifier = name.drop_back(last.size()).rtrim('.');
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (!is_name(tokens_[i]) || !last.equals_insensitive(name_of(text_, tokens_[i]))) continue;
      const bool is_qualified = i >= 2 && is_symbol(text_, tokens_[i - 1], ".");
      if (qualifier.empty() || qualifier == "main" ||
          (is_qualified && qualifier.equals_insensitive(name_of(text_, tokens_[i - 2]))))
        return tokens_[i];
    }
    return std::nullopt;
  }

  // Behind the qualifier, where there is one: the place that SQLite names is that of the whole name.
  [[nodiscard]] Token last_of(Token token) const {
    std::size_t index = index_of(token);
    while (index + 2 < tokens_.size() && is_name(tokens_[index]) &&
           is_symbol(text_, tokens_[index + 1], ".") && is_name(tokens_[index + 2]))
      index += 2;
    return tokens_[index];
  }

 private:
  [[nodiscard]] std::size_t index_of(Token token) const {
    return static_cast<std::size_t>(
        llvm::find_if(tokens_, [&](const Token& each) { return each.begin == token.begin; }) -
        tokens_.begin());
  }

  llvm::StringRef text_;
  llvm::ArrayRef<Token> tokens_;
};

// The first text in double quotes of a message.
llvm::StringRef quoted(llvm::StringRef message) {
  const llvm::StringRef behind = message.split('"').second;
  return behind.empty() ? behind : behind.rsplit('"').first;
}

}  // namespace

Problem explain_message(llvm::StringRef message, int offset, llvm::StringRef text,
                        llvm::ArrayRef<Token> tokens) {
  Problem problem;
  problem.message = message == "not authorized" ? "a schema reaches no other database" : message.str();
  const Finder finder(text, tokens);
  std::optional<Token> place;
  if (offset >= 0) place = finder.at(static_cast<std::size_t>(offset));
  const auto* known =
      llvm::find_if(kBeginnings, [&](const Beginning& each) { return message.starts_with(each.text); });
  if (known != kBeginnings.end()) {
    problem.kind = known->kind;
    if (known->kind == ProblemKind::kSyntax) {
      if (!place) place = tokens.back();
    } else {
      problem.name = message.drop_front(known->text.size()).split(" - should").first.str();
    }
  } else if (message.ends_with("syntax error")) {
    problem.kind = ProblemKind::kSyntax;
    problem.name = quoted(message).str();
  } else if (const std::size_t at = message.find(kNoColumnNamed); at != llvm::StringRef::npos) {
    problem.kind = ProblemKind::kUnknownColumn;
    problem.name = message.drop_front(at + kNoColumnNamed.size()).str();
  }
  if (!problem.name.empty() && problem.kind != ProblemKind::kSyntax) {
    const std::optional<Token> named = finder.named(problem.name);
    if (place) {
      place = finder.last_of(*place);
    } else {
      place = named;
    }
    problem.name = last_part(problem.name).str();
  }
  const Token token = place.value_or(tokens.front());
  problem.begin = token.begin;
  problem.end = token.end;
  return problem;
}

}  // namespace zc::sql
