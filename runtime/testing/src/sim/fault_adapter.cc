#include "fault_adapter.h"

#include <exception>
#include <optional>
#include <utility>

namespace zerver::testing {

class FaultAdapter::Performed final : public flow::Operation {
 public:
  // What becomes of the system's answer.
  enum class Answer : std::uint8_t { kPassedOn, kLost, kUnavailable };

  Performed(FaultAdapter& adapter, Flight& the_flight, const flow::Operation& original, Answer the_answer)
      : Operation(original.index(), original.arguments(), original.step(), original.arena(),
                  original.worker(), original.fails(), original.copy()),
        flight(the_flight),
        answer(the_answer),
        adapter_(&adapter) {
    begin_attempt(original.attempt(), original.deadline(), original.key());
    set_transaction(original.transaction());
  }

  Flight& flight;
  Answer answer;
  bool open = false;  // the system has it

 private:
  void on_complete(const void* reply) noexcept override;
  void on_fail(const Fault& fault) noexcept override;
  // The flow's operation, when it is to hear of the answer; nothing of this is left then.
  flow::Operation* take_original() noexcept;

  FaultAdapter* adapter_;
};

struct FaultAdapter::Flight final : async::Timer {
  explicit Flight(FaultAdapter& the_adapter) noexcept
      : Timer([](Timer& timer) noexcept {
          auto& flight = static_cast<Flight&>(timer);
          flight.adapter.go(flight);
        }),
        adapter(the_adapter) {}

  FaultAdapter& adapter;
  flow::Operation* original = nullptr;  // null: nobody waits any more
  Injection injection;
  std::optional<Performed> first;
  std::optional<Performed> again;  // of a duplicate
};

FaultAdapter::FaultAdapter(std::unique_ptr<flow::Adapter> inner, std::string_view target,
                           flow::Worker& worker, FaultSource& source, FaultCounts& counts) noexcept
    : inner_(std::move(inner)), target_(target), worker_(&worker), source_(&source), counts_(&counts) {}

FaultAdapter::~FaultAdapter() {
  for (const auto& flight : flights_)
    close(*flight);
}

FaultAdapter::Flight& FaultAdapter::take() {
  if (free_.empty()) {
    flights_.push_back(std::make_unique<Flight>(*this));
    free_.reserve(flights_.size());  // so that giving one back never fails
    free_.push_back(flights_.back().get());
  }
  Flight& flight = *free_.back();
  free_.pop_back();
  return flight;
}

void FaultAdapter::start(flow::Operation& operation) {
  const Injection injection = source_->next(target_, operation);
  ++(*counts_)[static_cast<std::size_t>(injection.type)];
  if (trace::Ring* const ring = worker_->trace(); ring != nullptr && injection.type != FaultType::kNone) {
    ring->record({.at = worker_->loop().now(),
                  .name = name_of(injection.type),
                  .detail = injection.delay.nanoseconds,
                  .attempt = static_cast<std::uint16_t>(operation.attempt()),
                  .kind = trace::Kind::kFault});
  }
  Flight& flight = take();
  flight.original = &operation;
  flight.injection = injection;
  operation.adapter_data = &flight;
  if (injection.delay == Duration{}) return go(flight);
  worker_->loop().start(flight, worker_->loop().now() + injection.delay);
}

void FaultAdapter::go(Flight& flight) noexcept {
  using Answer = Performed::Answer;
  flow::Operation& original = *flight.original;
  const auto perform = [&](std::optional<Performed>& performed, Answer answer) {
    performed.emplace(*this, flight, original, answer);
    begin(*performed);
  };
  switch (flight.injection.type) {
    case FaultType::kError: {
      const FaultKind kind = flight.injection.kind;
      flight.original = nullptr;
      release(flight);
      return original.fail({kind, "the simulator says so", {}});
    }
    case FaultType::kLostRequest:
      return;  // until it is cancelled
    case FaultType::kLostAnswer:
      return perform(flight.first, Answer::kLost);
    case FaultType::kDisconnect:
      return perform(flight.first, Answer::kUnavailable);
    case FaultType::kDuplicate:
      // The first answer is lost, the repetition is answered. In a transaction nothing is sent twice.
      if (original.transaction() == nullptr) perform(flight.again, Answer::kLost);
      return perform(flight.first, Answer::kPassedOn);
    case FaultType::kNone:
    case FaultType::kSlow:
      return perform(flight.first, Answer::kPassedOn);
  }
}

// The system may answer, and the flight be another's, before it returns.
void FaultAdapter::begin(Performed& performed) noexcept {
  performed.open = true;
  Log& log = worker_->log();
  try {
    inner_->start(performed);
    return;
  } catch (const std::exception& error) {
    log.write(LogLevel::kError, error.what());
  } catch (...) {
    log.write(LogLevel::kError, "an adapter threw what is no std::exception");
  }
  if (performed.open) performed.fail({FaultKind::kInternal, "the adapter threw an exception", {}});
}

void FaultAdapter::end(Performed& performed) noexcept {
  if (!performed.open) return;
  performed.open = false;
  inner_->cancel(performed);
}

void FaultAdapter::close(Flight& flight) noexcept {
  worker_->loop().stop(flight);
  flight.original = nullptr;
  disconnect(flight);
}

void FaultAdapter::disconnect(Flight& flight) noexcept {
  if (flight.first) end(*flight.first);
  if (flight.again) end(*flight.again);
}

void FaultAdapter::break_connections() noexcept {
  for (const auto& flight : flights_)
    disconnect(*flight);
}

void FaultAdapter::deliver_sent(Random& random) noexcept {
  for (const auto& flight : flights_) {
    if (!flight->running()) continue;
    worker_->loop().stop(*flight);
    const FaultType type = flight->injection.type;
    const bool arrives = type != FaultType::kError && type != FaultType::kLostRequest;
    if (!arrives || random.below(2) == 0) continue;
    flight->first.emplace(*this, *flight, *flight->original, Performed::Answer::kLost);
    begin(*flight->first);
    disconnect(*flight);
  }
}

void FaultAdapter::cancel(flow::Operation& operation) noexcept {
  auto& flight = *static_cast<Flight*>(operation.adapter_data);
  close(flight);
  release(flight);
}

void FaultAdapter::let_go(flow::Operation& operation) noexcept {
  auto& flight = *static_cast<Flight*>(operation.adapter_data);
  for (std::optional<Performed>* const performed : {&flight.first, &flight.again}) {
    if (!*performed || !(*performed)->open) continue;
    (*performed)->open = false;
    inner_->let_go(**performed);
  }
  cancel(operation);
}

flow::Operation* FaultAdapter::Performed::take_original() noexcept {
  open = false;
  if (answer == Answer::kLost) return nullptr;
  flow::Operation* const original = flight.original;
  adapter_->close(flight);
  adapter_->release(flight);
  return original;
}

void FaultAdapter::Performed::on_complete(const void* reply) noexcept {
  const bool is_passed_on = answer == Answer::kPassedOn;
  flow::Operation* const original = take_original();
  if (original == nullptr) return;
  if (is_passed_on) return original->complete(reply, reply_format());
  original->fail({FaultKind::kUnavailable, "the connection broke", {}});
}

void FaultAdapter::Performed::on_fail(const Fault& fault) noexcept {
  const bool is_passed_on = answer == Answer::kPassedOn;
  flow::Operation* const original = take_original();
  if (original == nullptr) return;
  if (is_passed_on) return original->fail(fault);
  original->fail({FaultKind::kUnavailable, "the connection broke", {}});
}

std::unique_ptr<flow::Adapter> FaultSystem::adapter(flow::Worker& worker) {
  auto adapter = std::make_unique<FaultAdapter>(inner_->adapter(worker), target_, worker, *source_, *counts_);
  adapters_.push_back(adapter.get());
  return adapter;
}

void FaultSystem::break_connections() noexcept {
  for (FaultAdapter* const adapter : adapters_)
    adapter->break_connections();
}

void FaultSystem::deliver_sent(Random& random) noexcept {
  for (FaultAdapter* const adapter : adapters_)
    adapter->deliver_sent(random);
}

std::size_t FaultSystem::in_flight() const noexcept {
  std::size_t count = 0;
  for (const FaultAdapter* const adapter : adapters_)
    count += adapter->in_flight();
  return count;
}

}  // namespace zerver::testing
