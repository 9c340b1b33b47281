// A step of a durable job: its effects are performed, or their results are read from the journal.
#pragma once

#include <zerver/core/result.h>
#include <zerver/flow/call/call.h>
#include <zerver/flow/call/group.h>
#include <zerver/flow/data/json_codec.h>
#include <zerver/flow/durable/durable_run.h>
#include <zerver/flow/durable/log_sync.h>
#include <zerver/flow/exchange.h>

#include <coroutine>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace zerver::flow {

namespace detail {

void write_journaled_fault(JsonWriter& out, const Fault& fault);
bool read_journaled_fault(const JsonValue& in, Fault& out);

template <class T> void write_journaled(JsonWriter& out, const Result<T>& result) {
  out.begin_object();
  if (!result) {
    out.key("fault");
    write_journaled_fault(out, result.error());
  } else {
    out.key("value");
    if constexpr (std::is_void_v<T>) {
      out.null();
    } else {
      write_json(out, *result);
    }
  }
  out.end_object();
}

template <class T> bool read_journaled(const JsonValue& in, std::optional<Result<T>>& out) {
  JsonObject fields(in);
  while (fields.next()) {
    if (fields.name() == "fault") {
      Fault fault;
      if (!read_journaled_fault(fields.value(), fault)) return false;
      out.emplace(fault);
    } else if (fields.name() == "value") {
      if constexpr (std::is_void_v<T>) {
        out.emplace();
      } else {
        T value{};
        if (!read_json(fields.value(), value)) return false;
        out.emplace(value);
      }
    }
  }
  return fields.complete() && (out.has_value() || fields.missing("value"));
}

}  // namespace detail

// Stands behind its calls and groups, the last of which is what the step waits for:
//   DurableStep step(exchange, durable, DurablePlace(2), call);
//   if (!step.replays()) co_await call;
//   if (const Result<void> kept = co_await step.keep(); !kept) ...
template <class... Members> class DurableStep {
 public:
  // Throws ArenaFull.
  DurableStep(Exchange& exchange, DurableRun& run, const DurablePlace& place, Members&... members)
      : exchange_(&exchange), run_(&run), place_(place), members_(members...) {
    const std::string* const entry = run.find(place);
    if (entry != nullptr) restore(*entry);
  }
  DurableStep(const DurableStep&) = delete;
  DurableStep& operator=(const DurableStep&) = delete;

  // The results are there, from the journal: nothing is to be awaited.
  bool replays() const noexcept { return replays_; }

  class [[nodiscard]] Keep {
   public:
    Keep() noexcept = default;
    explicit Keep(DurableRun& run) noexcept : sync_(std::in_place, run.journal(), run.loop(), run.id()) {}
    bool await_ready() noexcept { return !sync_ || sync_->await_ready(); }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { sync_->await_suspend(waiter); }
    Result<void> await_resume() const noexcept { return sync_ ? sync_->await_resume() : Result<void>(); }

   private:
    std::optional<LogSync> sync_;
  };
  // Writes down what has come of it, before the flow goes on. A failure, `unavailable`, says that it could
  // not be made durable, or that the job's lease is lost: the attempt ends there. A step that has failed is
  // written down when a handler takes that; with `goes_on`, the flow goes on behind its failure without one.
  Keep keep(bool goes_on = false) {
    if (replays_) return Keep();
    OutputBuffer& text = exchange_->worker().scratch();
    text.clear();
    write(text);
    if (!whole().result() && !goes_on) {
      run_->hold(place_, text.view());
      return Keep();
    }
    run_->append(place_, text.view());
    return Keep(*run_);
  }

 private:
  auto& whole() noexcept { return std::get<sizeof...(Members) - 1>(members_); }

  void write(OutputBuffer& text) {
    JsonWriter out(text);
    out.begin_array();
    std::apply(
        [&](auto&... member) { ((out.element(), detail::write_journaled(out, member.result())), ...); },
        members_);
    out.end_array();
  }

  void restore(const std::string& entry) {
    JsonReader& reader = exchange_->worker().json_reader();
    const JsonValue* const root = reader.parse(entry, 0, exchange_->arena());
    bool is_read = root != nullptr;
    if (is_read) {
      JsonArray results(*root);
      std::apply([&](auto&... member) { is_read = (restore_next(results, member) && ...); }, members_);
    }
    replays_ = true;
    // What this program cannot read was written by another version of it: no handler takes that.
    if (!is_read) whole().restore(unreadable(reader.fault()));
  }

  template <class Member> bool restore_next(JsonArray& results, Member& member) {
    using Ended = std::remove_cvref_t<decltype(member.result())>;
    std::optional<Ended> result;
    if (!results.next() || !detail::read_journaled(results.value(), result)) return false;
    member.restore(*result);
    return true;
  }

  Fault unreadable(const Fault& fault) {
    return {
        FaultKind::kInternal,
        exchange_->arena().text("the journal's entry `" + run_->continuation(place_) +
                                "` is none of this program's: the value " + std::string(fault.why.view())),
        exchange_->arena().text(fault.pointer.view())};
  }

  Exchange* exchange_;
  DurableRun* run_;
  DurablePlace place_;
  std::tuple<Members&...> members_;
  bool replays_ = false;
};

}  // namespace zerver::flow
