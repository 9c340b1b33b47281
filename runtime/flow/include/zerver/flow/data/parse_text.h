// Text to values of the language's types, as in paths, queries, header fields and database columns.
#pragma once

#include <zerver/core/decimal.h>
#include <zerver/core/string.h>
#include <zerver/core/time.h>
#include <zerver/core/uuid.h>
#include <zerver/flow/data/text.h>

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace zerver::flow {

// The whole text, or false. Numbers are decimal without a leading `+` or white space; `true` and `false`; no
// infinities, no NaN.
bool parse_text(std::string_view text, bool& out) noexcept;
bool parse_text(std::string_view text, std::int32_t& out) noexcept;
bool parse_text(std::string_view text, std::uint32_t& out) noexcept;
bool parse_text(std::string_view text, std::int64_t& out) noexcept;
bool parse_text(std::string_view text, std::uint64_t& out) noexcept;
bool parse_text(std::string_view text, double& out) noexcept;
// Not copied; false when it is no UTF-8.
bool parse_text(std::string_view text, String& out) noexcept;
bool parse_text(std::string_view text, Uuid& out) noexcept;
bool parse_text(std::string_view text, Timestamp& out) noexcept;
bool parse_text(std::string_view text, Duration& out) noexcept;
bool parse_text(std::string_view text, Decimal& out) noexcept;

template <StrongScalar Scalar> bool parse_text(std::string_view text, Scalar& out) noexcept {
  return parse_text(text, out.value);
}
// By the enum's generated `from_string`.
template <class Enum>
  requires std::is_enum_v<Enum>
bool parse_text(std::string_view text, Enum& out) noexcept {
  return from_string(text, out);
}

}  // namespace zerver::flow
