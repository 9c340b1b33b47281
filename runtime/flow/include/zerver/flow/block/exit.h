// How a part of a flow ended: a block with handlers, a branch of `parallel`, the run of an element.
#pragma once

#include <zerver/core/fault.h>
#include <zerver/flow/exchange.h>
#include <zerver/flow/request/failure.h>

#include <cstdint>
#include <new>
#include <string_view>
#include <type_traits>

namespace zerver::flow {

// A value, and as such on its way from where a flow fails to what handles it. What it refers to is static or
// in the request's arena.
struct Exit {
  enum class Kind : std::uint8_t {
    kNext,       // at its end: the flow goes on behind it
    kRaised,     // with an error
    kAnswered,   // the response is final
    kCancelled,  // the request is given up
    kBroken,     // a mistake of the program, or no memory: `status` says which; the log has it already. Or a
                 // body that is not taken, which `fault` says
  };

  Kind kind = Kind::kNext;
  bool has_answer = false;      // of kCancelled: an `on cancel` has answered
  std::uint16_t status = 0;     // of kBroken
  std::uint16_t error = 0;      // of kRaised: which one of the package's errors, from 1; else 0
  const void* value = nullptr;  // of kRaised: a value of that error's type
  Fault fault = {};             // of kRaised: what the error was made of; of kBroken: see there
  std::string_view step = {};   // of kRaised: the one that has raised it

  bool left() const noexcept { return kind != Kind::kNext; }
  bool raised() const noexcept { return kind == Kind::kRaised; }
  bool cancelled() const noexcept { return kind == Kind::kCancelled; }
  bool answered() const noexcept { return kind == Kind::kAnswered; }
  template <class... Errors> bool raised_any(Errors... errors) const noexcept {
    return ((error == static_cast<std::uint16_t>(errors)) || ...);
  }
  template <class Error> const Error& as() const noexcept { return *static_cast<const Error*>(value); }
};

// Throws ArenaFull.
template <class Error>
Exit exit_raised(Exchange& exchange, std::uint16_t error, const Error& value, const Fault& fault = {}) {
  static_assert(std::is_trivially_destructible_v<Error>);
  void* const memory = exchange.arena().allocate(sizeof(Error), alignof(Error));
  return {.kind = Exit::Kind::kRaised,
          .error = error,
          .value = ::new (memory) Error(value),
          .fault = fault,
          .step = failed_step(exchange, fault)};
}
inline Exit exit_answered() noexcept { return {.kind = Exit::Kind::kAnswered}; }
inline Exit exit_cancelled() noexcept { return {.kind = Exit::Kind::kCancelled}; }
// Of an `on cancel` that has answered: blocks around it still run theirs.
inline Exit exit_cancelled_answered() noexcept {
  return {.kind = Exit::Kind::kCancelled, .has_answer = true};
}
// A fault that the step's `fails` does not cover: `cancelled` gives up, `unsupported` is the client's
// mistake, all else is one line in the log.
Exit exit_fault(Exchange& exchange, const Fault& fault);
// The step went on without writing a slot that it declares.
Exit exit_unwritten(Exchange& exchange, std::string_view slot);
// A journal that a saga needs cannot be written, or what it enqueues is not taken.
Exit exit_unrecorded(Exchange& exchange, const Fault& fault);
// A list has more elements than its `each` takes.
Exit exit_too_many(Exchange& exchange, std::size_t size, std::size_t most);
// To be called while an exception is handled.
Exit exit_exception(Exchange& exchange) noexcept;

// The response of a flow that ended like this, when that was not with an error.
void answer_exit(Exchange& exchange, const Exit& exit);

// An error that has travelled to what takes it.
inline void note_rescued(Exchange& exchange, std::string_view error, const Exit& exit) noexcept {
  if (exchange.is_traced()) [[unlikely]]
    trace_taken(exchange, trace::Kind::kRescued, error, exit.step);
}
inline void note_on_error(Exchange& exchange, std::string_view error, const Exit& exit) noexcept {
  if (exchange.is_traced()) [[unlikely]]
    trace_taken(exchange, trace::Kind::kOnError, error, exit.step);
}

// An error that nothing handles any more, because the request is given up already: one line in the log.
void note_lost_error(Exchange& exchange, std::string_view error);

}  // namespace zerver::flow
