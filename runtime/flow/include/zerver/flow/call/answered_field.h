// Fields of errors from the JSON that a target has failed with.
#pragma once

#include <zerver/core/fault.h>
#include <zerver/flow/data/json_codec.h>
#include <zerver/flow/exchange.h>
#include <zerver/flow/worker.h>

#include <optional>
#include <string_view>

namespace zerver::flow {

// Nothing when the answer was no JSON object, has no such field, or has null or something else in it. Throws
// ArenaFull.
template <class T>
std::optional<T> answered_field(Exchange& exchange, const Fault& fault, std::string_view name) {
  if (fault.document.empty()) return std::nullopt;
  const JsonValue* const document =
      exchange.worker().json_reader().parse(fault.document, 0, exchange.arena());
  if (document == nullptr) return std::nullopt;
  JsonObject fields(*document);
  while (fields.next()) {
    if (fields.name() != name) continue;
    T value{};
    if (fields.value().is_null() || !read_json(fields.value(), value)) return std::nullopt;
    return value;
  }
  return std::nullopt;
}

// What such a failure is when its answer does not have what its error says: none that could be understood.
Fault incomplete(const Fault& fault) noexcept;

}  // namespace zerver::flow
