// One row of the table for each type of the language.

#include "compiler/check/sql/compatibility.h"

#include <initializer_list>

namespace zc::check {

using model::TypeKind;
using sql::Type;

namespace {

bool is_one_of(Type type, std::initializer_list<Type> types) {
  for (const Type each : types)
    if (each == type) return true;
  return false;
}

bool is_text_of_its_own(Type type) {
  return is_one_of(type, {Type::kText, Type::kUuid, Type::kTimestamp, Type::kDate, Type::kTime,
                          Type::kInterval, Type::kJson});
}

// What is kept as a number of seconds or days in a database that has no times.
bool is_time(Type type) { return is_one_of(type, {Type::kTimestamp, Type::kDate, Type::kTime}); }

}  // namespace

bool can_compare(TypeKind kind, Type type) {
  const bool is_number = kind == TypeKind::kF64 || kind == TypeKind::kDecimal;
  return (is_number && sql::is_numeric(type)) || can_store(kind, type);
}

bool can_store(TypeKind kind, Type type) {
  if (type == Type::kUnknown) return true;
  switch (kind) {
    case TypeKind::kBool:
      return is_one_of(type, {Type::kBoolean, Type::kInteger});
    case TypeKind::kI32:
    case TypeKind::kI64:
    case TypeKind::kU32:
      return sql::is_numeric(type) || is_time(type);
    case TypeKind::kU64:  // above 2^63 it is bound as text
      return sql::is_numeric(type) || is_time(type) || type == Type::kText;
    case TypeKind::kF64:
      return is_one_of(type, {Type::kReal, Type::kDecimal}) || is_time(type);
    case TypeKind::kDecimal:
      return is_one_of(type, {Type::kDecimal, Type::kText});
    case TypeKind::kString:
      return is_text_of_its_own(type);
    case TypeKind::kBytes:
      return type == Type::kBlob;
    case TypeKind::kUuid:
      return is_one_of(type, {Type::kUuid, Type::kText});
    case TypeKind::kTimestamp:
      return is_one_of(type, {Type::kTimestamp, Type::kDate, Type::kText});
    case TypeKind::kDuration:
      return is_one_of(type, {Type::kInterval, Type::kText});
    case TypeKind::kJson:
      return is_one_of(type, {Type::kJson, Type::kText});
    case TypeKind::kEnum:
      return type == Type::kText;
    case TypeKind::kList:  // as JSON; arrays of PostgreSQL are unknown
      return is_one_of(type, {Type::kJson, Type::kText});
    default:
      return true;  // reported where it is bound
  }
}

bool rounds_digits(TypeKind kind, llvm::StringRef declared) {
  if (kind != TypeKind::kDecimal && kind != TypeKind::kU64) return false;
  if (declared.contains_insensitive("int")) return true;
  for (const llvm::StringRef word : {"char", "clob", "text", "blob"})
    if (declared.contains_insensitive(word)) return false;
  return !declared.empty();
}

bool can_read(TypeKind kind, Type type) {
  if (type == Type::kUnknown) return true;
  switch (kind) {
    case TypeKind::kI32:
    case TypeKind::kI64:
    case TypeKind::kU32:
      return is_one_of(type, {Type::kInteger, Type::kDecimal}) || is_time(type);
    case TypeKind::kU64:
      return is_one_of(type, {Type::kInteger, Type::kDecimal, Type::kText}) || is_time(type);
    case TypeKind::kF64:
      return sql::is_numeric(type) || is_time(type);
    case TypeKind::kDecimal:
      return sql::is_numeric(type) || type == Type::kText;
    case TypeKind::kBytes:
      return is_one_of(type, {Type::kBlob, Type::kText});
    default:
      return can_store(kind, type);
  }
}

llvm::StringRef type_word(Type type) {
  switch (type) {
    case Type::kUnknown:
      return "unknown";
    case Type::kBoolean:
      return "boolean";
    case Type::kInteger:
      return "integer";
    case Type::kReal:
      return "real";
    case Type::kDecimal:
      return "numeric";
    case Type::kText:
      return "text";
    case Type::kBlob:
      return "blob";
    case Type::kUuid:
      return "uuid";
    case Type::kTimestamp:
      return "timestamp";
    case Type::kDate:
      return "date";
    case Type::kTime:
      return "time";
    case Type::kInterval:
      return "interval";
    case Type::kJson:
      return "json";
  }
  return "";
}

}  // namespace zc::check
