// Every flow of blocks.flow and sagas.flow under every declared fault of every effect, one at a time and in
// pairs, and with a client that leaves: a flow answers with nothing but what the compiler says
// (`--dump=errors`), always answers, and leaves nothing in flight.

#include "blocks.flow.h"
#include "sagas.flow.h"
#include <zerver/effects/registry.h>
#include <zerver/testing/explore.h>
#include <zerver/testing/sim_world.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace zerver::testing {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Store final : public blocks::v1::SystemAdapter {
 public:
  void get(const GetArguments& arguments, flow::Reply<std::int64_t> reply) override {
    reply.succeed(arguments.id);
  }
  void put(const PutArguments& arguments, flow::Reply<std::int64_t> reply) override {
    reply.succeed(arguments.id);
  }
  void note(const NoteArguments&, flow::Reply<void> reply) override { reply.succeed(); }
  void cancel(flow::Operation&) noexcept override {}
};

class Bank final : public sagas::v1::BankAdapter {
 public:
  void reserve(const ReserveArguments&, flow::Reply<String> reply) override { reply.succeed(String("hold")); }
  void release(const ReleaseArguments&, flow::Reply<void> reply) override { reply.succeed(); }
  void book(const BookArguments&, flow::Reply<void> reply) override { reply.succeed(); }
  void unbook(const UnbookArguments&, flow::Reply<void> reply) override { reply.succeed(); }
  void charge(const ChargeArguments&, flow::Reply<void> reply) override { reply.succeed(); }
  void note(const NoteArguments&, flow::Reply<void> reply) override { reply.succeed(); }
  void cancel(flow::Operation&) noexcept override {}
};

template <class Adapter> class SystemOf final : public effects::System {
 public:
  std::unique_ptr<flow::Adapter> adapter(flow::Worker&) override { return std::make_unique<Adapter>(); }
};

template <class Adapter> effects::Opened opened(const flow::TargetInfo&, const flow::TargetConfig&) {
  return effects::Opened{std::make_unique<SystemOf<Adapter>>(), {}};
}

std::unique_ptr<SimWorld> make_world() {
  auto world = std::make_unique<SimWorld>(std::vector{&blocks::v1::package(), &sagas::v1::package()},
                                          SimWorld::Options{});
  world->registry().add("blocks.v1.system", opened<Store>);
  world->registry().add("sagas.v1.bank", opened<Bank>);
  return world;
}

class Explored : public ::testing::TestWithParam<RequestText> {};

TEST_P(Explored, AFlowEndsOnlyAsTheCompilerSays) {
  const Exploration found = explore(make_world, GetParam());
  EXPECT_THAT(found.undeclared, IsEmpty()) << found.text();
  // A pivot of which nobody knows if it has happened stays listed, for people to look into.
  const bool has_pivot = GetParam().target.starts_with("/pay");
  EXPECT_THAT(found.violations, Each(AllOf(HasSubstr("a saga has not ended"), HasSubstr("at charge"))));
  EXPECT_EQ(found.violations.empty(), !has_pivot) << found.text();
  EXPECT_GT(found.runs, 10U);
}

constexpr auto kPost = Method::kPost;
INSTANTIATE_TEST_SUITE_P(
    Flows, Explored,
    ::testing::Values(RequestText{.target = "/hooked?id=1"}, RequestText{.target = "/nested?id=1"},
                      RequestText{.target = "/cancelled?id=1"}, RequestText{.target = "/parallel?id=1"},
                      RequestText{.target = "/parallel?id=13"}, RequestText{.target = "/rescued?id=1"},
                      RequestText{.target = "/rescued?id=13"}, RequestText{.target = "/deep?id=1"},
                      RequestText{kPost, "/fetch", "[1,2,3,4]"}, RequestText{kPost, "/fetch", "[1,77,13]"},
                      RequestText{kPost, "/turn", "[1,2,3]"}, RequestText{kPost, "/grid", "[[1,2],[3]]"},
                      RequestText{kPost, "/buy?id=1"}, RequestText{kPost, "/buy?id=13"},
                      RequestText{kPost, "/buy?id=14"}, RequestText{kPost, "/pay?id=1"},
                      RequestText{kPost, "/pay?id=13"}, RequestText{kPost, "/booked?id=1"},
                      RequestText{kPost, "/early?id=1"}, RequestText{kPost, "/wide?id=1"},
                      RequestText{kPost, "/within?id=1"}, RequestText{kPost, "/within?id=13"},
                      RequestText{kPost, "/looped", "[1,2,3]"}),
    [](const ::testing::TestParamInfo<RequestText>& request) {
      std::string name;
      for (const char c : request.param.target)
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) name += c;
      return name + "_" + std::to_string(request.index);
    });

}  // namespace
}  // namespace zerver::testing
