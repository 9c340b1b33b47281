// The pure steps of the todos service: what SQL and the generated code cannot say.

#include "auth.flow.h"
#include "todos.flow.h"

#include <algorithm>
#include <string_view>

namespace {

constexpr std::string_view kScheme = "bearer";

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

// The characters of RFC 6750's `b64token`, without the padding, which may only stand at the end.
bool is_token_character(char c) {
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
         std::string_view("-._~+/").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  const std::size_t padding = text.find_last_not_of('=') + 1;
  const std::string_view characters = text.substr(0, padding);
  return !characters.empty() && std::ranges::all_of(characters, is_token_character);
}

// The token of `Bearer <token>`; empty when the field says something else. The scheme's case does not matter
// (RFC 9110, 11.1).
std::string_view bearer_token(std::string_view authorization) {
  const std::size_t space = authorization.find(' ');
  if (space == std::string_view::npos) return {};
  if (!std::ranges::equal(authorization.substr(0, space), kScheme, {}, lower)) return {};
  const std::size_t begin = authorization.find_first_not_of(' ', space);
  if (begin == std::string_view::npos) return {};
  const std::string_view token = authorization.substr(begin);
  return is_token(token) ? token : std::string_view();
}

}  // namespace

namespace auth {

parse_token::Decision parse_token::run(View& view) {
  const auto authorization = view.authorization();
  if (!authorization) return fail(Unauthorized{});
  const std::string_view token = bearer_token(*authorization);
  if (token.empty()) return fail(Unauthorized{});
  view.set_token(Token{view.text(token)});
  return proceed();
}

}  // namespace auth

namespace todos {

check_owner::Decision check_owner::run(View& view) {
  if (view.todo().owner != view.user().id) return fail(NotFound{view.todo().id});
  return proceed();
}

apply::Decision apply::run(View& view) {
  const Change& change = view.change();
  if (!change.title && !change.due && !change.done) return fail(NothingToChange{});
  Todo changed = view.todo();
  changed.title = change.title.value_or(changed.title);
  changed.done = change.done.value_or(changed.done);
  if (change.due) changed.due = change.due;
  view.set_changed(changed);
  return proceed();
}

}  // namespace todos
