// Where control goes from a place in a flow when it does not go on to the next statement.

#include "compiler/plan/flows/flow_builder.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <utility>

namespace zc::plan {
namespace {

std::string runtime_call(const char* function, const std::vector<std::string>& arguments) {
  return "zerver::flow::" + std::string(function) + "(exchange, " + llvm::join(arguments, ", ") + ")";
}

}  // namespace

std::string guarded(const std::string& text) {
  return llvm::StringRef(text).contains('\n') ? " {\n" + text + "\n}" : " " + text;
}

std::string FlowBuilder::answer_error(model::ErrorId id, const std::string& error, const std::string& fault) {
  builder_.answered.insert(id);
  return std::string(leave()) + " answer_error(exchange, " + error + (fault.empty() ? "" : ", " + fault) +
         ");";
}

std::string FlowBuilder::error_constant(model::ErrorId id) {
  std::string& name = builder_.error_constants[id];
  if (name.empty()) {
    name = builder_.source_scope.claim(constant("error_" + builder_.program.errors[id].origin.name));
    builder_.plan.error_constants.push_back(name);
  }
  return name;
}

// For the timeline: an error is taken. Nothing for other events.
std::string FlowBuilder::note_taken(const char* function, const Event& event, const std::string& made_of) {
  if (event.kind != Event::Kind::kRaised) return {};
  std::vector<std::string> arguments = {
      string_literal(builder_.flow_name(builder_.program.errors[event.error].origin))};
  if (!made_of.empty()) arguments.push_back(made_of);
  return runtime_call(function, arguments) + ";\n";
}

// `exit` is an expression; `at_end` says what the flow does with the event when nothing takes it; `made_of`
// is the fault of an error, or the exit that it travels as, where there is one.
std::string FlowBuilder::leave_with(const Event& event, const std::string& exit, const std::string& at_end,
                                    const std::string& made_of) {
  for (Scope& scope : llvm::reverse(scopes_)) {
    if (!scope.takes(event)) continue;
    scope.is_used = true;
    scope.arrivals.add(event);
    switch (scope.kind) {
      case Scope::Kind::kRescue:
        return note_taken("note_rescued", event, made_of) + "goto " + scope.label + ";";
      case Scope::Kind::kOnCancel: {
        if (event.kind == Event::Kind::kAnswered)
          return scope.exit + " = zerver::flow::exit_cancelled_answered();\ngoto " + scope.label + ";";
        std::string text;
        if (event.kind == Event::Kind::kRaised)
          text = runtime_call(
                     "note_lost_error",
                     {string_literal(builder_.flow_name(builder_.program.errors[event.error].origin))}) +
                 ";\n";
        if (event.kind == Event::Kind::kBroken && llvm::StringRef(exit).contains('('))
          text = exit + ";\n";  // which has it in the log
        return text + "goto " + scope.label + ";";
      }
      case Scope::Kind::kBranch:
        return "co_return " + exit + ";";
      case Scope::Kind::kHook:
        // The saga whose hook answers has ended early all the same.
        if (event.kind == Event::Kind::kAnswered) return leave_saga(scope.saga, event, exit);
        [[fallthrough]];
      case Scope::Kind::kBlock:
      case Scope::Kind::kSaga:
      case Scope::Kind::kTransaction: {
        const std::string note =
            scope.kind == Scope::Kind::kBlock ? note_taken("note_on_error", event, made_of) : std::string();
        return note + (exit == scope.exit ? std::string() : scope.exit + " = " + exit + ";\n") + "goto " +
               scope.label + ";";
      }
    }
  }
  return at_end;
}

std::string FlowBuilder::raise(model::ErrorId id, const std::string& error, const std::string& fault) {
  const Event event{Event::Kind::kRaised, id};
  const auto taker =
      llvm::find_if(llvm::reverse(scopes_), [&](const Scope& scope) { return scope.takes(event); });
  if (taker == scopes_.rend()) return answer_error(id, error, fault);
  // Only what travels needs a constant: a `rescue` asks for no more than its label.
  const bool travels = taker->kind != Scope::Kind::kRescue && taker->kind != Scope::Kind::kOnCancel;
  std::vector<std::string> arguments = {travels ? error_constant(id) : std::string(), error};
  if (!fault.empty()) arguments.push_back(fault);
  return leave_with(event, runtime_call("exit_raised", arguments), "", fault);
}

std::string FlowBuilder::give_up() {
  return leave_with({Event::Kind::kCancelled, {}}, "zerver::flow::exit_cancelled()",
                    std::string(leave()) + " zerver::flow::answer_cancelled(exchange);");
}

std::string FlowBuilder::break_off(const std::string& fault, bool may_wait) {
  const std::string exit = runtime_call("exit_fault", {fault});
  const std::string at_end = std::string(leave()) + " " + runtime_call("answer_fault", {fault}) + ";";
  const std::string broken = leave_with({Event::Kind::kBroken, {}}, exit, at_end);
  if (!may_wait) return broken;
  if (leave_with({Event::Kind::kCancelled, {}}, exit, at_end) == broken) return broken;
  return "if (" + fault + ".kind == zerver::FaultKind::kCancelled) {\n" + give_up() + "\n}\n" + broken;
}

std::string FlowBuilder::break_off_unwritten(const std::string& slot) {
  const std::string name = string_literal(slot);
  return leave_with({Event::Kind::kBroken, {}}, runtime_call("exit_unwritten", {name}),
                    std::string(leave()) + " " + runtime_call("answer_unwritten", {name}) + ";");
}

std::string FlowBuilder::break_off_too_many(const std::string& list, std::uint64_t most) {
  const std::string exit = runtime_call("exit_too_many", {list + ".size()", std::to_string(most)});
  return leave_with({Event::Kind::kBroken, {}}, exit,
                    std::string(leave()) + " zerver::flow::answer_exit(exchange, " + exit + ");");
}

std::string FlowBuilder::pass_on(const std::string& exit, const Arrivals& arrivals) {
  const std::string at_end = std::string(leave()) + " answer_with(exchange, " + exit + ");";
  const auto way = [&](const Event& event) {
    std::string text = leave_with(event, exit, at_end, exit);
    if (text != at_end) return text;
    builder_.plan.answers_exits = true;
    if (event.kind == Event::Kind::kRaised) {
      error_constant(event.error);
      builder_.answered.insert(event.error);
      builder_.passed_on.insert(event.error);
    }
    return text;
  };
  struct Way {
    std::string statements;
    std::vector<std::string> errors, conditions;
  };
  std::vector<Way> ways;
  const auto of = [&](std::string statements) -> Way& {
    auto known = llvm::find_if(ways, [&](const Way& each) { return each.statements == statements; });
    if (known == ways.end()) known = ways.insert(ways.end(), {std::move(statements), {}, {}});
    return *known;
  };
  for (const model::ErrorId error : arrivals.errors)
    of(way({Event::Kind::kRaised, error})).errors.push_back(error_constant(error));
  if (arrivals.cancelled) of(way({Event::Kind::kCancelled, {}})).conditions.push_back(exit + ".cancelled()");
  if (arrivals.answered)
    of(before_answer() + way({Event::Kind::kAnswered, {}})).conditions.push_back(exit + ".answered()");
  // The way of a mistake of the program needs no condition: it is that of what is left.
  std::size_t last = ways.size() - 1;
  if (arrivals.broken) last = static_cast<std::size_t>(&of(way({Event::Kind::kBroken, {}})) - ways.data());
  std::string result;
  for (std::size_t i = 0; i < ways.size(); ++i) {
    if (i == last) continue;
    if (!ways[i].errors.empty())
      ways[i].conditions.push_back(exit + ".raised_any(" + llvm::join(ways[i].errors, ", ") + ")");
    result += "if (" + llvm::join(ways[i].conditions, " || ") + ")" + guarded(ways[i].statements) + "\n";
  }
  return result + ways[last].statements;
}

// A saga has completed where its flow answers, but for its own hooks, which run when it has ended.
std::string FlowBuilder::before_answer() {
  std::string result;
  for (std::size_t i = scopes_.size(); i-- > 0 && !scopes_[i].takes({Event::Kind::kAnswered, {}});)
    if (scopes_[i].kind == Scope::Kind::kSaga) result += commit(scopes_[i]) + "\n";
  return result;
}

std::string FlowBuilder::leave_saga(const std::string& name, const Event& event, const std::string& exit) {
  Scope& saga = *llvm::find_if(llvm::reverse(scopes_), [&](const Scope& scope) {
    return scope.kind == Scope::Kind::kSaga && scope.saga == name;
  });
  saga.is_used = true;
  saga.arrivals.add(event);
  return saga.exit + " = " + exit + ";\ngoto " + saga.label + ";";
}

AnswerWay FlowBuilder::answer_way() {
  AnswerWay way{before_answer(), std::string(leave()) + " ",
                leave_with({Event::Kind::kAnswered, {}}, "zerver::flow::exit_answered()", "")};
  if (way.behind.empty()) return way;
  way.leave.clear();
  if (llvm::StringRef(way.behind).starts_with("co_return"))
    way.before += "if (!exchange.claim_answer()) co_return zerver::flow::Exit{};\n";
  return way;
}

}  // namespace zc::plan
