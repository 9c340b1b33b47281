// Answers to requests that succeeded.
#pragma once

#include <zerver/flow/data/json_codec.h>
#include <zerver/flow/exchange.h>
#include <zerver/flow/service.h>
#include <zerver/flow/step.h>

#include <cstdint>
#include <string_view>

namespace zerver::flow {

inline constexpr std::string_view kTextType = "text/plain; charset=utf-8";

// `body` is static, in the arena or part of the request; `return 204;` has neither type nor body.
inline void answer(Exchange& exchange, std::uint16_t status, std::string_view content_type = {},
                   std::string_view body = {}) {
  exchange.response.status = status;
  exchange.response.content_type = content_type;
  exchange.response.body = body;
}

// The answer of a step that is done.
inline void answer(Exchange& exchange, const Answer& answer_of_step) {
  answer(exchange, answer_of_step.status, answer_of_step.content_type, answer_of_step.body);
}

namespace detail {
// In the format that the client prefers.
JsonWriter begin_negotiated(Exchange& exchange);
}  // namespace detail

// Around the writing of a body: JSON, or what the client prefers of the formats that its flow speaks. With a
// `content_type`, JSON of that type.
inline JsonWriter begin_json(Exchange& exchange) {
  const FlowInfo* const flow = exchange.flow();
  if (flow != nullptr && flow->message_pack) [[unlikely]]
    return detail::begin_negotiated(exchange);
  exchange.body_buffer().clear();
  exchange.response.content_type = kJsonType;
  return exchange.json();
}
inline JsonWriter begin_json(Exchange& exchange, std::string_view content_type) noexcept {
  exchange.body_buffer().clear();
  exchange.response.content_type = content_type;
  return exchange.json();
}
inline void end_json(Exchange& exchange, std::uint16_t status) {
  answer(exchange, status, exchange.response.content_type, exchange.body_buffer().view());
}
template <class T> void answer_json(Exchange& exchange, std::uint16_t status, const T& value) {
  JsonWriter json = begin_json(exchange);
  write_json(json, value);
  end_json(exchange, status);
}
template <class T>
void answer_json(Exchange& exchange, std::uint16_t status, const T& value, std::string_view content_type) {
  JsonWriter json = begin_json(exchange, content_type);
  write_json(json, value);
  end_json(exchange, status);
}

// The value as it is. Throws std::invalid_argument when it has control characters, which could end the field.
std::string_view field_value(std::string_view value);
// A further field of the response; `value` is static or in the arena. Throws as field_value() does, and
// std::length_error when there are too many fields.
void answer_header(Exchange& exchange, std::string_view name, std::string_view value);

}  // namespace zerver::flow
