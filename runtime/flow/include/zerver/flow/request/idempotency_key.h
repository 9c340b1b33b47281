// The field `Idempotency-Key` of a request.
#pragma once

#include <zerver/core/result.h>
#include <zerver/flow/exchange.h>

#include <cstddef>
#include <optional>
#include <string_view>

namespace zerver::flow {

inline constexpr std::size_t kLongestIdempotencyKey = 255;

// The key as the client means it: of a string in quotes (RFC 8941, as
// draft-ietf-httpapi-idempotency-key-header wants it) what is between them, else the whole value, when it has
// none of the characters that belong to structured fields. None when there is no such field. `invalid` when
// there are two, it is empty, longer than kLongestIdempotencyKey, or malformed. In the arena or of the
// request.
Result<std::optional<std::string_view>> read_idempotency_key(Exchange& exchange);

}  // namespace zerver::flow
