#include "compiler/check/effects/accesses.h"

#include "compiler/base/stable_sort.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace zc::check {

using model::Expression;
using model::ExpressionKind;

namespace {

bool same_constant(const model::Constant& left, const model::Constant& right) {
  return left.kind == right.kind && left.boolean == right.boolean && left.negative == right.negative &&
         left.integer == right.integer && left.floating == right.floating && left.text == right.text;
}

bool same_expression(const Expression& left, const Expression& right) {
  const bool same =
      left.kind == right.kind && left.op == right.op && left.part == right.part && left.slot == right.slot &&
      left.structure == right.structure && left.field == right.field && left.parameter == right.parameter &&
      left.name == right.name && left.names == right.names && same_constant(left.constant, right.constant);
  return same && std::equal(left.operands.begin(), left.operands.end(), right.operands.begin(),
                            right.operands.end(), same_expression);
}

// The same for the same expressions, and rarely for others.
void append_text(const Expression& expression, std::string& text) {
  text += std::to_string(static_cast<unsigned>(expression.kind)) + "." +
          std::to_string(expression.slot.raw()) + "." + std::to_string(expression.field) + expression.name +
          expression.constant.text + std::to_string(expression.constant.integer) + "(";
  for (const Expression& operand : expression.operands)
    append_text(operand, text);
  text += ")";
}

// In the order of the columns, so that two lists of the same columns are compared pair by pair.
std::vector<const SqlColumn*> sorted(const std::vector<SqlColumn>& keys) {
  std::vector<const SqlColumn*> result;
  for (const SqlColumn& key : keys)
    result.push_back(&key);
  zc::stable_sort(result,
                  [](const SqlColumn* left, const SqlColumn* right) { return left->name < right->name; });
  return result;
}

// Compares values of one request, or those of two runs of a loop's body.
class Values {
 public:
  explicit Values(const VaryingSlots* varying) : varying_(varying) {}

  [[nodiscard]] bool varies(const Expression& expression) const {
    if (varying_ == nullptr) return false;
    if (expression.kind == ExpressionKind::kSlot && varying_->contains(expression.slot)) return true;
    return std::any_of(expression.operands.begin(), expression.operands.end(),
                       [this](const Expression& operand) { return varies(operand); });
  }

  [[nodiscard]] bool same(const Expression& left, const Expression& right) const {
    return same_expression(left, right) && !varies(left);
  }

  [[nodiscard]] bool same(const SqlValue& left, const SqlValue& right) const {
    if (left.parameter == nullptr || right.parameter == nullptr) {
      return left.parameter == right.parameter && left.literal == right.literal;
    }
    return same(*left.parameter, *right.parameter);
  }

  [[nodiscard]] bool same_arguments(const model::EffectCall& left, const model::EffectCall& right) const {
    return std::equal(left.arguments.begin(), left.arguments.end(), right.arguments.begin(),
                      right.arguments.end(),
                      [this](const Expression& a, const Expression& b) { return same(a, b); });
  }

  // No row fulfils both, or the two are written as if none did.
  [[nodiscard]] bool different_rows(const SqlAccess& left, const SqlAccess& right) const {
    for (const SqlColumn& key : left.keys) {
      for (const SqlColumn& other : right.keys) {
        if (key.name == other.name && !same(key.value, other.value)) return true;
      }
    }
    return false;
  }

  // Whether a new row can be one that `other` asks for: it asks for any, or by a value that a row gets.
  [[nodiscard]] bool inserts_into(const SqlAccess& insert, const SqlAccess& other) const {
    bool asks = other.keys.empty();
    for (const SqlColumn& key : other.keys) {
      bool is_named = false;
      bool is_same = false;
      for (const SqlColumn& column : insert.inserted) {
        const bool may_be = column.name.empty() && key.value.parameter != nullptr;
        is_named = is_named || column.name == key.name;
        is_same = is_same || ((column.name == key.name || may_be) && same(column.value, key.value));
      }
      if (is_named && !is_same) return false;
      asks = asks || is_same;
    }
    return asks;
  }

 private:
  const VaryingSlots* varying_;
};

bool overlap(const std::vector<std::string>& left, const std::vector<std::string>& right) {
  std::vector<std::string> both;
  std::set_intersection(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(both));
  return !both.empty();
}

bool reads_what_is_written(const SqlAccess& reader, const SqlAccess& writer) {
  return reader.reads_all_columns || overlap(reader.read, writer.written);
}

// `c = c + 1` twice is the same in both orders.
bool only_adds(const SqlAccess& left, const SqlAccess& right) {
  std::vector<std::string> both;
  std::set_intersection(left.written.begin(), left.written.end(), right.written.begin(), right.written.end(),
                        std::back_inserter(both));
  return std::includes(left.added.begin(), left.added.end(), both.begin(), both.end()) &&
         std::includes(right.added.begin(), right.added.end(), both.begin(), both.end());
}

bool sql_conflict(const Access& first, const Access& second, const Values& values) {
  const SqlAccess* left = &*first.sql;
  const SqlAccess* right = &*second.sql;
  if (left->use > right->use) std::swap(left, right);
  if (left->use == right->use && left->use != SqlUse::kUpdate) return false;
  if (left->use == SqlUse::kRead && right->use == SqlUse::kInsert) return values.inserts_into(*right, *left);
  if (left->use == SqlUse::kInsert) return values.inserts_into(*left, *right);
  if (values.different_rows(*left, *right)) return false;
  if (right->use == SqlUse::kDelete) return true;
  if (left->use == SqlUse::kRead) return reads_what_is_written(*left, *right);
  if (reads_what_is_written(*left, *right) || reads_what_is_written(*right, *left)) return true;
  // The same statement with the same values comes to the same.
  if (values.same_arguments(*first.call, *second.call)) return false;
  return !only_adds(*left, *right);
}

bool call_conflict(const Access& left, const Access& right, const Values& values) {
  if (left.address != nullptr && right.address != nullptr && !values.same(*left.address, *right.address))
    return false;
  if (left.operation != right.operation) return true;
  return left.is_idempotent && !values.same_arguments(*left.call, *right.call);
}

AccessMode mode_of(SqlUse use) {
  switch (use) {
    case SqlUse::kRead:
      return AccessMode::kRead;
    case SqlUse::kInsert:
      return AccessMode::kAdd;
    case SqlUse::kUpdate:
    case SqlUse::kDelete:
      return AccessMode::kWrite;
  }
  return AccessMode::kWrite;
}

}  // namespace

std::string Access::form() const {
  if (!sql) return address == nullptr ? "" : "address";
  std::string columns;
  for (const SqlColumn* key : sorted(sql->keys))
    columns += key->name + " ";
  return columns;
}

std::string Access::values() const {
  std::string text;
  if (!sql) {
    if (address != nullptr) append_text(*address, text);
    return text;
  }
  for (const SqlColumn* key : sorted(sql->keys)) {
    text += key->value.literal + " ";
    if (key->value.parameter != nullptr) append_text(*key->value.parameter, text);
  }
  return text;
}

std::string Access::thing(const model::Program& program) const {
  if (sql) return "table `" + sql->table + "`";
  return "target `" + program.targets[call->target].origin.name + "`";
}

llvm::StringRef Access::verb() const {
  if (!sql) return mode == AccessMode::kRead ? "reads there" : "writes there";
  switch (sql->use) {
    case SqlUse::kRead:
      return "reads it";
    case SqlUse::kInsert:
      return "inserts into it";
    case SqlUse::kUpdate:
      return "updates it";
    case SqlUse::kDelete:
      return "deletes from it";
  }
  return {};
}

bool conflict(const Access& left, const Access& right, const VaryingSlots* varying) {
  if (left.mode == AccessMode::kRead && right.mode == AccessMode::kRead) return false;
  const Values values(varying);
  if (left.sql && right.sql) return sql_conflict(left, right, values);
  return call_conflict(left, right, values);
}

const std::vector<Access>& Accesses::of(const model::EffectCall& call) {
  const auto [entry, is_new] = made_.try_emplace(&call);
  if (is_new) entry->second = make(call);
  return entry->second;
}

std::vector<Access> Accesses::make(const model::EffectCall& call) const {
  std::vector<Access> result;
  const model::Operation& operation = model::operation_of(program_, call);
  if (operation.commits) return result;  // what it makes last was looked at where it was written
  Access access;
  access.call = &call;
  access.operation = call.operation;
  access.is_idempotent = operation.idempotent;
  if (operation.access == model::Access::kByStatement) {
    for (const Expression& argument : call.arguments) {
      if (argument.kind != ExpressionKind::kStatement) continue;
      for (SqlAccess& sql : sql_accesses(argument)) {
        access.mode = mode_of(sql.use);
        access.sql = std::move(sql);
        result.push_back(access);
      }
    }
    return result;
  }
  if (call.access == model::Access::kRead) {
    access.mode = AccessMode::kRead;
  } else {
    access.mode = operation.idempotent ? AccessMode::kWrite : AccessMode::kAdd;
  }
  if (!call.arguments.empty()) access.address = &call.arguments.front();
  result.push_back(access);
  return result;
}

}  // namespace zc::check
