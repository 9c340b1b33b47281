// Status lines and reason phrases (RFC 9110, 15).
#pragma once

#include <cstdint>
#include <string_view>

namespace zerver {

// `HTTP/1.1 200 OK` with its CR LF; empty for a status without a registered phrase.
std::string_view status_line(std::uint16_t status) noexcept;

// `OK`; empty when there is none.
std::string_view reason_phrase(std::uint16_t status) noexcept;

// Responses of these statuses never have a body (RFC 9110, 6.4.1).
constexpr bool has_no_body(std::uint16_t status) noexcept {
  return status < 200 || status == 204 || status == 304;
}

}  // namespace zerver
