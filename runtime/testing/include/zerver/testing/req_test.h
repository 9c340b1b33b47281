// Runs the flows of a package without sockets: a request in, a response out, over a simulated worker.
#pragma once

#include <zerver/core/log.h>
#include <zerver/core/random.h>
#include <zerver/flow/call/budget.h>
#include <zerver/flow/call/shared_target.h>
#include <zerver/flow/call/target.h>
#include <zerver/flow/exchange.h>
#include <zerver/flow/saga/recovery.h>
#include <zerver/flow/service.h>
#include <zerver/flow/worker.h>
#include <zerver/testing/fake_adapter.h>
#include <zerver/testing/sim_loop.h>
#include <zerver/trace/ring.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::testing {

struct RequestText {
  Method method = Method::kGet;
  std::string target = "/";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  bool overloaded = false;  // there is no time for its flow: the flow's `on overload` answers, if it has one
};

struct ResponseText {
  std::uint16_t status = 0;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  bool found = true;             // a flow has the path and the method
  flow::MethodSet allowed = {};  // when none has

  // The value of the first header field of that name; empty when there is none.
  std::string_view header(std::string_view name) const noexcept;
};

class MemoryLog final : public Log {
 public:
  void write(LogLevel, std::string_view line) noexcept override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

class ReqTest {
 public:
  explicit ReqTest(const flow::PackageInfo& package, std::uint64_t seed = 1,
                   const flow::WorkerLimits& limits = {});
  ~ReqTest();

  // One of the package's targets, by its qualified name: a FakeAdapter unless another adapter is set before
  // the first request.
  FakeAdapter& fake(std::string_view target);
  void set_adapter(std::string_view target, flow::Adapter& adapter);

  // Runs the loop until the response is there. A flow that waits for ever is a failed assertion of the
  // caller: status 0. Where a fake had no answer for a step, the response is the problem
  // `zerver.testing.Unscripted` with status 500 and the step's name, whatever the flow made of that.
  ResponseText send(const RequestText& request);

  // The same in steps: begins, and returns the exchange, which waits or has finished; then finished() and
  // take().
  flow::Exchange& begin(const RequestText& request);
  bool finished() const noexcept;
  ResponseText take();

  SimLoop& loop() noexcept { return loop_; }
  flow::Worker& worker() noexcept { return worker_; }
  const std::vector<std::string>& log() const noexcept { return log_.lines; }
  flow::InFlight& in_flight(std::string_view target);
  // For a flow::SagaRecovery of what the package's sagas leave behind.
  flow::SagaPackage saga_package() const;
  // What happened to the request that began last, one event a line, as docs/testing.md shows.
  std::string timeline() const;

 private:
  struct Running;
  struct Entry;

  Entry& entry(std::string_view target);
  // Of all fakes, `target.step`, separated by commas.
  std::string take_unscripted();

  const flow::PackageInfo* package_;
  SimLoop loop_;
  SeededRandom random_;
  MemoryLog log_;
  trace::Ring trace_;
  flow::Worker worker_;
  std::deque<Entry> entries_;
  std::vector<flow::Target*> targets_;
  std::deque<flow::Rate> rates_;
  std::vector<flow::Rate*> rates_of_package_;
  std::unique_ptr<Running> running_;
  std::uint64_t last_request_ = 0;
};

}  // namespace zerver::testing
