// The adapter `compute`: named functions of the program, on a pool of threads with a budget of processor
// time.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/clock.h>
#include <zerver/core/output_buffer.h>
#include <zerver/core/result.h>
#include <zerver/core/time.h>
#include <zerver/effects/registry.h>
#include <zerver/flow/data/json_codec.h>
#include <zerver/flow/data/json_reader.h>
#include <zerver/flow/data/json_writer.h>

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace zerver::effects {

// What a function is run with, on its thread.
class ComputeContext {
 public:
  ComputeContext(const std::atomic<bool>& given_up, const Clock& clock, TimePoint deadline, Duration budget,
                 Arena& arena);
  ComputeContext(const ComputeContext&) = delete;
  ComputeContext& operator=(const ComputeContext&) = delete;

  // Nobody waits for the result any more, or the budget is used up: a function that takes long asks now and
  // then, and returns. Costs about as much as reading two clocks.
  bool should_stop() const noexcept;
  // Of this thread, since the function began.
  Duration cpu_time() const noexcept;
  Duration budget() const noexcept { return budget_; }
  // Where the texts of a result may live; gone when the result is written.
  Arena& arena() const noexcept { return *arena_; }

 private:
  const std::atomic<bool>* given_up_;
  const Clock* clock_;
  TimePoint deadline_;
  Duration budget_;
  Duration begun_;  // processor time of the thread then
  Arena* arena_;
};

// The functions by the names that `work.run("name", input)` has. Filled before the service starts; a function
// is called by several threads at once.
class ComputeFunctions {
 public:
  // JSON in, JSON out. A fault is that of the operation: `invalid`, `rejected` or `unavailable`. An exception
  // is logged and fails it with `internal`.
  using Function = std::function<Result<std::string>(std::string_view input, ComputeContext& context)>;

  void add_json(std::string name, Function function) {
    functions_.insert_or_assign(std::move(name), std::move(function));
  }
  // With types that have JSON, such as generated structs; input that is no `In` fails with `invalid`.
  // `function` is `Result<Out>(const In&, ComputeContext&)`.
  template <class In, class Out, class Typed> void add(std::string name, Typed function) {
    add_json(std::move(name),
             [function = std::move(function)](std::string_view text,
                                              ComputeContext& context) -> Result<std::string> {
               flow::JsonReader reader;
               const Result<In> input = flow::read_json_text<In>(reader, text, 0, context.arena());
               if (!input) return input.error();
               const Result<Out> output = function(*input, context);
               if (!output) return output.error();
               OutputBuffer buffer;
               flow::JsonWriter json(buffer);
               write_json(json, *output);
               return std::string(buffer.view());
             });
  }
  // Null when there is none of that name.
  const Function* find(std::string_view name) const noexcept {
    const auto found = functions_.find(name);
    return found == functions_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::string, Function, std::less<>> functions_;
};

// For Registry::replace({"zerver.compute", ...}): all targets of a process have these functions, each a pool.
Registry::Open open_compute(ComputeFunctions functions);

}  // namespace zerver::effects
