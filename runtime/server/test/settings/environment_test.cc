#include "settings/environment.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace zerver::server {
namespace {

// A folder of secrets, and no variables of their names.
class SecretFiles : public ::testing::Test {
 protected:
  SecretFiles() {
    std::string name = (std::filesystem::temp_directory_path() / "zerver-secrets-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    setenv("ZERVER_SECRETS_DIR", name.c_str(), 1);
  }
  ~SecretFiles() override {
    unsetenv("ZERVER_SECRETS_DIR");
    unsetenv("A_VARIABLE");
    std::filesystem::remove_all(folder_);
  }
  void put(const char* name, const std::string& value) { std::ofstream(folder_ / name) << value << '\n'; }
  void remove(const char* name) { std::filesystem::remove(folder_ / name); }

  ProcessEnvironment environment;

 private:
  std::filesystem::path folder_;
};

TEST_F(SecretFiles, AreReadAgainWhenThatIsAskedFor) {
  put("TOKEN", "first one");
  setenv("A_VARIABLE", "of the process", 1);
  EXPECT_EQ(environment.secret("TOKEN"), "first one");
  EXPECT_EQ(environment.secret("A_VARIABLE"), "of the process");
  EXPECT_EQ(environment.secret("LATER"), std::nullopt);
  put("TOKEN", "second one");
  put("LATER", "third one");
  EXPECT_EQ(environment.secret("TOKEN"), "first one");
  environment.renew();
  EXPECT_EQ(environment.secret("TOKEN"), "second one");
  EXPECT_EQ(environment.secret("LATER"), "third one");
  EXPECT_EQ(environment.secret("A_VARIABLE"), "of the process");
  EXPECT_TRUE(environment.problems().empty());
  EXPECT_EQ(environment.masked("first one, second one, third one, of the process"), "***, ***, ***, ***");
}

TEST_F(SecretFiles, KeepTheirValueWhenTheyAreGone) {
  put("TOKEN", "first one");
  EXPECT_EQ(environment.secret("TOKEN"), "first one");
  remove("TOKEN");
  for (int i = 0; i < 2; ++i) {
    environment.renew();
    EXPECT_EQ(environment.secret("TOKEN"), "first one");
    ASSERT_EQ(environment.problems().size(), 1U);
    EXPECT_EQ(environment.problems()[0], "secret.TOKEN: it is not there any more, and stays what it was");
  }
}

TEST_F(SecretFiles, AreMaskedWhereOneHoldsAnother) {
  put("LONG", "abcdef");
  put("SHORT", "bcd");
  EXPECT_EQ(environment.secret("SHORT"), "bcd");
  EXPECT_EQ(environment.secret("LONG"), "abcdef");
  EXPECT_EQ(environment.masked("abcdef bcd"), "*** ***");
}

}  // namespace
}  // namespace zerver::server
