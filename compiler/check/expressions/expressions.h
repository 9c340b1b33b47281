// Types and resolves expressions.

#pragma once

#include "compiler/check/context.h"

#include <cstdint>

namespace zc::check {

// Where an expression stands decides which names it sees.
struct ExpressionScope {
  enum class Place : std::uint8_t {
    kStep,    // the reads of `step`; with `sees_writes` also what it writes
    kFlow,    // every slot that the package may read
    kTarget,  // `env` and `secret`, no slots
  };

  model::PackageId package;
  Place place = Place::kStep;
  const model::Step* step = nullptr;

  bool sees_writes = false;  // an `undo`, which runs behind the step
  bool allows_request = false;
  bool is_effect = false;  // arguments and keys of one, the only place of a step for streams
};

class ExpressionChecker {
 public:
  ExpressionChecker(Context& context, ExpressionScope scope) : context_(context), scope_(scope) {}

  // The expression as a value of `wanted`.
  model::Expression check(const syntax::Expr& expr, model::TypeId wanted);
  // With the type that it has by itself; `hint` decides the type of literals.
  model::Expression infer(const syntax::Expr& expr, model::TypeId hint = {}) {
    return type(expr, hint, false);
  }
  // What an answer sends, or an operation takes: the only places for a slot that holds a stream.
  model::Expression body(const syntax::Expr& expr);
  model::Expression argument(const syntax::Expr& expr, model::TypeId wanted);
  // A request part as the body of a step: segments behind `request`, and what stands behind `??`.
  model::Expression request_part(const syntax::RequestPart& part, model::TypeId wanted);

  // The arguments of an operation or adapter without type parameters, one a parameter, defaults filled in.
  std::vector<model::Expression> arguments(llvm::ArrayRef<syntax::Argument> written,
                                           llvm::ArrayRef<model::OperationParameter> parameters, Span call,
                                           llvm::StringRef callee, Span declared);

  // Whether a part of the request was mentioned so far.
  [[nodiscard]] bool saw_request() const { return saw_request_; }

 private:
  // `may_be_unset`: stands where the absence of a value is dealt with, left of `??` or beside `null`.
  model::Expression type(const syntax::Expr& expr, model::TypeId hint, bool may_be_unset);
  model::Expression path(const syntax::PathExpr& path, model::TypeId hint, bool may_be_unset);
  model::Expression slot_path(const syntax::PathExpr& path, model::SlotId slot, std::size_t used,
                              model::TypeId hint, bool may_be_unset);
  void report_undo_unset(model::SlotId slot, Span place);
  std::optional<model::Expression> enumerator(const syntax::PathExpr& path, model::TypeId hint);
  model::Expression unknown_path(const syntax::PathExpr& path);
  model::Expression request_path(llvm::ArrayRef<syntax::Name> segments, Span span, model::TypeId hint);
  model::Expression environment(const syntax::PathExpr& path, model::TypeId hint);
  model::Expression member(model::Expression base, const syntax::Name& name, bool may_be_unset);
  model::Expression literal(const syntax::LiteralExpr& literal, model::TypeId hint);
  model::Expression number(const syntax::Expr& expr, model::TypeId hint);
  model::Expression string(const syntax::StringExpr& string, model::TypeId hint);
  model::Expression list(const syntax::ListExpr& list, model::TypeId hint);
  model::Expression object(const syntax::ObjectExpr& object, model::TypeId hint);
  model::Expression construct(const syntax::ObjectExpr& object, model::TypeId type);
  model::Expression unary(const syntax::UnaryExpr& unary, model::TypeId hint);
  model::Expression binary(const syntax::BinaryExpr& binary, model::TypeId hint);
  model::Expression coalesce(const syntax::BinaryExpr& binary, model::TypeId hint);
  model::Expression combine(const syntax::BinaryLink& link, model::Expression left, model::Expression right);

  bool may_be_whole(const syntax::Expr& expr) const;
  std::optional<model::SlotId> find_slot(const syntax::PathExpr& path, std::size_t& used);
  // Whether its type depends on what it stands beside: a literal, or the name of an enumerator.
  bool is_open(const syntax::Expr& expr);
  bool reads_slot(model::SlotId slot, bool& is_optional) const;

  model::Expression make(model::ExpressionKind kind, model::TypeId type, Span span) const;
  model::Expression error(Span span) const {
    return make(model::ExpressionKind::kError, context_.types.error(), span);
  }

  Context& context_;
  ExpressionScope scope_;
  bool is_whole_ =
      false;  // the name of a slot is a whole body of an answer, argument, or value that is bound
  bool saw_request_ = false;
};

// The argument for each parameter, null where the default counts. Reports missing, extra, double and unknown
// ones; then none.
[[nodiscard]] std::optional<std::vector<const syntax::Expr*>> match_arguments(
    Context& context, llvm::ArrayRef<syntax::Argument> written,
    llvm::ArrayRef<model::OperationParameter> parameters, Span call, llvm::StringRef callee, Span declared);

// The default of a parameter as an expression.
[[nodiscard]] model::Expression constant_expression(const model::Constant& constant, model::TypeId type,
                                                    Span span);

}  // namespace zc::check
