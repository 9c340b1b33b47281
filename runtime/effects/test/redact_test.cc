#include <zerver/effects/redact.h>

#include <gtest/gtest.h>

namespace zerver::effects {
namespace {

TEST(WithoutSecrets, HidesPasswordsAndSecretParameters) {
  EXPECT_EQ(without_secrets("postgresql://app:hunter2@db:5432/todos"), "postgresql://app:***@db:5432/todos");
  EXPECT_EQ(without_secrets("redis://:hunter2@cache/0"), "redis://:***@cache/0");
  EXPECT_EQ(without_secrets("redis://cache:6379/0"), "redis://cache:6379/0");
  EXPECT_EQ(without_secrets("postgresql://app@db/todos"), "postgresql://app@db/todos");
  EXPECT_EQ(without_secrets("postgresql://app:p@ss@db/todos"), "postgresql://app:***@db/todos");
  EXPECT_EQ(without_secrets("https://a.example/x?page=2&access_token=abc&key=k"),
            "https://a.example/x?page=2&access_token=***&key=***");
  EXPECT_EQ(without_secrets("postgresql:///todos?user=a&password=hunter2"),
            "postgresql:///todos?user=a&password=***");
  EXPECT_EQ(without_secrets("sqlite:todos.db?schema=a.sql"), "sqlite:todos.db?schema=a.sql");
  EXPECT_EQ(without_secrets("http://a/b@c"), "http://a/b@c");
  EXPECT_EQ(without_secrets(""), "");
}

}  // namespace
}  // namespace zerver::effects
