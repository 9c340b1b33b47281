// What every adapter that speaks over TCP promises under a network that fails, as one test for each fault:
//
//   class RedisFaults : public testing::TestWithParam<GateFault> {};
//   TEST_P(RedisFaults, HoldItsPromises) {
//     RedisServer server;
//     expect_promises_under(GetParam(), {.server_port = server.port(), .open = open_kv, .call = get_a_key});
//   }
//   INSTANTIATE_TEST_SUITE_P(Each, RedisFaults, testing::ValuesIn(kGateFaults), fault_test_name);
#pragma once

#include "tests/support/faults/fault_gate.h"
#include <zerver/core/fault.h>
#include <zerver/core/time.h>
#include <zerver/testing/adapter_harness.h>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace zerver::test {

inline constexpr std::array kGateFaults = {GateFault::kLatency,   GateFault::kReset,
                                           GateFault::kBlackHole, GateFault::kHalfClose,
                                           GateFault::kSlowBytes, GateFault::kRefuse};

// How a call ended.
struct Called {
  std::optional<FaultKind> fault;  // none: it succeeded
  std::string why = {};
  Duration took = {};
};
// Performs one operation of the harness to its end.
template <class Arguments>
Called called(zerver::testing::AdapterHarness& harness, const Arguments& arguments, Duration patience) {
  const auto performed = harness.perform(arguments, {.patience = patience});
  return {performed->fault(), performed->why(), performed->took()};
}

struct FaultSubject {
  std::uint16_t server_port = 0;  // of a server that is well
  // The adapter, for a server at that port of 127.0.0.1. On real time.
  std::function<std::unique_ptr<zerver::testing::AdapterHarness>(std::uint16_t port)> open;
  // A call that may be repeated, whose answer has several bytes. Checks the answer when it succeeds.
  std::function<Called(zerver::testing::AdapterHarness& harness, Duration patience)> call;
  Duration patience = Duration::from_milliseconds(250);
  Duration slack = Duration::from_milliseconds(50);  // how late a call may end
  Duration recovery = Duration::from_seconds(5);     // from healing to the first answer
  bool waits_for_connection = false;  // the adapter lets calls wait until it is connected again: `timeout`
                                      // where others are `unavailable`
};

// While the fault lasts every call fails in time and by the right kind of fault, when it has gone calls
// succeed again, and all descriptors are given back.
void expect_promises_under(GateFault fault, const FaultSubject& subject);

inline std::string fault_test_name(const ::testing::TestParamInfo<GateFault>& info) {
  return name_of(info.param);
}

}  // namespace zerver::test
