// Resolves `tx { }`: whose transaction it is, and its commit.

#include "compiler/check/expressions/literals.h"
#include "compiler/check/steps/raises.h"
#include "compiler/check/transactions/transactions.h"
#include "compiler/model/effects.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SetVector.h>
#include <llvm/Support/Casting.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace zc::check {

using model::StatementKind;

namespace {

constexpr std::uint64_t kMostRetries = 100;

class TransactionResolver {
 public:
  TransactionResolver(Context& context, model::PackageId package, const syntax::TransactionStatement& written)
      : context_(context), package_(package), written_(written) {}

  model::Transaction resolve(const model::Block& body) {
    model::Transaction result;
    result.keyword = written_.keyword;
    result.isolation = isolation();
    result.retries = retries();
    find_calls(body);
    result.target = written_.target.is_missing() ? target_of_calls() : named_target();
    if (result.target.is_valid()) result.commit = make_commit(result.target);
    return result;
  }

 private:
  [[nodiscard]] std::optional<std::uint32_t> commit_of(model::TargetId id) const {
    const model::Target& target = context_.program.targets[id];
    if (!target.adapter.is_valid()) return std::nullopt;
    const auto& operations = context_.program.adapters[target.adapter].operations;
    const auto found = llvm::find_if(operations, [](const model::Operation& each) { return each.commits; });
    if (found == operations.end()) return std::nullopt;
    return static_cast<std::uint32_t>(found - operations.begin());
  }

  model::TargetId named_target() {
    const auto symbol =
        context_.resolve(package_, NameSpace::kTargets, written_.target, Kind::kUnknownTarget, "a target");
    if (!symbol) return {};
    const auto id = symbol->id<model::TargetId>();
    const model::Target& target = context_.program.targets[id];
    if (!target.adapter.is_valid()) return {};  // reported at the target
    if (commit_of(id)) return id;
    const model::Adapter& adapter = context_.program.adapters[target.adapter];
    context_.engine
        .report(Kind::kTransactionTarget, written_.target.span,
                "target `" + dotted(written_.target) + "` has no transactions")
        .secondary(adapter.origin.span, "its adapter has no operation with `@commit`");
    return {};
  }

  void find_calls(const model::Block& block) {
    for (const model::Statement& statement : block) {
      if (statement.step.is_valid())
        model::for_each_call(context_.program.steps[statement.step],
                             [&](const model::EffectCall& call) { calls_.push_back(&call); });
      if (statement.chain.is_valid() && chains_.insert(statement.chain))
        find_calls(context_.program.chains[statement.chain].body);
      for (const model::Block& branch : statement.branches)
        find_calls(branch);
    }
  }

  model::TargetId target_of_calls() {
    llvm::SmallSetVector<model::TargetId, 4> targets;
    for (const model::EffectCall* call : calls_)
      if (call->target.is_valid() && commit_of(call->target)) targets.insert(call->target);
    if (targets.empty()) {
      for (std::size_t i = 0; i < context_.program.targets.size(); ++i) {
        const model::TargetId id(i);
        const model::Target& target = context_.program.targets[id];
        if (target.origin.package != package_) continue;
        if (!target.adapter.is_valid()) return {};  // reported; it may have transactions
        if (commit_of(id)) targets.insert(id);
      }
    }
    if (targets.size() == 1) {
      context_.mark_used({SymbolKind::kTarget, targets.front().raw()});
      return targets.front();
    }
    auto& diagnostic =
        context_.engine.report(Kind::kTransactionTarget, written_.keyword,
                               targets.empty() ? std::string("no target here has transactions")
                                               : "it is not clear of which target this is a transaction");
    for (const model::TargetId id : targets)
      diagnostic.secondary(context_.program.targets[id].origin.span, "it could be this one");
    if (!targets.empty()) diagnostic.help("name it: `tx target { }`");
    return {};
  }

  model::Isolation isolation() {
    if (written_.isolation.empty()) return model::Isolation::kDefault;
    std::string words;
    for (const syntax::Name& word : written_.isolation)
      words += (words.empty() ? "" : " ") + word.text.str();
    if (words == "serializable") return model::Isolation::kSerializable;
    if (words == "repeatable read") return model::Isolation::kRepeatableRead;
    if (words == "read committed") return model::Isolation::kReadCommitted;
    context_.engine
        .report(Kind::kUnknownWord, cover(written_.isolation.front().span, written_.isolation.back().span),
                words, "isolation of a transaction")
        .note("the isolations are `serializable`, `repeatable read` and `read committed`");
    return model::Isolation::kDefault;
  }

  std::uint32_t retries() {
    if (written_.retry == nullptr || written_.retry->erroneous) return 0;
    const auto* literal = llvm::dyn_cast<syntax::LiteralExpr>(written_.retry);
    if (literal != nullptr && literal->literal == syntax::LiteralKind::kInteger &&
        literal->value <= kMostRetries)
      return static_cast<std::uint32_t>(literal->value);
    context_.engine.report(Kind::kBadSetting, written_.retry->span, "retry",
                           "a number up to " + std::to_string(kMostRetries));
    return 0;
  }

  // Is waited for once, for nobody knows what has become of one that did not answer: as long as the policy of
  // the target says, else as long as the statements.
  model::StepId make_commit(model::TargetId target) {
    model::EffectCall call;
    call.target = target;
    call.operation = *commit_of(target);
    call.result = context_.types.simple(model::TypeKind::kVoid);
    call.access = model::Access::kWrite;
    call.raises = model::operation_of(context_.program, call).fails;
    call.span = call.whole = written_.keyword;
    apply(model::default_policy(context_.program, package_, target), call.settings);
    if (!call.settings.timeout) call.settings.timeout = longest_timeout(target);

    model::Step step;
    step.origin.package = package_;
    step.origin.name = "commit";
    step.origin.span = written_.keyword;
    step.kind = model::StepKind::kEffect;
    step.commits = true;
    const model::Kinds raised = call.raises;
    step.call = std::move(call);
    resolve_effect_failures(context_, step, written_.fails, raised, written_.keyword);
    const model::StepId id = context_.program.steps.push_back(std::move(step));
    context_.broken_steps.push_back(false);
    context_.mark_used({SymbolKind::kStep, id.raw()});
    return id;
  }

  void apply(model::PolicyId policy, model::PolicySettings& settings) const {
    if (!policy.is_valid()) return;
    const model::PolicySettings& given = context_.program.policies[policy].settings;
    if (!given.timeout) return;
    settings.timeout = given.timeout;
    settings.timeout_span = given.timeout_span;
  }

  [[nodiscard]] std::optional<model::Nanoseconds> longest_timeout(model::TargetId target) const {
    std::optional<model::Nanoseconds> longest;
    for (const model::EffectCall* call : calls_) {
      if (call->target != target) continue;
      if (!call->settings.timeout) return std::nullopt;
      longest = std::max(longest.value_or(0), *call->settings.timeout);
    }
    return longest;
  }

  Context& context_;
  model::PackageId package_;
  const syntax::TransactionStatement& written_;
  std::vector<const model::EffectCall*> calls_;     // inside
  llvm::SmallSetVector<model::ChainId, 4> chains_;  // that were looked at
};

bool goes_on(const model::Block& block);

// Whether control can come to what stands behind it.
bool goes_on(const model::Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kReturn:
      return false;
    case StatementKind::kWhen:
      return statement.branches.size() < 2 ||
             llvm::any_of(statement.branches, [](const model::Block& branch) { return goes_on(branch); });
    case StatementKind::kChain:
    case StatementKind::kSaga:
    case StatementKind::kTx:
      return statement.branches.empty() || goes_on(statement.branches.front());
    default:
      return true;
  }
}

bool goes_on(const model::Block& block) {
  return llvm::all_of(block, [](const model::Statement& statement) { return goes_on(statement); });
}

void commit_before_answers(const model::Statement& commit, model::Block& block) {
  for (std::size_t i = 0; i < block.size(); ++i) {
    for (model::Block& branch : block[i].branches)
      commit_before_answers(commit, branch);
    if (block[i].kind != StatementKind::kReturn) continue;
    block.insert(block.begin() + static_cast<std::ptrdiff_t>(i), commit);
    ++i;
  }
}

}  // namespace

model::Transaction resolve_transaction(Context& context, model::PackageId package,
                                       const syntax::TransactionStatement& written,
                                       const model::Block& body) {
  return TransactionResolver(context, package, written).resolve(body);
}

void place_commits(const model::Transaction& transaction, model::Block& body) {
  if (!transaction.commit.is_valid()) return;
  model::Statement commit;
  commit.kind = StatementKind::kStep;
  commit.step = transaction.commit;
  commit.span = transaction.keyword;
  const bool comes_to_its_end = goes_on(body);
  commit_before_answers(commit, body);
  if (comes_to_its_end) body.push_back(std::move(commit));
}

}  // namespace zc::check
