#include "sql_state.h"

#include <algorithm>
#include <array>

namespace zerver::effects::postgres {

namespace {

struct Rule {
  std::string_view begins;  // of the code; the first rule that matches counts
  FaultKind kind;
};

constexpr std::array kRules{
    Rule{"23", FaultKind::kConflict},        // a broken constraint
    Rule{"22", FaultKind::kConflict},        // a value that its column does not take
    Rule{"44", FaultKind::kConflict},        // a row that its view does not take
    Rule{"P0001", FaultKind::kConflict},     // `raise exception` in a trigger
    Rule{"40002", FaultKind::kConflict},     // a constraint that is looked at when the transaction ends
    Rule{"40", FaultKind::kUnavailable},     // serialization failure, deadlock: again
    Rule{"57014", FaultKind::kTimeout},      // cancelled, by us or by a `statement_timeout`
    Rule{"25P03", FaultKind::kUnavailable},  // idle for too long in a transaction
    Rule{"25006", FaultKind::kUnavailable},  // read only: a standby, or being switched over
    Rule{"55P03", FaultKind::kUnavailable},  // a lock is not to be had
    Rule{"55006", FaultKind::kUnavailable},  // in use
    Rule{"08", FaultKind::kUnavailable},     // connection
    Rule{"53", FaultKind::kUnavailable},     // no memory, no disk, too many connections
    Rule{"57", FaultKind::kUnavailable},     // shutdown, crash of another process, starting up
    Rule{"58", FaultKind::kUnavailable},     // the system below it
    Rule{"F0", FaultKind::kUnavailable},    Rule{"XX", FaultKind::kUnavailable},  // damaged data
    Rule{"28", FaultKind::kUnavailable},  // the server does not let us in any more
    Rule{"3D", FaultKind::kUnavailable},  // the database is gone
};

}  // namespace

FaultKind kind_of(std::string_view sql_state) noexcept {
  const auto* const rule =
      std::ranges::find_if(kRules, [&](const Rule& each) { return sql_state.starts_with(each.begins); });
  return rule == kRules.end() ? FaultKind::kInternal : rule->kind;
}

std::string describe(const ServerError& error) {
  std::string text;
  // What the server says of data quotes them.
  if (error.state.starts_with("22")) {
    text = "a value does not fit its type";
  } else {
    text = error.message;
  }
  const auto add = [&text](std::string_view what, std::string_view name) {
    const std::string quoted = '"' + std::string(name) + '"';
    if (!name.empty() && text.find(quoted) == std::string::npos)
      text += ", " + std::string(what) + ' ' + quoted;
  };
  if (!error.row.empty()) text.insert(0, "row " + std::string(error.row) + ": ");
  add("column", error.column);
  add("table", error.table);
  add("constraint", error.constraint);
  return text + " (" + std::string(error.state) + ')';
}

std::string_view copied_row(std::string_view context) noexcept {
  constexpr std::string_view kCopy = "COPY ";
  constexpr std::string_view kDigits = "0123456789";
  // A trigger's place stands before it.
  std::size_t begin = 0;
  while (!context.substr(begin).starts_with(kCopy)) {
    const std::size_t end = context.find('\n', begin);
    if (end == std::string_view::npos) return {};
    begin = end + 1;
  }
  const std::size_t comma = context.find(", ", begin);
  const std::size_t number = context.find_first_of(kDigits, comma);
  if (comma == std::string_view::npos || number == std::string_view::npos) return {};
  return context.substr(number, context.find_first_not_of(kDigits, number) - number);
}

bool refuses_value(std::string_view sql_state) noexcept {
  constexpr std::string_view kOutOfRange = "22003";
  constexpr std::string_view kDivisionByZero = "22012";
  return sql_state.starts_with("22") && sql_state != kOutOfRange && sql_state != kDivisionByZero;
}

bool may_succeed_again(std::string_view sql_state) noexcept {
  return sql_state == "40001" || sql_state == "40P01";
}

}  // namespace zerver::effects::postgres
