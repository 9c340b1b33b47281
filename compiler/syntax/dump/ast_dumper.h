// What writes the syntax tree as text: a line a node, what is inside it indented.

#pragma once

#include "compiler/base/source_manager.h"
#include "compiler/syntax/dump/dump_expressions.h"
#include "compiler/syntax/tree.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/Support/raw_ostream.h>

#include <cstddef>

namespace zc::syntax {

// For one tree. `sources` and `out` outlive it.
class AstDumper {
 public:
  AstDumper(const SourceManager& sources, llvm::raw_ostream& out) : sources_(sources), out_(out) {}

  void dump_declaration(const Declaration& declaration);

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
  void dump_head(const Declaration& declaration);
  void dump_members(const Declaration& declaration);
  void dump_fields(llvm::ArrayRef<Field> fields);
  void dump_inner(const Doc& doc, llvm::ArrayRef<Trait> traits);
  void dump_enum_member(const EnumMember& member);
  void dump_operation(const Operation& operation);
  void dump_settings(llvm::ArrayRef<Setting> settings);

  // ---- steps

  void dump_slot_uses(llvm::StringRef before, llvm::ArrayRef<SlotUse> uses, llvm::StringRef after);
  void dump_fails(llvm::ArrayRef<FailsClause> clauses);
  void dump_step_head(const StepDeclaration& step);
  void dump_names(llvm::ArrayRef<QualifiedName> names);
  void dump_clauses(const EffectClauses& clauses);
  void dump_effect(llvm::StringRef title, const Effect& effect);
  void dump_group(const Group& group);
  void dump_step(const StepDeclaration& step);

  // ---- flows

  void dump_flow_head(const FlowDeclaration& flow);
  void dump_flow_body(const FlowBody& body);
  void dump_block(const Block& block);
  void dump_branch(llvm::StringRef title, const Block& block);
  void dump_transaction_head(const TransactionStatement& transaction);
  void dump_statement(const Statement& statement);
  void dump_inside(const Statement& statement);
  void dump_return(const ReturnStatement& answer);

  const SourceManager& sources_;
  llvm::raw_ostream& out_;
  std::size_t depth_ = 0;
};

}  // namespace zc::syntax
