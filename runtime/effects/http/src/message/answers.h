// What statuses and bodies of failed requests say (RFC 9110, RFC 9457).
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/fault.h>
#include <zerver/core/time.h>
#include <zerver/flow/data/json_reader.h>

#include <cstdint>
#include <string_view>

namespace zerver::effects::http_client {

// The kind that stands for a status from 300 on, of those that an operation declares; what it does not
// declare is `rejected`.
FaultKind kind_of_status(std::uint16_t status, FaultKinds declared) noexcept;

// Retry-After: seconds or a date. Zero when there is none, it is malformed, or it has passed; a day at most.
Duration retry_after(std::string_view value, Timestamp now) noexcept;

// `application/json`, `application/problem+json` and the like.
bool is_json(std::string_view content_type) noexcept;

// What went wrong, for people: `detail` or `title` of a JSON document, such as a problem document, without
// control characters and not longer than 300 bytes; else the status. In the arena, or static.
String reason(std::uint16_t status, std::string_view content_type, std::string_view body,
              flow::JsonReader& reader, Arena& arena);

}  // namespace zerver::effects::http_client
