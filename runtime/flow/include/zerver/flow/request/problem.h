// Answers to requests that failed: application/problem+json, RFC 9457.
#pragma once

#include <zerver/core/fault.h>
#include <zerver/flow/data/json_codec.h>
#include <zerver/flow/exchange.h>

#include <cstdint>
#include <string_view>

namespace zerver::flow {

inline constexpr std::string_view kProblemType = "application/problem+json";

// Writes one problem into the body buffer, over whatever was there; finish() makes it the response.
class ProblemWriter {
 public:
  // `type` identifies the error (a URI reference, `about:blank` says no more than the status does), `title`
  // says it to people.
  ProblemWriter(Exchange& exchange, std::uint16_t status, std::string_view type, std::string_view title);

  // What went wrong this time: the fault's `why` as `detail`, and its `pointer`. Left out when empty.
  ProblemWriter& fault(const Fault& fault);
  // An extension member, such as a field of the error.
  template <class T> ProblemWriter& field(std::string_view name, const T& value) {
    json_.key(name);
    write_json(json_, value);
    return *this;
  }
  // The header field Retry-After, for errors marked `@retryable`.
  ProblemWriter& retry_after(std::uint32_t seconds);
  void finish();

 private:
  Exchange* exchange_;
  JsonWriter json_;
  std::uint16_t status_;
};

// A problem of which nothing more is known than its status.
void answer_problem(Exchange& exchange, std::uint16_t status, std::string_view detail = {});
// 504: the flow was given up, because its deadline passed or because its client is gone.
void answer_cancelled(Exchange& exchange);
// 500, and one line in the log with the step's name; the client learns nothing more.
void answer_internal(Exchange& exchange, std::string_view why);
// A fault that the step's `fails` does not cover: `cancelled` like answer_cancelled(), `unsupported` as 415
// with what is supported, a value that an adapter refuses as 400, else like answer_internal().
void answer_fault(Exchange& exchange, const Fault& fault);
// 500 like answer_internal(): the step went on without writing a slot that it declares.
void answer_unwritten(Exchange& exchange, std::string_view slot);
// To be called while an exception is handled: 503 when the arena is full, else like answer_internal().
void answer_exception(Exchange& exchange) noexcept;

}  // namespace zerver::flow
