// Resolves statements.

#include "compiler/check/flows/bodies.h"

#include "compiler/check/errors/error_names.h"
#include "compiler/check/expressions/conversions.h"
#include "compiler/check/expressions/expressions.h"
#include "compiler/check/expressions/literals.h"
#include "compiler/check/flows/answers.h"
#include "compiler/check/transactions/transactions.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace zc::check {

using model::StatementKind;

namespace {

class BlockResolver {
 public:
  BlockResolver(Context& context, model::PackageId package, bool answers)
      : context_(context), package_(package), answers_(answers) {}

  model::Block resolve(const syntax::Block& block) {
    model::Block result;
    result.reserve(block.statements.size());
    ++depth_;
    for (const syntax::Statement* statement : block.statements)
      add(*statement, result);
    --depth_;
    return result;
  }

  model::Statement use(const syntax::QualifiedName& name) {
    const auto symbol =
        context_.resolve(package_, NameSpace::kSteps, name, Kind::kUnknownStep, "a step or chain");
    // A step without an id: this path may do anything.
    if (!symbol) return make(StatementKind::kStep, name.span);
    model::Statement result =
        make(symbol->kind == SymbolKind::kStep ? StatementKind::kStep : StatementKind::kChain, name.span);
    if (symbol->kind == SymbolKind::kStep) {
      result.step = symbol->id<model::StepId>();
    } else {
      result.chain = symbol->id<model::ChainId>();
    }
    return result;
  }

 private:
  static model::Statement make(StatementKind kind, Span span) {
    model::Statement result;
    result.kind = kind;
    result.span = span;
    return result;
  }

  ExpressionChecker checker() {
    ExpressionScope scope;
    scope.package = package_;
    scope.place = ExpressionScope::Place::kFlow;
    return {context_, scope};
  }

  void add(const syntax::Statement& statement, model::Block& out) {
    switch (statement.kind) {
      case syntax::StatementKind::kUse:
        out.push_back(use(llvm::cast<syntax::UseStatement>(statement).name));
        break;
      case syntax::StatementKind::kBlock:
        block(llvm::cast<syntax::BlockStatement>(statement), out);
        break;
      case syntax::StatementKind::kTransaction: {
        const auto& written = llvm::cast<syntax::TransactionStatement>(statement);
        model::Statement result = make(StatementKind::kTx, written.span);
        result.branches.push_back(resolve(written.body));
        result.transaction = resolve_transaction(context_, package_, written, result.branches.front());
        out.push_back(std::move(result));
        break;
      }
      case syntax::StatementKind::kWhen:
        out.push_back(when(llvm::cast<syntax::WhenStatement>(statement), 0));
        break;
      case syntax::StatementKind::kEach:
        out.push_back(each(llvm::cast<syntax::EachStatement>(statement)));
        break;
      case syntax::StatementKind::kRescue: {
        const auto& rescue = llvm::cast<syntax::RescueStatement>(statement);
        out.push_back(handler(StatementKind::kRescue, rescue.span, rescue.errors, rescue.body));
        break;
      }
      case syntax::StatementKind::kHandler: {
        const auto& on = llvm::cast<syntax::HandlerStatement>(statement);
        if (on.event == syntax::HandlerEvent::kOverload) {
          overload(on, out);
          break;
        }
        const bool is_error = on.event == syntax::HandlerEvent::kError;
        out.push_back(handler(is_error ? StatementKind::kOnError : StatementKind::kOnCancel, on.span,
                              on.errors, on.body));
        break;
      }
      case syntax::StatementKind::kCall:
        call(llvm::cast<syntax::CallStatement>(statement), out);
        break;
      case syntax::StatementKind::kEnqueue:
        enqueue(llvm::cast<syntax::EnqueueStatement>(statement), out);
        break;
      case syntax::StatementKind::kReturn: {
        const auto& written = llvm::cast<syntax::ReturnStatement>(statement);
        model::Statement result = make(StatementKind::kReturn, written.span);
        ExpressionChecker expressions = checker();
        result.answer = resolve_answer(context_, expressions, written);
        out.push_back(std::move(result));
        break;
      }
      case syntax::StatementKind::kError:
        out.push_back(make(StatementKind::kStep, statement.span));
        break;
    }
  }

  void block(const syntax::BlockStatement& written, model::Block& out) {
    if (written.block_kind == syntax::BlockKind::kSequential) {
      model::Block inner = resolve(written.body);
      std::move(inner.begin(), inner.end(), std::back_inserter(out));
      return;
    }
    const bool is_saga = written.block_kind == syntax::BlockKind::kSaga;
    model::Statement result = make(is_saga ? StatementKind::kSaga : StatementKind::kParallel, written.span);
    if (is_saga) {
      result.branches.push_back(resolve(written.body));
    } else {
      ++depth_;
      for (const syntax::Statement* branch : written.body.statements) {
        model::Block statements;
        add(*branch, statements);
        if (!statements.empty()) result.branches.push_back(std::move(statements));
      }
      --depth_;
    }
    out.push_back(std::move(result));
  }

  // Arms behind the first become the `else` of the one before. There are at most as many as statements may
  // nest.
  model::Statement when(const syntax::WhenStatement& written, std::size_t arm) {
    const syntax::WhenArm& first = written.arms[arm];
    model::Statement result = make(StatementKind::kWhen, arm == 0 ? written.span : first.body.span);
    if (first.condition != nullptr) {
      result.condition = checker().check(*first.condition, context_.types.simple(model::TypeKind::kBool));
      if (arm > 0) result.span = cover(first.condition->span, first.body.span);
    }
    result.branches.push_back(resolve(first.body));
    if (arm + 1 < written.arms.size()) {
      result.branches.emplace_back();
      result.branches.back().push_back(when(written, arm + 1));
    } else if (written.otherwise != nullptr) {
      result.branches.push_back(resolve(*written.otherwise));
    }
    return result;
  }

  std::optional<model::SlotId> slot(const syntax::QualifiedName& name) {
    const auto symbol = context_.resolve(package_, NameSpace::kSlots, name, Kind::kUnknownSlot, "a slot");
    return symbol ? std::optional(symbol->id<model::SlotId>()) : std::nullopt;
  }

  model::Statement each(const syntax::EachStatement& written) {
    model::Statement result = make(StatementKind::kEach, written.span);
    model::Each each;
    model::TypeId element = context_.types.error();
    if (written.collection != nullptr) {
      each.over = checker().infer(*written.collection);
      const model::TypeKind kind = context_.types.kind(each.over.type);
      if (kind == model::TypeKind::kList) {
        element = context_.types[each.over.type].element;
      } else if (kind != model::TypeKind::kError) {
        context_.engine.report(Kind::kBadEach, written.collection->span,
                               "`each` goes over a list, this is a `" + context_.text(each.over.type) + "`");
      }
    }
    if (!written.variable.is_missing()) {
      const syntax::QualifiedName name{written.variable, written.variable.span};
      if (const auto item = slot(name)) {
        each.item = *item;
        const model::TypeId type = context_.program.slots[*item].type;
        if (!can_convert(context_, element, type)) {
          context_.engine
              .report(Kind::kTypeMismatch, written.variable.span, context_.text(element),
                      "`" + context_.text(type) + "`")
              .secondary(context_.program.slots[*item].origin.span, "the slot is declared here")
              .note("the steps inside read each element from this slot");
        }
      }
    }
    if (written.max == nullptr && !written.erroneous) {
      context_.engine
          .report(Kind::kUnboundedEach,
                  written.collection != nullptr ? written.collection->span : written.span)
          .fix("bound it",
               (written.collection != nullptr ? written.collection->span : written.span).end_point(),
               " max 100")
          .note("a list can be as long as a client likes");
    }
    each.most = bound(written.max, "max").value_or(0);
    each.parallel = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(bound(written.parallel, "parallel").value_or(1), 0xFFFF));
    if (!written.results.empty()) {
      if (const auto results = slot(written.results.front())) {
        each.results = *results;
        const model::TypeKind kind = context_.types.kind(context_.program.slots[*results].type);
        if (kind != model::TypeKind::kList && kind != model::TypeKind::kError) {
          context_.engine
              .report(Kind::kBadEach, written.results.front().span,
                      "the results of `each` go to a list, this is a `" +
                          context_.text(context_.program.slots[*results].type) + "`")
              .note("what the elements make is collected in a list");
        }
      }
      if (written.results.size() > 1) {
        context_.engine.report(Kind::kBadEach, written.results[1].span,
                               "the results of `each` go to one slot");
      }
    }
    result.each = std::move(each);
    result.branches.push_back(resolve(written.body));
    return result;
  }

  std::optional<std::uint64_t> bound(const syntax::Expr* value, llvm::StringRef word) {
    if (value == nullptr) return std::nullopt;
    const auto* literal = literal_of(value, syntax::LiteralKind::kInteger);
    if (literal != nullptr && literal->value > 0) return literal->value;
    if (!value->erroneous)
      context_.engine.report(Kind::kBadSetting, value->span, word, "a number that is not zero");
    return 1;
  }

  model::Statement handler(StatementKind kind, Span span, llvm::ArrayRef<syntax::QualifiedName> errors,
                           const syntax::Block& body) {
    model::Statement result = make(kind, span);
    resolve_handled(context_, package_, errors, result);
    result.branches.push_back(resolve(body));
    return result;
  }

  void overload(const syntax::HandlerStatement& written, model::Block& out) {
    if (depth_ != 1 || !answers_) {
      context_.engine.report(Kind::kMisplacedOverload, written.span)
          .note(
              "it answers a client instead of all that a flow does, so it stands in the outermost block of "
              "the "
              "flow");
      return;
    }
    if (overload_) {
      context_.engine.report(Kind::kDuplicateEntry, written.span, "handler", "on overload")
          .secondary(*overload_, "first written here");
      return;
    }
    overload_ = written.span;
    model::Statement result = make(StatementKind::kOnOverload, written.span);
    result.branches.push_back(resolve(written.body));
    out.push_back(std::move(result));
  }

  void call(const syntax::CallStatement& written, model::Block& out) {
    const auto symbol =
        context_.resolve(package_, NameSpace::kFlows, written.flow, Kind::kUnknownFlow, "a flow");
    if (!symbol) return;
    if (symbol->kind != SymbolKind::kFlow) {
      context_.engine
          .report(Kind::kWrongKindOfName, written.flow.span, dotted(written.flow), noun(symbol->kind),
                  "a flow")
          .secondary(origin_of(context_.program, *symbol).span, "declared here")
          .help(symbol->kind == SymbolKind::kJob ? "write `enqueue`" : "put what both need into a chain");
      return;
    }
    if (!written.arguments.empty()) {
      context_.engine
          .report(Kind::kWrongArguments, written.flow.span,
                  "flow `" + dotted(written.flow) + "` takes no arguments")
          .note("a called flow sees the slots of this one");
    }
    model::Statement result = make(StatementKind::kCall, written.span);
    result.flow = symbol->id<model::FlowId>();
    out.push_back(std::move(result));
  }

  void enqueue(const syntax::EnqueueStatement& written, model::Block& out) {
    const auto symbol =
        context_.resolve(package_, NameSpace::kFlows, written.job, Kind::kUnknownFlow, "a job");
    if (!symbol) return;
    if (symbol->kind != SymbolKind::kJob) {
      context_.engine
          .report(Kind::kWrongKindOfName, written.job.span, dotted(written.job), noun(symbol->kind), "a job")
          .secondary(origin_of(context_.program, *symbol).span, "declared here");
      return;
    }
    model::Enqueue enqueue;
    enqueue.job = symbol->id<model::FlowId>();
    const model::Flow& job = context_.program.flows[enqueue.job];
    std::vector<model::OperationParameter> parameters;
    for (const model::Parameter& parameter : job.parameters) {
      parameters.push_back({parameter.origin.name, parameter.type, {}, parameter.origin.span});
    }
    ExpressionChecker expressions = checker();
    enqueue.arguments = expressions.arguments(written.arguments, parameters, written.job.span,
                                              job.origin.name, job.origin.span);
    if (const auto* after = literal_of(written.after, syntax::LiteralKind::kDuration)) {
      enqueue.after = after->value;
    } else if (written.after != nullptr && !written.after->erroneous) {
      context_.engine.report(Kind::kBadSetting, written.after->span, "after", "a duration such as `5s`");
    }
    if (written.priority != nullptr && !written.priority->erroneous) {
      const auto* path = llvm::dyn_cast<syntax::PathExpr>(written.priority);
      const llvm::StringRef word = path != nullptr ? path->segments.front().text : llvm::StringRef();
      const bool is_class = word == "interactive" || word == "normal" || word == "batch";
      if (is_class && path->segments.size() == 1) {
        enqueue.priority = word.str();
      } else {
        context_.engine.report(Kind::kBadSetting, written.priority->span, "priority",
                               "`interactive`, `normal` or `batch`");
      }
    }
    if (written.unique != nullptr) {
      model::Expression unique = expressions.infer(*written.unique);
      if (!is_formattable(context_, unique.type)) {
        context_.engine.report(Kind::kNotFormattable, written.unique->span, context_.text(unique.type),
                               "used as a key");
      }
      enqueue.unique = std::move(unique);
    }
    model::Statement result = make(StatementKind::kEnqueue, written.span);
    result.enqueue = std::move(enqueue);
    out.push_back(std::move(result));
  }

  Context& context_;
  model::PackageId package_;
  const bool answers_;
  unsigned depth_ = 0;            // of the block that is being resolved; the outermost one has 1
  std::optional<Span> overload_;  // of the flow
};

}  // namespace

model::Block resolve_block(Context& context, model::PackageId package, const syntax::Block& block,
                           bool answers) {
  return BlockResolver(context, package, answers).resolve(block);
}

model::Block resolve_before(Context& context, model::PackageId package,
                            llvm::ArrayRef<syntax::QualifiedName> names) {
  BlockResolver resolver(context, package, false);
  model::Block result;
  for (const syntax::QualifiedName& name : names) {
    result.push_back(resolver.use(name));
  }
  return result;
}

}  // namespace zc::check
