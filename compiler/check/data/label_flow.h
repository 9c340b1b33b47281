// Follows labelled data through the slots of one flow.

#pragma once

#include "compiler/check/analyses/flow_checks.h"
#include "compiler/check/data/labels.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/BitVector.h>
#include <llvm/ADT/DenseMap.h>

#include <cstdint>
#include <string>
#include <vector>

namespace zc::check {

inline constexpr std::uint32_t kNoPassage = 0xFFFFFFFF;

// A step that made something of labelled data: the label goes on to what it wrote.
struct Passage {
  model::StepId step;
  std::uint32_t previous = kNoPassage;
};

// "What is at `path` of this value is `label`, because of `source`."
struct LabelFact {
  FieldPath path;
  model::Label label = model::kNoLabel;
  LabelSource source;
  model::SlotId slot;                  // where the value was read; none for one that was just made
  FieldPath from;                      // the part of `slot`
  Span place;                          // the mention of it
  std::uint32_t passage = kNoPassage;  // the last step on its way into `slot`
};
using LabelFacts = std::vector<LabelFact>;

// Forward over the flow's graph: reaching definitions of slots, then the labels of each definition up to
// their least fixed point. What an effect or a part of the request writes has the labels that its slot and
// its type declare, and no more; expressions and C++ steps pass on those of what they read.
class LabelFlow {
 public:
  // Both must outlive this. The flow has no step that could not be resolved.
  LabelFlow(const FlowContext& flow, const LabelTable& table);

  // The labels of an expression's value before `node` writes.
  [[nodiscard]] LabelFacts facts_of(model::NodeIndex node, const model::Expression& expression) const;
  // Of a slot that the node reads.
  [[nodiscard]] LabelFacts facts_of(model::NodeIndex node, const model::SlotUse& use) const;
  // Of everything that a step reads, as one value.
  [[nodiscard]] LabelFacts facts_of_reads(model::NodeIndex node, const model::Step& step) const;

  // "todo.owner", as the flow's package writes it; empty for what is in no slot.
  [[nodiscard]] std::string name_of(const LabelFact& fact) const;
  // The last steps on its way, in their order.
  [[nodiscard]] std::vector<model::StepId> steps_of(const LabelFact& fact) const;

 private:
  using Path = llvm::ArrayRef<std::uint32_t>;

  // A write by which labels can come into a slot that its declaration does not say.
  struct Definition {
    model::NodeIndex node = model::kNoNode;
    std::uint32_t slot = 0;
    LabelFacts facts;
  };

  [[nodiscard]] bool has_loops() const;
  void find_definitions();
  void find_enclosed();
  void solve_reaching();
  void enter(model::NodeIndex index);
  [[nodiscard]] llvm::BitVector carried_by(model::NodeIndex from, const model::Edge& edge) const;
  void solve_labels();
  [[nodiscard]] LabelFacts defined_facts(const Definition& definition) const;
  [[nodiscard]] LabelFacts collected_facts(const model::Node& node) const;
  bool merge(Definition& definition, LabelFacts facts);
  [[nodiscard]] llvm::BitVector behind_writes(model::NodeIndex node) const;

  void evaluate(model::NodeIndex node, const model::Expression& expression, Path path, LabelFacts& out) const;
  void evaluate_parts(model::NodeIndex node, const model::Expression& expression, Path path,
                      LabelFacts& out) const;
  void read(model::NodeIndex node, model::SlotId slot, Path path, Span place, LabelFacts& out) const;

  const FlowContext& flow_;
  const LabelTable& table_;
  llvm::DenseMap<model::SlotId, std::uint32_t> local_;
  std::vector<Definition> definitions_;
  std::vector<std::vector<std::uint32_t>> definitions_of_slot_;
  std::vector<std::vector<std::uint32_t>> definitions_of_node_;
  llvm::DenseMap<model::NodeIndex, llvm::BitVector> enclosed_;      // definitions in branches and loops
  llvm::DenseMap<std::uint32_t, model::NodeIndex> ends_of_bodies_;  // kEachNext, by the statement
  std::vector<llvm::BitVector> reaching_;                           // by node: definitions before it
  std::vector<Passage> passages_;
};

}  // namespace zc::check
