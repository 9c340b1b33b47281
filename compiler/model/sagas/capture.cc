#include "compiler/model/sagas/capture.h"

#include "compiler/model/effects.h"
#include "compiler/model/graph/cfg.h"

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/STLExtras.h>

namespace zc::model {

namespace {

void append_slots(const EffectCall& call, std::vector<SlotId>& out) {
  std::vector<SlotUse> uses;
  for (const Expression& argument : call.arguments)
    collect_slots(argument, uses);
  if (call.key) collect_slots(*call.key, uses);
  for (const SlotUse& use : uses)
    if (!llvm::is_contained(out, use.slot)) out.push_back(use.slot);
}

bool holds_secret(const Program& program, TypeId id, llvm::DenseSet<StructId>& visited) {
  if (!id.is_valid()) return false;
  const Type& type = program.types[id];
  if (type.kind == TypeKind::kScalar)
    return (program.scalars[ScalarId(type.declaration)].traits.labels & kSecret) != 0;
  if (type.kind == TypeKind::kStruct) {
    const StructId structure(type.declaration);
    if (!visited.insert(structure).second) return false;
    return llvm::any_of(program.structs[structure].fields, [&](const Field& field) {
      return (field.traits.labels & kSecret) != 0 || holds_secret(program, field.type, visited);
    });
  }
  return holds_secret(program, type.element, visited);
}

bool holds_secret(const Program& program, SlotId id) {
  llvm::DenseSet<StructId> visited;
  return (program.slots[id].labels & kSecret) != 0 || holds_secret(program, program.slots[id].type, visited);
}

}  // namespace

Capture capture_of(const Program& program, const Step& step) {
  Capture result;
  if (step.undo) append_slots(*step.undo, result.slots);
  result.needs_result = llvm::any_of(result.slots, [&](SlotId slot) {
    return llvm::any_of(step.writes, [slot](const SlotUse& use) { return use.slot == slot; });
  });
  if (step.kind != StepKind::kEffect || !is_repeatable(program, *step.call)) return result;
  std::vector<SlotId> forward;
  append_slots(*step.call, forward);
  if (llvm::any_of(forward, [&](SlotId slot) { return holds_secret(program, slot); })) return result;
  result.has_redo = true;
  for (const SlotId slot : forward)
    if (!llvm::is_contained(result.slots, slot)) result.slots.push_back(slot);
  return result;
}

}  // namespace zc::model
