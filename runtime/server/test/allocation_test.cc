// Serving requests takes no memory from the heap once a connection has served a few: this program counts
// every allocation.
#include "test_client.h"
#include "test_service.h"
#include "tests/support/allocation_count.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

namespace zerver::server {
namespace {

// How many allocations `count` such requests take, answered one by one; the client takes none itself.
std::size_t count_allocations(TestClient& client, std::string_view request, std::size_t answer_size,
                              int count) {
  const std::size_t before = test::allocations();
  std::size_t received = 0;
  for (int i = 0; i < count; ++i) {
    client.send(request);
    received += client.skip(answer_size);
  }
  EXPECT_EQ(received, answer_size * static_cast<std::size_t>(count));
  return test::allocations() - before;
}

void expect_none_once_warm(const Settings& settings) {
  TestService service(settings);
  TestClient client(service.address());
  for (const std::string path : {"/plaintext", "/json", "/echo", "/fields", "/nothing"}) {
    const std::string request =
        "GET " + path + " HTTP/1.1\r\nHost: test\r\nAccept: */*\r\nUser-Agent: test\r\n\r\n";
    client.send(request);
    const std::size_t size = client.receive_answer().size();
    count_allocations(client, request, size, 10);
    EXPECT_EQ(count_allocations(client, request, size, 1000), 0U) << path;
    std::string batch;
    for (int i = 0; i < 16; ++i)
      batch += request;
    count_allocations(client, batch, size * 16, 10);
    EXPECT_EQ(count_allocations(client, batch, size * 16, 100), 0U) << path << ", pipelined";
  }
}

TEST(Allocations, AreNoneOnceWarm) { expect_none_once_warm(TestService::one_worker()); }

TEST(Allocations, AreNoneWhenAnswersAreCounted) {
  Settings settings = TestService::one_worker();
  settings.metrics = "127.0.0.1:0";
  expect_none_once_warm(settings);
}

}  // namespace
}  // namespace zerver::server
