// How long whoever sent a request waits for its answer.
#pragma once

#include <zerver/core/message.h>
#include <zerver/core/time.h>

namespace zerver::flow {

// What the fields `Zerver-Timeout-Ms` and `X-Envoy-Expected-Rq-Timeout-Ms` say, the shorter one; max() when
// they say nothing, or nothing that makes sense. From the arrival of the request.
Duration patience_of(const Request& request) noexcept;

}  // namespace zerver::flow
