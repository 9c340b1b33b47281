// Writes steps, flows and their statements back as text.

#include "compiler/model/dump/dump_body.h"

#include "compiler/model/dump/dump_expression.h"
#include "compiler/model/outcome/status_text.h"
#include "compiler/model/words.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/STLExtras.h>

#include <array>
#include <cstddef>

namespace zc::model {
namespace {

template <typename Enum, std::size_t kCount>
const char* word_of(const std::array<const char*, kCount>& words, Enum value) {
  return words[static_cast<std::size_t>(value)];
}

constexpr std::array kStepKinds{"extract", "pure", "effect", "group", "body"};
constexpr std::array kPresences{"unset", "maybe", "set"};
constexpr std::array kFormats{"", " json", " text", " html", " bytes", "", " stream", " sse", ""};
constexpr std::array kAlternatives{"need", "insert", "replace"};

// "402, 423, rejected"
std::string causes_text(const ErrorMapping& mapping) {
  std::string text;
  for (const std::uint16_t status : mapping.statuses)
    text += (text.empty() ? "" : ", ") + status_text(status);
  const std::string kinds = kinds_text(mapping.kinds);
  return text + (text.empty() || kinds.empty() ? "" : ", ") + kinds;
}

class BodyPrinter {
 public:
  BodyPrinter(const Program& program, llvm::raw_ostream& out) : program_(program), out_(out) {}

  void print(const PolicySettings& settings) {
    if (settings.timeout) print_duration(" timeout ", *settings.timeout);
    if (settings.retry) {
      out_ << " retry " << settings.retry->times;
      print_duration(" backoff ", settings.retry->backoff.least);
      print_duration("..", settings.retry->backoff.most);
      print_names(" on ", settings.retry->on, program_.errors);
    }
    if (settings.hedge) {
      out_ << " hedge " << settings.hedge->times;
      print_duration(" after ", settings.hedge->after);
    }
    if (settings.rate) {
      out_ << " rate " << settings.rate->count;
      print_duration(" per ", settings.rate->per);
    }
  }

  void print(const Step& step) {
    out_ << "step " << step.origin.name << ' ' << word_of(kStepKinds, step.kind) << (step.auth ? " auth" : "")
         << (step.limit ? " limit" : "") << (step.pivot ? " pivot" : "") << (step.may_done ? " may done" : "")
         << (step.never_fails ? " never fails" : "");
    for (const Gate& gate : step.drops)
      out_ << " drops " << (gate.label == kPii ? "pii" : "secret");
    out_ << '\n';
    print_slots("  reads ", step.reads);
    print_slots("  writes ", step.writes);
    if (step.value) {
      out_ << "  value ";
      dump(program_, *step.value, out_);
      out_ << '\n';
    }
    if (step.call) print("  call ", *step.call);
    if (step.group) {
      out_.indent(2);
      print(*step.group, 1);
    }
    if (step.undo) print("  undo ", *step.undo);
    print_line("  fails ", step.fails, program_.errors);
    for (const ErrorMapping& mapping : step.mappings) {
      out_ << "  " << causes_text(mapping) << " -> " << name(mapping.error, program_.errors) << '\n';
    }
    print_line("  may need ", step.may_need, program_.steps);
    if (step.then.is_valid()) out_ << "  then " << program_.steps[step.then].origin.name << '\n';
    print_line("  may insert ", step.may_insert, program_.chains);
    print_line("  may replace ", step.may_replace, program_.chains);
  }

  void print(const Flow& flow) {
    static constexpr std::array kPriorities{"interactive", "normal", "batch"};
    out_ << "flow " << flow.origin.name;
    switch (flow.trigger) {
      case Trigger::kRoute:
        out_ << " on " << method_word(flow.route->method) << ' ' << flow.route->pattern;
        break;
      case Trigger::kSlug:
        out_ << " slug " << flow.slug;
        break;
      case Trigger::kJob:
        out_ << " job attempts " << flow.job.attempts << (flow.job.is_durable ? " durable" : "");
        break;
      case Trigger::kCron:
        out_ << " cron \"" << flow.schedule << "\" " << flow.time_zone;
        break;
    }
    out_ << (flow.is_public ? " public" : "") << (flow.has_effects ? " effects" : "");
    if (flow.deadline) print_duration(" deadline ", *flow.deadline);
    if (flow.priority != Priority::kNormal) out_ << " priority " << word_of(kPriorities, flow.priority);
    out_ << '\n';
    print_line("  slots ", flow.slots, program_.slots);
    print_line("  perhaps unset ", flow.maybe_slots, program_.slots);
    print_line("  ends with ", flow.errors, program_.errors);
    print(flow.body, 1);
    for (const Alternative& alternative : flow.alternatives) {
      out_ << "  " << name(alternative.step, program_.steps) << ' '
           << word_of(kAlternatives, alternative.kind) << ' '
           << (alternative.kind == Alternative::Kind::kNeed ? name(alternative.need, program_.steps)
                                                            : name(alternative.chain, program_.chains))
           << '\n';
      print(alternative.body, 2);
    }
  }

  void print(const Block& block, unsigned depth) {
    for (const Statement& statement : block)
      print(statement, depth);
  }

 private:
  void print(const Statement& statement, unsigned depth) {
    out_.indent(2 * depth);
    switch (statement.kind) {
      case StatementKind::kStep:
        out_ << "step " << name(statement.step, program_.steps);
        print_presence(statement);
        break;
      case StatementKind::kChain:
        out_ << "chain " << name(statement.chain, program_.chains);
        break;
      case StatementKind::kParallel:
        out_ << "parallel";
        break;
      case StatementKind::kWhen:
        out_ << "when ";
        dump(program_, *statement.condition, out_);
        break;
      case StatementKind::kEach:
        print(*statement.each);
        break;
      case StatementKind::kSaga:
        out_ << "saga";
        break;
      case StatementKind::kTx:
        print(*statement.transaction);
        break;
      case StatementKind::kRescue:
        print_names("rescue ", statement.errors, program_.errors);
        break;
      case StatementKind::kOnError:
        out_ << "on error";
        print_names(" ", statement.errors, program_.errors);
        break;
      case StatementKind::kOnCancel:
        out_ << "on cancel";
        break;
      case StatementKind::kOnOverload:
        out_ << "on overload";
        break;
      case StatementKind::kCall:
        out_ << "call " << name(statement.flow, program_.flows);
        break;
      case StatementKind::kEnqueue:
        print(*statement.enqueue);
        break;
      case StatementKind::kReturn:
        print(*statement.answer);
        break;
    }
    out_ << '\n';
    print_branches(statement, depth);
  }

  void print(const Transaction& transaction) {
    out_ << "tx";
    if (transaction.target.is_valid()) out_ << ' ' << name(transaction.target, program_.targets);
    if (transaction.isolation != Isolation::kDefault)
      out_ << " isolation " << isolation_word(transaction.isolation);
    if (transaction.retries != 0) out_ << " retry " << transaction.retries;
  }

  void print_branches(const Statement& statement, unsigned depth) {
    for (std::size_t i = 0; i != statement.branches.size(); ++i) {
      const bool is_else = statement.kind == StatementKind::kWhen && i == 1;
      if (is_else && !statement.branches[i].empty()) out_.indent(2 * depth) << "else\n";
      print(statement.branches[i], depth + 1);
    }
  }

  void print_presence(const Statement& statement) {
    if (!statement.step.is_valid()) return;
    const std::vector<SlotUse>& reads = program_.steps[statement.step].reads;
    for (const auto& [use, presence] : llvm::zip(reads, statement.read_presence)) {
      out_ << ' ' << name(use.slot, program_.slots) << '=' << word_of(kPresences, presence);
    }
  }

  void print(const Each& each) {
    out_ << "each " << name(each.item, program_.slots) << " in ";
    dump(program_, each.over, out_);
    out_ << " max " << each.most << " parallel " << each.parallel;
    if (each.results.is_valid()) out_ << " -> " << name(each.results, program_.slots);
  }

  void print(const Enqueue& enqueue) {
    out_ << "enqueue " << name(enqueue.job, program_.flows) << '(';
    print_arguments(enqueue.arguments);
    out_ << ')';
    if (enqueue.after != 0) print_duration(" after ", enqueue.after);
    if (enqueue.priority) out_ << " priority " << *enqueue.priority;
    if (enqueue.unique) {
      out_ << " unique ";
      dump(program_, *enqueue.unique, out_);
    }
  }

  void print(const Answer& answer) {
    out_ << "return " << answer.status << word_of(kFormats, answer.format);
    if (answer.format == AnswerFormat::kMedia) out_ << ' ' << answer.media_type;
    if (answer.body) {
      out_ << ' ';
      dump(program_, *answer.body, out_);
    }
    for (const Gate& gate : answer.reveals) {
      out_ << " reveal ";
      if (gate.label == kNoLabel) {
        llvm::interleave(gate.path, out_, ".");
      } else {
        out_ << (gate.label == kPii ? "pii" : "secret");
      }
    }
    for (const AnswerHeader& header : answer.headers) {
      out_ << " header " << header.name << ' ';
      dump(program_, header.value, out_);
    }
  }

  // "columns id, title, due?"
  void print(const std::vector<RowColumn>& columns) {
    const char* before = " columns ";
    for (const RowColumn& column : columns) {
      out_ << before << column.name << (column.may_be_null ? "?" : "");
      before = ", ";
    }
  }
  void print(const char* word, const EffectCall& call) {
    static constexpr std::array kAccess{"read", "write", "by statement"};
    out_ << word;
    if (call.target.is_valid()) {
      const Target& target = program_.targets[call.target];
      out_ << target.origin.name << '.';
      if (target.adapter.is_valid())
        out_ << program_.adapters[target.adapter].operations[call.operation].origin.name;
    } else {
      out_ << '?';
    }
    out_ << '(';
    print_arguments(call.arguments);
    out_ << ") " << word_of(kAccess, call.access);
    print(call.settings);
    if (call.key) {
      out_ << " key ";
      dump(program_, *call.key, out_);
    }
    if (call.raises != 0) out_ << " raises " << kinds_text(call.raises);
    print(call.columns);
    out_ << '\n';
  }

  void print(const Group& group, unsigned depth) {
    out_ << join_word(group.join);
    if (group.join == Join::kQuorum) out_ << ' ' << group.quorum;
    out_ << '\n';
    for (const GroupMember& member : group.members) {
      out_.indent(2 * depth + 2) << (member.required ? "required " : "optional ");
      if (member.group) {
        print(*member.group, depth + 1);
      } else {
        out_ << name(member.writes.slot, program_.slots);
        print(" = ", member.call);
      }
    }
  }

  void print_arguments(const std::vector<Expression>& arguments) {
    for (std::size_t i = 0; i != arguments.size(); ++i) {
      if (i != 0) out_ << ", ";
      dump(program_, arguments[i], out_);
    }
  }

  void print_slots(const char* word, const std::vector<SlotUse>& uses) {
    if (uses.empty()) return;
    out_ << word;
    for (std::size_t i = 0; i != uses.size(); ++i) {
      out_ << (i == 0 ? "" : ", ") << name(uses[i].slot, program_.slots) << (uses[i].optional ? "?" : "");
    }
    out_ << '\n';
  }

  template <typename IdType, typename Table>
  void print_names(const char* word, const std::vector<IdType>& ids, const Table& table) {
    for (std::size_t i = 0; i != ids.size(); ++i)
      out_ << (i == 0 ? word : ", ") << name(ids[i], table);
  }

  template <typename IdType, typename Table>
  void print_line(const char* word, const std::vector<IdType>& ids, const Table& table) {
    print_names(word, ids, table);
    if (!ids.empty()) out_ << '\n';
  }

  template <typename IdType, typename Table> static llvm::StringRef name(IdType id, const Table& table) {
    return id.is_valid() ? llvm::StringRef(table[id].origin.name) : llvm::StringRef("?");
  }

  void print_duration(const char* word, Nanoseconds nanoseconds) {
    out_ << word;
    dump_duration(nanoseconds, out_);
  }

  const Program& program_;
  llvm::raw_ostream& out_;
};

}  // namespace

void dump(const Program& program, const PolicySettings& settings, llvm::raw_ostream& out) {
  BodyPrinter(program, out).print(settings);
}

void dump(const Program& program, const Step& step, llvm::raw_ostream& out) {
  BodyPrinter(program, out).print(step);
}

void dump(const Program& program, const Flow& flow, llvm::raw_ostream& out) {
  BodyPrinter(program, out).print(flow);
}

void dump(const Program& program, const Block& block, unsigned depth, llvm::raw_ostream& out) {
  BodyPrinter(program, out).print(block, depth);
}

std::string kinds_text(Kinds kinds) {
  static constexpr std::array kNames{"invalid", "missing", "conflict", "rejected", "unavailable", "timeout"};
  std::string text;
  for (std::size_t i = 0; i != kNames.size(); ++i) {
    if ((kinds >> i & 1U) == 0) continue;
    if (!text.empty()) text += ", ";
    text += kNames[i];
  }
  return text;
}

}  // namespace zc::model
