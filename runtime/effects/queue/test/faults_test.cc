// The adapter `queue` on a network that fails, over the stores that are servers.
#include "tests/support/faults/fault_suite.h"
#include "tests/support/servers/nats_server.h"
#include "tests/support/servers/postgres_server.h"
#include "tests/support/servers/redis_server.h"
#include "zerver.flow.h"
#include <zerver/effects/registry.h>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace zerver::test {
namespace {

using zerver::testing::AdapterHarness;

std::unique_ptr<AdapterHarness> queue_at(const std::string& url) {
  static const auto registry = [] {
    effects::Registry filled;
    effects::add_standard_adapters(filled);
    return filled;
  }();
  return std::make_unique<AdapterHarness>(
      registry, "zerver.queue", zerver::testing::HarnessOptions{.arguments = {{"url", url}}, .schema = {}});
}

// A write that may be repeated: the message is there once.
Called push(AdapterHarness& queue, Duration patience) {
  QueueAdapter::PushArguments arguments;
  arguments.topic = String::borrowed("letters");
  arguments.message = Json::borrowed(R"({"to":"anna"})");
  arguments.priority = String::borrowed("normal");
  arguments.unique = String::borrowed("anna");
  return called(queue, arguments, patience);
}

std::string at(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

class QueueFaults : public ::testing::TestWithParam<GateFault> {};

TEST_P(QueueFaults, PostgresHoldsItsPromises) {
  static const PostgresServer server;
  expect_promises_under(GetParam(),
                        {.server_port = server.port(),
                         .open = [&](std::uint16_t port) { return queue_at(server.url({}, port)); },
                         .call = push});
}

TEST_P(QueueFaults, RedisHoldsItsPromises) {
  static const RedisServer server;
  expect_promises_under(GetParam(),
                        {.server_port = server.port(),
                         .open = [](std::uint16_t port) { return queue_at("redis://" + at(port)); },
                         .call = push,
                         .waits_for_connection = true});
}

TEST_P(QueueFaults, NatsHoldsItsPromises) {
  static const NatsServer server;
  expect_promises_under(GetParam(),
                        {.server_port = server.port(),
                         .open = [](std::uint16_t port) { return queue_at("nats://" + at(port)); },
                         .call = push,
                         .waits_for_connection = true});
}

INSTANTIATE_TEST_SUITE_P(Under, QueueFaults, ::testing::ValuesIn(kGateFaults), fault_test_name);

}  // namespace
}  // namespace zerver::test
