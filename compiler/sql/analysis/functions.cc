// The functions whose results are the same in SQLite and PostgreSQL, or that only one of them has.

#include "compiler/sql/analysis/functions.h"

#include <llvm/ADT/StringMap.h>

#include <array>

namespace zc::sql {

namespace {

using Null = Function::Null;

constexpr std::array kFunctions = {
    Function{"count", Type::kInteger, Null::kNever, false, true},
    Function{"total", Type::kReal, Null::kNever, false, true},
    Function{"sum", Type::kUnknown, Null::kEmpty, true, true},
    Function{"avg", Type::kReal, Null::kEmpty, false, true},
    Function{"min", Type::kUnknown, Null::kEmpty, true, true},
    Function{"max", Type::kUnknown, Null::kEmpty, true, true},
    Function{"group_concat", Type::kText, Null::kEmpty, false, true},
    Function{"string_agg", Type::kText, Null::kEmpty, false, true},
    Function{"array_agg", Type::kUnknown, Null::kEmpty, false, true},
    Function{"bool_and", Type::kBoolean, Null::kEmpty, false, true},
    Function{"bool_or", Type::kBoolean, Null::kEmpty, false, true},
    Function{"every", Type::kBoolean, Null::kEmpty, false, true},
    Function{"json_agg", Type::kJson, Null::kEmpty, false, true},
    Function{"jsonb_agg", Type::kJson, Null::kEmpty, false, true},
    Function{"json_group_array", Type::kJson, Null::kNever, false, true},
    Function{"json_group_object", Type::kJson, Null::kNever, false, true},
    Function{"row_number", Type::kInteger, Null::kNever},
    Function{"rank", Type::kInteger, Null::kNever},
    Function{"dense_rank", Type::kInteger, Null::kNever},
    Function{"ntile", Type::kInteger, Null::kNever},
    Function{"percent_rank", Type::kReal, Null::kNever},
    Function{"cume_dist", Type::kReal, Null::kNever},
    Function{"last_insert_rowid", Type::kInteger, Null::kNever},
    Function{"changes", Type::kInteger, Null::kNever},
    Function{"total_changes", Type::kInteger, Null::kNever},
    Function{"typeof", Type::kText, Null::kNever},
    Function{"quote", Type::kText, Null::kNever},
    Function{"printf", Type::kText, Null::kUnknown},
    Function{"format", Type::kText, Null::kUnknown},
    Function{"concat", Type::kText, Null::kNever},
    Function{"json_array", Type::kJson, Null::kNever},
    Function{"json_object", Type::kJson, Null::kNever},
    Function{"gen_random_uuid", Type::kUuid, Null::kNever},
    Function{"lower", Type::kText, Null::kStrict},
    Function{"upper", Type::kText, Null::kStrict},
    Function{"trim", Type::kText, Null::kStrict},
    Function{"ltrim", Type::kText, Null::kStrict},
    Function{"rtrim", Type::kText, Null::kStrict},
    Function{"replace", Type::kText, Null::kStrict},
    Function{"hex", Type::kText, Null::kNever},
    Function{"length", Type::kInteger, Null::kStrict},
    Function{"instr", Type::kInteger, Null::kStrict},
    Function{"abs", Type::kUnknown, Null::kStrict, true},
    Function{"date", Type::kText, Null::kUnknown},
    Function{"time", Type::kText, Null::kUnknown},
    Function{"datetime", Type::kText, Null::kUnknown},
    Function{"strftime", Type::kText, Null::kUnknown},
    Function{"julianday", Type::kReal, Null::kUnknown},
    Function{"unixepoch", Type::kInteger, Null::kUnknown},
    Function{"current_timestamp", Type::kTimestamp, Null::kNever},
    Function{"current_date", Type::kDate, Null::kNever},
    Function{"current_time", Type::kTime, Null::kNever},
    Function{"now", Type::kTimestamp, Null::kNever},
};
// With more than one argument they compare these, not rows.
constexpr Function kLeast = {"min", Type::kUnknown, Null::kStrict, true};

llvm::StringMap<const Function*> by_name() {
  llvm::StringMap<const Function*> table;
  for (const Function& each : kFunctions)
    table[each.name] = &each;
  return table;
}

}  // namespace

const Function* find_function(llvm::StringRef name, std::size_t arguments) {
  static const llvm::StringMap<const Function*> kByName = by_name();
  if ((name == "min" || name == "max") && arguments > 1) return &kLeast;
  return kByName.lookup(name);
}

}  // namespace zc::sql
