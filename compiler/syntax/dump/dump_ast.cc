// The syntax tree as text: a line a node.

#include "compiler/base/source_manager.h"
#include "compiler/syntax/dump/dump_expressions.h"
#include "compiler/syntax/parse.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/Casting.h>
#include <llvm/Support/ErrorHandling.h>

#include <cstddef>
#include <utility>

namespace zc::syntax {
namespace {

llvm::StringRef join_name(JoinKind join) {
  switch (join) {
    case JoinKind::kAll:
      return "all";
    case JoinKind::kAllRequired:
      return "all_required";
    case JoinKind::kAny:
      return "any";
    case JoinKind::kFirstSuccess:
      return "first_success";
    case JoinKind::kRace:
      return "race";
    case JoinKind::kQuorum:
      return "quorum";
    case JoinKind::kHedge:
      return "hedge";
    case JoinKind::kSequential:
      return "sequential";
  }
  llvm_unreachable("not a join");
}

llvm::StringRef decision_name(DecisionKind decision) {
  switch (decision) {
    case DecisionKind::kDone:
      return "done";
    case DecisionKind::kNeed:
      return "need";
    case DecisionKind::kInsert:
      return "insert";
    case DecisionKind::kReplace:
      return "replace";
  }
  llvm_unreachable("not a decision");
}

llvm::StringRef block_name(BlockKind kind) {
  switch (kind) {
    case BlockKind::kParallel:
      return "parallel";
    case BlockKind::kSequential:
      return "sequential";
    case BlockKind::kSaga:
      return "saga";
  }
  llvm_unreachable("not a block");
}

class AstDumper {
 public:
  AstDumper(const SourceManager& sources, llvm::raw_ostream& out) : sources_(sources), out_(out) {}

  void dump_declaration(const Declaration& declaration) {
    begin(declaration);
    out_ << (declaration.kind == DeclarationKind::kError ? "<error>" : keyword(declaration.kind));
    if (!declaration.name.is_missing()) out_ << " " << declaration.name.text;
    dump_head(declaration);
    finish(declaration.span);
    ++depth_;
    dump_doc(declaration.doc);
    for (const Trait& trait : declaration.traits)
      line([&] { dump(trait, out_); });
    dump_members(declaration);
    --depth_;
  }

 private:
  // ---- lines

  void indent() { out_.indent(static_cast<unsigned>(depth_ * 2)); }

  void begin(const Node& node) {
    indent();
    if (node.erroneous) out_ << "! ";
  }

  void finish(Span span) {
    const LineColumn at = sources_.begin_of(span);
    out_ << " @" << at.line << ":" << at.column << "\n";
  }

  template <typename Write> void line(Write write) {
    indent();
    write();
    out_ << "\n";
  }

  template <typename Range, typename Each> void list(const Range& range, Each each) {
    llvm::interleave(range, each, [&] { out_ << ", "; });
  }

  void label(llvm::StringRef name, const Expr* value) {
    if (value == nullptr) return;
    line([&] {
      out_ << name << ": ";
      dump(*value, out_);
    });
  }

  void dump_doc(const Doc& doc) {
    for (const llvm::StringRef text : doc.lines) {
      line([&] {
        out_ << "/// ";
        out_.write_escaped(text);
      });
    }
  }

  // ---- declarations

  // What follows the name in the same line.
  void dump_head(const Declaration& declaration) {
    switch (declaration.kind) {
      case DeclarationKind::kEdition:
        out_ << " " << llvm::cast<EditionDeclaration>(declaration).year;
        break;
      case DeclarationKind::kPackage:
        out_ << " ";
        dump(llvm::cast<PackageDeclaration>(declaration).path, out_);
        break;
      case DeclarationKind::kImport: {
        const auto& import = llvm::cast<ImportDeclaration>(declaration);
        out_ << " ";
        dump(import.path, out_);
        if (!import.alias.is_missing()) out_ << " as " << import.alias.text;
        break;
      }
      case DeclarationKind::kScalar:
        out_ << ": ";
        dump(*llvm::cast<ScalarDeclaration>(declaration).type, out_);
        break;
      case DeclarationKind::kStep:
        dump_step_head(llvm::cast<StepDeclaration>(declaration));
        break;
      case DeclarationKind::kFlow:
        dump_flow_head(llvm::cast<FlowDeclaration>(declaration));
        break;
      case DeclarationKind::kChain:
        for (const OrderClause& clause : llvm::cast<ChainDeclaration>(declaration).order) {
          out_ << ' ' << word_of(clause.order) << ' ';
          dump_names(clause.names);
        }
        break;
      case DeclarationKind::kJob:
        dump_slot_uses(" (", llvm::cast<JobDeclaration>(declaration).parameters, ")");
        break;
      case DeclarationKind::kTarget: {
        const auto& target = llvm::cast<TargetDeclaration>(declaration);
        out_ << " = ";
        dump(target.adapter, out_);
        out_ << "(";
        dump(target.arguments, out_);
        out_ << ")";
        break;
      }
      default:
        break;
    }
  }

  void dump_members(const Declaration& declaration) {
    switch (declaration.kind) {
      case DeclarationKind::kError:
      case DeclarationKind::kEdition:
      case DeclarationKind::kPackage:
      case DeclarationKind::kImport:
      case DeclarationKind::kScalar:
      case DeclarationKind::kDomain:
        return;
      case DeclarationKind::kSchema:
        label("file", llvm::cast<SchemaDeclaration>(declaration).file);
        return;
      case DeclarationKind::kStruct:
        dump_fields(llvm::cast<StructDeclaration>(declaration).fields);
        return;
      case DeclarationKind::kErrorType:
        dump_fields(llvm::cast<ErrorTypeDeclaration>(declaration).fields);
        return;
      case DeclarationKind::kSlots:
        dump_fields(llvm::cast<SlotsDeclaration>(declaration).slots);
        return;
      case DeclarationKind::kEnum:
        for (const EnumMember& member : llvm::cast<EnumDeclaration>(declaration).members)
          dump_enum_member(member);
        return;
      case DeclarationKind::kExternType:
        label("type", llvm::cast<ExternTypeDeclaration>(declaration).cpp_name);
        label("header", llvm::cast<ExternTypeDeclaration>(declaration).header);
        return;
      case DeclarationKind::kAdapter:
        dump_fields(llvm::cast<AdapterDeclaration>(declaration).parameters);
        for (const Operation& operation : llvm::cast<AdapterDeclaration>(declaration).operations) {
          dump_operation(operation);
        }
        return;
      case DeclarationKind::kTarget:
        dump_settings(llvm::cast<TargetDeclaration>(declaration).settings);
        return;
      case DeclarationKind::kPolicy:
        dump_settings(llvm::cast<PolicyDeclaration>(declaration).settings);
        return;
      case DeclarationKind::kService:
        dump_settings(llvm::cast<ServiceDeclaration>(declaration).settings);
        return;
      case DeclarationKind::kStep:
        dump_step(llvm::cast<StepDeclaration>(declaration));
        return;
      case DeclarationKind::kChain:
        dump_block(llvm::cast<ChainDeclaration>(declaration).body);
        return;
      case DeclarationKind::kFlow:
        dump_flow_body(llvm::cast<FlowDeclaration>(declaration).body);
        return;
      case DeclarationKind::kJob:
        dump_flow_body(llvm::cast<JobDeclaration>(declaration).body);
        return;
      case DeclarationKind::kCron:
        label("schedule", llvm::cast<CronDeclaration>(declaration).schedule);
        label("time zone", llvm::cast<CronDeclaration>(declaration).time_zone);
        dump_flow_body(llvm::cast<CronDeclaration>(declaration).body);
        return;
    }
    llvm_unreachable("not a declaration");
  }

  void dump_fields(llvm::ArrayRef<Field> fields) {
    for (const Field& field : fields) {
      begin(field);
      if (field.is_private) out_ << "private ";
      out_ << field.name.text << ": ";
      dump(*field.type, out_);
      if (field.default_value != nullptr) {
        out_ << " = ";
        dump(*field.default_value, out_);
      }
      finish(field.span);
      dump_inner(field.doc, field.traits);
    }
  }

  void dump_inner(const Doc& doc, llvm::ArrayRef<Trait> traits) {
    ++depth_;
    dump_doc(doc);
    for (const Trait& trait : traits)
      line([&] { dump(trait, out_); });
    --depth_;
  }

  void dump_enum_member(const EnumMember& member) {
    begin(member);
    out_ << member.name.text;
    if (member.value != nullptr) {
      out_ << " = ";
      dump(*member.value, out_);
    }
    finish(member.span);
    dump_inner(member.doc, member.traits);
  }

  void dump_operation(const Operation& operation) {
    begin(operation);
    out_ << "operation " << operation.name.text;
    if (!operation.type_parameters.empty()) {
      out_ << "<";
      list(operation.type_parameters, [&](const Name& name) { out_ << name.text; });
      out_ << ">";
    }
    if (operation.result != nullptr) {
      out_ << " -> ";
      dump(*operation.result, out_);
    }
    dump_fails(operation.fails);
    finish(operation.span);
    dump_inner(operation.doc, operation.traits);
    ++depth_;
    dump_fields(operation.parameters);
    --depth_;
  }

  void dump_settings(llvm::ArrayRef<Setting> settings) {
    for (const Setting& setting : settings) {
      begin(setting);
      out_ << "setting ";
      dump(setting, out_);
      finish(setting.span);
      dump_inner(setting.doc, {});
    }
  }

  // ---- steps

  void dump_slot_uses(llvm::StringRef before, llvm::ArrayRef<SlotUse> uses, llvm::StringRef after) {
    if (uses.empty()) return;
    out_ << before;
    list(uses, [&](const SlotUse& use) {
      dump(use.name, out_);
      if (use.is_optional) out_ << "?";
    });
    out_ << after;
  }

  void dump_fails(llvm::ArrayRef<FailsClause> clauses) {
    if (clauses.empty()) return;
    out_ << " fails ";
    list(clauses, [&](const FailsClause& clause) {
      dump(clause.error, out_);
      const char* before = " on ";
      for (const Name& kind : clause.kinds)
        out_ << std::exchange(before, " | ") << kind.text;
      for (const FailureStatus& status : clause.statuses)
        out_ << std::exchange(before, " | ") << status.value;
    });
  }

  void dump_step_head(const StepDeclaration& step) {
    dump_slot_uses(" (", step.reads, ")");
    dump_slot_uses(" -> ", step.writes, "");
    dump_fails(step.fails);
    if (step.is_pivot) out_ << " pivot";
  }

  void dump_names(llvm::ArrayRef<QualifiedName> names) {
    list(names, [&](const QualifiedName& name) { dump(name, out_); });
  }

  void dump_clauses(const EffectClauses& clauses) {
    if (!clauses.policy.is_missing()) {
      line([&] {
        out_ << "with ";
        dump(clauses.policy, out_);
      });
    }
    for (const Setting& setting : clauses.overrides) {
      line([&] {
        out_ << "override ";
        dump(setting, out_);
      });
    }
    label("key", clauses.key);
  }

  void dump_effect(llvm::StringRef title, const Effect& effect) {
    line([&] {
      out_ << title << " ";
      dump(*effect.call, out_);
    });
    ++depth_;
    dump_clauses(effect.clauses);
    --depth_;
  }

  void dump_group(const Group& group) {
    begin(group);
    out_ << "group " << join_name(group.join);
    finish(group.span);
    ++depth_;
    label("count", group.count);
    label("delay", group.delay);
    for (const GroupMember& member : group.members) {
      begin(member);
      out_ << "member";
      if (member.requirement != Requirement::kUnspecified) {
        out_ << (member.requirement == Requirement::kOptional ? " optional" : " required");
      }
      if (!member.slot.is_missing()) {
        out_ << " ";
        dump(member.slot, out_);
      }
      finish(member.span);
      ++depth_;
      if (member.effect != nullptr) dump_effect("effect", *member.effect);
      if (member.group != nullptr) dump_group(*member.group);
      --depth_;
    }
    --depth_;
  }

  void dump_step(const StepDeclaration& step) {
    switch (step.body.kind) {
      case StepBodyKind::kNone:
        break;
      case StepBodyKind::kError:
        line([&] { out_ << "<error>"; });
        break;
      case StepBodyKind::kRequest:
        line([&] {
          out_ << "request ";
          dump(QualifiedName{step.body.request->segments, step.body.request->span}, out_);
        });
        label("default", step.body.request->default_value);
        break;
      case StepBodyKind::kEffect:
        dump_effect("effect", *step.body.effect);
        break;
      case StepBodyKind::kGroup:
        dump_group(*step.body.group);
        break;
      case StepBodyKind::kExpression:
        label("expression", step.body.expression);
        break;
    }
    if (step.body.kind != StepBodyKind::kEffect) dump_clauses(step.clauses);
    for (const MayClause& may : step.may) {
      line([&] {
        out_ << "may " << decision_name(may.kind);
        if (!may.names.empty()) out_ << " ";
        dump_names(may.names);
      });
    }
    if (step.then != nullptr) {
      line([&] {
        out_ << "then " << step.then->name.text;
        dump_slot_uses(" (", step.then->reads, ")");
        dump_slot_uses(" -> ", step.then->writes, "");
      });
    }
    if (step.undo != nullptr) dump_effect("undo", *step.undo);
    if (!step.drops.empty()) {
      line([&] {
        out_ << "drops ";
        list(step.drops, [&](const Name& label) { out_ << label.text; });
      });
    }
  }

  // ---- flows

  static const char* event_word(HandlerEvent event) {
    switch (event) {
      case HandlerEvent::kError:
        return "on error";
      case HandlerEvent::kCancel:
        return "on cancel";
      case HandlerEvent::kOverload:
        break;
    }
    return "on overload";
  }

  static const char* word_of(Order order) {
    switch (order) {
      case Order::kBefore:
        return "before";
      case Order::kAfter:
        return "after";
      case Order::kRequires:
        break;
    }
    return "requires";
  }

  void dump_flow_head(const FlowDeclaration& flow) {
    if (flow.trigger != nullptr) {
      out_ << " on " << flow.trigger->method.text << " ";
      dump(*flow.trigger->path, out_);
    }
    if (!flow.before.empty()) {
      out_ << " before ";
      dump_names(flow.before);
    }
    if (flow.is_public) out_ << " public";
  }

  void dump_flow_body(const FlowBody& body) {
    dump_settings(body.settings);
    dump_block(body.block);
  }

  void dump_block(const Block& block) {
    for (const Statement* statement : block.statements)
      dump_statement(*statement);
  }

  void dump_branch(llvm::StringRef title, const Block& block) {
    line([&] { out_ << title; });
    ++depth_;
    dump_block(block);
    --depth_;
  }

  void dump_transaction_head(const TransactionStatement& transaction) {
    out_ << "tx";
    if (!transaction.target.is_missing()) {
      out_ << " ";
      dump(transaction.target, out_);
    }
    if (!transaction.isolation.empty()) out_ << " isolation";
    for (const Name& word : transaction.isolation)
      out_ << " " << word.text;
    dump_fails(transaction.fails);
  }

  void dump_statement(const Statement& statement) {
    begin(statement);
    switch (statement.kind) {
      case StatementKind::kError:
        out_ << "<error>";
        break;
      case StatementKind::kUse:
        out_ << "use ";
        dump(llvm::cast<UseStatement>(statement).name, out_);
        break;
      case StatementKind::kBlock:
        out_ << block_name(llvm::cast<BlockStatement>(statement).block_kind);
        break;
      case StatementKind::kTransaction:
        dump_transaction_head(llvm::cast<TransactionStatement>(statement));
        break;
      case StatementKind::kWhen:
        out_ << "when";
        break;
      case StatementKind::kEach: {
        const auto& each = llvm::cast<EachStatement>(statement);
        out_ << "each " << each.variable.text << " in ";
        dump(*each.collection, out_);
        if (!each.results.empty()) out_ << " -> ";
        dump_names(each.results);
        break;
      }
      case StatementKind::kRescue:
        out_ << "rescue ";
        dump_names(llvm::cast<RescueStatement>(statement).errors);
        break;
      case StatementKind::kHandler: {
        const auto& handler = llvm::cast<HandlerStatement>(statement);
        out_ << event_word(handler.event);
        if (!handler.errors.empty()) out_ << " ";
        dump_names(handler.errors);
        break;
      }
      case StatementKind::kCall: {
        const auto& call = llvm::cast<CallStatement>(statement);
        out_ << "call ";
        dump(call.flow, out_);
        out_ << "(";
        dump(call.arguments, out_);
        out_ << ")";
        break;
      }
      case StatementKind::kEnqueue: {
        const auto& enqueue = llvm::cast<EnqueueStatement>(statement);
        out_ << "enqueue ";
        dump(enqueue.job, out_);
        out_ << "(";
        dump(enqueue.arguments, out_);
        out_ << ")";
        break;
      }
      case StatementKind::kReturn:
        out_ << "return " << llvm::cast<ReturnStatement>(statement).status;
        break;
    }
    finish(statement.span);
    ++depth_;
    dump_inside(statement);
    --depth_;
  }

  void dump_inside(const Statement& statement) {
    if (const auto* block = llvm::dyn_cast<BlockStatement>(&statement)) {
      dump_block(block->body);
    } else if (const auto* transaction = llvm::dyn_cast<TransactionStatement>(&statement)) {
      label("retry", transaction->retry);
      dump_block(transaction->body);
    } else if (const auto* when = llvm::dyn_cast<WhenStatement>(&statement)) {
      for (const WhenArm& arm : when->arms) {
        label("condition", arm.condition);
        dump_branch("then", arm.body);
      }
      if (when->otherwise != nullptr) dump_branch("else", *when->otherwise);
    } else if (const auto* each = llvm::dyn_cast<EachStatement>(&statement)) {
      label("max", each->max);
      label("parallel", each->parallel);
      dump_block(each->body);
    } else if (const auto* rescue = llvm::dyn_cast<RescueStatement>(&statement)) {
      dump_block(rescue->body);
    } else if (const auto* handler = llvm::dyn_cast<HandlerStatement>(&statement)) {
      dump_block(handler->body);
    } else if (const auto* enqueue = llvm::dyn_cast<EnqueueStatement>(&statement)) {
      label("after", enqueue->after);
      label("priority", enqueue->priority);
      label("unique", enqueue->unique);
    } else if (const auto* answer = llvm::dyn_cast<ReturnStatement>(&statement)) {
      dump_return(*answer);
    }
  }

  void dump_return(const ReturnStatement& answer) {
    switch (answer.body_kind) {
      case BodyKind::kNone:
        break;
      case BodyKind::kValue:
        label("body", answer.body);
        break;
      case BodyKind::kStream:
        label("stream", answer.body);
        break;
      case BodyKind::kSse:
        label("sse", answer.body);
        break;
    }
    if (!answer.format.is_missing()) line([&] { out_ << "as: " << answer.format.text; });
    label("as", answer.media_type);
    for (const HeaderClause& header : answer.headers) {
      line([&] {
        out_ << "header " << header.name.text << ": ";
        dump(*header.value, out_);
      });
    }
    if (!answer.reveals.empty()) {
      line([&] {
        out_ << "reveal ";
        dump_names(answer.reveals);
      });
    }
  }

  const SourceManager& sources_;
  llvm::raw_ostream& out_;
  std::size_t depth_ = 0;
};

}  // namespace

void dump_ast(const SyntaxTree& tree, const SourceManager& sources, llvm::raw_ostream& out) {
  AstDumper dumper(sources, out);
  for (const Declaration* declaration : tree.declarations)
    dumper.dump_declaration(*declaration);
}

}  // namespace zc::syntax
