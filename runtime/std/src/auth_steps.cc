// The steps of zerver.auth.
#include "zerver/auth.flow.h"

#include <algorithm>
#include <string_view>

namespace zerver::auth {

namespace {

constexpr std::string_view kScheme = "bearer";

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// A character of RFC 6750's `b64token`, without the padding at its end.
bool is_token_character(char c) noexcept {
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
         std::string_view("-._~+/").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) noexcept {
  const std::string_view characters = text.substr(0, text.find_last_not_of('=') + 1);
  return !characters.empty() && std::ranges::all_of(characters, is_token_character);
}

}  // namespace

parse_token::Decision parse_token::run(View& view) {
  const auto authorization = view.authorization();
  if (!authorization) return fail(Unauthorized{});
  const std::string_view field = *authorization;
  // The scheme's case does not matter (RFC 9110, section 11.1).
  const std::size_t space = std::min(field.find(' '), field.size());
  if (!std::ranges::equal(field.substr(0, space), kScheme, {}, lower)) return fail(Unauthorized{});
  const std::string_view token = field.substr(std::min(field.find_first_not_of(' ', space), field.size()));
  if (!is_token(token)) return fail(Unauthorized{});
  view.set_token(view.text(token));
  return proceed();
}

}  // namespace zerver::auth
