// Walks the body of a flow.

#include "compiler/emit/pictures/flow_rows.h"

#include "compiler/emit/pictures/captions.h"
#include "compiler/emit/pictures/dot_text.h"
#include "compiler/model/graph/cfg.h"

#include <llvm/ADT/DenseMap.h>

#include <utility>

namespace zc::emit {
namespace {

using model::StatementKind;

class Walker {
 public:
  Walker(const model::Program& program, model::FlowId id)
      : program_(program), id_(id), flow_(program.flows[id]), captions_(program, flow_.origin.package) {}

  Score walk() {
    score_.title = "flow " + flow_.origin.name;
    score_.subtitle = captions_.trigger(flow_);
    if (flow_.deadline) score_.subtitle += ", deadline " + duration_text(*flow_.deadline);
    if (flow_.has_effects) score_.subtitle += ", " + longest_wait(program_, id_);
    if (flow_.is_public) score_.subtitle += ", public";
    if (!flow_.parameters.empty()) {
      Row& row = add(RowKind::kBlock, "begins with");
      for (const model::Parameter& parameter : flow_.parameters)
        mark(row, parameter.slot, false, true, false);
    }
    block(flow_.body);
    return std::move(score_);
  }

 private:
  Row& add(RowKind kind, std::string text) {
    Row row;
    row.kind = kind;
    row.depth = depth_;
    row.text = std::move(text);
    score_.rows.push_back(std::move(row));
    return score_.rows.back();
  }

  void mark(Row& row, model::SlotId slot, bool reads, bool writes, bool optional) {
    if (!slot.is_valid()) return;
    const auto [entry, is_new] = lanes_.try_emplace(slot, score_.lanes.size());
    if (is_new) score_.lanes.push_back(captions_.name(program_.slots[slot].origin));
    for (Mark& known : row.marks) {
      if (known.lane != entry->second) continue;
      known.reads = known.reads || reads;
      known.writes = known.writes || writes;
      return;
    }
    row.marks.push_back({entry->second, reads, writes, optional});
  }

  void mark_reads(Row& row, const model::Expression& expression) {
    std::vector<model::SlotUse> slots;
    model::collect_slots(expression, slots);
    for (const model::SlotUse& use : slots)
      mark(row, use.slot, true, false, use.optional);
  }

  void block(const model::Block& statements) {
    for (const model::Statement& each : statements)
      statement(each);
  }

  // The rows of `statements` belong to the row before them.
  void inner(const model::Block& statements, bool is_handler = false) {
    const std::size_t heading = score_.rows.size() - 1;
    ++depth_;
    block(statements);
    --depth_;
    score_.brackets.push_back({heading, score_.rows.size() - 1, is_handler});
  }

  void statement(const model::Statement& each) {
    switch (each.kind) {
      case StatementKind::kStep:
        return step(each);
      case StatementKind::kReturn: {
        Row& row = add(RowKind::kAnswer, captions_.statement(each));
        if (each.answer->body) mark_reads(row, *each.answer->body);
        for (const model::AnswerHeader& header : each.answer->headers)
          mark_reads(row, header.value);
        return;
      }
      case StatementKind::kEnqueue: {
        Row& row = add(RowKind::kBlock, captions_.statement(each));
        for (const model::Expression& argument : each.enqueue->arguments)
          mark_reads(row, argument);
        if (each.enqueue->unique) mark_reads(row, *each.enqueue->unique);
        return;
      }
      case StatementKind::kWhen:
        return when(each);
      case StatementKind::kEach: {
        Row& row = add(RowKind::kBlock, captions_.statement(each));
        mark_reads(row, each.each->over);
        mark(row, each.each->item, false, true, false);
        inner(each.branches.front());
        if (!each.each->results.is_valid()) return;
        mark(add(RowKind::kBlock, "results"), each.each->results, false, true, false);
        return;
      }
      case StatementKind::kParallel:
      case StatementKind::kChain:
      case StatementKind::kSaga:
      case StatementKind::kTx:
      case StatementKind::kCall:
        add(RowKind::kBlock, captions_.statement(each));
        return branches(each, false);
      case StatementKind::kRescue:
      case StatementKind::kOnError:
      case StatementKind::kOnCancel:
      case StatementKind::kOnOverload:
        add(RowKind::kHandler, captions_.statement(each));
        return branches(each, true);
    }
  }

  void branches(const model::Statement& each, bool is_handler) {
    const std::size_t heading = score_.rows.size() - 1;
    ++depth_;
    for (const model::Block& branch : each.branches)
      block(branch);
    --depth_;
    score_.brackets.push_back({heading, score_.rows.size() - 1, is_handler});
  }

  void when(const model::Statement& each) {
    mark_reads(add(RowKind::kBlock, captions_.statement(each)), *each.condition);
    inner(each.branches.front());
    if (each.branches.size() < 2) return;
    add(RowKind::kBlock, "else");
    inner(each.branches[1]);
  }

  void step(const model::Statement& each) {
    const model::Step& step = program_.steps[each.step];
    std::string text = captions_.name(step.origin);
    if (step.pivot) text += " (pivot)";
    if (step.undo) text += " (undo " + captions_.effect(*step.undo) + ")";
    const bool has_effect = step.call.has_value() || step.group.has_value();
    Row& row = add(has_effect ? RowKind::kEffect : RowKind::kStep, std::move(text));
    row.doc = step.origin.doc;
    row.errors = captions_.errors(step.fails);
    for (const model::SlotUse& use : step.reads)
      mark(row, use.slot, true, false, use.optional);
    const std::vector<EffectCaption> effects = captions_.effects(step);
    if (!step.group) {
      for (const model::SlotUse& use : step.writes)
        mark(row, use.slot, false, true, use.optional);
      for (const EffectCaption& effect : effects) {
        row.effect = effect.operation;
        row.policy = effect.policy;
      }
    } else {
      row.effect = captions_.join(*step.group);
      group(*step.group);
    }
    for (const std::uint32_t index : each.alternatives)
      alternative(flow_.alternatives[index]);
  }

  void group(const model::Group& group) {
    const std::size_t heading = score_.rows.size() - 1;
    ++depth_;
    for (const model::GroupMember& member : group.members) {
      if (member.group) {
        const std::string join = captions_.join(*member.group);
        add(RowKind::kBlock, member.required ? join : join + " (optional)");
        this->group(*member.group);
        continue;
      }
      std::string text =
          member.writes.slot.is_valid() ? captions_.name(program_.slots[member.writes.slot].origin) : "";
      if (!member.required) text += text.empty() ? "optional" : " (optional)";
      Row& row = add(RowKind::kEffect, std::move(text));
      const model::PolicySettings& settings = member.call.settings;
      row.effect = captions_.effect(member.call);
      row.policy = captions_.policy(settings);
      mark(row, member.writes.slot, false, true, !member.required || member.writes.optional);
    }
    --depth_;
    score_.brackets.push_back({heading, score_.rows.size() - 1, false});
  }

  void alternative(const model::Alternative& each) {
    std::string text = "may ";
    switch (each.kind) {
      case model::Alternative::Kind::kNeed:
        text += "need " + captions_.name(program_.steps[each.need].origin);
        break;
      case model::Alternative::Kind::kInsert:
        text += "insert " + captions_.name(program_.chains[each.chain].origin);
        break;
      case model::Alternative::Kind::kReplace:
        text += "go on instead with " + captions_.name(program_.chains[each.chain].origin);
        break;
    }
    ++depth_;
    add(RowKind::kBlock, std::move(text));
    inner(each.body);
    --depth_;
  }

  const model::Program& program_;
  const model::FlowId id_;
  const model::Flow& flow_;
  const Captions captions_;
  Score score_;
  std::size_t depth_ = 0;
  llvm::DenseMap<model::SlotId, std::size_t> lanes_;
};

}  // namespace

Score make_score(const model::Program& program, model::FlowId flow) { return Walker(program, flow).walk(); }

}  // namespace zc::emit
