// How a call has ended: codes of gRPC, and the faults that they are.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/fault.h>
#include <zerver/effects/http/http_service.h>

#include <cstdint>
#include <string_view>

namespace zerver::effects::grpc_client {

enum Code : std::uint16_t { kOk = 0, kUnknown = 2, kInternal = 13 };

struct Status {
  std::uint16_t code = kOk;
  std::string_view message = {};   // percent-encoded, as it came
  std::string_view pushback = {};  // `grpc-retry-pushback-ms`
};

// From the trailers, or from the headers when nothing else came; else what the status of HTTP stands for
// (doc/http-grpc-status-mapping.md).
Status status_of(const HttpResponse& response) noexcept;

// "not_found"; empty for a code that there is not.
std::string_view name_of(std::uint16_t code) noexcept;

// A kind that is not declared becomes `rejected`. `why` is the message as a line of text, or the code's name;
// in the arena, or static.
Fault fault_of(const Status& status, FaultKinds declared, Arena& arena);

}  // namespace zerver::effects::grpc_client
