// What a generated package says about each of its steps that write inside a saga.
#pragma once

#include <zerver/async/task.h>
#include <zerver/core/result.h>
#include <zerver/flow/data/json_codec.h>

#include <cstdint>
#include <string_view>

namespace zerver::flow {

class Exchange;

// What it means for the saga that the step has completed (Richardson, Microservices Patterns, 2018, chapter
// 4).
enum class SagaRole : std::uint8_t {
  kCompensated,    // it has an `undo`
  kPivot,          // from here on nothing is undone
  kUncompensated,  // nothing that can end the saga stands behind it, or it stands behind the pivot
};

using SagaTask = async::Task<Result<void>>;

// `captured` is of the generated struct of the step: the slots that its undo reads and, when it may be
// repeated, those that the step itself reads, as optionals. The functions are those of the step, and may
// throw ArenaFull.
struct SagaStepInfo {
  std::string_view step;  // qualified: `orders.reserve`; the journal knows it by this name
  SagaRole role = SagaRole::kCompensated;
  bool repeatable = false;         // its effects are idempotent or have a key
  bool undo_repeatable = false;    // so is its undo
  bool undo_needs_result = false;  // its undo reads what the step writes

  void (*write)(JsonWriter& out, const void* captured);
  // Null and a reason when the text is not of this step.
  Result<void*> (*read)(JsonReader& reader, std::string_view text, Arena& arena);
  // Undoes what the step has done. Null when it has no undo.
  SagaTask (*undo)(Arena& arena, Exchange& exchange, void* captured) = nullptr;
  // Runs the effects once more and captures what they write. Null when they must not be repeated.
  SagaTask (*redo)(Arena& arena, Exchange& exchange, void* captured) = nullptr;
};

// The functions of a SagaStepInfo over the struct `Captured`.
template <class Captured> void write_captured(JsonWriter& out, const void* captured) {
  write_json(out, *static_cast<const Captured*>(captured));
}
template <class Captured>
Result<void*> read_captured(JsonReader& reader, std::string_view text, Arena& arena) {
  const Result<Captured> value = read_json_text<Captured>(reader, text, 0, arena);
  if (!value) return value.error();
  return static_cast<void*>(::new (arena.allocate(sizeof(Captured), alignof(Captured))) Captured(*value));
}
template <class Captured, SagaTask (*kFunction)(Arena&, Exchange&, Captured&)>
SagaTask call_captured(Arena& arena, Exchange& exchange, void* captured) {
  return kFunction(arena, exchange, *static_cast<Captured*>(captured));
}

}  // namespace zerver::flow
