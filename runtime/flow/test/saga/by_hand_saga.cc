#include "by_hand_saga.h"

#include <zerver/flow/generated.h>
#include <zerver/flow/saga/saga.h>

#include <optional>

namespace orders {

namespace {

using zerver::Arena;
using zerver::Duration;
using zerver::Fault;
using zerver::FaultKind;
using zerver::FaultKinds;
using zerver::Result;
using zerver::String;
using zerver::flow::CallSite;
using zerver::flow::Exchange;
using zerver::flow::FlowTask;
using zerver::flow::Handled;
using zerver::flow::JsonObject;
using zerver::flow::JsonValue;
using zerver::flow::JsonWriter;
using zerver::flow::Saga;
using zerver::flow::SagaRole;
using zerver::flow::SagaStep;
using zerver::flow::SagaStepInfo;
using zerver::flow::SagaTask;
using zerver::flow::ValueCall;

// --- Effects ---

constexpr CallSite kReserveCall{.step = "reserve",
                                .target = 0,
                                .operation = BankAdapter::kReserve,
                                .policy = {.timeout = Duration::from_milliseconds(200)}};
constexpr CallSite kBookCall{.step = "book",
                             .target = 0,
                             .operation = BankAdapter::kBook,
                             .policy = {.timeout = Duration::from_milliseconds(200)}};
constexpr CallSite kChargeCall{.step = "charge",
                               .target = 0,
                               .operation = BankAdapter::kCharge,
                               .policy = {.timeout = Duration::from_milliseconds(200)}};
constexpr CallSite kCloseCall{.step = "close",
                              .target = 0,
                              .operation = BankAdapter::kClose,
                              .policy = {.timeout = Duration::from_milliseconds(200)}};
constexpr CallSite kReserveUndoCall{.step = "reserve",
                                    .target = 0,
                                    .operation = BankAdapter::kRelease,
                                    .policy = {.timeout = Duration::from_milliseconds(200),
                                               .retries = 1,
                                               .backoff_first = Duration::from_milliseconds(20),
                                               .backoff_cap = Duration::from_milliseconds(20),
                                               .retry_on = FaultKinds::of(FaultKind::kUnavailable)}};
constexpr CallSite kBookUndoCall{.step = "book",
                                 .target = 0,
                                 .operation = BankAdapter::kCancel,
                                 .policy = {.timeout = Duration::from_milliseconds(200)}};

// --- Sagas ---

struct ReserveCapture {
  std::optional<String> hold;
};
struct BookCapture {
  std::optional<String> hold;
};

template <class Capture> bool read_hold(const JsonValue& in, Capture& out) {
  JsonObject fields(in);
  while (fields.next()) {
    if (fields.name() == "hold") {
      if (!read_json(fields.value(), out.hold)) return false;
    }
  }
  return fields.complete();
}
template <class Capture> void write_hold(JsonWriter& out, const Capture& value) {
  out.begin_object();
  if (value.hold) {
    out.key("hold");
    write_json(out, *value.hold);
  }
  out.end_object();
}
bool read_json(const JsonValue& in, ReserveCapture& out) { return read_hold(in, out); }
void write_json(JsonWriter& out, const ReserveCapture& value) { write_hold(out, value); }
bool read_json(const JsonValue& in, BookCapture& out) { return read_hold(in, out); }
void write_json(JsonWriter& out, const BookCapture& value) { write_hold(out, value); }

// bank.release(hold)
SagaTask undo_reserve(Arena&, Exchange& exchange, ReserveCapture& captured) {
  const BankAdapter::HoldArguments arguments{*captured.hold};
  ValueCall<void> call(exchange, kReserveUndoCall, &arguments);
  co_await call;
  co_return call.result();
}

// bank.cancel(hold)
SagaTask undo_book(Arena&, Exchange& exchange, BookCapture& captured) {
  const BankAdapter::HoldArguments arguments{*captured.hold};
  ValueCall<void> call(exchange, kBookUndoCall, &arguments);
  co_await call;
  co_return call.result();
}

template <const CallSite& kSite> SagaTask redo(Arena&, Exchange& exchange, BookCapture& captured) {
  const BankAdapter::HoldArguments arguments{*captured.hold};
  ValueCall<void> call(exchange, kSite, &arguments);
  co_await call;
  co_return call.result();
}

constexpr SagaStepInfo kSagaSteps[] = {
    {.step = "orders.reserve",
     .role = SagaRole::kCompensated,
     .repeatable = false,
     .undo_repeatable = true,
     .undo_needs_result = true,
     .write = zerver::flow::write_captured<ReserveCapture>,
     .read = zerver::flow::read_captured<ReserveCapture>,
     .undo = zerver::flow::call_captured<ReserveCapture, undo_reserve>},
    {.step = "orders.book",
     .role = SagaRole::kCompensated,
     .repeatable = true,
     .undo_repeatable = false,
     .undo_needs_result = false,
     .write = zerver::flow::write_captured<BookCapture>,
     .read = zerver::flow::read_captured<BookCapture>,
     .undo = zerver::flow::call_captured<BookCapture, undo_book>,
     .redo = zerver::flow::call_captured<BookCapture, redo<kBookCall>>},
    {.step = "orders.charge",
     .role = SagaRole::kPivot,
     .repeatable = true,
     .write = zerver::flow::write_captured<BookCapture>,
     .read = zerver::flow::read_captured<BookCapture>,
     .redo = zerver::flow::call_captured<BookCapture, redo<kChargeCall>>},
    {.step = "orders.close",
     .role = SagaRole::kUncompensated,
     .repeatable = true,
     .write = zerver::flow::write_captured<BookCapture>,
     .read = zerver::flow::read_captured<BookCapture>,
     .redo = zerver::flow::call_captured<BookCapture, redo<kCloseCall>>},
};
constexpr const SagaStepInfo& kReserveSaga = kSagaSteps[0];
constexpr const SagaStepInfo& kBookSaga = kSagaSteps[1];
constexpr const SagaStepInfo& kChargeSaga = kSagaSteps[2];
constexpr const SagaStepInfo& kCloseSaga = kSagaSteps[3];

void answer_step_fault(Exchange& exchange, const Fault& fault) {
  if (fault.kind == FaultKind::kCancelled) return zerver::flow::answer_cancelled(exchange);
  zerver::flow::answer_problem(exchange, fault.kind == FaultKind::kRejected ? 402 : 503, fault.why);
}

struct BuySlots {
  String hold;
};

// --- flow buy on GET "/buy" ---

FlowTask run_buy(Exchange& exchange) {
  exchange.set_deadline_in(Duration::from_seconds(3));
  BuySlots slots{};

  // saga { reserve; book; charge; close; }
  {
    Saga saga(exchange, "orders.buy");
    Fault fault;
    {
      // reserve -> hold
      {
        const BankAdapter::ReserveArguments arguments{7};
        ValueCall<String> call(exchange, kReserveCall, &arguments);
        SagaStep<ReserveCapture> saga_step(saga, kReserveSaga, {&call});
        if (const Result<void> noted = co_await saga_step.begin(); !noted) {
          fault = noted.error();
          goto leave;
        }
        co_await call;
        if (!call.result()) {
          fault = call.result().error();
          goto leave;
        }
        slots.hold = *call.result();
        saga_step.captured.hold = slots.hold;
        saga_step.complete();
      }
      // book(hold)
      {
        const BankAdapter::HoldArguments arguments{slots.hold};
        ValueCall<void> call(exchange, kBookCall, &arguments);
        SagaStep<BookCapture> saga_step(saga, kBookSaga, {&call});
        saga_step.captured.hold = slots.hold;
        if (const Result<void> noted = co_await saga_step.begin(); !noted) {
          fault = noted.error();
          goto leave;
        }
        co_await call;
        if (!call.result()) {
          fault = call.result().error();
          goto leave;
        }
        saga_step.complete();
      }
      // charge(hold)
      {
        const BankAdapter::HoldArguments arguments{slots.hold};
        ValueCall<void> call(exchange, kChargeCall, &arguments);
        SagaStep<BookCapture> saga_step(saga, kChargeSaga, {&call});
        saga_step.captured.hold = slots.hold;
        if (const Result<void> noted = co_await saga_step.begin(); !noted) {
          fault = noted.error();
          goto leave;
        }
        co_await call;
        if (!call.result()) {
          fault = call.result().error();
          goto leave;
        }
        saga_step.complete();
      }
      // close(hold)
      {
        const BankAdapter::HoldArguments arguments{slots.hold};
        ValueCall<void> call(exchange, kCloseCall, &arguments);
        SagaStep<BookCapture> saga_step(saga, kCloseSaga, {&call}, true);
        saga_step.captured.hold = slots.hold;
        if (const Result<void> noted = co_await saga_step.begin(); !noted) {
          fault = noted.error();
          goto leave;
        }
        co_await call;
        if (!call.result()) {
          fault = call.result().error();
          goto leave;
        }
        saga_step.complete();
      }
      if (const Result<void> noted = co_await saga.commit(); !noted) {
        fault = noted.error();
        goto leave;
      }
    }
    zerver::flow::answer(exchange, 204);
    co_return;
  leave:
    co_await saga.unwind();
    answer_step_fault(exchange, fault);
  }
}

// --- flow nested on GET "/nested" ---

FlowTask run_nested(Exchange& exchange) {
  exchange.set_deadline_in(Duration::from_seconds(3));
  BuySlots slots{};
  Saga saga(exchange, "orders.nested");
  Fault fault;
  {
    {
      const BankAdapter::ReserveArguments arguments{7};
      ValueCall<String> call(exchange, kReserveCall, &arguments);
      SagaStep<ReserveCapture> saga_step(saga, kReserveSaga, {&call});
      if (const Result<void> noted = co_await saga_step.begin(); !noted) {
        fault = noted.error();
        goto leave;
      }
      co_await call;
      if (!call.result()) {
        fault = call.result().error();
        goto leave;
      }
      slots.hold = *call.result();
      saga_step.captured.hold = slots.hold;
      saga_step.complete();
    }
    // saga { book; close; } rescue Unavailable {}
    {
      Saga saga_2(saga);
      {
        {
          const BankAdapter::HoldArguments arguments{slots.hold};
          ValueCall<void> call(exchange, kBookCall, &arguments);
          SagaStep<BookCapture> saga_step(saga_2, kBookSaga, {&call});
          saga_step.captured.hold = slots.hold;
          if (const Result<void> noted = co_await saga_step.begin(); !noted) goto leave_2;
          co_await call;
          if (!call.result()) goto leave_2;
          saga_step.complete();
        }
        {
          const BankAdapter::HoldArguments arguments{slots.hold};
          ValueCall<void> call(exchange, kCloseCall, &arguments);
          SagaStep<BookCapture> saga_step(saga_2, kCloseSaga, {&call}, true);
          saga_step.captured.hold = slots.hold;
          if (const Result<void> noted = co_await saga_step.begin(); !noted) goto leave_2;
          co_await call;
          if (!call.result()) goto leave_2;
          saga_step.complete();
        }
        if (const Result<void> noted = co_await saga_2.commit(); !noted) goto leave_2;
      }
      goto rescued;
    leave_2:
      co_await saga_2.unwind();
    rescued:;
    }
    // charge(hold)
    {
      const BankAdapter::HoldArguments arguments{slots.hold};
      ValueCall<void> call(exchange, kChargeCall, &arguments);
      SagaStep<BookCapture> saga_step(saga, kChargeSaga, {&call}, true);
      saga_step.captured.hold = slots.hold;
      if (const Result<void> noted = co_await saga_step.begin(); !noted) {
        fault = noted.error();
        goto leave;
      }
      co_await call;
      if (!call.result()) {
        fault = call.result().error();
        goto leave;
      }
      saga_step.complete();
    }
    if (const Result<void> noted = co_await saga.commit(); !noted) {
      fault = noted.error();
      goto leave;
    }
  }
  zerver::flow::answer(exchange, 204);
  co_return;
leave:
  co_await saga.unwind();
  answer_step_fault(exchange, fault);
}

// --- Package ---

constexpr zerver::flow::FlowInfo kFlows[] = {
    {.name = "orders.buy", .slug = "orders-buy", .method = "GET", .path = "/buy"},
    {.name = "orders.nested", .slug = "orders-nested", .method = "GET", .path = "/nested"},
};

Handled handle(Exchange& exchange, zerver::flow::RouteMatch& match) {
  match.found = true;
  const bool nested = exchange.request.path == "/nested";
  match.flow = nested ? 1 : 0;
  exchange.begin(kFlows[match.flow]);
  return nested ? run_nested(exchange).handled() : run_buy(exchange).handled();
}

constexpr zerver::flow::TargetInfo kTargets[] = {
    {.name = "orders.bank", .adapter = "orders.bank", .configure = nullptr}};
constexpr zerver::flow::PackageInfo kPackage{
    .name = "orders", .flows = kFlows, .targets = kTargets, .handle = handle, .saga_steps = kSagaSteps};

}  // namespace

const zerver::flow::PackageInfo& package() noexcept { return kPackage; }

}  // namespace orders
