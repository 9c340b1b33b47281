// The cache of names, on virtual time and with a source that answers when it is told to.
#include <zerver/async/spawn.h>
#include <zerver/io/net/resolver.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace zerver::io::net {
namespace {

constexpr Duration seconds(int count) noexcept { return Duration::from_seconds(count); }

NameAnswer found(std::initializer_list<const char*> addresses, int life = 60) {
  NameAnswer answer{NameAnswer::Kind::kFound, {}, seconds(life)};
  for (const char* const address : addresses)
    answer.addresses.push_back(*Address::parse(address));
  return answer;
}

class Asked final : public NameSource {
 public:
  void ask(std::string_view name, Answered& answered) override {
    names.emplace_back(name);
    waiting.emplace(name, &answered);
  }
  void answer(const std::string& name, NameAnswer answer) {
    Answered* const answered = waiting.extract(name).mapped();
    answered->answer(std::move(answer));
  }

  std::vector<std::string> names;
  std::map<std::string, Answered*> waiting;
};

class ResolverTest : public ::testing::Test {
 protected:
  explicit ResolverTest(const ResolverOptions& options = {}) {
    auto source = std::make_unique<Asked>();
    asked_ = source.get();
    resolver_ = std::make_unique<Resolver>(loop_, std::move(source), options);
  }

  // Who asks for a name, and what they were told.
  struct Caller {
    std::string heard;
    async::StopSource stop;
  };
  std::unique_ptr<Caller> ask(std::string name) {
    auto caller = std::make_unique<Caller>();
    async::spawn(loop_, caller->stop.token(), ask_as, std::ref(*resolver_), std::move(name),
                 std::ref(*caller))
        .detach();
    loop_.run_ready();
    return caller;
  }
  std::string heard_at_once(std::string name) { return ask(std::move(name))->heard; }
  void answer(const std::string& name, NameAnswer answer) {
    asked_->answer(name, std::move(answer));
    loop_.run_ready();
  }

  testing::SimLoop loop_;
  Asked* asked_ = nullptr;
  std::unique_ptr<Resolver> resolver_;

 private:
  static async::Task<> ask_as(Resolver& resolver, std::string name, Caller& caller) {
    const Result<Addresses> addresses = co_await resolver.resolve(name);
    if (!addresses) {
      caller.heard = addresses.error().why.view();
      co_return;
    }
    for (const Address& address : *addresses)
      caller.heard += (caller.heard.empty() ? "" : " ") + address.text();
  }
};

TEST_F(ResolverTest, AsksForANameOnceUntilItsLifeIsOver) {
  const auto caller = ask("db.example");
  EXPECT_EQ(caller->heard, "");
  answer("db.example", found({"192.0.2.1"}, 60));
  EXPECT_EQ(caller->heard, "192.0.2.1");
  loop_.run_for(seconds(59));
  EXPECT_EQ(heard_at_once("DB.example"), "192.0.2.1");
  loop_.run_for(seconds(1));
  const auto later = ask("db.example");
  answer("db.example", found({"192.0.2.2"}));
  EXPECT_EQ(later->heard, "192.0.2.2");
  EXPECT_EQ(asked_->names, (std::vector<std::string>{"db.example", "db.example"}));
  EXPECT_EQ(resolver_->stats().hits, 1U);
}

TEST_F(ResolverTest, AsksOnceForAllWhoAskAtOnce) {
  const auto first = ask("db.example");
  const auto second = ask("db.example");
  EXPECT_EQ(asked_->names.size(), 1U);
  answer("db.example", found({"192.0.2.1"}));
  EXPECT_EQ(first->heard, "192.0.2.1");
  EXPECT_EQ(second->heard, "192.0.2.1");
}

TEST_F(ResolverTest, WhoGivesUpDoesNotTakeTheAnswerFromOthers) {
  const auto first = ask("db.example");
  const auto second = ask("db.example");
  first->stop.request_stop();
  loop_.run_ready();
  EXPECT_EQ(first->heard, "cancelled while it waited");
  answer("db.example", found({"192.0.2.1"}));
  EXPECT_EQ(second->heard, "192.0.2.1");
}

TEST_F(ResolverTest, TakesAddressesAsTheyAre) {
  EXPECT_EQ(heard_at_once("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(heard_at_once("2001:db8::7"), "2001:db8::7");
  EXPECT_TRUE(asked_->names.empty());
}

TEST_F(ResolverTest, RefusesWhatIsNoName) {
  EXPECT_EQ(heard_at_once(""), "that is no name of a host");
  EXPECT_EQ(heard_at_once("a b"), "that is no name of a host");
  EXPECT_EQ(heard_at_once("a\r\nb"), "that is no name of a host");
  EXPECT_EQ(heard_at_once(std::string(254, 'a')), "that is no name of a host");
  EXPECT_TRUE(asked_->names.empty());
}

TEST_F(ResolverTest, TakesBothFamiliesInTurnBeginningWithTheBest) {
  const auto caller = ask("db.example");
  answer("db.example", found({"2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1", "192.0.2.2"}));
  EXPECT_EQ(caller->heard, "2001:db8::1 192.0.2.1 2001:db8::2 192.0.2.2 2001:db8::3");
}

TEST_F(ResolverTest, BelievesAnAnswerNeitherTooShortlyNorTooLong) {
  const auto brief = ask("brief.example");
  answer("brief.example", found({"192.0.2.1"}, 0));
  EXPECT_EQ(heard_at_once("brief.example"), "192.0.2.1");
  const auto lasting = ask("lasting.example");
  answer("lasting.example", found({"192.0.2.2"}, 1'000'000));
  loop_.run_for(seconds(299));
  EXPECT_EQ(heard_at_once("lasting.example"), "192.0.2.2");
  loop_.run_for(seconds(1));
  const auto again = ask("lasting.example");
  EXPECT_EQ(again->heard, "");
  answer("lasting.example", found({"192.0.2.3"}));
}

TEST_F(ResolverTest, RemembersForAWhileThatThereIsNoSuchName) {
  const auto caller = ask("no.example");
  answer("no.example", {NameAnswer::Kind::kNoSuchName, {}, {}});
  EXPECT_EQ(caller->heard, "there is no such host");
  loop_.run_for(seconds(4));
  EXPECT_EQ(heard_at_once("no.example"), "there is no such host");
  EXPECT_EQ(asked_->names.size(), 1U);
  loop_.run_for(seconds(1));
  const auto later = ask("no.example");
  answer("no.example", found({"192.0.2.1"}));
  EXPECT_EQ(later->heard, "192.0.2.1");
}

TEST_F(ResolverTest, UsesAnOldAnswerWhenNobodyAnswers) {
  const auto caller = ask("db.example");
  answer("db.example", found({"192.0.2.1"}, 10));
  loop_.run_for(seconds(10));
  const auto later = ask("db.example");
  answer("db.example", {});  // failed
  EXPECT_EQ(later->heard, "192.0.2.1");
  EXPECT_EQ(resolver_->stats().stale, 1U);
  EXPECT_EQ(resolver_->stats().failed, 1U);
}

TEST_F(ResolverTest, UsesAnOldAnswerWhenANewOneTakesLong) {
  const auto caller = ask("db.example");
  answer("db.example", found({"192.0.2.1"}, 10));
  loop_.run_for(seconds(10));
  const auto later = ask("db.example");
  loop_.run_for(Duration::from_milliseconds(199));
  EXPECT_EQ(later->heard, "");
  loop_.run_for(Duration::from_milliseconds(2));
  EXPECT_EQ(later->heard, "192.0.2.1");
  answer("db.example", found({"192.0.2.2"}));
  EXPECT_EQ(heard_at_once("db.example"), "192.0.2.2");
}

TEST_F(ResolverTest, ForgetsWhatIsTooOld) {
  const auto caller = ask("db.example");
  answer("db.example", found({"192.0.2.1"}, 10));
  loop_.run_for(seconds(10 + 3600));
  const auto later = ask("db.example");
  answer("db.example", {});
  EXPECT_EQ(later->heard, "no server tells the address of the host");
  const auto again = ask("db.example");  // nothing is remembered about a failure
  EXPECT_EQ(asked_->names.size(), 3U);
  answer("db.example", found({"192.0.2.2"}));
  EXPECT_EQ(again->heard, "192.0.2.2");
}

class SmallResolver : public ResolverTest {
 protected:
  SmallResolver() : ResolverTest({.names = 2}) {}
};

TEST_F(SmallResolver, LetsGoOfTheNameThatWasUsedLongestAgo) {
  const auto pending = ask("pending.example");  // stays: somebody waits for it
  for (const std::string name : {"a", "b", "c"}) {
    const auto caller = ask(name);
    answer(name, found({"192.0.2.1"}));
    EXPECT_EQ(caller->heard, "192.0.2.1");
  }
  EXPECT_LE(resolver_->stats().names, 2U);
  EXPECT_EQ(heard_at_once("c"), "192.0.2.1");
  answer("pending.example", found({"192.0.2.9"}));
  EXPECT_EQ(pending->heard, "192.0.2.9");
}

TEST(Address, ReadsAndWritesBothFamilies) {
  for (const char* const text :
       {"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "2001:db8::ff00:42:8329", "fe80::1%1"}) {
    const auto address = Address::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(Address::parse(address->text()), address);
  }
  EXPECT_EQ(Address::parse("2001:DB8:0:0::1")->text(), "2001:db8::1");
  for (const char* const text : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4x", "1.2.3.4%lo",
                                 ":::", "::1%", "::1%nowhere", "::1%0", "localhost", "[::1]"})
    EXPECT_FALSE(Address::parse(text)) << text;
}

}  // namespace
}  // namespace zerver::io::net
