// The types of expressions, and of the parameters in them.

#pragma once

#include "compiler/sql/analysis/scope.h"
#include "compiler/sql/syntax/ast.h"

#include <llvm/ADT/DenseMap.h>

#include <vector>

namespace zc::sql {

class ExpressionAnalyser {
 public:
  ExpressionAnalyser(Analyst& analyst, std::vector<ParameterFact>& parameters,
                     const llvm::DenseMap<std::uint32_t, std::size_t>& ordinals)
      : analyst_(analyst), parameters_(parameters), ordinals_(ordinals) {}
  ExpressionAnalyser(const ExpressionAnalyser&) = delete;
  ExpressionAnalyser& operator=(const ExpressionAnalyser&) = delete;
  virtual ~ExpressionAnalyser() = default;

 protected:
  virtual std::vector<ResultFact> analyse_query(const Query& query, Scope* parent) = 0;

  Fact evaluate(const Expr& expr, Scope& scope);
  // When it is a parameter, this is how it is used; the first use counts.
  void record(const Expr& expr, ParameterUse how, const Fact& with);
  void evaluate_all(const std::vector<Expr>& list, Scope& scope);
  // Whether it has an aggregate that counts for the query that it stands in.
  [[nodiscard]] static bool has_aggregate(const Expr& expr);

  [[nodiscard]] Analyst& analyst() const { return analyst_; }

 private:
  // An operand with what it was evaluated to: nothing is evaluated twice, however deep it nests.
  struct Operand {
    const Expr* expr;
    Fact fact;
  };

  Operand operand(const Expr& expr, Scope& scope) { return {&expr, evaluate(expr, scope)}; }
  Fact compare(const Expr& left, const Expr& right, Scope& scope);
  Fact relate(const Operand& left, const Operand& right);
  Fact evaluate_in(const Expr& expr, Scope& scope);
  Fact evaluate_call(const Expr& expr, Scope& scope);
  Fact alternatives(const std::vector<Operand>& values, bool one_suffices);
  Fact evaluate_case(const Expr& expr, Scope& scope);
  Fact evaluate_arithmetic(const Expr& expr, Scope& scope);
  Fact evaluate_subquery(const Expr& expr, Scope& scope);
  [[nodiscard]] Type truth() const;

  Analyst& analyst_;
  std::vector<ParameterFact>& parameters_;
  const llvm::DenseMap<std::uint32_t, std::size_t>& ordinals_;
};

// NULL when one of them is.
[[nodiscard]] Nullable either(Nullable left, Nullable right);
// The type of what is now one, now the other.
[[nodiscard]] Type common(Type left, Type right);

}  // namespace zc::sql
