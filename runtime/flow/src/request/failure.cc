#include <zerver/flow/data/json_codec.h>
#include <zerver/flow/request/failure.h>
#include <zerver/flow/service.h>

#include <algorithm>
#include <array>
#include <exception>
#include <new>
#include <string>
#include <utility>

namespace zerver::flow {

namespace {

constexpr std::uint16_t kLeastLogged = 500;
// Exceptions in exceptions, and attempts of a call.
constexpr unsigned kMostListed = 16;

Place place_of(const FlowInfo* flow, std::string_view step) noexcept {
  if (flow == nullptr) return {};
  const auto known = std::ranges::find(flow->steps, step, &StepInfo::name);
  return known == flow->steps.end() ? Place{} : known->place;
}

void add(JsonWriter& json, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  json.key(key);
  json.string(value);
}

void add(JsonWriter& json, std::string_view key, std::uint64_t value) {
  json.key(key);
  json.integer(value);
}

// "todo.flow:12"
void add(JsonWriter& json, std::string_view key, const Place& of) {
  if (of.line == 0) return;
  add(json, key, std::string(of.file) + ":" + std::to_string(of.line));
}

void trace_id(JsonWriter& json, const TraceContext& context) {
  std::array<char, 32> digits;
  for (std::size_t i = 0; i < digits.size(); ++i)
    digits[i] = "0123456789abcdef"[context.trace_id[i / 16] >> (60 - 4 * (i % 16)) & 0xF];
  json.key("trace");
  json.quoted({digits.data(), digits.size()});
}

void causes(JsonWriter& json, const FaultCause* cause) {
  if (cause == nullptr) return;
  add(json, "target", cause->target);
  add(json, "operation", cause->operation);
  json.key("causes");
  json.begin_array();
  for (unsigned listed = 0; cause != nullptr && listed < kMostListed; ++listed, cause = cause->before) {
    json.element();
    json.begin_object();
    if (cause->attempt != 0) add(json, "attempt", cause->attempt);
    add(json, "kind", name_of(cause->kind));
    add(json, "why", cause->why);
    if (cause->status != 0) add(json, "status", cause->status);
    json.end_object();
  }
  json.end_array();
}

// The exceptions that the one that is handled has been made of.
void causes_of_exception(JsonWriter& json, const std::exception& error) {
  std::exception_ptr inner;
  if (const auto* const outer = dynamic_cast<const std::nested_exception*>(&error))
    inner = outer->nested_ptr();
  if (inner == nullptr) return;
  json.key("causes");
  json.begin_array();
  for (unsigned listed = 0; inner != nullptr && listed < kMostListed; ++listed) {
    json.element();
    json.begin_object();
    add(json, "kind", "exception");
    try {
      std::rethrow_exception(std::exchange(inner, nullptr));
    } catch (const std::exception& next) {
      add(json, "why", next.what());
      if (const auto* const outer = dynamic_cast<const std::nested_exception*>(&next))
        inner = outer->nested_ptr();
    } catch (...) {
      add(json, "why", "an exception that is no std::exception");
    }
    json.end_object();
  }
  json.end_array();
}

void add_place(JsonWriter& json, const Exchange& exchange, std::string_view step) {
  const FlowInfo* const flow = exchange.flow();
  if (flow != nullptr) {
    add(json, "package", flow->package);
    add(json, "flow", flow->name);
    add(json, "method", exchange.request.method_name);
    add(json, "route", flow->path);
    add(json, "flow_at", flow->place);
  }
  add(json, "step", step);
  add(json, "at", place_of(flow, step));
}

template <class Causes>
void log_failure(Exchange& exchange, const FailedRequest& failure, std::string_view step,
                 std::string_view kind, std::string_view why, const Causes& list_causes) {
  Worker& worker = exchange.worker();
  if (!worker.admit_failure_line()) return;
  OutputBuffer& line = worker.scratch();
  line.clear();
  JsonWriter json(line);
  json.begin_object();
  json.key("time");
  write_json(json, worker.clock().wall());
  add(json, "event", "request-failed");
  add(json, "status", failure.status);
  add(json, "error", failure.error);
  add(json, "domain", failure.domain);
  add(json, "kind", kind);
  add(json, "why", why);
  add_place(json, exchange, step);
  list_causes(json);
  trace_id(json, exchange.trace_context());
  if (exchange.arrived() != TimePoint::never())
    add(json, "elapsed_us",
        static_cast<std::uint64_t>((worker.loop().now() - exchange.arrived()).nanoseconds / 1'000));
  if (const std::uint64_t unreported = worker.take_unreported(); unreported != 0)
    add(json, "unreported", unreported);
  json.end_object();
  worker.log().record(LogLevel::kError, line.view());
}

void trace_place(Exchange& exchange, std::string_view step) noexcept {
  const Place at = place_of(exchange.flow(), step);
  if (at.line != 0) exchange.trace({.name = at.file, .detail = at.line, .kind = trace::Kind::kRaisedAt});
}

void trace_failure(Exchange& exchange, const FailedRequest& failure, std::string_view step) noexcept {
  if (!exchange.is_traced()) return;
  exchange.trace({.name = failure.error, .detail = failure.status, .kind = trace::Kind::kError});
  trace_place(exchange, step);
}

void note_unsayable(Exchange& exchange) noexcept {
  exchange.worker().log().write(LogLevel::kError, "a request failed, and there is no memory to say how");
}

}  // namespace

std::string_view failed_step(const Exchange& exchange, const Fault& fault) noexcept {
  return fault.cause == nullptr ? exchange.step() : fault.cause->step;
}

void trace_taken(Exchange& exchange, trace::Kind kind, std::string_view error,
                 std::string_view step) noexcept {
  exchange.trace({.name = error, .kind = kind});
  trace_place(exchange, step);
}

void report_failure(Exchange& exchange, const FailedRequest& failure, const Fault& fault) noexcept {
  const std::string_view step = failed_step(exchange, fault);
  trace_failure(exchange, failure, step);
  // A mistake that no error was declared for is always said.
  if (failure.status < kLeastLogged && !failure.error.empty()) return;
  const bool has_fault = fault.cause != nullptr || !fault.why.empty();
  const std::string_view why = failure.why.empty() ? std::string_view(fault.why) : failure.why;
  try {
    log_failure(exchange, failure, step, has_fault ? name_of(fault.kind) : std::string_view(), why,
                [&](JsonWriter& json) { causes(json, fault.cause); });
  } catch (const std::bad_alloc&) {
    note_unsayable(exchange);
  }
}

std::uint16_t report_exception(Exchange& exchange) noexcept {
  const auto report = [&](std::string_view why, const auto& list_causes) {
    const FailedRequest failure{.status = 500};
    trace_failure(exchange, failure, exchange.step());
    log_failure(exchange, failure, exchange.step(), "exception", why, list_causes);
  };
  try {
    try {
      throw;
    } catch (const ArenaFull&) {
      exchange.worker().log().write(LogLevel::kWarning,
                                    "a request wanted more memory than its arena may have");
      return 503;
    } catch (const std::exception& error) {
      report(error.what(), [&](JsonWriter& json) { causes_of_exception(json, error); });
    } catch (...) {
      report("an exception that is no std::exception", [](JsonWriter&) {});
    }
  } catch (const std::bad_alloc&) {
    note_unsayable(exchange);
  }
  return 500;
}

}  // namespace zerver::flow
