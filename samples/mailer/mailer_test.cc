// What every mailer promises, tested on each.
#include "mailer.h"

#include "mailer.flow.h"
#include <zerver/testing/adapter_harness.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace letters {
namespace {

using zerver::FaultKind;
using zerver::String;
using zerver::testing::AdapterHarness;
using zerver::testing::HarnessOptions;

enum class Kind { kFolder, kMemory };

class MailerTest : public ::testing::TestWithParam<Kind> {
 protected:
  MailerTest() {
    folder = (std::filesystem::temp_directory_path() / "zerver_mailer_XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
  }
  ~MailerTest() override {
    harness.reset();
    std::filesystem::remove_all(folder);
  }

  AdapterHarness& open(std::vector<std::pair<std::string, std::string>> more = {}) {
    zerver::effects::Registry registry;
    registry.add("letters.mailer", GetParam() == Kind::kFolder ? open_mailer() : open_memory_mailer());
    more.emplace_back("from", "shop@example.com");
    more.emplace_back("folder", folder);
    return harness.emplace(registry, "letters.mailer", HarnessOptions{.arguments = std::move(more)});
  }
  std::unique_ptr<zerver::testing::Performed<MailerAdapter::SendArguments>> send(std::string_view to) {
    return harness->perform(
        MailerAdapter::SendArguments{.to = String::borrowed(to), .text = String::borrowed("Hello")});
  }
  std::unique_ptr<zerver::testing::Performed<MailerAdapter::ShowArguments>> show(std::string_view letter) {
    return harness->perform(MailerAdapter::ShowArguments{.letter = String::borrowed(letter)});
  }

  std::string folder;
  std::optional<AdapterHarness> harness;
};
INSTANTIATE_TEST_SUITE_P(Kinds, MailerTest, ::testing::Values(Kind::kFolder, Kind::kMemory));

TEST_P(MailerTest, ShowsWhatWasSent) {
  open({{"paper", "fine"}});
  const auto sent = send("ann@example.com");
  ASSERT_TRUE(sent->ok()) << sent->why();
  const auto shown = show(sent->value());
  ASSERT_TRUE(shown->ok()) << shown->why();
  EXPECT_EQ(shown->value(), "From: shop@example.com\nTo: ann@example.com\nPaper: fine\n\nHello");
}

TEST_P(MailerTest, RefusesWhatIsNoAddress) {
  open();
  EXPECT_EQ(send("ann")->fault(), FaultKind::kRejected);
  EXPECT_EQ(send("ann@example.com\nBcc: all@example.com")->fault(), FaultKind::kRejected);
}

TEST_P(MailerTest, KnowsOnlyItsLetters) {
  open();
  for (const std::string_view letter : {"1", "", "../../etc/passwd", "1/../2"})
    EXPECT_EQ(show(letter)->fault(), FaultKind::kMissing) << letter;
}

TEST_P(MailerTest, IsFullAtItsBound) {
  open({{"most", "2"}});
  EXPECT_TRUE(send("a@example.com")->ok());
  EXPECT_TRUE(send("b@example.com")->ok());
  EXPECT_EQ(send("c@example.com")->fault(), FaultKind::kUnavailable);
}

TEST(FolderMailer, GoesOnWhereTheLastRunEnded) {
  std::string folder = (std::filesystem::temp_directory_path() / "zerver_mailer_XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const auto send = [&folder] {
    zerver::effects::Registry registry;
    registry.add("letters.mailer", open_mailer());
    AdapterHarness harness(registry, "letters.mailer",
                           HarnessOptions{.arguments = {{"from", "a@example.com"}, {"folder", folder}}});
    return std::string(
        std::string_view(harness
                             .perform(MailerAdapter::SendArguments{.to = String::borrowed("b@example.com"),
                                                                   .text = String::borrowed("Hello")})
                             ->value()));
  };
  EXPECT_EQ(send(), "1");
  EXPECT_EQ(send(), "2");
  std::filesystem::remove_all(folder);
}

TEST_P(MailerTest, SaysHowItIs) {
  open();
  EXPECT_EQ(harness->probe().state, zerver::effects::Health::State::kUp);
  EXPECT_EQ(open({{"paper", "blue"}}).error(), "parameter `paper` must be `plain` or `fine`, not `blue`");
}

}  // namespace
}  // namespace letters
