// What a call over a kept connection costs in heap allocations once the first ones have warmed everything up:
// none. A program of its own, because operator new counts.
#include "http_fixture.h"
#include "tests/support/allocation_count.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>

namespace zerver::effects {
namespace {

// Performed again and again, in the same memory.
class Repeated final : public flow::Operation {
 public:
  Repeated(flow::Worker& worker, Arena& arena, const HttpAdapter::GetArguments& arguments)
      : Operation(HttpAdapter::kGet, &arguments, "test", arena, worker) {}

  void begin(flow::Adapter& adapter) {
    is_over = false;
    begin_attempt(1, TimePoint::never());
    adapter.start(*this);
  }

  bool is_over = false;
  std::size_t answers = 0;

 private:
  void on_complete(const void*) noexcept override {
    is_over = true;
    ++answers;
    end_attempt();
  }
  void on_fail(const Fault&) noexcept override {
    is_over = true;
    end_attempt();
  }
};

void answer_all(test::Peer& peer) {
  while (!read_head(peer).empty())
    peer.write(answer("200 OK", R"({"a":1})"));
}

void expect_none(const std::string& url) {
  const auto target = open_target(url);
  ASSERT_EQ(target->error(), "");
  Arena arena;
  const HttpAdapter::GetArguments arguments{.path = "/path/to/it", .query = {}, .headers = {}};
  Repeated operation(target->worker(), arena, arguments);
  constexpr std::size_t kWarm = 50;
  constexpr std::size_t kCounted = 500;
  std::size_t allocated = 0;
  for (std::size_t i = 0; i < kWarm + kCounted; ++i) {
    const std::size_t before = test::allocations_of_thread();
    operation.begin(target->adapter());
    std::size_t taken = test::allocations_of_thread() - before;
    // From the harness's first question on: what it takes before it waits is its own.
    std::optional<std::size_t> waits_from;
    ASSERT_TRUE(target->run_until([&] {
      if (!waits_from) waits_from = test::allocations_of_thread();
      if (operation.is_over) taken += test::allocations_of_thread() - *waits_from;
      return operation.is_over;
    }));
    if (i >= kWarm) allocated += taken;
  }
  EXPECT_EQ(operation.answers, kWarm + kCounted);
  EXPECT_EQ(allocated, 0U);
}

TEST(HttpAllocations, ThereAreNoneOverAKeptConnection) {
  const test::ScriptedServer server(answer_all);
  expect_none(local(server.port()));
}

TEST(HttpAllocations, ThereAreNoneOverThoseToSeveralPlaces) {
  const test::ScriptedServer first(answer_all);
  const test::ScriptedServer second(answer_all);
  expect_none(local(first.port()) + ",127.0.0.1:" + std::to_string(second.port()));
}

}  // namespace
}  // namespace zerver::effects
