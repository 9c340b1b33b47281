#include <zerver/core/status.h>
#include <zerver/flow/data/text.h>
#include <zerver/flow/request/answer.h>
#include <zerver/flow/request/failure.h>
#include <zerver/flow/request/problem.h>

namespace zerver::flow {

namespace {

// What is left when even a problem's text cannot be made.
void answer_bare(Exchange& exchange, std::uint16_t status, std::string_view json) noexcept {
  exchange.response.reset();
  exchange.response.status = status;
  exchange.response.content_type = kProblemType;
  exchange.response.body = json;
}

// The client's mistake. It learns what it may send instead: RFC 9110, 12.5.1 and 12.5.3.
void answer_unsupported(Exchange& exchange, const Fault& fault) {
  answer_problem(exchange, 415, fault.why);
  if (exchange.request.has_header("content-encoding")) answer_header(exchange, "Accept-Encoding", "identity");
  const FlowInfo* const flow = exchange.flow();
  answer_header(exchange, "Accept",
                flow != nullptr && flow->message_pack ? "application/json, application/msgpack" : kJsonType);
}

}  // namespace

ProblemWriter::ProblemWriter(Exchange& exchange, std::uint16_t status, std::string_view type,
                             std::string_view title)
    : exchange_(&exchange), json_(begin_json(exchange, kProblemType)), status_(status) {
  // Header fields of an answer that was begun do not belong to the problem.
  exchange.response.reset();
  json_.begin_object();
  json_.key("type");
  json_.string(type);
  json_.key("title");
  json_.string(title);
  json_.key("status");
  json_.integer(std::uint64_t{status});
}

ProblemWriter& ProblemWriter::fault(const Fault& fault) {
  if (!fault.why.empty()) {
    json_.key("detail");
    json_.string(fault.why);
  }
  if (!fault.pointer.empty()) {
    json_.key("pointer");
    json_.string(fault.pointer);
  }
  return *this;
}

ProblemWriter& ProblemWriter::retry_after(std::uint32_t seconds) {
  answer_header(*exchange_, "Retry-After", concat(exchange_->arena(), {seconds}));
  return *this;
}

void ProblemWriter::finish() {
  json_.end_object();
  // RFC 9110, section 11.6.1, wants the scheme to be named; bearer tokens are the one that flows know.
  if (status_ == 401) answer_header(*exchange_, "WWW-Authenticate", "Bearer");
  answer(*exchange_, status_, kProblemType, exchange_->body_buffer().view());
}

void answer_problem(Exchange& exchange, std::uint16_t status, std::string_view detail) {
  const std::string_view phrase = reason_phrase(status);
  ProblemWriter problem(exchange, status, "about:blank", phrase.empty() ? "Error" : phrase);
  problem.fault({FaultKind::kInternal, String::borrowed(detail), {}});
  problem.finish();
}

void answer_cancelled(Exchange& exchange) {
  constexpr std::string_view kWhy = "the request took too long";
  // Nobody gets the answer when the client has gone.
  if (!exchange.cancelled()) report_failure(exchange, {.status = 504, .why = kWhy});
  answer_problem(exchange, 504, kWhy);
}

void answer_internal(Exchange& exchange, std::string_view why) {
  report_failure(exchange, {.status = 500, .why = why});
  answer_problem(exchange, 500);
}

void answer_fault(Exchange& exchange, const Fault& fault) {
  if (fault.kind == FaultKind::kCancelled) return answer_cancelled(exchange);
  if (fault.kind == FaultKind::kUnsupported) return answer_unsupported(exchange, fault);
  // An adapter that blames a value of the request says so; any other is ours, such as a reply that is no
  // JSON.
  if (fault.kind == FaultKind::kInvalid && fault.status == 400) {
    report_failure(exchange, {.status = 400}, fault);
    return answer_problem(exchange, 400, "a value cannot be used for what was asked for");
  }
  report_failure(exchange, {.status = 500}, fault);
  answer_problem(exchange, 500);
}

void answer_unwritten(Exchange& exchange, std::string_view slot) {
  answer_internal(exchange, concat(exchange.arena(), {"it went on without writing slot `", slot, "`"}));
}

void answer_exception(Exchange& exchange) noexcept {
  if (report_exception(exchange) == 503)
    return answer_bare(exchange, 503, R"({"type":"about:blank","title":"Service Unavailable","status":503})");
  try {
    answer_problem(exchange, 500);
  } catch (...) {
    // No memory to say it with.
    answer_bare(exchange, 500, R"({"type":"about:blank","title":"Internal Server Error","status":500})");
  }
}

}  // namespace zerver::flow
