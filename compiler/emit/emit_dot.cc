#include "compiler/emit/emit_dot.h"

#include "compiler/emit/written_names.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Support/FormatVariadic.h>
#include <llvm/Support/raw_ostream.h>

#include <utility>
#include <vector>

namespace zc::emit {
namespace {

using model::StatementKind;

// Text inside a quoted label of the DOT language.
std::string escaped(llvm::StringRef text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\') result.push_back('\\');
    if (c == '\n') {
      result += "\\n";
    } else {
      result.push_back(c);
    }
  }
  return result;
}

class GraphWriter {
 public:
  GraphWriter(const model::Program& program, model::PackageId package, llvm::raw_ostream& out)
      : program_(program), package_(package), out_(out) {}

  void run() {
    out_ << llvm::formatv("digraph \"{0}\" {{\n", escaped(program_.packages[package_].name));
    out_ << "  rankdir=TB;\n  node [fontname=\"sans-serif\", fontsize=10, shape=box];\n";
    out_ << "  edge [fontname=\"sans-serif\", fontsize=9];\n";
    std::size_t index = 0;
    for (const model::Flow& flow : program_.flows)
      if (flow.origin.package == package_) write_flow(flow, index++);
    out_ << "}\n";
  }

 private:
  // Where the next statement is attached: the node, and the text at the edge.
  struct Exit {
    std::size_t node;
    std::string label;
  };
  using Exits = std::vector<Exit>;

  void write_flow(const model::Flow& flow, std::size_t index) {
    flow_ = &flow;
    out_ << llvm::formatv("  subgraph cluster_{0} {{\n    label=\"flow {1}\";\n", index,
                          escaped(flow.origin.name));
    std::string start = flow.route ? flow.route->pattern : flow.slug;
    const std::size_t entry = node(start, "shape=oval, style=bold");
    block(flow.body, {{entry, ""}});
    out_ << "  }\n";
  }

  std::size_t node(llvm::StringRef label, llvm::StringRef attributes) {
    out_ << llvm::formatv("    n{0} [label=\"{1}\"{2}{3}];\n", count_, escaped(label),
                          attributes.empty() ? "" : ", ", attributes);
    return count_++;
  }
  void connect(const Exits& exits, std::size_t to) {
    for (const Exit& exit : exits) {
      out_ << llvm::formatv("    n{0} -> n{1}", exit.node, to);
      if (!exit.label.empty()) out_ << llvm::formatv(" [label=\"{0}\"]", escaped(exit.label));
      out_ << ";\n";
    }
  }

  Exits block(const model::Block& statements, Exits exits) {
    for (const model::Statement& statement : statements)
      exits = one(statement, std::move(exits));
    return exits;
  }

  Exits one(const model::Statement& statement, Exits entry) {
    switch (statement.kind) {
      case StatementKind::kStep:
        return step(statement, entry);
      case StatementKind::kChain:
      case StatementKind::kCall:
      case StatementKind::kSaga:
        return statement.branches.empty() ? entry : block(statement.branches[0], std::move(entry));
      case StatementKind::kReturn:
        connect(entry, node("return " + std::to_string(statement.answer->status), "shape=oval"));
        return {};
      case StatementKind::kParallel:
        return branches(statement, entry, "parallel", {});
      case StatementKind::kWhen:
        return branches(statement, entry, "when", {"then", "else"});
      case StatementKind::kEach:
        return branches(statement, entry, "each", {"element"});
      case StatementKind::kRescue:
      case StatementKind::kOnError:
        return branches(statement, entry, "rescue " + errors(statement), {"failed"}, true);
      case StatementKind::kOnCancel:
        return branches(statement, entry, "on cancel", {"cancelled"}, true);
      case StatementKind::kEnqueue: {
        const std::size_t to = node("enqueue", "style=dashed");
        connect(entry, to);
        return {{to, ""}};
      }
    }
    return entry;
  }

  // A node with one exit a branch; `goes_on`: the flow also goes past it.
  Exits branches(const model::Statement& statement, const Exits& entry, llvm::StringRef label,
                 std::vector<std::string> names, bool goes_on = false) {
    const std::size_t from = node(label, "shape=diamond");
    connect(entry, from);
    Exits result;
    if (goes_on) result.push_back({from, ""});
    for (std::size_t i = 0; i < statement.branches.size(); ++i) {
      Exits ends = block(statement.branches[i], {{from, i < names.size() ? names[i] : ""}});
      llvm::append_range(result, std::move(ends));
    }
    if (statement.kind == StatementKind::kWhen && statement.branches.size() == 1)
      result.push_back({from, "else"});
    return result;
  }

  Exits step(const model::Statement& statement, const Exits& entry) {
    const model::Step& step = program_.steps[statement.step];
    const bool is_effect = step.kind == model::StepKind::kEffect || step.kind == model::StepKind::kGroup;
    std::string label = written_name(program_, step.origin, package_);
    if (!step.reads.empty()) label += "\nreads " + slots(step.reads);
    if (!step.writes.empty()) label += "\nwrites " + slots(step.writes);
    const std::size_t to = node(label, is_effect ? "style=filled, fillcolor=lightyellow" : "");
    connect(entry, to);
    Exits result = {{to, ""}};
    for (const std::uint32_t index : statement.alternatives) {
      const model::Alternative& alternative = flow_->alternatives[index];
      Exits ends = block(alternative.body, {{to, label_of(alternative)}});
      if (alternative.kind != model::Alternative::Kind::kReplace) llvm::append_range(result, std::move(ends));
    }
    return result;
  }

  std::string label_of(const model::Alternative& alternative) const {
    switch (alternative.kind) {
      case model::Alternative::Kind::kNeed:
        return "need " + written_name(program_, program_.steps[alternative.need].origin, package_);
      case model::Alternative::Kind::kInsert:
        return "insert " + written_name(program_, program_.chains[alternative.chain].origin, package_);
      case model::Alternative::Kind::kReplace:
        return "replace " + written_name(program_, program_.chains[alternative.chain].origin, package_);
    }
    return {};
  }
  std::string slots(const std::vector<model::SlotUse>& uses) const {
    std::string result;
    for (const model::SlotUse& use : uses)
      result += (result.empty() ? "" : ", ") +
                written_name(program_, program_.slots[use.slot].origin, package_) + (use.optional ? "?" : "");
    return result;
  }
  std::string errors(const model::Statement& statement) const {
    std::string result;
    for (const model::ErrorId id : statement.errors)
      result += (result.empty() ? "" : ", ") + written_name(program_, program_.errors[id].origin, package_);
    return result;
  }

  const model::Program& program_;
  model::PackageId package_;
  llvm::raw_ostream& out_;
  const model::Flow* flow_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace

std::string emit_dot(const model::Program& program, model::PackageId package) {
  std::string text;
  llvm::raw_string_ostream out(text);
  GraphWriter(program, package, out).run();
  return text;
}

}  // namespace zc::emit
