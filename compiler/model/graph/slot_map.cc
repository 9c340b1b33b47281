// Collects the users of slots from steps and statements.

#include "compiler/model/graph/slot_map.h"

#include "compiler/model/graph/cfg.h"
#include "compiler/model/type_table.h"
#include "compiler/model/words.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/Format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

namespace zc::model {
namespace {

class Collector {
 public:
  Collector(const Program& program, PackageId package) : program_(program), package_(package) {}

  std::vector<SlotUsers> collect() {
    for (std::size_t i = 0; i != program_.slots.size(); ++i) {
      const SlotId slot(i);
      if (program_.slots[slot].origin.package == package_) users(slot);
    }
    for (std::size_t i = 0; i != program_.steps.size(); ++i) {
      const StepId id(i);
      const Step& step = program_.steps[id];
      if (step.origin.package != package_) continue;
      for (const SlotUse& use : step.reads)
        users(use.slot).readers.push_back({id, use.optional});
      if (step.undo) add_undo(id, *step.undo);
      for (const SlotUse& use : step.writes)
        users(use.slot).writers.push_back({id, use.optional});
    }
    for (std::size_t i = 0; i != program_.flows.size(); ++i) {
      const FlowId id(i);
      if (program_.flows[id].origin.package == package_) add_flow(id);
    }
    llvm::sort(result_, [](const SlotUsers& left, const SlotUsers& right) {
      return left.slot.index() < right.slot.index();
    });
    return std::move(result_);
  }

 private:
  SlotUsers& users(SlotId slot) {
    const auto [entry, is_new] = index_.try_emplace(slot, result_.size());
    if (is_new) result_.push_back({slot, {}, {}, {}, {}});
    return result_[entry->second];
  }

  // What the undo reads is read by its step, though not when that runs.
  void add_undo(StepId id, const EffectCall& undo) {
    std::vector<SlotUse> slots;
    for (const Expression& argument : undo.arguments)
      collect_slots(argument, slots);
    if (undo.key) collect_slots(*undo.key, slots);
    for (const SlotUse& use : slots) {
      std::vector<SlotUser>& readers = users(use.slot).readers;
      if (readers.empty() || readers.back().step != id) readers.push_back({id, use.optional});
    }
  }

  static void add(FlowId flow, std::vector<FlowId>& flows) {
    if (flows.empty() || flows.back() != flow) flows.push_back(flow);
  }

  void add_flow(FlowId id) {
    const auto read = [&](const Expression& expression) {
      std::vector<SlotUse> slots;
      collect_slots(expression, slots);
      for (const SlotUse& use : slots)
        add(id, users(use.slot).flows);
    };
    const auto write = [&](SlotId slot) {
      if (slot.is_valid()) add(id, users(slot).fillers);
    };
    for (const Parameter& parameter : program_.flows[id].parameters)
      write(parameter.slot);
    for_each_statement(program_.flows[id], [&](const Statement& statement) {
      if (statement.condition) read(*statement.condition);
      if (statement.each) {
        read(statement.each->over);
        write(statement.each->item);
        write(statement.each->results);
      }
      if (statement.enqueue) {
        for (const Expression& argument : statement.enqueue->arguments)
          read(argument);
        if (statement.enqueue->unique) read(*statement.enqueue->unique);
      }
      if (statement.answer) {
        if (statement.answer->body) read(*statement.answer->body);
        for (const AnswerHeader& header : statement.answer->headers)
          read(header.value);
      }
    });
  }

  const Program& program_;
  PackageId package_;
  std::vector<SlotUsers> result_;
  llvm::DenseMap<SlotId, std::size_t> index_;
};

using Row = std::array<std::string, 4>;

class Printer {
 public:
  Printer(const Program& program, PackageId package) : program_(program), package_(package) {}

  void print(llvm::raw_ostream& out) const {
    std::vector<Row> rows{{"slot", "type", "written by", "read by"}};
    for (const SlotUsers& users : slot_map(program_, package_))
      rows.push_back(row(users));
    std::array<std::size_t, 3> widths{};
    for (const Row& each : rows) {
      for (std::size_t i = 0; i != widths.size(); ++i)
        widths[i] = std::max(widths[i], each[i].size());
    }
    out << "package " << program_.packages[package_].name << "\n";
    for (const Row& each : rows) {
      std::string line = " ";
      for (std::size_t i = 0; i != each.size(); ++i) {
        line += " " + each[i];
        if (i != widths.size()) line.append(widths[i] - each[i].size() + 1, ' ');
      }
      out << llvm::StringRef(line).rtrim() << '\n';
    }
  }

 private:
  [[nodiscard]] std::string name(const Origin& origin) const { return name_text(program_, package_, origin); }

  [[nodiscard]] std::string list(const std::vector<SlotUser>& steps, const std::vector<FlowId>& flows) const {
    std::vector<std::string> names;
    for (const SlotUser& user : steps)
      names.push_back(name(program_.steps[user.step].origin) + (user.optional ? "?" : ""));
    for (const FlowId flow : flows)
      names.push_back("flow " + name(program_.flows[flow].origin));
    return names.empty() ? "-" : llvm::join(names, ", ");
  }

  [[nodiscard]] Row row(const SlotUsers& users) const {
    const Slot& slot = program_.slots[users.slot];
    return {name(slot.origin), type_text(program_, slot.type), list(users.writers, users.fillers),
            list(users.readers, users.flows)};
  }

  const Program& program_;
  PackageId package_;
};

}  // namespace

std::vector<SlotUsers> slot_map(const Program& program, PackageId package) {
  return Collector(program, package).collect();
}

void dump_slots(const Program& program, llvm::raw_ostream& out) {
  bool is_first = true;
  for (std::size_t i = 0; i != program.packages.size(); ++i) {
    const PackageId id(i);
    if (!program.packages[id].is_root) continue;
    if (!is_first) out << '\n';
    is_first = false;
    Printer(program, id).print(out);
  }
}

}  // namespace zc::model
