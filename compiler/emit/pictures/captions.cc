// Words for pictures.

#include "compiler/emit/pictures/captions.h"

#include "compiler/emit/pictures/dot_text.h"
#include "compiler/emit/written_names.h"
#include "compiler/model/dump/dump_expression.h"
#include "compiler/model/effects.h"
#include "compiler/model/timing/timing.h"
#include "compiler/model/words.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/Twine.h>
#include <llvm/Support/raw_ostream.h>

#include <array>
#include <cstddef>
#include <utility>

namespace zc::emit {
std::string Captions::name(const model::Origin& origin) const {
  return written_name(program_, origin, package_);
}

std::string Captions::trigger(const model::Flow& flow) const {
  switch (flow.trigger) {
    case model::Trigger::kRoute:
      return std::string(model::method_word(flow.route->method)) + " " + flow.route->pattern;
    case model::Trigger::kSlug:
      return "POST /flow/v1/" + flow.slug;
    case model::Trigger::kJob:
      return "job";
    case model::Trigger::kCron:
      return "cron " + flow.schedule + " " + flow.time_zone;
  }
  return {};
}

std::string Captions::slots(const std::vector<model::SlotUse>& uses) const {
  std::vector<std::string> names;
  for (const model::SlotUse& use : uses)
    names.push_back(name(program_.slots[use.slot].origin) + (use.optional ? "?" : ""));
  return llvm::join(names, ", ");
}

std::string Captions::errors(const std::vector<model::ErrorId>& errors) const {
  std::vector<std::string> names;
  for (const model::ErrorId id : errors) {
    const model::ErrorType& error = program_.errors[id];
    names.push_back(name(error.origin) +
                    (error.http_status ? " " + std::to_string(*error.http_status) : std::string()));
  }
  return llvm::join(names, ", ");
}

std::vector<EffectCaption> Captions::effects(const model::Step& step) const {
  std::vector<EffectCaption> result;
  if (step.call) result.push_back(caption(*step.call));
  if (step.group) append(*step.group, result);
  return result;
}

void Captions::append(const model::Group& group, std::vector<EffectCaption>& effects) const {
  model::for_each_member(group, [&](const model::GroupMember& member) {
    effects.push_back(caption(member.call));
    if (member.writes.slot.is_valid()) effects.back().slot = name(program_.slots[member.writes.slot].origin);
    effects.back().is_required = member.required;
  });
}

EffectCaption Captions::caption(const model::EffectCall& call) const {
  EffectCaption result;
  result.target = call.target;
  result.operation = effect(call);
  result.policy = policy(call.settings);
  result.is_write = call.access == model::Access::kWrite;
  return result;
}

std::string Captions::effect(const model::EffectCall& call) const {
  const model::Target& target = program_.targets[call.target];
  return name(target.origin) + "." + program_.adapters[target.adapter].operations[call.operation].origin.name;
}

std::string Captions::policy(const model::PolicySettings& settings) const {
  std::vector<std::string> parts;
  if (settings.timeout) parts.push_back("timeout " + duration_text(*settings.timeout));
  if (settings.retry && settings.retry->times != 0)
    parts.push_back("retry " + std::to_string(settings.retry->times));
  if (settings.hedge) {
    parts.push_back("hedge " + std::to_string(settings.hedge->times) + " after " +
                    duration_text(settings.hedge->after));
  }
  if (settings.rate)
    parts.push_back("rate " + std::to_string(settings.rate->count) + " per " +
                    duration_text(settings.rate->per));
  return llvm::join(parts, ", ");
}

std::string Captions::join(const model::Group& group) const {
  std::string text = model::join_word(group.join);
  if (group.join == model::Join::kQuorum) text += " " + std::to_string(group.quorum);
  return text;
}

std::string Captions::expression(const model::Expression& expression) const {
  std::string text;
  llvm::raw_string_ostream out(text);
  model::dump(program_, expression, out);
  llvm::StringRef inner = text;
  if (expression.kind == model::ExpressionKind::kBinary) inner = inner.drop_front().drop_back();
  return inner.str();
}

std::string Captions::transaction(const model::Transaction& transaction) const {
  std::string text = "tx " + name(program_.targets[transaction.target].origin);
  if (transaction.isolation != model::Isolation::kDefault)
    text += std::string(", ") + model::isolation_word(transaction.isolation);
  if (transaction.retries != 0) text += ", again up to " + std::to_string(transaction.retries) + " times";
  return text;
}

std::string Captions::statement(const model::Statement& statement) const {
  switch (statement.kind) {
    case model::StatementKind::kStep:
      return name(program_.steps[statement.step].origin);
    case model::StatementKind::kChain:
      return "chain " + name(program_.chains[statement.chain].origin);
    case model::StatementKind::kParallel:
      return "parallel";
    case model::StatementKind::kWhen:
      return "when " + expression(*statement.condition);
    case model::StatementKind::kEach: {
      const model::Each& each = *statement.each;
      std::string text = "each " + name(program_.slots[each.item].origin) + " in " + expression(each.over) +
                         ", at most " + std::to_string(each.most);
      if (each.parallel > 1) text += ", " + std::to_string(each.parallel) + " at a time";
      return text;
    }
    case model::StatementKind::kSaga:
      return "saga";
    case model::StatementKind::kTx:
      return transaction(*statement.transaction);
    case model::StatementKind::kRescue:
      return "rescue " + errors(statement.errors);
    case model::StatementKind::kOnError:
      return statement.errors.empty() ? "on any error" : "on error " + errors(statement.errors);
    case model::StatementKind::kOnCancel:
      return "on cancel";
    case model::StatementKind::kOnOverload:
      return "on overload";
    case model::StatementKind::kCall:
      return "call " + name(program_.flows[statement.flow].origin);
    case model::StatementKind::kEnqueue:
      return "enqueue " + name(program_.flows[statement.enqueue->job].origin);
    case model::StatementKind::kReturn:
      return "return " + std::to_string(statement.answer->status);
  }
  return {};
}

std::string longest_wait(const model::Program& program, model::FlowId flow) {
  const model::FlowTiming timing = model::compute_timing(program, flow);
  return timing.is_bounded() ? "waits at most " + duration_text(timing.worst)
                             : "waits without a bound of its own";
}

}  // namespace zc::emit
