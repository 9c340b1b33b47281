// The adapter `grpc` against a server with gRPC's own library.
#include "peer.h"
#include <zerver/effects/grpc/open_grpc.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace zerver::effects {
namespace {

using testing::AdapterHarness;

std::unique_ptr<AdapterHarness> open_shared(Arguments arguments = {}) {
  return open_peer(PeerServer::shared().url(), std::move(arguments));
}

std::string error_of(const std::string& url, Arguments arguments = {}) {
  return open_peer(url, std::move(arguments))->error();
}

// The value of a field of the request's metadata as the server saw it; "none" without one.
std::string seen(AdapterHarness& harness, std::string_view name,
                 const testing::PerformOptions& options = {}) {
  const auto shown = harness.perform(PeerAdapter::ShowMetadataArguments{}, options);
  EXPECT_TRUE(shown->ok()) << shown->why();
  for (const String& field : shown->value().fields)
    if (field.view().starts_with(std::string(name) + "="))
      return std::string(field.view().substr(name.size() + 1));
  return "none";
}

TEST(GrpcAdapter, CodesAreKindsAndStatuses) {
  const auto harness = open_shared();
  ASSERT_EQ(harness->error(), "");
  const auto kind = [&](std::uint16_t code) {
    const auto failed = harness->perform(fail_with(code, "said \xe2\x82\xac"));
    EXPECT_EQ(failed->status(), code);
    EXPECT_EQ(failed->why(), "said \xe2\x82\xac");
    return failed->fault();
  };
  EXPECT_EQ(kind(3), FaultKind::kInvalid);
  EXPECT_EQ(kind(4), FaultKind::kTimeout);
  EXPECT_EQ(kind(5), FaultKind::kMissing);
  EXPECT_EQ(kind(6), FaultKind::kConflict);
  EXPECT_EQ(kind(7), FaultKind::kRejected);
  EXPECT_EQ(kind(8), FaultKind::kUnavailable);
  EXPECT_EQ(kind(9), FaultKind::kRejected);
  EXPECT_EQ(kind(10), FaultKind::kConflict);
  EXPECT_EQ(kind(14), FaultKind::kUnavailable);
  EXPECT_EQ(kind(16), FaultKind::kRejected);
}

TEST(GrpcAdapter, AMethodThatTheServerDoesNotHaveIsRejected) {
  const auto harness = open_shared();
  const auto missing = harness->perform(PeerAdapter::MissingArguments{});
  EXPECT_EQ(missing->fault(), FaultKind::kRejected);
  EXPECT_EQ(missing->status(), 12);
}

TEST(GrpcAdapter, TheServerSaysWhenToAskAgain) {
  const auto harness = open_shared();
  const auto failed = harness->perform(fail_with(14, "later", "750"));
  EXPECT_EQ(failed->retry_after(), Duration::from_milliseconds(750));
}

TEST(GrpcAdapter, AStreamIsAList) {
  const auto harness = open_shared();
  const auto counted = harness->perform(count_to(900));
  ASSERT_TRUE(counted->ok()) << counted->why();
  ASSERT_EQ(counted->value().size(), 900U);
  for (std::size_t i = 0; i < 900; ++i)
    ASSERT_EQ(counted->value()[i].n, static_cast<std::int32_t>(i));
  const auto none = harness->perform(count_to(0));
  ASSERT_TRUE(none->ok());
  EXPECT_TRUE(none->value().empty());
}

TEST(GrpcAdapter, AStreamThatBreaksOffFails) {
  const auto harness = open_shared();
  const auto counted = harness->perform(count_to(10, 5));
  EXPECT_EQ(counted->fault(), FaultKind::kUnavailable);
  EXPECT_EQ(counted->status(), 15);
  EXPECT_EQ(counted->why(), "no more of them");
}

TEST(GrpcAdapter, AnAnswerAgainstTheTraitsOfItsTypeIsRefused) {
  const auto harness = open_shared();
  const auto counted = harness->perform(count_to(1'002));
  EXPECT_EQ(counted->fault(), FaultKind::kUnavailable);
  EXPECT_EQ(counted->why(), "field 1 of its answer must be from 0 to 1000");
}

TEST(GrpcAdapter, TimeTraceKeyAndCredentialsTravelAlong) {
  const auto harness = open_shared({{"bearer", "tok-en"}});
  ASSERT_EQ(harness->error(), "");
  const std::string left = seen(*harness, "left", {.patience = Duration::from_seconds(9)});
  EXPECT_GT(std::stoi(left), 1'000);
  EXPECT_LE(std::stoi(left), 9'000);
  EXPECT_EQ(seen(*harness, "traceparent").size(), 55U);
  EXPECT_EQ(seen(*harness, "authorization"), "Bearer tok-en");
  EXPECT_EQ(seen(*harness, "idempotency-key", {.key = "k-1"}), "k-1");
  EXPECT_EQ(seen(*harness, "idempotency-key"), "none");
}

TEST(GrpcAdapter, AKeyThatCannotBeMetadataIsNotSent) {
  const auto harness = open_shared();
  for (const char* const key : {"a\r\nx: y", "a\nb", "a\x7f"}) {
    const auto shown = harness->perform(PeerAdapter::ShowMetadataArguments{}, {.key = key});
    EXPECT_EQ(shown->fault(), FaultKind::kInvalid) << key;
  }
}

TEST(GrpcAdapter, MessagesAreCompressedBothWays) {
  for (const char* const compress : {"false", "true"}) {
    const auto harness = open_shared({{"compress", compress}});
    const auto fetched = harness->perform(fetch_bytes(500'000, true));
    ASSERT_TRUE(fetched->ok()) << fetched->why();
    EXPECT_EQ(fetched->value().content.view(), std::string(500'000, 'x'));
  }
}

TEST(GrpcAdapter, AnAnswerAboveItsBoundIsRefusedCodedOrNot) {
  const auto harness = open_shared({{"max_body", "50000"}});
  const auto fits = harness->perform(fetch_bytes(49'000, true));
  EXPECT_TRUE(fits->ok()) << fits->why();
  for (const bool compressed : {false, true}) {
    const auto large = harness->perform(fetch_bytes(60'000, compressed));
    EXPECT_EQ(large->fault(), FaultKind::kUnavailable);
  }
  EXPECT_TRUE(harness->perform(fetch_bytes(10))->ok());
}

TEST(GrpcAdapter, AnAnswerAboveTheMemoryOfTheRequestFails) {
  const auto harness = open_shared();
  const auto large = harness->perform(fetch_bytes(3'000'000));
  EXPECT_EQ(large->fault(), FaultKind::kUnavailable);
  EXPECT_EQ(large->why(), "its answer is larger than the memory of the request");
}

// What a counter of the server says; it is asked again until it is more than that.
template <class Arguments> std::int32_t ask_until_above(AdapterHarness& harness, std::int32_t least) {
  for (int asked = 0; asked < 10'000; ++asked) {
    const auto count = harness.perform(Arguments{});
    EXPECT_TRUE(count->ok()) << count->why();
    if (!count->ok() || count->value().n > least) return count->value().n;
  }
  ADD_FAILURE() << "it stays at " << least;
  return least;
}

TEST(GrpcAdapter, WhoGivesUpResetsTheStream) {
  const auto harness = open_shared();
  const std::int32_t begun = ask_until_above<PeerAdapter::BegunArguments>(*harness, -1);
  const std::int32_t given_up = ask_until_above<PeerAdapter::GivenUpArguments>(*harness, -1);
  const auto waiting = harness->start(PeerAdapter::WaitArguments{});
  ask_until_above<PeerAdapter::BegunArguments>(*harness, begun);
  waiting->cancel();
  EXPECT_GT(ask_until_above<PeerAdapter::GivenUpArguments>(*harness, given_up), given_up);
}

TEST(GrpcAdapter, WhoWaitsTooLongTimesOut) {
  const auto harness = open_shared();
  const auto timed =
      harness->perform(PeerAdapter::WaitArguments{}, {.patience = Duration::from_milliseconds(50)});
  EXPECT_EQ(timed->fault(), FaultKind::kTimeout);
  EXPECT_TRUE(harness->perform(fetch_bytes(10))->ok());
}

TEST(GrpcAdapter, ManyCallsShareAConnection) {
  const auto harness = open_shared();
  std::vector<std::unique_ptr<testing::Performed<PeerAdapter::FetchArguments>>> calls;
  for (std::uint32_t i = 0; i < 90; ++i)
    calls.push_back(harness->start(fetch_bytes(i)));
  ASSERT_TRUE(harness->run_until(
      [&] { return std::ranges::all_of(calls, [](const auto& call) { return call->ended(); }); }));
  for (std::uint32_t i = 0; i < 90; ++i) {
    ASSERT_TRUE(calls[i]->ok()) << calls[i]->why();
    EXPECT_EQ(calls[i]->value().content.size(), i);
  }
  EXPECT_EQ(harness->system().pool()->open, 1U);
}

// The server allows 100 on each.
TEST(GrpcAdapter, MoreCallsThanAConnectionTakesGetAnother) {
  const auto harness = open_shared();
  ASSERT_TRUE(harness->perform(fetch_bytes(1))->ok());
  std::vector<std::unique_ptr<testing::Performed<PeerAdapter::WaitArguments>>> calls;
  for (int i = 0; i < 250; ++i)
    calls.push_back(harness->start(PeerAdapter::WaitArguments{}));
  EXPECT_TRUE(harness->run_until([&] { return harness->system().pool()->open == 3; }));
  EXPECT_TRUE(harness->run_until([&] { return harness->system().pool()->waiting == 0; }));
  for (const auto& call : calls)
    call->cancel();
}

TEST(GrpcAdapter, AConnectionHasALifetime) {
  const auto lasting = open_shared();
  EXPECT_EQ(seen(*lasting, "connection"), seen(*lasting, "connection"));
  const auto harness = open_shared({{"lifetime", "20ms"}});
  const std::string first = seen(*harness, "connection");
  std::string later = first;
  for (int call = 0; call < 100'000 && later == first; ++call)
    later = seen(*harness, "connection");
  EXPECT_NE(later, first);
  EXPECT_EQ(harness->system().pool()->open, 1U) << "the one before is closed";
}

// Its server wants another connection every 200 ms.
TEST(GrpcAdapter, ConnectionsThatTheServerRetiresAreReplaced) {
  const PeerServer& server = PeerServer::shared();
  const auto harness = open_peer(server.tls_url(), {{"ca", server.ca_file()}});
  const std::string first = seen(*harness, "connection");
  ASSERT_NE(first, "none");
  std::string later = first;
  for (int call = 0; call < 100'000 && later == first; ++call)
    later = seen(*harness, "connection");
  EXPECT_NE(later, first);
}

TEST(GrpcAdapter, SpeaksTlsToWhomItTrusts) {
  const PeerServer& server = PeerServer::shared();
  const auto trusting = open_peer(server.tls_url(), {{"ca", server.ca_file()}});
  ASSERT_EQ(trusting->error(), "");
  const auto fetched = trusting->perform(fetch_bytes(5));
  EXPECT_TRUE(fetched->ok()) << fetched->why();
  const auto wary = open_peer(server.tls_url());
  EXPECT_EQ(wary->perform(fetch_bytes(5))->fault(), FaultKind::kUnavailable);
  EXPECT_EQ(wary->probe().state, Health::State::kDown);
  EXPECT_EQ(trusting->probe().state, Health::State::kUp);
}

TEST(GrpcAdapter, RefusesWhatIsNoTarget) {
  EXPECT_EQ(error_of("http://h:1"), "");
  EXPECT_EQ(error_of("http://h:1/"), "");
  EXPECT_NE(error_of("h:1").find("must be `http://host:port"), std::string::npos);
  EXPECT_NE(error_of("http://h:1/people").find("without a path"), std::string::npos);
  EXPECT_NE(error_of("http://u:secret@h:1").find("must be"), std::string::npos);
  EXPECT_EQ(error_of("http://u:secret@h:1").find("secret"), std::string::npos);
  EXPECT_NE(error_of("http://h:1", {{"max_body", "much"}}).find("`max_body`"), std::string::npos);
  EXPECT_NE(error_of("https://h:1", {{"ca", "/nowhere.pem"}}).find("nowhere.pem"), std::string::npos);
  Registry registry;
  registry.add({"zerver.grpc", "1", "test"}, open_grpc());
  const AdapterHarness harness(registry, "zerver.grpc", {.arguments = {{"url", "http://h:1"}}});
  EXPECT_NE(harness.error().find("not declared with `@grpc`"), std::string::npos);
}

TEST(GrpcAdapter, HasNoNetworkInVirtualTime) {
  Registry registry;
  registry.add({"zerver.grpc", "1", "test"}, open_grpc());
  AdapterHarness harness(registry, "zerver.grpc",
                         {.time = testing::HarnessOptions::Time::kSimulated,
                          .arguments = {{"url", "http://h:1"}},
                          .operations = PeerAdapter::kOperations,
                          .rpcs = PeerAdapter::kRpcs});
  EXPECT_EQ(harness.perform(fetch_bytes(1))->fault(), FaultKind::kUnavailable);
}

}  // namespace
}  // namespace zerver::effects
