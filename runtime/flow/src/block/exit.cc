#include <zerver/flow/block/exit.h>
#include <zerver/flow/data/text.h>
#include <zerver/flow/request/failure.h>
#include <zerver/flow/request/problem.h>

namespace zerver::flow {

namespace {

Exit broken(std::uint16_t status) noexcept { return {.kind = Exit::Kind::kBroken, .status = status}; }

}  // namespace

Exit exit_fault(Exchange& exchange, const Fault& fault) {
  if (fault.kind == FaultKind::kCancelled) return exit_cancelled();
  if (fault.kind == FaultKind::kUnsupported)
    return {.kind = Exit::Kind::kBroken, .status = 415, .fault = fault, .step = exchange.step()};
  report_failure(exchange, {.status = 500}, fault);
  return broken(500);
}

Exit exit_unwritten(Exchange& exchange, std::string_view slot) {
  report_failure(
      exchange,
      {.status = 500, .why = concat(exchange.arena(), {"it went on without writing slot `", slot, "`"})});
  return broken(500);
}

Exit exit_unrecorded(Exchange& exchange, const Fault& fault) {
  const std::uint16_t status = fault.kind == FaultKind::kInternal ? 500 : 503;
  report_failure(exchange,
                 {.status = status, .why = concat(exchange.arena(), {"its saga cannot go on: ", fault.why})});
  return broken(status);
}

Exit exit_too_many(Exchange& exchange, std::size_t size, std::size_t most) {
  exchange.enter_step("each");
  report_failure(
      exchange,
      {.status = 413, .why = concat(exchange.arena(), {size, " elements, of which `each` takes ", most})});
  return broken(413);
}

Exit exit_exception(Exchange& exchange) noexcept { return broken(report_exception(exchange)); }

void answer_exit(Exchange& exchange, const Exit& exit) {
  if (exit.kind == Exit::Kind::kBroken && exit.fault.kind == FaultKind::kUnsupported)
    return answer_fault(exchange, exit.fault);
  if (exit.kind == Exit::Kind::kBroken) return answer_problem(exchange, exit.status);
  if (exit.kind == Exit::Kind::kCancelled && !exit.has_answer) answer_cancelled(exchange);
}

void note_lost_error(Exchange& exchange, std::string_view error) {
  report_failure(exchange, {.status = 504, .error = error, .why = "while the request was given up"});
}

}  // namespace zerver::flow
