// The order in which the parts of a lock are made.

#include "compiler/lock/make_lock.h"

#include "compiler/lock/entry_rules.h"
#include "compiler/lock/make/entries.h"

#include <llvm/ADT/StringExtras.h>

#include <utility>

namespace zc::lock {
namespace {

class Maker {
 public:
  explicit Maker(const model::Program& program) : program_(program), types_(program) {}

  Lock make() {
    for (const model::Package& package : program_.packages) {
      if (package.is_root) add_package(package);
    }
    for (std::size_t i = 0; i < program_.flows.size(); ++i) {
      const auto id = program_.flows.id_at(i);
      if (is_root(program_.flows[id].origin)) lock_.entries.push_back(flow_entry(program_, id, types_));
    }
    names();
    types_.append(lock_.entries);
    append_messages(program_, lock_.entries);
    sort_entries(lock_.entries);
    return std::move(lock_);
  }

 private:
  [[nodiscard]] bool is_root(const model::Origin& origin) const {
    return program_.packages[origin.package].is_root;
  }

  void add_package(const model::Package& package) {
    Entry entry;
    entry.kind = "package";
    entry.name = package.name;
    lock_.entries.push_back(std::move(entry));
  }

  // What stands in traces, metrics and journals.
  void names() {
    for (const model::Step& step : program_.steps) {
      if (!is_root(step.origin) || step.commits) continue;
      Entry entry = declared(program_, "step", step.origin);
      std::vector<std::string> writes;
      writes.reserve(step.writes.size());
      for (const model::SlotUse& use : step.writes)
        writes.push_back(local_name(program_, program_.slots[use.slot].origin, step.origin.package));
      if (!writes.empty()) entry.set("writes", llvm::join(writes, ","));
      lock_.entries.push_back(std::move(entry));
    }
    for (const model::Slot& slot : program_.slots) {
      if (!is_root(slot.origin)) continue;
      Entry entry = declared(program_, "slot", slot.origin);
      entry.set("type", types_.private_text(slot.type));
      lock_.entries.push_back(std::move(entry));
    }
    for (const model::Target& target : program_.targets) {
      if (!is_root(target.origin)) continue;
      Entry entry = declared(program_, "target", target.origin);
      entry.set("adapter",
                local_name(program_, program_.adapters[target.adapter].origin, target.origin.package));
      lock_.entries.push_back(std::move(entry));
    }
    for (std::size_t i = 0; i < program_.errors.size(); ++i) {
      const auto id = program_.errors.id_at(i);
      if (is_root(program_.errors[id].origin)) types_.add(id);
    }
  }

  const model::Program& program_;
  TypeEntries types_;
  Lock lock_;
};

}  // namespace

Lock make_lock(const model::Program& program) { return Maker(program).make(); }

}  // namespace zc::lock
