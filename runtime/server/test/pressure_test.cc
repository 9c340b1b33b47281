// Under pressure clients wait in the kernel: nothing is lost, and nothing waits for ever.
#include "test_client.h"
#include "test_service.h"
#include <zerver/flow/request/answer.h>
#include <zerver/program/memory.h>

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::server {
namespace {

constexpr std::string_view kHold = "GET /hold HTTP/1.1\r\nHost: test\r\n\r\n";

// Longer than a test: pauses end for a reason.
Settings patient(Duration longest_pause = Duration::from_seconds(60)) {
  Settings settings = TestService::one_worker();
  settings.scheduling.longest_pause = longest_pause;
  return settings;
}

// Less than any program has, so that there is pressure from the first tick on.
Settings short_of_memory(Duration longest_pause) {
  Settings settings = patient(longest_pause);
  settings.memory = 1;
  return settings;
}

SchedulerStats stats_of(const Server& server) { return server.scheduler_stats().at(0); }

TEST(Pressure, AConnectionAboveTheNumberWaitsForAPlace) {
  Settings settings = patient();
  settings.connections = 1;
  TestService service(settings);
  TestClient first(service.address());
  first.send(kPlaintext);
  EXPECT_EQ(status_of(first.receive_answer()), 200);
  TestClient second(service.address());
  second.send(kPlaintext);
  EXPECT_FALSE(stats_of(service.server()).accepts);
  EXPECT_TRUE(stats_of(service.server()).reads);
  first.send(kPlaintext);  // it is served as ever
  EXPECT_EQ(status_of(first.receive_answer()), 200);
  first.shut_down();
  EXPECT_EQ(first.receive_all(), "");
  EXPECT_EQ(status_of(second.receive_answer()), 200);
  EXPECT_EQ(stats_of(service.server()).accept_pauses, 2U);
}

TEST(Pressure, AConnectionThatWaitsTooLongIsRefused) {
  Settings settings = patient(Duration::from_milliseconds(10));
  settings.connections = 1;
  TestService service(settings);
  TestClient first(service.address());
  first.send(kPlaintext);
  EXPECT_EQ(status_of(first.receive_answer()), 200);
  TestClient second(service.address());
  const std::string answer = second.receive_all();
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_EQ(field_of(answer, "Retry-After"), "1");
}

TEST(Pressure, WithoutMemoryRequestsAreServedSlowly) {
  if (allocated_memory() == 0) GTEST_SKIP() << "this program does not know what it has allocated";
  TestService service(short_of_memory(Duration::from_milliseconds(10)));
  for (int i = 0; i < 5; ++i) {
    TestClient client(service.address());
    client.send(kPlaintext);
    client.send(kPlaintext);
    EXPECT_EQ(status_of(client.receive_answer()), 200);
    EXPECT_EQ(status_of(client.receive_answer()), 200);
  }
  EXPECT_GE(stats_of(service.server()).read_pauses, 1U);
  EXPECT_GE(stats_of(service.server()).accept_pauses, 1U);
}

// --- Stalled connections, on a worker that never goes on by itself ---

class StalledTest : public ::testing::Test {
 protected:
  // The connection is accepted before the pause begins: at the worker's first tick nothing is open yet.
  static void await_pause(const Server& server) {
    while (stats_of(server).reads)
      std::this_thread::yield();
  }
};

TEST_F(StalledTest, AreClosedWhenTheyAreIdleForTooLong) {
  if (allocated_memory() == 0) GTEST_SKIP() << "this program does not know what it has allocated";
  Settings settings = short_of_memory(Duration::from_milliseconds(200));
  settings.timeouts.idle = Duration::from_milliseconds(40);
  TestService service(settings);
  TestClient client(service.address());
  EXPECT_EQ(client.receive_all(), "");
}

TEST_F(StalledTest, EndWhenTheServerDrains) {
  if (allocated_memory() == 0) GTEST_SKIP() << "this program does not know what it has allocated";
  TestService service(short_of_memory(Duration::from_seconds(60)));
  await_pause(service.server());
  TestClient client(service.address());  // in the backlog
  client.send(kPlaintext);
  service.server().drain();
  service.server().join();
  EXPECT_EQ(service.server().open_connections(), 0U);
}

// --- A queue that is nearly full ---

// Holds threads until it is opened.
class Door {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    is_entered_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_open_; });
  }
  void await_entered() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_entered_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_entered_ = false;
  bool is_open_ = false;
};
Door* door = nullptr;  // of the test that runs

constexpr flow::FlowInfo kHoldFlows[] = {{.name = "hold", .slug = "hold", .method = "GET", .path = "/hold"},
                                         {.name = "pass", .slug = "pass", .method = "GET", .path = "/pass"}};

// `/hold` takes long enough to be queued, from its second run on.
flow::Handled handle_hold(flow::Exchange& exchange, flow::RouteMatch& match) {
  match.found = true;
  const bool holds = exchange.request.path == "/hold";
  if (const std::optional<flow::Handled> held = exchange.begin(kHoldFlows[holds ? 0 : 1])) return *held;
  if (holds) {
    door->pass();
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(700);
    while (std::chrono::steady_clock::now() < end) {
    }
  }
  flow::answer(exchange, 200, flow::kTextType, "passed");
  return flow::Handled::kNow;
}
constexpr flow::PackageInfo kHoldPackage{
    .name = "test", .flows = kHoldFlows, .targets = {}, .handle = &handle_hold};

TEST(Pressure, AQueueThatIsNearlyFullStopsReadingBeforeItRefuses) {
  Door own_door;
  door = &own_door;
  Settings settings = patient();
  settings.scheduling.queue.capacity = {4, 4, 4};
  SystemClock clock;
  RecordingLog log;
  Server server(settings, clock, log);
  server.bind(0, {{&kHoldPackage, {}}});
  ASSERT_EQ(server.open(), "");
  server.start();
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 12; ++i) {
    clients.push_back(std::make_unique<TestClient>(server.addresses().front()));
    clients.back()->send("GET /pass HTTP/1.1\r\nHost: test\r\n\r\n");
    EXPECT_EQ(status_of(clients.back()->receive_answer()), 200);
  }
  TestClient first(server.addresses().front());
  first.send(kHold);
  own_door.await_entered();
  // They are all there when the worker looks at its sockets again, and more than may wait.
  for (const auto& client : clients)
    client->send(kHold);
  own_door.open();
  EXPECT_EQ(status_of(first.receive_answer()), 200);
  for (const auto& client : clients)
    EXPECT_EQ(status_of(client->receive_answer()), 200);
  const SchedulerStats stats = stats_of(server);
  EXPECT_GE(stats.read_pauses, 1U);
  EXPECT_EQ(stats.shed, 0U);
  EXPECT_EQ(stats.begun[1], 25U);
}

}  // namespace
}  // namespace zerver::server
