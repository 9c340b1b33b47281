#include "data/base64.h"
#include "request/field_text.h"
#include <zerver/flow/data/text.h>
#include <zerver/flow/data/utf8.h>
#include <zerver/flow/request/idempotency_key.h>
#include <zerver/flow/request/request_parts.h>
#include <zerver/flow/service.h>

#include <algorithm>

namespace zerver::flow {

namespace {

// 16 for what is no digit.
constexpr unsigned hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return 16;
}

// A name or a value of application/x-www-form-urlencoded (WHATWG URL, section 5.1), as queries have them, but
// a `%` that is not followed by two digits is refused: null.
std::optional<std::string_view> decode_query(Arena& arena, std::string_view raw) {
  if (raw.find_first_of("%+") == std::string_view::npos) return raw;
  char* const begin = static_cast<char*>(arena.allocate(raw.size(), 1));
  char* at = begin;
  for (std::size_t index = 0; index < raw.size(); ++index) {
    if (raw[index] == '+') {
      *at++ = ' ';
    } else if (raw[index] == '%') {
      if (raw.size() - index < 3) return std::nullopt;
      const unsigned high = hex_digit(raw[index + 1]);
      const unsigned low = hex_digit(raw[index + 2]);
      if (high > 15 || low > 15) return std::nullopt;
      *at++ = static_cast<char>(high << 4U | low);
      index += 2;
    } else {
      *at++ = raw[index];
    }
  }
  return std::string_view(begin, static_cast<std::size_t>(at - begin));
}

// Of two texts of which one is in lower case already.
bool ends_with_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  return text.size() >= lower.size() && equals_ignoring_case(text.substr(text.size() - lower.size()), lower);
}

// RFC 6839 and 8259. Parameters say nothing: JSON is UTF-8. curl, libraries and HTML call a form whatever
// they send when nobody tells them otherwise.
bool may_be_json(std::string_view content_type) noexcept {
  const std::string_view type = trimmed(content_type.substr(0, content_type.find(';')));
  return type.empty() || equals_ignoring_case(type, "application/json") ||
         ends_with_ignoring_case(type, "+json") || equals_ignoring_case(type, "text/json") ||
         equals_ignoring_case(type, "application/x-www-form-urlencoded");
}

constexpr Fault kNoJson{FaultKind::kUnsupported, "the body is taken as application/json only", {}, 415};
constexpr Fault kNoDocument{
    FaultKind::kUnsupported, "the body is taken as application/json or application/msgpack only", {}, 415};
constexpr Fault kCoded{FaultKind::kUnsupported, "the body is taken without a content coding only", {}, 415};

}  // namespace

const Fault* refusal_of_body(const Exchange& exchange, Format& format) noexcept {
  const bool takes_message_pack = exchange.flow() != nullptr && exchange.flow()->message_pack;
  format = Format::kJson;
  bool has_type = false;
  for (const Header& header : exchange.request.headers) {
    if (equals_ignoring_case(header.name, "content-type")) {
      const bool is_json = may_be_json(header.value);
      if (!is_json && !takes_message_pack) return &kNoJson;
      if (!is_json && !is_message_pack(header.value)) return &kNoDocument;
      const Format said = is_json ? Format::kJson : Format::kMessagePack;
      if (has_type && said != format) return &kNoDocument;
      has_type = true;
      format = said;
    }
    if (equals_ignoring_case(header.name, "content-encoding") && !header.value.empty() &&
        !equals_ignoring_case(header.value, "identity"))
      return &kCoded;
  }
  return nullptr;
}

Result<std::optional<std::string_view>> query_value(Exchange& exchange, std::string_view name) {
  std::string_view rest = exchange.request.query;
  while (!rest.empty()) {
    std::string_view raw_value = take_until(rest, '&');
    const std::string_view raw_name = take_until(raw_value, '=');
    if (decode_query(exchange.arena(), raw_name) != name) continue;
    const std::optional<std::string_view> value = decode_query(exchange.arena(), raw_value);
    if (value) return value;
    return detail::invalid_part(exchange.arena(), "query parameter", name, "is not percent-encoded right");
  }
  return std::optional<std::string_view>();
}

Result<std::span<const std::string_view>> query_values(Exchange& exchange, std::string_view name) {
  std::size_t count = 0;
  for (std::string_view rest = exchange.request.query; !rest.empty();) {
    std::string_view raw_value = take_until(rest, '&');
    if (decode_query(exchange.arena(), take_until(raw_value, '=')) == name) ++count;
  }
  const std::span<std::string_view> values = exchange.arena().make_array<std::string_view>(count);
  std::size_t at = 0;
  for (std::string_view rest = exchange.request.query; at < count;) {
    std::string_view raw_value = take_until(rest, '&');
    if (decode_query(exchange.arena(), take_until(raw_value, '=')) != name) continue;
    const std::optional<std::string_view> value = decode_query(exchange.arena(), raw_value);
    if (!value)
      return detail::invalid_part(exchange.arena(), "query parameter", name, "is not percent-encoded right");
    values[at++] = *value;
  }
  return std::span<const std::string_view>(values);
}

std::optional<std::string_view> header_value(const Exchange& exchange,
                                             std::string_view lower_case_name) noexcept {
  const Header* const header = find_header(exchange.request.headers, lower_case_name);
  if (header == nullptr) return std::nullopt;
  return header->value;
}

std::optional<std::string_view> cookie_value(const Exchange& exchange, std::string_view name) noexcept {
  // RFC 6265, section 4.2.1; HTTP/2 may split the field, so all of that name count.
  for (const Header& header : exchange.request.headers) {
    if (!equals_ignoring_case(header.name, "cookie")) continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      std::string_view value = take_until(rest, ';');
      if (trimmed(take_until(value, '=')) != name) continue;
      value = trimmed(value);
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
      return value;
    }
  }
  return std::nullopt;
}

String idempotency_key(Exchange& exchange) {
  const Result<std::optional<std::string_view>> written = read_idempotency_key(exchange);
  if (written && *written) return String::borrowed(**written);
  // One that is malformed still tells requests apart.
  if (const std::optional<std::string_view> key = header_value(exchange, "idempotency-key");
      key && !key->empty())
    return String::borrowed(*key);
  const std::span<char> text = exchange.arena().make_array<char>(Uuid::kText);
  Uuid::generate(exchange.worker().random()).write(text.data());
  return String::borrowed({text.data(), text.size()});
}

Result<String> body_text(Exchange& exchange) {
  const std::string_view body = exchange.request.body;
  if (!is_utf8(body)) return Fault{FaultKind::kInvalid, "the body is no UTF-8", {}};
  return String::borrowed(body);
}

namespace detail {

Fault missing_part(Arena& arena, std::string_view what, std::string_view name) {
  return {FaultKind::kInvalid, concat(arena, {"the ", what, " `", name, "` is missing"}), {}};
}

Fault invalid_part(Arena& arena, std::string_view what, std::string_view name, std::string_view why) {
  return {FaultKind::kInvalid, concat(arena, {"the ", what, " `", name, "` ", why}), {}};
}

bool parse_bytes(Arena& arena, std::string_view text, Bytes& out) {
  char* const bytes = static_cast<char*>(arena.allocate(base64_bytes(text.size()) + 1, 1));
  const std::optional<std::size_t> size = read_base64(text, bytes);
  if (!size) return false;
  out = Bytes::borrowed({bytes, *size});
  return true;
}

}  // namespace detail

}  // namespace zerver::flow
