// What a call over a kept connection costs in heap allocations once the first ones have warmed everything up:
// none. A program of its own, because it replaces operator new.
#include "http_fixture.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> allocations = 0;
// Only those of the thread that performs the calls count.
thread_local bool is_counting = false;

void* counted(std::size_t size) {
  if (is_counting) allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size != 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

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

TEST(HttpAllocations, ThereAreNoneOverAKeptConnection) {
  const test::ScriptedServer server([](test::Peer& peer) {
    while (!read_head(peer).empty())
      peer.write(answer("200 OK", R"({"a":1})"));
  });
  const auto target = open_target(local(server.port()));
  ASSERT_EQ(target->error(), "");
  Arena arena;
  const HttpAdapter::GetArguments arguments{.path = "/path/to/it", .query = {}, .headers = {}};
  Repeated operation(target->worker(), arena, arguments);
  const std::function<bool()> is_over = [&] { return operation.is_over; };
  constexpr std::size_t kWarm = 50;
  constexpr std::size_t kCounted = 500;
  for (std::size_t i = 0; i < kWarm + kCounted; ++i) {
    is_counting = i >= kWarm;
    operation.begin(target->adapter());
    is_counting = false;  // the harness's own
    ASSERT_TRUE(target->run_until([&] {
      is_counting = false;
      const bool over = is_over();
      is_counting = i >= kWarm && !over;
      return over;
    }));
    is_counting = false;
  }
  EXPECT_EQ(operation.answers, kWarm + kCounted);
  EXPECT_EQ(allocations.load(), 0U);
}

}  // namespace
}  // namespace zerver::effects
