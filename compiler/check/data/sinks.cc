#include "compiler/check/data/sinks.h"

#include "compiler/model/effects.h"
#include "compiler/model/sagas/capture.h"
#include "compiler/model/sagas/saga.h"

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <algorithm>
#include <utility>

namespace zc::check {

using model::Departure;
using model::DepartureKind;
using model::Label;
using model::NodeIndex;
using model::NodeKind;
using model::TypeKind;

namespace {

constexpr std::size_t kMaxMentions = 3;

bool is_url(const model::Expression& value) {
  if (value.kind == model::ExpressionKind::kUrl) return true;
  return value.kind == model::ExpressionKind::kConvert && !value.operands.empty() &&
         is_url(value.operands.front());
}

void mark_open(const model::Gates& gates, Label label, std::set<Span>& open) {
  for (const model::Gate& gate : gates) {
    if (gate.label == label) open.insert(gate.span);
  }
}

// `todo.owner` names what is at `todo.owner` and below it; without the slot's name too.
bool names(const model::Gate& gate, llvm::StringRef data) {
  if (gate.path.empty()) return false;
  const std::string path = llvm::join(gate.path, ".");
  const auto begins = [&path](llvm::StringRef text) {
    return text.consume_front(path) && (text.empty() || text.front() == '.');
  };
  if (begins(data)) return true;
  for (llvm::StringRef rest = data.split('.').second; !rest.empty(); rest = rest.split('.').second) {
    if (begins(rest)) return true;
  }
  return false;
}

}  // namespace

void SinkChecker::check() {
  for (const model::Saga& saga : model::find_sagas(flow_.context.program, flow_.cfg)) {
    for (const model::SagaStep& step : saga.steps)
      if (step.writes) in_sagas_.insert(step.node);
  }
  for (const NodeIndex node : flow_.cfg.order) {
    switch (flow_.cfg.nodes[node].kind) {
      case NodeKind::kStep:
        check_step(node);
        break;
      case NodeKind::kReturn:
        check_answer(node);
        break;
      case NodeKind::kEnqueue:
        check_enqueue(node);
        break;
      default:
        break;
    }
  }
}

void SinkChecker::for_each_label(const LabelFacts& facts, OfOneLabel visit) {
  for (const Label label : kEveryLabel) {
    LabelFacts some;
    llvm::copy_if(facts, std::back_inserter(some),
                  [label](const LabelFact& fact) { return fact.label == label; });
    if (!some.empty()) visit(label, some);
  }
}

// ---- what is said about the data

model::LabelledData SinkChecker::data_of(const LabelFact& fact) const {
  return {fact.label, labels_.name_of(fact), source_text(fact.source), labels_.steps_of(fact)};
}

void SinkChecker::collect(Departure departure, const LabelFacts& facts) {
  departure.flow = flow_.id;
  for (const LabelFact& fact : facts) {
    model::LabelledData data = data_of(fact);
    if (!llvm::is_contained(departure.data, data)) departure.data.push_back(std::move(data));
  }
  found_.departures.departures.push_back(std::move(departure));
}

std::string SinkChecker::mention(const LabelFact& fact) const {
  const std::string name = labels_.name_of(fact);
  return (name.empty() ? "this" : "`" + name + "`") + " is " + label_text(fact.label);
}

void SinkChecker::explain(diagnostics::Diagnostic& diagnostic, const LabelFacts& facts) const {
  const model::Program& program = flow_.context.program;
  std::vector<Span> seen;
  const auto add = [&](Span place, const llvm::Twine& text) {
    const bool is_said = place == diagnostic.span || llvm::is_contained(seen, place);
    if (is_said || seen.size() == kMaxMentions) return;
    seen.push_back(place);
    diagnostic.secondary(place, text);
  };
  const LabelFact& first = facts.front();
  diagnostic.label(mention(first));
  for (const LabelFact& fact : facts) {
    add(fact.source.origin->span,
        source_text(fact.source) + " is declared as `@" + label_word(fact.label) + "`");
  }
  for (const model::StepId step : labels_.steps_of(first)) {
    diagnostic.secondary(program.steps[step].origin.span,
                         "step `" + program.steps[step].origin.name + "` passes it on");
  }
  std::vector<std::string> others;
  for (const LabelFact& fact : facts) {
    std::string name = labels_.name_of(fact);
    if (!name.empty() && name != labels_.name_of(first) && !llvm::is_contained(others, name))
      others.push_back(std::move(name));
  }
  if (others.empty()) return;
  const std::size_t more = others.size() > kMaxMentions ? others.size() - kMaxMentions : 0;
  others.resize(others.size() - more);
  diagnostic.note("so is `" + llvm::join(others, "`, `") + "`" +
                  (more == 0 ? std::string() : " and " + std::to_string(more) + " more"));
}

// ---- steps

void SinkChecker::check_step(NodeIndex node) {
  const model::Step& step = flow_.context.program.steps[statement(node).step];
  model::for_each_call(
      step, [&](const model::EffectCall& call) { check_call(node, step, call, /*is_undo=*/false); });
  if (step.undo) check_call(node, step, *step.undo, /*is_undo=*/true);
  if (in_sagas_.contains(node)) check_captured(node, step);
  check_drops(node, step);
  check_done(node, step);
  check_errors(node, step);
}

void SinkChecker::check_call(NodeIndex node, const model::Step& step, const model::EffectCall& call,
                             bool is_undo) {
  const model::Target& target = flow_.context.program.targets[call.target];
  const model::Operation& operation =
      flow_.context.program.adapters[target.adapter].operations[call.operation];
  Departure departure;
  departure.step = statement(node).step;
  departure.target = call.target;
  departure.operation = call.operation;
  departure.is_undo = is_undo;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    departure.kind = is_url(call.arguments[i]) ? DepartureKind::kUrl : DepartureKind::kArgument;
    departure.place = operation.parameters[i].name;
    check_sent(node, step, call, call.arguments[i], departure);
  }
  if (!call.key) return;
  departure.kind = DepartureKind::kKey;
  departure.place = "key";
  check_sent(node, step, call, *call.key, std::move(departure));
}

void SinkChecker::check_sent(NodeIndex node, const model::Step& step, const model::EffectCall& call,
                             const model::Expression& value, Departure departure) {
  const model::Target& target = flow_.context.program.targets[call.target];
  const bool is_root = flow_.context.program.packages[target.origin.package].is_root;
  for_each_label(labels_.facts_of(node, value), [&](Label label, const LabelFacts& facts) {
    found_.targets.insert({call.target.raw(), label});
    const Span place = facts.front().place;
    if ((model::labels_of(target.accepts) & label) != 0) {
      if (departure.kind == DepartureKind::kUrl && label == model::kSecret &&
          is_new(Kind::kSecretSentInUrl, place, label)) {
        auto& diagnostic =
            flow_.context.engine.report(Kind::kSecretSentInUrl, place, "step `" + step.origin.name + "`");
        explain(diagnostic, facts);
      }
      return collect(departure, facts);
    }
    if (!is_new(Kind::kNotAccepted, place, label)) return;
    const std::string who = departure.is_undo ? "the `undo` of step `" + step.origin.name + "`"
                                              : "step `" + step.origin.name + "`";
    auto& diagnostic =
        flow_.context.engine.report(Kind::kNotAccepted, place, who, label_text(label), target.origin.name);
    explain(diagnostic, facts);
    diagnostic.secondary(target.origin.span, "the target is declared here");
    if (departure.kind == DepartureKind::kUrl)
      diagnostic.note("it is part of a URL, which servers and proxies write into their logs");
    const std::string setting = std::string("accepts ") + label_word(label) + ";";
    // Opening a gate is a decision, and none that `--fix` takes.
    if (is_root) {
      diagnostic.help("if the target may have it, say so there: `" + setting + "`");
    } else {
      diagnostic.help("send what has no label, or a target of your own with `" + setting + "`");
    }
  });
}

// The journal of sagas keeps whole slots, in a file.
void SinkChecker::check_captured(NodeIndex node, const model::Step& step) {
  for (const model::SlotId slot : model::capture_of(flow_.context.program, step).slots) {
    LabelFacts facts;
    for (const model::SlotUse& use : step.reads)
      if (use.slot == slot) facts = labels_.facts_of(node, use);
    if (facts.empty()) {
      for (LabelledPart& part : table_.parts_of(slot))
        facts.push_back(
            {std::move(part.path), part.label, part.source, {}, {}, step.origin.span, kNoPassage});
    }
    for_each_label(facts, [&](Label label, const LabelFacts& some) {
      const Span place = step.undo ? step.undo->span : step.origin.span;
      if (label != model::kSecret || !is_new(Kind::kSecretInJournal, place, label)) return;
      auto& diagnostic = flow_.context.engine.report(Kind::kSecretInJournal, place, step.origin.name,
                                                     flow_.context.program.slots[slot].origin.name);
      explain(diagnostic, some);
      diagnostic.secondary(statement(node).span, "in this saga")
          .note("what an `undo` reads is kept in a file until the saga has ended")
          .help("let it read something that is no secret, such as an id");
    });
  }
}

void SinkChecker::check_drops(NodeIndex node, const model::Step& step) {
  const model::Labels dropped = model::labels_of(step.drops);
  if (dropped == model::kNoLabel) return;
  model::Drop drop;
  drop.flow = flow_.id;
  drop.step = statement(node).step;
  LabelFacts facts = step.value ? labels_.facts_of(node, *step.value) : labels_.facts_of_reads(node, step);
  for (const LabelFact& fact : facts) {
    if ((fact.label & dropped) == 0) continue;
    mark_open(step.drops, fact.label, found_.open_gates);
    model::LabelledData data = data_of(fact);
    if (!llvm::is_contained(drop.data, data)) drop.data.push_back(std::move(data));
  }
  if (!drop.data.empty()) found_.departures.drops.push_back(std::move(drop));
}

bool SinkChecker::has_client() const {
  return flow_.flow().trigger == model::Trigger::kRoute || flow_.flow().trigger == model::Trigger::kSlug;
}

void SinkChecker::check_done(NodeIndex node, const model::Step& step) {
  if (!step.may_done || !has_client()) return;
  const model::Labels dropped = model::labels_of(step.drops);
  for_each_label(labels_.facts_of_reads(node, step), [&](Label label, const LabelFacts& facts) {
    if ((dropped & label) != 0 || !is_new(Kind::kRevealingDone, step.origin.span, label)) return;
    auto& diagnostic = flow_.context.engine.report(Kind::kRevealingDone, facts.front().place,
                                                   step.origin.name, label_text(label));
    explain(diagnostic, facts);
    diagnostic.note("an answer that a C++ step makes can hold whatever the step reads")
        .help(std::string("let the flow answer, with `reveal ") + label_word(label) + "`, or say `drops " +
              label_word(label) + "` when nothing of it is in the answer");
  });
}

// ---- errors

// What a `rescue` handles does not; an `on error` that does not answer lets the error go on.
bool SinkChecker::reaches_client(const model::Edge& edge) const {
  llvm::DenseSet<NodeIndex> seen;
  std::vector<NodeIndex> open{edge.to};
  while (!open.empty()) {
    const NodeIndex node = open.back();
    open.pop_back();
    if (node == model::Cfg::kFailedNode) return true;
    const bool is_rescued = flow_.cfg.nodes[node].kind == NodeKind::kHandler &&
                            statement(node).kind == model::StatementKind::kRescue;
    if (is_rescued || !seen.insert(node).second) continue;
    for (const model::Edge& next : flow_.cfg.nodes[node].out) {
      const bool goes_on = next.kind != model::EdgeKind::kError || next.error == edge.error;
      if (goes_on && next.kind != model::EdgeKind::kCancel) open.push_back(next.to);
    }
  }
  return false;
}

void SinkChecker::check_errors(NodeIndex node, const model::Step& step) {
  if (!has_client()) return;
  for (const model::Edge& edge : flow_.cfg.nodes[node].out) {
    if (edge.kind != model::EdgeKind::kError || !edge.error.is_valid()) continue;
    if (flow_.context.program.errors[edge.error].fields.empty() || !reaches_client(edge)) continue;
    check_error(node, step, edge.error);
  }
}

void SinkChecker::check_error(NodeIndex node, const model::Step& step, model::ErrorId id) {
  const model::ErrorType& error = flow_.context.program.errors[id];
  const LabelFacts read =
      step.kind == model::StepKind::kBody ? labels_.facts_of_reads(node, step) : LabelFacts();
  for (const model::Field& field : error.fields) {
    LabelFacts facts;
    for (LabelledPart& part : table_.parts_of(field, error.origin))
      facts.push_back({std::move(part.path), part.label, part.source, {}, {}, field.origin.span, kNoPassage});
    if (step.kind == model::StepKind::kBody) {
      check_written_text(statement(node).step, id, field, read);
    } else {
      for (const model::SlotUse& use : step.reads) {
        if (flow_.context.program.slots[use.slot].origin.name != field.origin.name) continue;
        const model::Labels declared = table_.labels_of(field);
        llvm::copy_if(labels_.facts_of(node, use), std::back_inserter(facts),
                      [declared](const LabelFact& fact) { return (fact.label & declared) == 0; });
      }
    }
    for_each_label(facts, [&](Label label, const LabelFacts& some) {
      if (!is_new(Kind::kRevealingError, field.origin.span, label)) return;
      auto& diagnostic = flow_.context.engine.report(Kind::kRevealingError, field.origin.span,
                                                     field.origin.name, error.origin.name, label_text(label));
      explain(diagnostic, some);
      diagnostic.secondary(step.origin.span, "step `" + step.origin.name + "` raises it")
          .secondary(flow_.flow().origin.span, "and flow `" + flow_.flow().origin.name + "` answers with it")
          .note("the fields of an error that no `rescue` handles are part of the answer")
          .help("leave the field out, or handle the error in the flow and answer with `reveal`");
    });
  }
}

// The fields of an error that a C++ step makes hold what it likes. Numbers, ids, enums and scalars say by
// their type what they are; text says nothing. A `why` is there for people to read: it is for the auditor to
// know.
void SinkChecker::check_written_text(model::StepId step_id, model::ErrorId id, const model::Field& field,
                                     const LabelFacts& read) {
  const model::Program& program = flow_.context.program;
  const model::Step& step = program.steps[step_id];
  model::TypeId type = field.type;
  while (program.types[type].element.is_valid())
    type = program.types[type].element;
  const TypeKind kind = program.types[type].kind;
  if (kind != TypeKind::kString && kind != TypeKind::kBytes && kind != TypeKind::kJson) return;
  const model::Labels allowed =
      static_cast<model::Labels>(model::labels_of(step.drops) | table_.labels_of(field));
  for_each_label(read, [&](Label label, const LabelFacts& facts) {
    if ((allowed & label) != 0) return;
    if (field.origin.name == "why") {
      Departure departure;
      departure.kind = DepartureKind::kReason;
      departure.error = id;
      departure.place = field.origin.name;
      departure.step = step_id;
      return collect(std::move(departure), facts);
    }
    if (!is_new(Kind::kRevealingStep, step.origin.span, label)) return;
    auto& diagnostic =
        flow_.context.engine.report(Kind::kRevealingStep, facts.front().place, step.origin.name,
                                    label_text(label), program.errors[id].origin.name, field.origin.name);
    explain(diagnostic, facts);
    diagnostic
        .secondary(field.origin.span,
                   "this text reaches the client of flow `" + flow_.flow().origin.name + "`")
        .help(std::string("say `drops ") + label_word(label) + "` when nothing of it is in the error");
  });
}

// ---- answers and queues

void SinkChecker::check_answer(NodeIndex node) {
  const model::Answer& answer = *statement(node).answer;
  Departure departure;
  departure.status = answer.status;
  if (answer.body) {
    departure.kind = DepartureKind::kBody;
    check_revealed(node, answer, *answer.body, departure);
  }
  for (const model::AnswerHeader& header : answer.headers) {
    departure.kind = DepartureKind::kHeader;
    departure.place = header.name;
    check_revealed(node, answer, header.value, departure);
  }
}

void SinkChecker::check_revealed(NodeIndex node, const model::Answer& answer, const model::Expression& value,
                                 Departure departure) {
  for_each_label(labels_.facts_of(node, value), [&](Label label, const LabelFacts& facts) {
    LabelFacts hidden;
    for (const LabelFact& fact : facts) {
      const std::string name = labels_.name_of(fact);
      bool is_revealed = false;
      for (const model::Gate& gate : answer.reveals) {
        if (gate.label != label && !names(gate, name)) continue;
        found_.open_gates.insert(gate.span);
        is_revealed = true;
      }
      if (!is_revealed) hidden.push_back(fact);
    }
    if (hidden.empty()) {
      const Span place = facts.front().place;
      const bool names_url = departure.kind == DepartureKind::kHeader &&
                             llvm::StringRef(departure.place).equals_insensitive("location");
      if (names_url && label == model::kSecret && is_new(Kind::kSecretSentInUrl, place, label)) {
        auto& diagnostic = flow_.context.engine.report(Kind::kSecretSentInUrl, place,
                                                       "flow `" + flow_.flow().origin.name + "`");
        explain(diagnostic, facts);
      }
      return collect(departure, facts);
    }
    const Span place = hidden.front().place;
    if (!is_new(Kind::kNotRevealed, place, label)) return;
    auto& diagnostic =
        flow_.context.engine.report(Kind::kNotRevealed, place, flow_.flow().origin.name, label_text(label));
    explain(diagnostic, hidden);
    diagnostic.help(std::string("if the client may see it, say so: `reveal ") + label_word(label) + "`");
  });
}

void SinkChecker::check_enqueue(NodeIndex node) {
  const model::Enqueue& enqueue = *statement(node).enqueue;
  const model::Flow& job = flow_.context.program.flows[enqueue.job];
  Departure departure;
  departure.job = enqueue.job;
  model::Labels declared = model::kNoLabel;
  for (std::size_t i = 0; i < enqueue.arguments.size() && i < job.parameters.size(); ++i) {
    const model::Parameter& parameter = job.parameters[i];
    if (!parameter.slot.is_valid()) continue;
    declared |= table_.labels_of(parameter.slot);
    departure.kind = DepartureKind::kParameter;
    departure.place = parameter.origin.name;
    for_each_label(labels_.facts_of(node, enqueue.arguments[i]), [&](Label label, const LabelFacts& facts) {
      LabelFacts bare;
      llvm::copy_if(facts, std::back_inserter(bare), [&](const LabelFact& fact) {
        return (table_.whole_labels(parameter.slot, fact.path) & label) == 0;
      });
      if (bare.empty()) return collect(departure, facts);
      const Span place = bare.front().place;
      if (!is_new(Kind::kUnlabelledParameter, place, label)) return;
      auto& diagnostic = flow_.context.engine.report(Kind::kUnlabelledParameter, place, job.origin.name,
                                                     label_text(label), parameter.origin.name);
      explain(diagnostic, bare);
      const model::Slot& slot = flow_.context.program.slots[parameter.slot];
      diagnostic.note("a queue keeps what a job is started with, and the job goes on with it");
      if (slot.is_private) {
        diagnostic.secondary(slot.origin.span, "declared without a label")
            .help(std::string("put `@") + label_word(label) + "` before the slot");
      } else {
        const std::string trait = std::string("@") + label_word(label) + " ";
        diagnostic.fix("label the slot: `" + trait + slot.origin.name + "`", slot.origin.span.start_point(),
                       trait);
      }
    });
  }
  if (!enqueue.unique) return;
  departure.kind = DepartureKind::kUniqueKey;
  departure.place = "unique";
  for_each_label(labels_.facts_of(node, *enqueue.unique), [&](Label label, const LabelFacts& facts) {
    if ((declared & label) != 0) return collect(departure, facts);
    const Span place = facts.front().place;
    if (!is_new(Kind::kLabelledKey, place, label)) return;
    auto& diagnostic =
        flow_.context.engine.report(Kind::kLabelledKey, place, job.origin.name, label_text(label));
    explain(diagnostic, facts);
    diagnostic.help("take an id that says nothing about a person");
  });
}

}  // namespace zc::check
