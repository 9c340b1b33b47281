#include <zerver/flow/request/accept.h>
#include <zerver/flow/request/answer.h>

#include <algorithm>
#include <stdexcept>

namespace zerver::flow {

namespace {

// RFC 9110, section 5.5: no control characters but the tab.
bool is_field_character(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7F) || c == '\t';
}

}  // namespace

JsonWriter detail::begin_negotiated(Exchange& exchange) {
  const std::string_view packed = preferred_message_pack(exchange.request.headers);
  exchange.body_buffer().clear();
  exchange.response.content_type = packed.empty() ? kJsonType : packed;
  answer_header(exchange, "Vary", "Accept");
  return JsonWriter(exchange.body_buffer(), packed.empty() ? Format::kJson : Format::kMessagePack);
}

std::string_view field_value(std::string_view value) {
  if (!std::ranges::all_of(value, is_field_character))
    throw std::invalid_argument("the value of a header field has control characters");
  return value;
}

void answer_header(Exchange& exchange, std::string_view name, std::string_view value) {
  if (!exchange.response.add_header(name, field_value(value))) {
    throw std::length_error("the response has too many header fields");
  }
}

}  // namespace zerver::flow
