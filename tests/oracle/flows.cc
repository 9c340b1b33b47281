// What flows use, and the operations that they call.

#include "tests/oracle/flows.h"

namespace oracle {

namespace {

class UseCollector {
 public:
  explicit UseCollector(const Flow& flow) : flow_(flow) {
    uses.steps.resize(flow.steps.size());
    uses.chains.resize(flow.chains.size());
    block(flow.before);
    block(flow.body);
  }

  Uses uses;

 private:
  void block(const Block& block) {
    for_each_block(block, [this](const Block& inner) {
      for (const Statement& statement : inner) {
        if (statement.kind == StatementKind::kStep) step(statement.index);
        if (statement.kind == StatementKind::kChain) chain(statement.index);
      }
    });
  }

  void step(int index) {
    const auto at = static_cast<std::size_t>(index);
    if (uses.steps[at]) return;
    uses.steps[at] = true;
    for (const int need : flow_.steps[at].needs)
      step(need);
    for (const int insert : flow_.steps[at].inserts)
      chain(insert);
    for (const int replace : flow_.steps[at].replaces)
      chain(replace);
  }

  void chain(int index) {
    const auto at = static_cast<std::size_t>(index);
    if (uses.chains[at]) return;
    uses.chains[at] = true;
    block(flow_.chains[at]);
  }

  const Flow& flow_;
};

constexpr const char* kPreludeErrors[] = {"Invalid",  "Missing",     "Conflict",
                                          "Rejected", "Unavailable", "Timeout"};

}  // namespace

Mentions::Mentions(const Program& program) {
  const auto add = [](const std::vector<SlotUse>& uses, std::set<int>& slots) {
    for (const SlotUse& use : uses)
      slots.insert(use.slot);
  };
  const auto add_block = [&](const Block& block) {
    for (const Statement& statement : block) {
      add(statement.reads, read);
      if (statement.item != kNone) written.insert(statement.item);
      if (statement.results != kNone) written.insert(statement.results);
    }
  };
  for (const Flow& flow : program.flows) {
    const Uses uses = uses_of(flow);
    written.insert(flow.parameters.begin(), flow.parameters.end());
    for (std::size_t i = 0; i < flow.steps.size(); ++i) {
      if (!uses.steps[i]) continue;
      add(flow.steps[i].reads, read);
      add(flow.steps[i].writes, written);
      add(flow.steps[i].then_reads, read);
      add(flow.steps[i].then_writes, written);
    }
    for_each_block(flow.body, add_block);
    for (std::size_t i = 0; i < flow.chains.size(); ++i) {
      if (uses.chains[i]) for_each_block(flow.chains[i], add_block);
    }
  }
}

Uses uses_of(const Flow& flow) { return UseCollector(flow).uses; }

const std::vector<Operation>& operations() {
  static const std::vector<Operation> all = {
      {"get", "@read get(k: i64) -> i64 fails missing, unavailable, timeout;",
       kMissing | kUnavailable | kTimeout, true, false},
      {"find", "@read find(k: i64) -> i64 fails unavailable, timeout;", kUnavailable | kTimeout, true, false},
      {"sure", "@read sure(k: i64) -> i64;", 0, true, false},
      {"many", "@read many(k: i64) -> list<i64> fails unavailable, timeout;", kUnavailable | kTimeout, true,
       true},
      {"put", "@write @idempotent put(k: i64) -> i64 fails conflict, unavailable, timeout;",
       kConflict | kUnavailable | kTimeout, true, false},
      {"drop", "@write @idempotent drop(k: i64) fails unavailable, timeout;", kUnavailable | kTimeout, false,
       false},
  };
  return all;
}

std::string error_name(int error) {
  return error < 6 ? std::string(kPreludeErrors[error]) : "E" + std::to_string(error - 6);
}

}  // namespace oracle
