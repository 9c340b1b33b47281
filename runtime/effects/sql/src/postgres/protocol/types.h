// The types of PostgreSQL that have a form of their own here, by their numbers in its catalog (pg_type.dat).
#pragma once

#include <libpq-fe.h>

#include <cstdint>

namespace zerver::effects::postgres {

namespace type {

inline constexpr Oid kBool = 16;
inline constexpr Oid kBytea = 17;
inline constexpr Oid kChar = 18;
inline constexpr Oid kName = 19;
inline constexpr Oid kInt8 = 20;
inline constexpr Oid kInt2 = 21;
inline constexpr Oid kInt4 = 23;
inline constexpr Oid kText = 25;
inline constexpr Oid kOid = 26;
inline constexpr Oid kJson = 114;
inline constexpr Oid kFloat4 = 700;
inline constexpr Oid kFloat8 = 701;
inline constexpr Oid kUnknown = 705;
inline constexpr Oid kBpchar = 1042;
inline constexpr Oid kVarchar = 1043;
inline constexpr Oid kDate = 1082;
inline constexpr Oid kTimestamp = 1114;
inline constexpr Oid kTimestamptz = 1184;
inline constexpr Oid kInterval = 1186;
inline constexpr Oid kNumeric = 1700;
inline constexpr Oid kUuid = 2950;
inline constexpr Oid kJsonb = 3802;

}  // namespace type

// Its binary form is the text itself.
constexpr bool is_text(Oid oid) noexcept {
  return oid == type::kText || oid == type::kVarchar || oid == type::kBpchar || oid == type::kName ||
         oid == type::kUnknown || oid == type::kJson;
}

// Rows with such columns alone are asked for in binary; all others are read as text.
constexpr bool is_read_as_binary(Oid oid) noexcept {
  switch (oid) {
    case type::kBool:
    case type::kBytea:
    case type::kInt2:
    case type::kInt4:
    case type::kInt8:
    case type::kFloat4:
    case type::kFloat8:
    case type::kTimestamp:
    case type::kTimestamptz:
    case type::kUuid:
    case type::kJsonb:
      return true;
    default:
      return is_text(oid);
  }
}

// Its times count from 2000-01-01, ours from 1970-01-01.
inline constexpr std::int64_t kEpochMicroseconds = std::int64_t{10'957} * 86'400 * 1'000'000;

}  // namespace zerver::effects::postgres
