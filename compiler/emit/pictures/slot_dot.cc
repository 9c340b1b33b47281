// The map of slots: who writes, who reads.

#include "compiler/emit/pictures/captions.h"
#include "compiler/emit/pictures/dot_text.h"
#include "compiler/emit/pictures/emit_dot.h"
#include "compiler/model/graph/slot_map.h"
#include "compiler/model/type_table.h"

#include <llvm/Support/FormatVariadic.h>
#include <llvm/Support/raw_ostream.h>

namespace zc::emit {

std::string emit_slot_dot(const model::Program& program, model::PackageId package) {
  const Captions captions(program, package);
  std::string text;
  llvm::raw_string_ostream out(text);
  begin_graph(program.packages[package].name, "LR", out);
  out << "  edge [color=\"#555555\"];\n";
  std::vector<bool> has_node(program.steps.size() * 2);
  // A step stands left of the slots as a writer and right of them as a reader.
  const auto step_node = [&](model::StepId step, bool is_reader) {
    const std::size_t index = step.index() * 2 + (is_reader ? 1 : 0);
    const std::string name = (is_reader ? "r" : "w") + std::to_string(step.index());
    if (!has_node[index]) {
      out << llvm::formatv(
          "  {0} [label=<{1}>, shape=box, style=\"rounded,filled\", fillcolor=\"#f4f6f8\"];\n", name,
          html(captions.name(program.steps[step].origin)));
    }
    has_node[index] = true;
    return name;
  };
  for (const model::SlotUsers& users : model::slot_map(program, package)) {
    const model::Slot& slot = program.slots[users.slot];
    const std::string node = "s" + std::to_string(users.slot.index());
    out << llvm::formatv("  {0} [label=<<b>{1}</b><br/>{2}>, shape=oval, color=\"#1f5fbf\"];\n", node,
                         html(captions.name(slot.origin)), html(model::type_text(program, slot.type)));
    for (const model::SlotUser& writer : users.writers) {
      const std::string from = step_node(writer.step, false);
      out << llvm::formatv("  {0} -> {1}{2};\n", from, node, writer.optional ? " [style=dashed]" : "");
    }
    for (const model::SlotUser& reader : users.readers) {
      const std::string to = step_node(reader.step, true);
      out << llvm::formatv("  {0} -> {1}{2};\n", node, to, reader.optional ? " [style=dashed]" : "");
    }
    const auto flow_node = [&](model::FlowId flow, llvm::StringRef prefix) {
      const std::string name = llvm::formatv("{0}{1}s{2}", prefix, flow.index(), users.slot.index()).str();
      out << llvm::formatv("  {0} [label=<flow {1}>, shape=plaintext];\n", name,
                           html(captions.name(program.flows[flow].origin)));
      return name;
    };
    for (const model::FlowId flow : users.fillers) {
      const std::string from = flow_node(flow, "p");
      out << llvm::formatv("  {0} -> {1};\n", from, node);
    }
    for (const model::FlowId flow : users.flows) {
      const std::string to = flow_node(flow, "f");
      out << llvm::formatv("  {0} -> {1};\n", node, to);
    }
  }
  out << "}\n";
  return text;
}

}  // namespace zc::emit
