#include "zerver/auth.flow.h"
#include <zerver/core/arena.h>

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace zerver::auth {
namespace {

// The token that the step takes out of the field; null when it refuses.
std::optional<std::string> token_of(std::optional<std::string_view> field) {
  Arena arena;
  String token;
  const String authorization = String::borrowed(field.value_or(""));
  parse_token::View view(arena, field ? &authorization : nullptr, token);
  const parse_token::Decision decision = parse_token::run(view);
  if (decision.kind() != parse_token::Decision::Kind::kProceed) return std::nullopt;
  EXPECT_TRUE(view.wrote_token());
  return std::string(token.view());
}

TEST(ParseToken, TakesTheTokenOfTheBearerScheme) {
  EXPECT_EQ(token_of("Bearer abc"), "abc");
  EXPECT_EQ(token_of("bEARER   a-._~+/9=="), "a-._~+/9==");
}

TEST(ParseToken, RefusesEverythingElse) {
  EXPECT_EQ(token_of(std::nullopt), std::nullopt);
  for (const char* const field : {"", "Bearer", "Bearer ", "Basic abc", "Bearerabc", "Bearer a b",
                                  "Bearer =", "Bearer a=b", "Bearer \xC3\xA4"})
    EXPECT_EQ(token_of(field), std::nullopt) << field;
}

}  // namespace
}  // namespace zerver::auth
