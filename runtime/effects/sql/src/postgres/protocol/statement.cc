#include "statement.h"

#include "scan.h"
#include "types.h"

#include <algorithm>

namespace zerver::effects::postgres {

std::string numbered_placeholders(std::string_view text) {
  std::string result;
  result.reserve(text.size() + 16);
  std::size_t copied = 0;
  std::size_t number = 0;
  sql::SqlScan scan(text);
  for (std::size_t at = scan.next(); at != std::string_view::npos; at = scan.next()) {
    if (text[at] != '?') continue;
    result += text.substr(copied, at - copied);
    // The operator: generated code doubles it.
    if (at + 1 < text.size() && text[at + 1] == '?') {
      static_cast<void>(scan.next());
      result += '?';
      copied = at + 2;
      continue;
    }
    // Spaces keep the server from taking `limit$1` for a name.
    result += " $" + std::to_string(++number) + ' ';
    copied = at + 1;
  }
  result += text.substr(copied);
  return result;
}

Statement::Statement(std::string_view text, std::uint32_t number)
    : source_(text),
      text_(numbered_placeholders(text)),
      name_("zerver_" + std::to_string(number)),
      number_(number) {}

bool Statement::take_for_text(std::size_t parameter) {
  if (hints_.size() <= parameter) hints_.resize(parameter + 1, InvalidOid);
  if (hints_[parameter] != InvalidOid) return false;
  hints_[parameter] = type::kText;
  return true;
}

// The last runs count most.
void Statement::took(Duration time) noexcept {
  typical_.nanoseconds =
      typical_.nanoseconds < 0 ? time.nanoseconds : (7 * typical_.nanoseconds + time.nanoseconds) / 8;
}

std::shared_ptr<Statement> StatementBook::find_or_add(std::string_view text) {
  if (const auto known = statements_.find(text); known != statements_.end()) {
    known->second.used = ++uses_;
    return known->second.statement;
  }
  if (statements_.size() >= kMaxStatements) make_room();
  Entry& entry = statements_[std::string(text)];
  entry.used = ++uses_;
  entry.statement = std::make_shared<Statement>(text, ++numbers_);
  return entry.statement;
}

void StatementBook::forget(const Statement& statement) noexcept {
  const auto known = statements_.find(statement.source());
  if (known != statements_.end() && known->second.statement.get() == &statement) statements_.erase(known);
}

// A quarter at once, so that this is rare.
void StatementBook::make_room() {
  std::vector<std::uint64_t> uses;
  for (const auto& [text, entry] : statements_)
    uses.push_back(entry.used);
  const auto quarter = uses.begin() + static_cast<std::ptrdiff_t>(uses.size() / 4);
  std::ranges::nth_element(uses, quarter);
  std::erase_if(statements_, [&](const auto& each) { return each.second.used <= *quarter; });
}

}  // namespace zerver::effects::postgres
