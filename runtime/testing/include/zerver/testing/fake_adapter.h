// A stand-in for an outside system, of any kind: answers operations as a test has told it to.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/fault.h>
#include <zerver/flow/call/operation.h>

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::testing {

class FakeSource;

// What becomes of one operation, and when.
class FakeReply {
 public:
  static FakeReply fault(FaultKind kind, std::string why = "as the test says");
  // The same with a status, as an operation that is declared with `@status` fails, and with what it says
  // about when to ask again.
  static FakeReply status(std::uint16_t status, FaultKind kind, std::string why = "as the test says",
                          Duration retry_after = {});
  // The same with the JSON that came with it, of which errors take their fields.
  static FakeReply document(std::uint16_t status, FaultKind kind, std::string json);
  // For operations declared `-> row T`: column names, then rows.
  static FakeReply rows(std::vector<std::string> columns, std::vector<std::vector<flow::Value>> rows);
  static FakeReply json(std::string text);
  // For operations that stream.
  static FakeReply open(std::shared_ptr<FakeSource> source);
  // For operations without a result.
  static FakeReply nothing();
  template <class T> static FakeReply value(T value) {
    return FakeReply([value](flow::Operation& operation) { operation.complete(&value); });
  }
  // Whatever the test does with it, which completes or fails it: streams among its arguments are read so.
  static FakeReply call(std::function<void(flow::Operation&)> finish) { return FakeReply(std::move(finish)); }
  // Never answers: only a timeout or a deadline ends it.
  static FakeReply silence();

  FakeReply after(Duration delay) && {
    delay_ = delay;
    return std::move(*this);
  }

 private:
  friend class FakeAdapter;
  using Finish = std::function<void(flow::Operation&)>;

  explicit FakeReply(Finish finish) : finish_(std::move(finish)) {}

  Finish finish_;  // empty: silence
  Duration delay_;
};

class FakeAdapter final : public flow::Adapter {
 public:
  // What it was asked.
  struct Asked {
    std::uint16_t operation;
    std::string step;
    unsigned attempt;
    TimePoint at;
  };

  explicit FakeAdapter(async::Loop& loop) noexcept;
  ~FakeAdapter() override;

  // The answers to one step's operations, in turn; the last one is repeated. A step without any gets
  // `internal`, and a ReqTest answers its request with the problem `zerver.testing.Unscripted`.
  void answer(std::string_view step, FakeReply reply);
  // Steps that had no answer, in the order of their operations; none of them is told twice.
  std::vector<std::string> take_unscripted() noexcept { return std::exchange(unscripted_, {}); }

  const std::vector<Asked>& asked() const noexcept { return asked_; }
  std::size_t cancelled() const noexcept { return cancelled_; }

  void start(flow::Operation& operation) override;
  void cancel(flow::Operation& operation) noexcept override;

 private:
  struct Script {
    std::string step;
    std::vector<FakeReply> replies;
    std::size_t next = 0;
  };
  struct Pending;

  void finish(Pending& pending) noexcept;

  async::Loop* loop_;
  std::vector<Script> scripts_;
  std::vector<Asked> asked_;
  std::vector<std::string> unscripted_;
  std::list<std::unique_ptr<Pending>> pending_;
  std::size_t cancelled_ = 0;
};

}  // namespace zerver::testing
