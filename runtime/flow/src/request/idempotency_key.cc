#include <zerver/flow/request/idempotency_key.h>

#include <algorithm>

namespace zerver::flow {

namespace {

constexpr std::string_view kName = "idempotency-key";

Fault malformed(String why) noexcept { return {FaultKind::kInvalid, why, {}}; }

bool is_visible(char character) noexcept { return character > ' ' && character < '\x7f'; }

// Not those that separate or quote, which mean that something else than a key was sent.
bool is_bare(char character) noexcept {
  return is_visible(character) && std::string_view("\"\\,;()").find(character) == std::string_view::npos;
}

// RFC 8941, 4.2.5.
Result<std::optional<std::string_view>> unquoted(Exchange& exchange, std::string_view text) {
  const auto wrong = malformed("the `Idempotency-Key` is no string in quotes");
  const std::span<char> out = exchange.arena().make_array<char>(text.size());
  std::size_t size = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    char character = text[i];
    if (character == '"') {
      if (i + 1 != text.size()) return wrong;
      return std::optional(std::string_view(out.data(), size));
    }
    if (character == '\\') {
      if (++i == text.size()) return wrong;
      character = text[i];
      if (character != '"' && character != '\\') return wrong;
    } else if (character < ' ' || character > '~') {
      return wrong;
    }
    out[size++] = character;
  }
  return wrong;
}

}  // namespace

Result<std::optional<std::string_view>> read_idempotency_key(Exchange& exchange) {
  std::optional<std::string_view> value;
  for (const Header& header : exchange.request.headers) {
    if (!equals_ignoring_case(header.name, kName)) continue;
    if (value) return malformed("there is more than one `Idempotency-Key`");
    value = header.value;
  }
  if (!value) return std::optional<std::string_view>();
  Result<std::optional<std::string_view>> key = value;
  if (value->starts_with('"')) {
    key = unquoted(exchange, *value);
    if (!key) return key;
  } else if (!std::ranges::all_of(*value, is_bare)) {
    return malformed("the `Idempotency-Key` is neither a string in quotes nor a bare word");
  }
  if ((*key)->empty()) return malformed("the `Idempotency-Key` is empty");
  if ((*key)->size() > kLongestIdempotencyKey)
    return malformed("the `Idempotency-Key` is longer than 255 characters");
  return key;
}

}  // namespace zerver::flow
