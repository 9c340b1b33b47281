// What the operator learns of a request that failed: clients get a problem document, which says less.
#pragma once

#include <zerver/core/fault.h>
#include <zerver/flow/exchange.h>

#include <cstdint>
#include <string_view>

namespace zerver::flow {

struct FailedRequest {
  std::uint16_t status = 500;    // of the answer
  std::string_view error = {};   // qualified: `todo.v1.NotFound`; empty when no declared error says it
  std::string_view domain = {};  // of that error
  std::string_view why = {};     // for people; empty: as the fault says
};

// The error in the request's timeline, and, when `status` is 500 or more or there is no `error`, one line in
// the log: a JSON object with status, error, domain, package, flow, route, step, its place in the `.flow`
// file, target and operation, the attempts that failed (the last one first), the request's trace and how long
// it took. `fault` is what the error was made of. No slot and no part of the request is in it but its method.
void report_failure(Exchange& exchange, const FailedRequest& failure, const Fault& fault = {}) noexcept;

// To be called while an exception is handled: the same, with the exceptions that are nested in it. Answers
// with the status: 503 when the arena is full, else 500.
std::uint16_t report_exception(Exchange& exchange) noexcept;

// The step that `fault` comes from, or else the one that runs.
std::string_view failed_step(const Exchange& exchange, const Fault& fault) noexcept;

// An error that a `rescue` or an `on error` takes, in the request's timeline, with the place of the step that
// has raised it. `error` is static.
void trace_taken(Exchange& exchange, trace::Kind kind, std::string_view error,
                 std::string_view step) noexcept;
inline void note_rescued(Exchange& exchange, std::string_view error, const Fault& fault = {}) noexcept {
  if (exchange.is_traced()) [[unlikely]]
    trace_taken(exchange, trace::Kind::kRescued, error, failed_step(exchange, fault));
}
inline void note_on_error(Exchange& exchange, std::string_view error, const Fault& fault = {}) noexcept {
  if (exchange.is_traced()) [[unlikely]]
    trace_taken(exchange, trace::Kind::kOnError, error, failed_step(exchange, fault));
}

}  // namespace zerver::flow
