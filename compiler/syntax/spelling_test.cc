// Lookups in nodes, and spellings.

#include "compiler/syntax/test_support.h"

#include <gtest/gtest.h>
#include <llvm/Support/Casting.h>

namespace zc::syntax {
namespace {

TEST(Setting, FindsTheTermBehindAWord) {
  const Parsed parsed("target db = sql() { breaker 50% of 20 open 5s; accepts pii, secret; }");
  const auto& target = llvm::cast<TargetDeclaration>(*parsed.tree.declarations.front());
  const Setting& breaker = target.settings[0];
  EXPECT_EQ(llvm::cast<LiteralExpr>(breaker.value())->value, 500'000U);
  ASSERT_EQ(breaker.after("open").size(), 1U);
  EXPECT_EQ(llvm::cast<LiteralExpr>(breaker.after("open").front())->text, "5s");
  EXPECT_TRUE(breaker.after("closed").empty());
  EXPECT_EQ(target.settings[1].terms.front().size(), 2U);
}

TEST(Declaration, FindsATraitByName) {
  const Parsed parsed("@http(404) @retryable error NotFound;");
  const Declaration& error = *parsed.tree.declarations.front();
  ASSERT_NE(error.find_trait("http"), nullptr);
  EXPECT_EQ(error.find_trait("http")->arguments.size(), 1U);
  EXPECT_EQ(error.find_trait("kind"), nullptr);
}

TEST(SyntaxTree, KeepsTheOtherPartsWhenOneIsReleased) {
  Parsed parsed(
      "struct Item { name: string; } slots { item: Item; } step load -> item = db.one(sql\"select 1\");\n"
      "flow show public { load; return 200 item; }");
  ASSERT_EQ(parsed.tree.declarations.size(), 4U);
  parsed.tree.release(Part::kTypes);
  parsed.tree.release(Part::kRest);
  ASSERT_EQ(parsed.tree.declarations.size(), 1U);
  const auto& step = llvm::cast<StepDeclaration>(*parsed.tree.declarations.front());
  EXPECT_EQ(step.writes.front().name.last().text, "item");
  EXPECT_EQ(step.body.effect->call->callee.segments.size(), 2U);
}

TEST(Spelling, OfOperatorsIsThatOfTheGrammar) {
  EXPECT_EQ(spelling(UnaryOperator::kNot), "!");
  EXPECT_EQ(spelling(UnaryOperator::kMinus), "-");
  const Parsed parsed("step a = (b == c) != (d <= e) && (f >= g) || (h < i) ?? (j > k);");
  EXPECT_EQ(parsed.dump(),
            "step a @1:1\n  expression: (((((b == c) != (d <= e)) && (f >= g)) || (h < i)) ?? (j > k))\n");
}

}  // namespace
}  // namespace zc::syntax
