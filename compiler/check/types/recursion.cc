// Depth-first search over the fields of structs, without recursion of its own.

#include "compiler/check/types/recursion.h"

#include <utility>

namespace zc::check {

namespace {

// The struct that a value of this type holds in place: an optional holds its element in place too.
model::StructId held_struct(const Context& context, model::TypeId type) {
  const model::TypeId inner = context.types.strip_optional(type);
  if (context.types.kind(inner) != model::TypeKind::kStruct) return {};
  return model::StructId(context.types[inner].declaration);
}

}  // namespace

void check_struct_recursion(Context& context) {
  enum class State : std::uint8_t { kNew, kOpen, kDone };
  const model::Program& program = context.program;
  std::vector<State> states(program.structs.size());
  for (std::size_t start = 0; start < states.size(); ++start) {
    if (states[start] != State::kNew) continue;
    std::vector<std::pair<model::StructId, std::size_t>> stack{{model::StructId(start), 0}};
    states[start] = State::kOpen;
    while (!stack.empty()) {
      auto& [id, next] = stack.back();
      const model::Struct& structure = program.structs[id];
      if (next == structure.fields.size()) {
        states[id.index()] = State::kDone;
        stack.pop_back();
        continue;
      }
      const model::Field& field = structure.fields[next++];
      const model::StructId held = held_struct(context, field.type);
      if (!held.is_valid()) continue;
      if (states[held.index()] == State::kNew) {
        states[held.index()] = State::kOpen;
        stack.emplace_back(held, 0);
      } else if (states[held.index()] == State::kOpen) {
        std::string path = program.structs[held].origin.name;
        bool is_inside = false;
        for (const auto& [open, following] : stack) {
          is_inside = is_inside || open == held;
          if (is_inside) path += "." + program.structs[open].fields[following - 1].origin.name;
        }
        context.engine.report(Kind::kRecursiveStruct, field.origin.span, program.structs[held].origin.name)
            .secondary(program.structs[held].origin.span, "declared here")
            .note("`" + path + "` is a `" + program.structs[held].origin.name + "` again")
            .help("put a list or a map in between");
      }
    }
  }
}

}  // namespace zc::check
