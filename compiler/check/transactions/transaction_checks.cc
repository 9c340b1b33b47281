// What stands inside a transaction and should not.

#include "compiler/check/transactions/transactions.h"
#include "compiler/model/effects.h"

#include <llvm/ADT/STLExtras.h>

#include <optional>
#include <string>

namespace zc::check {

namespace {

using model::StatementKind;

class TransactionChecker {
 public:
  explicit TransactionChecker(FlowContext& flow) : flow_(flow) {}

  void check() {
    walk(flow_.flow().body);
    for (const model::Alternative& alternative : flow_.flow().alternatives)
      walk(alternative.body);
  }

 private:
  [[nodiscard]] const model::Program& program() const { return flow_.context.program; }
  [[nodiscard]] std::string name(model::TargetId target) const {
    return program().targets[target].origin.name;
  }
  [[nodiscard]] bool is_new(Kind kind, Span span) const { return flow_.reports.is_new(kind, span); }

  void walk(const model::Block& block) {
    for (const model::Statement& statement : block)
      walk(statement);
    if (transaction_ != nullptr) check_handlers(block);
  }

  void walk(const model::Statement& statement) {
    if (statement.kind == StatementKind::kTx) return transaction(statement);
    if (transaction_ != nullptr) check_inside(statement);
    const bool is_saga = statement.kind == StatementKind::kSaga;
    const Span outer = saga_;
    if (is_saga) saga_ = statement.span;
    for (const model::Block& branch : statement.branches)
      walk(branch);
    saga_ = outer;
  }

  void transaction(const model::Statement& statement) {
    const model::Transaction& transaction = *statement.transaction;
    if (transaction_ != nullptr) {
      report_nesting(transaction.keyword, "`tx` stands inside another transaction", transaction_->keyword)
          .help("one transaction has all that happens together");
    } else if (saga_.is_valid()) {
      report_nesting(transaction.keyword, "`tx` stands inside a saga", saga_)
          .note("what a saga has done is undone step by step; what was committed is not rolled back any more")
          .help("let the transaction stand before or behind the saga");
    }
    const model::Transaction* const outer = transaction_;
    const bool outer_found = found_effect_;
    transaction_ = &transaction;
    found_effect_ = false;
    for (const model::Block& branch : statement.branches)
      walk(branch);
    if (!found_effect_ && transaction.target.is_valid() &&
        is_new(Kind::kEmptyTransaction, transaction.keyword))
      flow_.context.engine.report(Kind::kEmptyTransaction, transaction.keyword, name(transaction.target))
          .help("leave `tx` out");
    transaction_ = outer;
    found_effect_ = outer_found;
  }

  diagnostics::Diagnostic& report_nesting(Span place, const char* what, Span outer) {
    auto& diagnostic = flow_.context.engine.report(Kind::kNestedTransaction, place, what);
    diagnostic.secondary(outer, "this one");
    return diagnostic;
  }

  void check_inside(const model::Statement& statement) {
    switch (statement.kind) {
      case StatementKind::kStep:
        if (statement.step.is_valid()) check_step(statement);
        return;
      case StatementKind::kSaga:
        report_nesting(statement.span, "`saga` stands inside a transaction", transaction_->keyword)
            .help("let the saga stand before or behind the transaction");
        return;
      case StatementKind::kParallel:
        return report_parallel(statement.span, "`parallel` stands");
      case StatementKind::kEach:
        if (statement.each->parallel > 1) report_parallel(statement.span, "an `each` with `parallel` stands");
        return;
      default:
        return;
    }
  }

  void report_parallel(Span place, const std::string& what) {
    if (!is_new(Kind::kParallelInTransaction, place)) return;
    flow_.context.engine.report(Kind::kParallelInTransaction, place, what)
        .secondary(transaction_->keyword, "the transaction")
        .help("let them run one behind the other");
  }

  void check_step(const model::Statement& use) {
    const model::Step& step = program().steps[use.step];
    if (step.commits) return;
    check_decisions(use, step);
    if (step.call) check_call(use, step, *step.call);
    if (!step.group) return;
    if (!is_in_order(*step.group))
      report_parallel(use.span, "step `" + step.origin.name + "` performs effects side by side");
    model::for_each_member(*step.group,
                           [&](const model::GroupMember& member) { check_call(use, step, member.call); });
  }

  static bool is_in_order(const model::Group& group) {
    return group.join == model::Join::kSequential &&
           llvm::all_of(group.members, [](const model::GroupMember& member) {
             return !member.group || is_in_order(*member.group);
           });
  }

  void check_decisions(const model::Statement& use, const model::Step& step) {
    const char* what = step.may_done               ? "answer"
                       : !step.may_need.empty()    ? "ask for effects"
                       : !step.may_insert.empty()  ? "insert a chain"
                       : !step.may_replace.empty() ? "replace what follows"
                                                   : nullptr;
    if (what == nullptr || !is_new(Kind::kDecisionInTransaction, use.span)) return;
    flow_.context.engine.report(Kind::kDecisionInTransaction, use.span, step.origin.name, what)
        .secondary(step.origin.span, "declared here")
        .secondary(transaction_->keyword, "the transaction")
        .help("let it decide before the transaction, or behind it");
  }

  void check_call(const model::Statement& use, const model::Step& step, const model::EffectCall& call) {
    if (!transaction_->target.is_valid() || !call.target.is_valid()) return;
    if (call.target == transaction_->target) {
      found_effect_ = true;
      check_stream(use, step, call);
      check_taken_streams(use, step, call);
      return check_repeats(use, step, call);
    }
    const model::Target& target = program().targets[call.target];
    if (call.access != model::Access::kRead) {
      if (!is_new(Kind::kForeignEffect, use.span)) return;
      flow_.context.engine
          .report(Kind::kForeignEffect, use.span, step.origin.name, target.origin.name,
                  name(transaction_->target))
          .secondary(call.span, "this stays when the transaction is rolled back")
          .secondary(transaction_->keyword, "the transaction")
          .help("write to it behind the transaction, or `enqueue` a job that does");
    } else if (!target.builtin && is_new(Kind::kWaitInTransaction, use.span)) {
      flow_.context.engine
          .report(Kind::kWaitInTransaction, use.span, step.origin.name, target.origin.name,
                  name(transaction_->target))
          .secondary(transaction_->keyword, "the transaction")
          .note("until it ends, the transaction keeps a connection, and locks what it has written")
          .help("ask before the transaction");
    }
  }

  // Answers are sent behind the commit, and until it has been read to its end a stream is a statement of its
  // transaction.
  void check_stream(const model::Statement& use, const model::Step& step, const model::EffectCall& call) {
    const bool is_stream =
        program().types[model::operation_of(program(), call).result].kind == model::TypeKind::kStream;
    if (!is_stream || !is_new(Kind::kMisplacedStream, use.span)) return;
    flow_.context.engine
        .report(Kind::kMisplacedStream, use.span,
                "step `" + step.origin.name +
                    "` opens a stream in a transaction, which would be read behind its commit")
        .secondary(call.span, "opened here")
        .secondary(transaction_->keyword, "the transaction")
        .help("open it before the transaction or behind it, or read a list");
  }

  // Nothing of it is left for the next run of the block.
  void check_taken_streams(const model::Statement& use, const model::Step& step,
                           const model::EffectCall& call) {
    if (transaction_->retries == 0) return;
    model::for_each_whole_argument(call, [&](const model::Expression& argument) {
      const bool is_stream = program().types[argument.type].kind == model::TypeKind::kStream;
      if (!is_stream || !is_new(Kind::kMisplacedStream, use.span)) return;
      flow_.context.engine
          .report(Kind::kMisplacedStream, use.span,
                  "step `" + step.origin.name + "` takes a stream in a transaction that may run again")
          .secondary(argument.span, "taken here")
          .secondary(transaction_->keyword, "the transaction")
          .note("a stream is read once: nothing of it is left for another run")
          .help("leave `retry` out, or insert a list");
    });
  }

  void check_repeats(const model::Statement& use, const model::Step& step, const model::EffectCall& call) {
    const bool retries = call.settings.retry && call.settings.retry->times > 0;
    const bool hedges = call.settings.hedge && call.settings.hedge->times > 0;
    if ((!retries && !hedges) || !is_new(Kind::kRetryInTransaction, use.span)) return;
    const Span place = retries ? call.settings.retry->span : call.settings.hedge->span;
    flow_.context.engine
        .report(Kind::kRetryInTransaction, use.span, step.origin.name, retries ? "retried" : "hedged")
        .secondary(place, retries ? "retried here" : "hedged here")
        .secondary(transaction_->keyword, "the transaction")
        .note("a statement that fails ends its transaction, so all of it is to be repeated or nothing")
        .help("use a policy that does not, and write `tx " + name(transaction_->target) + " retry 2 { }`");
  }

  // A handler, or a step that never fails, goes on where the database does not.
  void check_handlers(const model::Block& block) {
    for (std::size_t i = 0; i < block.size(); ++i) {
      const model::Statement& statement = block[i];
      if (statement.kind == StatementKind::kStep && statement.step.is_valid()) {
        const model::Step& step = program().steps[statement.step];
        if (step.never_fails && step.call && is_failure(step.call->raises) &&
            step.call->target == transaction_->target)
          report_handled(statement.span, "step `" + step.origin.name + "`", step.call->span,
                         "say with `fails` what its failures are");
      }
      const bool is_hook =
          statement.kind == StatementKind::kOnError || statement.kind == StatementKind::kOnCancel;
      if (statement.kind != StatementKind::kRescue && !is_hook) continue;
      const auto guarded = llvm::ArrayRef(block).take_front(is_hook ? block.size() : i);
      if (const auto failing = first_failing(guarded, statement)) {
        report_handled(statement.span.start_point(),
                       statement.kind == StatementKind::kRescue ? "a `rescue`" : "a handler", *failing,
                       "handle it behind the transaction: `tx { } rescue E { }`");
      }
    }
  }

  // Of `missing` alone the database knows nothing.
  static bool is_failure(model::Kinds kinds) { return (kinds & ~model::kMissing) != 0; }

  [[nodiscard]] std::optional<Span> first_failing(llvm::ArrayRef<model::Statement> block,
                                                  const model::Statement& handler) const {
    for (const model::Statement& statement : block) {
      if (&statement == &handler) continue;
      if (statement.kind == StatementKind::kStep && statement.step.is_valid()) {
        const model::Step& step = program().steps[statement.step];
        const bool has_effect = step.call.has_value() || step.group.has_value();
        if (has_effect && handler.kind == StatementKind::kOnCancel) return statement.span;
        for (const model::ErrorMapping& mapping : step.mappings) {
          const bool is_named = handler.errors.empty() || llvm::is_contained(handler.errors, mapping.error);
          if (has_effect && is_named && is_failure(mapping.kinds)) return statement.span;
        }
      }
      for (const model::Block& branch : statement.branches)
        if (const auto failing = first_failing(branch, handler)) return failing;
    }
    return std::nullopt;
  }

  void report_handled(Span place, const std::string& what, Span failing, const char* help) {
    if (!is_new(Kind::kHandledInTransaction, place)) return;
    flow_.context.engine.report(Kind::kHandledInTransaction, place, what)
        .secondary(failing, "a failure here ends the transaction")
        .secondary(transaction_->keyword, "the transaction")
        .help(help);
  }

  FlowContext& flow_;
  const model::Transaction* transaction_ = nullptr;  // around
  Span saga_;                                        // around
  bool found_effect_ = false;                        // of the target, in the transaction
};

}  // namespace

void check_transactions(FlowContext& flow) { TransactionChecker(flow).check(); }

}  // namespace zc::check
