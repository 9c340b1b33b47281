// How a server stops, and how it starts.
#include "test_client.h"
#include "test_service.h"

#include <gtest/gtest.h>

#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace zerver::server {
namespace {

constexpr std::string_view kWaitRequest = "GET /wait HTTP/1.1\r\nHost: test\r\n\r\n";

TEST(Drain, ClosesIdleConnections) {
  TestService service;
  TestClient client(service.address());
  client.send(kPlaintext);
  EXPECT_EQ(status_of(client.receive_answer()), 200);
  service.server().drain();
  EXPECT_EQ(client.receive_all(), "");
  service.server().join();
  EXPECT_THROW(TestClient another(service.address()), std::system_error);
}

TEST(Drain, FinishesWhatHasBegun) {
  TestService service;
  TestClient waiting(service.address());
  waiting.send(kWaitRequest);
  service.gate().await_started(1);
  TestClient half(service.address());
  half.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(status_of(half.receive_until("\r\n\r\n")), 100);
  service.server().drain();
  service.gate().open();
  const std::string waited = waiting.receive_all();
  EXPECT_EQ(body_of(waited), "waited");
  EXPECT_EQ(field_of(waited, "Connection"), "close");
  half.send("done");
  EXPECT_EQ(body_of(half.receive_all()), "done");
  service.server().join();
}

TEST(Drain, GivesUpWhatTakesTooLong) {
  Settings settings = TestService::one_worker();
  settings.timeouts.drain = Duration::from_milliseconds(50);
  TestService service(settings);
  TestClient waiting(service.address());
  waiting.send(kWaitRequest);
  service.gate().await_started(1);
  service.server().drain();
  service.gate().await_cancelled(1);
  EXPECT_EQ(waiting.receive_all(), "");
  service.server().join();
  ASSERT_EQ(service.log().lines().size(), 1U);
  EXPECT_EQ(service.log().lines()[0], "closing 1 connections that did not finish in time");
}

TEST(Drain, MayComeTwiceOrBeforeTheStart) {
  TestService service;
  service.server().drain();
  service.server().drain();
  service.server().join();
  SystemClock clock;
  RecordingLog log;
  Server never_started(TestService::one_worker(), clock, log);
  EXPECT_EQ(never_started.open(), "");
}

TEST(Start, SpreadsConnectionsOverWorkers) {
  Settings settings = TestService::one_worker();
  settings.workers = 4;
  TestService service(settings);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&service] {
      for (int i = 0; i < 20; ++i) {
        TestClient client(service.address());
        client.send(kPlaintext);
        EXPECT_EQ(body_of(client.receive_answer()), "Hello, World!");
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
}

TEST(Start, ListensOnSeveralAddresses) {
  Settings settings = TestService::one_worker();
  settings.listen = {"127.0.0.1:0", "localhost:0"};
  TestService service(settings);
  ASSERT_EQ(service.server().addresses().size(), 2U);
  for (const std::string& address : service.server().addresses()) {
    TestClient client(address);
    client.send(kPlaintext);
    EXPECT_EQ(status_of(client.receive_answer()), 200);
  }
}

TEST(Start, FailsWhenThePortIsInUse) {
  SystemClock clock;
  RecordingLog log;
  for (const unsigned workers_of_first : {1U, 2U}) {
    Settings settings = TestService::one_worker();
    settings.workers = workers_of_first;
    TestService service(settings);
    for (const unsigned workers : {1U, 2U}) {
      Settings same = TestService::one_worker();
      same.listen = {service.address()};
      same.workers = workers;
      Server second(same, clock, log);
      EXPECT_EQ(second.open(), "cannot listen on " + service.address() + ": Address already in use");
    }
  }
}

TEST(Start, FailsOnAddressesThatAreNotOurs) {
  SystemClock clock;
  RecordingLog log;
  for (const char* address : {"203.0.113.1:0", "no-such-host.invalid:0", "nonsense"}) {
    Settings settings = TestService::one_worker();
    settings.listen = {address};
    Server server(settings, clock, log);
    EXPECT_TRUE(server.open().starts_with("cannot listen on " + std::string(address) + ": ")) << address;
  }
}

TEST(Start, ListensOnIpv6WhereThereIsOne) {
  SystemClock clock;
  RecordingLog log;
  Settings settings = TestService::one_worker();
  settings.listen = {"[::1]:0"};
  settings.workers = 2;
  Server server(settings, clock, log);
  const std::string error = server.open();
  if (error.ends_with("Address family not supported by protocol") ||
      error.ends_with("Cannot assign requested address"))
    GTEST_SKIP() << error;  // a machine without IPv6
  ASSERT_EQ(error, "");
  EXPECT_TRUE(server.addresses()[0].starts_with("[::1]:"));
}

}  // namespace
}  // namespace zerver::server
