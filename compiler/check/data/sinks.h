// The places of one flow at which labelled data leaves.

#pragma once

#include "compiler/check/data/data_checks.h"
#include "compiler/check/data/label_flow.h"

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/STLFunctionalExtras.h>

#include <string>
#include <vector>

namespace zc::check {

class SinkChecker {
 public:
  // All must outlive this.
  SinkChecker(const FlowContext& flow, const LabelTable& table, DataFindings& found)
      : flow_(flow), table_(table), labels_(flow, table), found_(found) {}

  void check();

 private:
  // Facts of one label, in order.
  using OfOneLabel = llvm::function_ref<void(model::Label, const LabelFacts&)>;
  static void for_each_label(const LabelFacts& facts, OfOneLabel visit);

  void check_step(model::NodeIndex node);
  void check_call(model::NodeIndex node, const model::Step& step, const model::EffectCall& call,
                  bool is_undo);
  void check_sent(model::NodeIndex node, const model::Step& step, const model::EffectCall& call,
                  const model::Expression& value, model::Departure departure);
  void check_captured(model::NodeIndex node, const model::Step& step);
  void check_drops(model::NodeIndex node, const model::Step& step);
  void check_done(model::NodeIndex node, const model::Step& step);
  void check_errors(model::NodeIndex node, const model::Step& step);
  void check_error(model::NodeIndex node, const model::Step& step, model::ErrorId id);
  void check_written_text(model::StepId step_id, model::ErrorId id, const model::Field& field,
                          const LabelFacts& read);
  void check_answer(model::NodeIndex node);
  void check_revealed(model::NodeIndex node, const model::Answer& answer, const model::Expression& value,
                      model::Departure departure);
  void check_enqueue(model::NodeIndex node);

  // Whether a client waits for what the flow answers.
  [[nodiscard]] bool has_client() const;
  [[nodiscard]] bool reaches_client(const model::Edge& edge) const;
  [[nodiscard]] bool is_new(Kind kind, Span place, model::Label label) {
    return found_.reported.insert({kind, place, label}).second;
  }
  void collect(model::Departure departure, const LabelFacts& facts);
  [[nodiscard]] model::LabelledData data_of(const LabelFact& fact) const;
  // Labels of a diagnostic at the declarations and at the steps that passed the data on.
  void explain(diagnostics::Diagnostic& diagnostic, const LabelFacts& facts) const;
  // "`todo.owner` is personal data"
  [[nodiscard]] std::string mention(const LabelFact& fact) const;
  [[nodiscard]] const model::Statement& statement(model::NodeIndex node) const {
    return *flow_.cfg.statements[flow_.cfg.nodes[node].statement];
  }

  const FlowContext& flow_;
  const LabelTable& table_;
  LabelFlow labels_;
  llvm::DenseSet<model::NodeIndex> in_sagas_;
  DataFindings& found_;
};

}  // namespace zc::check
