// A service to be tested over its socket, in the test's own process.
#pragma once

#include <zerver/core/clock.h>
#include <zerver/core/log.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/call/target.h>
#include <zerver/flow/service.h>
#include <zerver/server/server.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::server {

// Keeps operations until the test lets them go on.
class Gate final : public flow::Adapter {
 public:
  ~Gate() override;
  void start(flow::Operation& operation) override;
  void cancel(flow::Operation& operation) noexcept override;

  // Waits until so many operations have been started, or cancelled, since the beginning.
  void await_started(int count);
  void await_cancelled(int count);
  // Lets the oldest operation that waits succeed. Any thread.
  void open();

 private:
  struct Release;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<flow::Operation*> waiting_;
  int started_ = 0;
  int cancelled_ = 0;
};

// `GET /plaintext`, `GET /json`, any method on `/echo`, `GET /wait` (until the gate opens), `GET /big` (a
// body of kBigBody bytes in the arena), `GET /chunks`, `GET /broken` (a response that cannot be sent), `GET
// /close`, `GET /fields` (what the request had), `DELETE /thing`.
inline constexpr std::size_t kBigBody = 500'000;
inline constexpr std::string_view kPlaintext = "GET /plaintext HTTP/1.1\r\nHost: test\r\n\r\n";
const flow::PackageInfo& test_package() noexcept;

class RecordingLog final : public Log {
 public:
  void write(LogLevel level, std::string_view line) noexcept override;
  std::vector<std::string> lines() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

// Serves test_package() on a free port until it goes.
class TestService {
 public:
  explicit TestService(Settings settings = one_worker());
  ~TestService();

  static Settings one_worker();

  const std::string& address() const { return server_.addresses().front(); }
  Server& server() noexcept { return server_; }
  Gate& gate() noexcept { return gate_; }
  RecordingLog& log() noexcept { return log_; }

 private:
  SystemClock clock_;
  RecordingLog log_;
  Gate gate_;
  flow::InFlight in_flight_{1000};
  flow::Target target_{"gate", &gate_, &in_flight_};
  Server server_;
};

}  // namespace zerver::server
