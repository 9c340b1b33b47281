// Flows as the text of a `.flow` file.

#include "tests/oracle/flows.h"

#include <set>

namespace oracle {

namespace {

constexpr const char* kKinds[] = {"invalid", "missing", "conflict", "rejected", "unavailable", "timeout"};

std::string duration(Time time) { return std::to_string(time / kMillisecond) + "ms"; }

class Printer {
 public:
  explicit Printer(const Program& program) : program_(program) {
    const Mentions mentions(program);
    used_slots_.insert(mentions.read.begin(), mentions.read.end());
    used_slots_.insert(mentions.written.begin(), mentions.written.end());
  }

  Printed run() {
    line("package oracle;");
    line("adapter store(url: string) {");
    for (const Operation& operation : operations())
      line("  " + std::string(operation.declaration));
    line("}");
    line("target db = store(\"store:local\");");
    for (int i = 6; i < kErrors; ++i)
      line("@http(" + std::to_string(480 + i) + ") error " + error_name(i) + ";");
    for (std::size_t i = 0; i < program_.flows.size(); ++i) {
      flow_ = static_cast<int>(i);
      if (!is_left_out(program_.flows[i])) flow();
    }
    return std::move(printed_);
  }

 private:
  void line(const std::string& text) {
    if (printed_.flow_of_line.empty()) printed_.flow_of_line.push_back(kNone);  // lines count from 1
    printed_.text += text + "\n";
    printed_.flow_of_line.push_back(flow_);
  }

  [[nodiscard]] const Flow& current() const { return program_.flows[static_cast<std::size_t>(flow_)]; }
  [[nodiscard]] const std::string& slot(int index) const {
    return program_.slots[static_cast<std::size_t>(index)].name;
  }
  [[nodiscard]] std::string chain(int index) const { return current().name + "_c" + std::to_string(index); }
  [[nodiscard]] std::string use(const SlotUse& use) const {
    return slot(use.slot) + (use.optional ? "?" : "");
  }
  // In an expression: what may be unset has an alternative.
  [[nodiscard]] std::string value(const SlotUse& use) const {
    return use.optional ? "(" + slot(use.slot) + " ?? 0)" : slot(use.slot);
  }

  [[nodiscard]] std::string view(const std::vector<SlotUse>& reads,
                                 const std::vector<SlotUse>& writes) const {
    std::string text;
    for (const SlotUse& read : reads)
      text += (text.empty() ? "(" : ", ") + use(read);
    if (!text.empty()) text += ")";
    const char* separator = " -> ";
    for (const SlotUse& write : writes) {
      text += separator + use(write);
      separator = ", ";
    }
    return text;
  }

  [[nodiscard]] std::string effect(const Effect& effect) const {
    const Operation& operation = operations()[static_cast<std::size_t>(effect.operation)];
    std::string text = "db." + std::string(operation.name) + "(";
    text += effect.argument.slot == kNone ? "7" : value(effect.argument);
    text += ")";
    const Policy& policy = effect.policy;
    if (policy.timeout > 0) text += " timeout " + duration(policy.timeout);
    if (policy.retries > 0) {
      text += " retry " + std::to_string(policy.retries);
      if (policy.most_backoff > 0) {
        text += " backoff " + duration(policy.least_backoff);
        if (policy.most_backoff != policy.least_backoff) text += ".." + duration(policy.most_backoff);
      }
    }
    if (policy.hedges > 0)
      text += " hedge " + std::to_string(policy.hedges) + " after " + duration(policy.hedge_after);
    return text;
  }

  [[nodiscard]] std::string group(const Group& group) const {
    std::string text = "all";
    switch (group.join) {
      case Join::kAll:
        break;
      case Join::kAllRequired:
        text = "all_required";
        break;
      case Join::kAny:
        text = "any";
        break;
      case Join::kFirstSuccess:
        text = "first_success";
        break;
      case Join::kRace:
        text = "race";
        break;
      case Join::kQuorum:
        text = "quorum " + std::to_string(group.count);
        break;
      case Join::kHedge:
        text = "hedge " + std::to_string(group.count) + " after " + duration(group.after);
        break;
      case Join::kSequential:
        text = "sequential";
        break;
    }
    text += " {";
    for (const Member& member : group.members) {
      text += member.optional ? " optional " : " ";
      if (member.slot != kNone) text += slot(member.slot) + " = ";
      text += effect(member.effect) + ";";
    }
    for (const Group& nested : group.nested)
      text += " " + this->group(nested);
    return text + " }";
  }

  [[nodiscard]] std::string failures(const Step& step) const {
    std::string text;
    for (const Mapping& mapping : step.mappings) {
      text += (text.empty() ? " fails " : ", ") + error_name(mapping.error);
      const char* separator = " on ";
      for (int kind = 0; kind < 6; ++kind) {
        if ((mapping.kinds & (1U << static_cast<unsigned>(kind))) == 0) continue;
        text += separator + std::string(kKinds[kind]);
        separator = " | ";
      }
    }
    return text;
  }

  void step(const Step& step) {
    std::string text = "step " + step.name + view(step.reads, step.writes);
    switch (step.kind) {
      case StepKind::kPure:
        text += " = " + (step.reads.empty() ? std::string("1") : value(step.reads.front()) + " + 1");
        break;
      case StepKind::kExtract:
        text += " = request.query.q ?? 1";
        break;
      case StepKind::kEffect:
        text += " = " + effect(step.effect);
        break;
      case StepKind::kGroup:
        text += " = " + group(step.group);
        break;
      case StepKind::kBody:
        break;
    }
    text += failures(step);
    if (step.may_done) text += " may done";
    for (const int need : step.needs)
      text += " may need " + current().steps[static_cast<std::size_t>(need)].name;
    if (step.has_then) text += " then " + step.name + "_then" + view(step.then_reads, step.then_writes);
    for (const int insert : step.inserts)
      text += " may insert " + chain(insert);
    for (const int replace : step.replaces)
      text += " may replace " + chain(replace);
    line(text + ";");
  }

  void block(const Block& block, int depth) {
    for (const Statement& statement : block)
      this->statement(statement, depth);
  }

  void braces(const std::string& head, const Block& inside, int depth, const std::string& tail = "") {
    line(std::string(static_cast<std::size_t>(depth) * 2, ' ') + head + " {");
    block(inside, depth + 1);
    line(std::string(static_cast<std::size_t>(depth) * 2, ' ') + "}" + tail);
  }

  [[nodiscard]] std::string errors(const Statement& statement) const {
    std::string text;
    for (const int error : statement.errors)
      text += (text.empty() ? " " : ", ") + error_name(error);
    return text;
  }

  void statement(const Statement& statement, int depth) {
    const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
    switch (statement.kind) {
      case StatementKind::kStep:
        line(indent + current().steps[static_cast<std::size_t>(statement.index)].name + ";");
        break;
      case StatementKind::kChain:
        line(indent + chain(statement.index) + ";");
        break;
      case StatementKind::kParallel:
        line(indent + "parallel {");
        for (const Block& branch : statement.blocks) {
          const bool is_plain = branch.size() == 1 && branch.front().kind == StatementKind::kStep;
          if (is_plain) {
            block(branch, depth + 1);
          } else {
            braces("sequential", branch, depth + 1);
          }
        }
        line(indent + "}");
        break;
      case StatementKind::kSequential:
        braces("sequential", statement.blocks[0], depth);
        break;
      case StatementKind::kWhen:
        braces("when " + value(statement.reads.front()) + " > 3", statement.blocks[0], depth);
        if (statement.blocks.size() > 1) braces("else", statement.blocks[1], depth);
        break;
      case StatementKind::kEach:
        braces("each " + slot(statement.item) + " in " + slot(statement.reads.front().slot) + " max " +
                   std::to_string(statement.most) +
                   (statement.parallel > 1 ? " parallel " + std::to_string(statement.parallel) : ""),
               statement.blocks[0], depth,
               statement.results == kNone ? "" : " -> " + slot(statement.results) + ";");
        break;
      case StatementKind::kSaga:
        braces("saga", statement.blocks[0], depth);
        break;
      case StatementKind::kRescue:
        braces("rescue" + errors(statement), statement.blocks[0], depth);
        break;
      case StatementKind::kOnError:
        braces("on error" + errors(statement), statement.blocks[0], depth);
        break;
      case StatementKind::kOnCancel:
        braces("on cancel", statement.blocks[0], depth);
        break;
      case StatementKind::kCall:
        line(indent + "call " + program_.flows[static_cast<std::size_t>(statement.index)].name + ";");
        break;
      case StatementKind::kEnqueue: {
        const Flow& job = program_.flows[static_cast<std::size_t>(statement.index)];
        std::string text;
        for (std::size_t i = 0; i < job.parameters.size(); ++i) {
          const bool has_slot = i < statement.reads.size();
          text += (i == 0 ? "" : ", ") + (has_slot ? value(statement.reads[i]) : std::string("7"));
        }
        line(indent + "enqueue " + job.name + "(" + text + ");");
        break;
      }
      case StatementKind::kReturn:
        line(indent + (statement.reads.empty()
                           ? "return 204;"
                           : "return 200 { a: " + value(statement.reads.front()) + " };"));
        break;
    }
  }

  void flow() {
    const Flow& flow = current();
    const Uses uses = uses_of(flow);
    for (std::size_t i = 0; i < program_.slots.size(); ++i) {
      const Slot& slot = program_.slots[i];
      if (slot.flow == flow_ && used_slots_.contains(static_cast<int>(i)))
        line("slots { " + slot.name + ": " + (slot.is_list ? "list<i64>" : "i64") + "; }");
    }
    for (std::size_t i = 0; i < flow.steps.size(); ++i) {
      if (uses.steps[i]) step(flow.steps[i]);
    }
    for (std::size_t i = 0; i < flow.chains.size(); ++i) {
      if (uses.chains[i]) braces("chain " + chain(static_cast<int>(i)), flow.chains[i], 0);
    }
    std::string head = "flow " + flow.name;
    if (flow.trigger == Trigger::kCron) head = "cron " + flow.name + " \"0 3 * * *\" UTC";
    if (flow.trigger == Trigger::kJob) {
      head = "job " + flow.name + "(";
      for (const int parameter : flow.parameters)
        head += (parameter == flow.parameters.front() ? "" : ", ") + slot(parameter);
      head += ")";
    }
    const char* separator = " before ";
    for (const Statement& statement : flow.before) {
      head += separator + (statement.kind == StatementKind::kChain
                               ? chain(statement.index)
                               : flow.steps[static_cast<std::size_t>(statement.index)].name);
      separator = ", ";
    }
    if (flow.trigger == Trigger::kSlug) head += " public";
    braces(head, flow.body, 0);
  }

  const Program& program_;
  std::set<int> used_slots_;
  Printed printed_;
  int flow_ = kNone;
};

}  // namespace

Printed print(const Program& program) { return Printer(program).run(); }

}  // namespace oracle
