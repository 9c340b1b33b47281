// Requests that come again: the first one is carried out, its answer is kept, and given to those that follow.
//
// IETF draft-ietf-httpapi-idempotency-key-header. The answer is kept in a target of the adapter `kv`, under
// the flow, who asks (the field Authorization, else Cookie) and the key, so that nobody gets what another one
// was answered.
#pragma once

#include <zerver/core/time.h>
#include <zerver/flow/block/branch.h>
#include <zerver/flow/exchange.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerver::idempotency {

// Answers with larger bodies are not kept; who asks again is told so.
inline constexpr std::size_t kLargestBody = std::size_t{256} << 10;

// The setting of a flow.
struct Site {
  std::uint16_t target = 0;          // position in PackageInfo::targets
  std::string_view flow = {};        // qualified
  bool required = false;             // a request without a key is refused
  bool waits = false;                // for one with the same key that is under way; else that is a conflict
  bool retries_interrupted = false;  // runs again what was interrupted; else that is a conflict
  Duration life;                     // of what is kept
  Duration lease;                    // a request that is under way for longer has been interrupted
};

// Before the flow's own steps, which run unless the exit is left: then the request is answered. What the flow
// answers later is kept before the client gets it: neither 408, 425, 429 nor 5xx, behind which the client may
// try again. `site` is static.
flow::Branch claim(flow::Exchange& exchange, const Site& site);

}  // namespace zerver::idempotency
