// The pure steps, called as the generated flows call them.

#include "auth.flow.h"
#include "todos.flow.h"
#include <zerver/core/arena.h>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

constexpr std::size_t kArenaBytes = 4096;

class Steps : public testing::Test {
 protected:
  zerver::Arena arena_{kArenaBytes};
};

class ParseToken : public Steps {
 protected:
  using Kind = auth::parse_token::Decision::Kind;

  Kind run(const zerver::String* authorization) {
    auth::parse_token::View view(arena_, authorization, token_);
    return auth::parse_token::run(view).kind();
  }
  Kind run(std::string_view authorization) {
    const auto text = zerver::String::borrowed(authorization);
    return run(&text);
  }

  auth::Token token_;
};

TEST_F(ParseToken, TakesTheTokenBehindTheScheme) {
  EXPECT_EQ(run("Bearer abc-._~+/123=="), Kind::kProceed);
  EXPECT_EQ(token_.value, "abc-._~+/123==");
}

TEST_F(ParseToken, IgnoresTheCaseOfTheSchemeAndFurtherSpaces) {
  EXPECT_EQ(run("bEARER   abc"), Kind::kProceed);
  EXPECT_EQ(token_.value, "abc");
}

TEST_F(ParseToken, CopiesTheToken) {
  std::string header = "Bearer abc";
  EXPECT_EQ(run(header), Kind::kProceed);
  header.assign(header.size(), 'x');
  EXPECT_EQ(token_.value, "abc");
}

TEST_F(ParseToken, RefusesARequestWithoutTheField) { EXPECT_EQ(run(nullptr), Kind::kFailUnauthorized); }

TEST_F(ParseToken, RefusesEverythingElse) {
  for (const std::string_view text :
       {"", " ", "Bearer", "Bearer ", "Bearer  ", "Bearerabc", "Basic abc", "Bear abc",
        "Bearer =", "Bearer a=b", "Bearer a b", "Bearer a,b", "Bearer \"a\"", "Bearer ä"}) {
    EXPECT_EQ(run(text), Kind::kFailUnauthorized) << text;
  }
}

class CheckOwner : public Steps {
 protected:
  todos::check_owner::Decision run(std::int64_t user_id, std::int64_t owner_id) {
    const auth::User user{.id = auth::UserId{user_id}, .name = "Somebody"};
    todos::Todo todo;
    todo.id = todos::TodoId{7};
    todo.owner = auth::UserId{owner_id};
    todos::check_owner::View view(arena_, user, todo);
    return todos::check_owner::run(view);
  }
};

TEST_F(CheckOwner, LetsTheOwnerPass) {
  EXPECT_EQ(run(1, 1).kind(), todos::check_owner::Decision::Kind::kProceed);
}

TEST_F(CheckOwner, HidesTheTodosOfOthers) {
  const auto decision = run(1, 2);
  ASSERT_EQ(decision.kind(), todos::check_owner::Decision::Kind::kFailNotFound);
  EXPECT_EQ(decision.not_found().id, todos::TodoId{7});
}

class Apply : public Steps {
 protected:
  using Kind = todos::apply::Decision::Kind;

  Kind run(const todos::Change& change) {
    todos::apply::View view(arena_, todo_, change, changed_);
    return todos::apply::run(view).kind();
  }

  const todos::Todo todo_{.id = todos::TodoId{7},
                          .title = "Before",
                          .done = false,
                          .due = zerver::Timestamp{1},
                          .owner = auth::UserId{1},
                          .created_at = zerver::Timestamp{2}};
  todos::Todo changed_;
};

TEST_F(Apply, ChangesTheTitleAlone) {
  todos::Change change;
  change.title = zerver::String("After");
  EXPECT_EQ(run(change), Kind::kProceed);
  todos::Todo expected = todo_;
  expected.title = "After";
  EXPECT_EQ(changed_, expected);
}

TEST_F(Apply, ChangesAllAtOnce) {
  EXPECT_EQ(run({.title = zerver::String("After"), .due = zerver::Timestamp{3}, .done = true}),
            Kind::kProceed);
  todos::Todo expected = todo_;
  expected.title = "After";
  expected.due = zerver::Timestamp{3};
  expected.done = true;
  EXPECT_EQ(changed_, expected);
}

TEST_F(Apply, RefusesAChangeOfNothing) { EXPECT_EQ(run({}), Kind::kFailNothingToChange); }

}  // namespace
