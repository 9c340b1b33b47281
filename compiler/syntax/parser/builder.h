// Parse tree of one declaration to syntax tree.

#pragma once

#include "FlowParser.h"
#include "compiler/diagnostics/engine.h"
#include "compiler/syntax/parser/unit_stream.h"
#include "compiler/syntax/tree.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/SmallVector.h>

#include <algorithm>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace zc::syntax {

// Where a string literal stands decides what it may hold.
enum class StringUse { kExpression, kRoute, kPlain };

// Tolerates every hole that recovery leaves: a context may be null, or hold an exception and only a part of
// its children. What is missing becomes an erroneous node; it was reported.
class TreeBuilder {
 public:
  using Grammar = grammar::FlowParser;
  using Arenas = decltype(SyntaxTree::arenas);

  TreeBuilder(llvm::StringRef text, FileId file, const TokenList& tokens, Arenas& arenas,
              diagnostics::DiagnosticEngine& engine);

  // Never null. `unit` gives the span and the name where nothing better is known.
  const Declaration* build(Grammar::UnitContext* context, const Unit& unit);
  const Declaration* build_error(const Unit& unit);

  [[nodiscard]] bool saw_error() const { return saw_error_; }
  // Warns about doc comments that stand before nothing. At the end of the file.
  void report_dangling_docs();

 private:
  // Collects whether anything built during its life was erroneous.
  class ErrorScope {
   public:
    explicit ErrorScope(TreeBuilder& builder)
        : builder_(builder), outer_(std::exchange(builder.saw_error_, false)) {}
    ErrorScope(const ErrorScope&) = delete;
    ErrorScope& operator=(const ErrorScope&) = delete;
    ~ErrorScope() { builder_.saw_error_ = builder_.saw_error_ || outer_; }
    // Also takes a failure of `context` itself into account.
    bool failed(const antlr4::ParserRuleContext* context) {
      if (context == nullptr || context->exception != nullptr) builder_.saw_error_ = true;
      return builder_.saw_error_;
    }

   private:
    TreeBuilder& builder_;
    bool outer_;
  };

  // ---- nodes and spans
  // Of the declaration that is being built: all of its nodes go into one arena.
  [[nodiscard]] PageArena& arena() { return arenas_[static_cast<std::size_t>(part_)]; }
  template <typename NodeType> NodeType* make() { return new (arena().Allocate<NodeType>()) NodeType(); }
  template <typename Value> llvm::ArrayRef<Value> copy(const llvm::SmallVectorImpl<Value>& values) {
    if (values.empty()) return {};
    Value* begin = arena().Allocate<Value>(values.size());
    std::uninitialized_copy(values.begin(), values.end(), begin);
    return {begin, values.size()};
  }
  [[nodiscard]] static const ParserToken& token(const antlr4::Token* token) {
    return static_cast<const ParserToken&>(*token);
  }
  [[nodiscard]] static const ParserToken& token(antlr4::tree::TerminalNode* node) {
    return token(node->getSymbol());
  }
  [[nodiscard]] Span span(const ParserToken& token) const {
    return {file_, token.unit_token().begin, token.unit_token().end};
  }
  [[nodiscard]] Span span(antlr4::tree::TerminalNode* node) const { return span(token(node)); }
  [[nodiscard]] Span span(antlr4::ParserRuleContext* context) const;
  [[nodiscard]] Span span(antlr4::ParserRuleContext* first, antlr4::ParserRuleContext* last) const;

  // ---- names, docs, traits, types, fields, settings (build_common.cc)
  Name name_of(antlr4::ParserRuleContext* context);
  Name name_of(const ParserToken& token) const { return {token.text(), span(token)}; }
  QualifiedName qualified_name(Grammar::QualifiedNameContext* context);
  llvm::ArrayRef<QualifiedName> qualified_names(const std::vector<Grammar::QualifiedNameContext*>& contexts);
  llvm::ArrayRef<Name> names(const std::vector<Grammar::NameContext*>& contexts);
  // A number as a status of HTTP, from 100 to 999; 0, reported, when it is none.
  std::uint16_t status(const ParserToken& written);
  Doc doc_before(antlr4::ParserRuleContext* context);
  llvm::ArrayRef<Trait> traits(const std::vector<Grammar::TraitContext*>& contexts);
  // Reports interpolations in an argument of a trait.
  void check_fixed_text(const StringExpr& string);
  const TypeRef* type(Grammar::TypeRefContext* context, Span place);
  llvm::ArrayRef<Field> fields(Grammar::FieldBlockContext* context);
  llvm::ArrayRef<Field> parameters(Grammar::ParametersContext* context);
  llvm::ArrayRef<Setting> settings(Grammar::SettingBlockContext* context);
  Setting setting(Grammar::SettingContext* context);
  SettingTerm term(Grammar::SettingTermContext* context);
  // How many terms at the front belong to the setting: one that begins a line left of or below its name does
  // not, its
  // `;` is missing, which is reported.
  std::size_t count_terms(antlr4::ParserRuleContext* setting,
                          const std::vector<Grammar::SettingTermContext*>& terms);
  const PathExpr* word(const ParserToken& token);
  [[nodiscard]] std::uint32_t column(std::uint32_t offset) const;

  // ---- expressions (build_expressions.cc)
  const Expr* expression(Grammar::ExpressionContext* context, Span place);
  const Expr* range(Grammar::RangeValueContext* context);
  const Expr* range(Grammar::TermValueContext* context);
  const Expr* term_expression(Grammar::TermContext* context);
  const Expr* operand(Grammar::OperandContext* context);
  const Expr* operand(Grammar::TermOperandContext* context);
  const Expr* with_suffixes(const Expr* base, llvm::SmallVectorImpl<Name>& path, Span begin,
                            const std::vector<Grammar::SuffixContext*>& suffixes);
  const Expr* chain(const Expr* first, const std::vector<Grammar::BinaryOperatorContext*>& operators,
                    const std::vector<Grammar::OperandContext*>& operands, Span place);
  const Expr* simple_primary(Grammar::NameContext* name, Grammar::StringContext* text,
                             const ParserToken& first, llvm::SmallVectorImpl<Name>& path);
  const Expr* primary(Grammar::PrimaryContext* context, llvm::SmallVectorImpl<Name>& path);
  const Expr* suffix(Grammar::SuffixContext* context, const Expr* base, llvm::SmallVectorImpl<Name>& path,
                     Span begin);
  const Expr* finish_path(const Expr* base, llvm::SmallVectorImpl<Name>& path);
  const Expr* fold(llvm::ArrayRef<const Expr*> operands, llvm::ArrayRef<BinaryLink> links, int level);
  const LiteralExpr* number(const ParserToken& token);
  const Expr* list(Grammar::ListContext* context);
  const Expr* object(Grammar::ObjectContext* context);
  const StringExpr* string(Grammar::StringContext* context, StringUse use);
  llvm::ArrayRef<Argument> arguments(Grammar::ArgumentsContext* context);
  const ErrorExpr* error_expr(Span span);

  // ---- steps (build_steps.cc)
  llvm::ArrayRef<SlotUse> slot_uses(const std::vector<Grammar::SlotUseContext*>& contexts);
  llvm::ArrayRef<SlotUse> slot_uses(Grammar::ReadsContext* context);
  llvm::ArrayRef<SlotUse> slot_uses(Grammar::WritesContext* context);
  EffectClauses effect_clauses(const std::vector<Grammar::EffectClauseContext*>& contexts);
  Setting override_setting(Grammar::OverrideContext* context);
  const Effect* effect(Grammar::EffectCallContext* call,
                       const std::vector<Grammar::EffectClauseContext*>& clauses);
  const Group* group(Grammar::GroupContext* context);
  GroupMember group_member(Grammar::GroupMemberContext* context);
  StepBody step_body(Grammar::StepBodyContext* context, const EffectClauses& clauses, Span clauses_span);
  llvm::ArrayRef<FailsClause> failures(const std::vector<Grammar::FailureContext*>& contexts);
  void add_decisions(Grammar::StepClauseContext* context, llvm::SmallVectorImpl<MayClause>& may);
  StepDeclaration* step(Grammar::StepDeclarationContext* context);
  void report_duplicate(Span place, llvm::StringRef what, Span first);

  // ---- statements (build_statements.cc)
  Block block(Grammar::BlockContext* context, llvm::SmallVectorImpl<Setting>* settings);
  void statement(Grammar::StatementContext* context, llvm::SmallVectorImpl<const Statement*>& statements,
                 llvm::SmallVectorImpl<Setting>* settings);
  void flow_setting(Grammar::FlowSettingContext* context, llvm::SmallVectorImpl<const Statement*>& statements,
                    llvm::SmallVectorImpl<Setting>* settings);
  bool flag(Grammar::UseStatementContext* context, llvm::SmallVectorImpl<Setting>& settings);
  const Statement* use(Grammar::UseStatementContext* context);
  const Statement* transaction(Grammar::TransactionStatementContext* context);
  const Statement* when(Grammar::WhenStatementContext* context);
  const Statement* each(Grammar::EachStatementContext* context);
  const Statement* enqueue(Grammar::StatementContext* context);
  const Statement* return_statement(Grammar::ReturnStatementContext* context);
  const Statement* error_statement(Span span);
  void add_blocks(Grammar::StatementContext* context, llvm::SmallVectorImpl<const Statement*>& statements);
  // `flags` are settings without a value: at the top of the body, such a name alone is no step.
  FlowBody flow_body(Grammar::BlockContext* context, llvm::ArrayRef<llvm::StringRef> flags = {});

  // ---- declarations (build_declarations.cc)
  Declaration* declaration(Grammar::DeclarationContext* context);
  Declaration* extern_type(Grammar::ExternDeclarationContext* context);
  Declaration* enumeration(Grammar::EnumDeclarationContext* context);
  Declaration* adapter(Grammar::AdapterDeclarationContext* context);
  Declaration* target(Grammar::TargetDeclarationContext* context);
  Declaration* chain(Grammar::ChainDeclarationContext* context);
  Declaration* flow(Grammar::FlowDeclarationContext* context);
  Declaration* cron(Grammar::CronDeclarationContext* context);
  Operation operation(Grammar::OperationContext* context);
  EnumMember enum_member(Grammar::EnumMemberContext* context, bool is_last);

  llvm::StringRef text_;
  FileId file_;
  const TokenList& tokens_;
  Arenas& arenas_;
  diagnostics::DiagnosticEngine& engine_;
  Part part_ = Part::kRest;
  llvm::ArrayRef<llvm::StringRef> flags_;  // of the body that is being built
  bool saw_error_ = false;
  std::vector<bool> used_docs_;  // by token index
};

}  // namespace zc::syntax
