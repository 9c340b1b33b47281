// The saga that is written by hand, over a bank that remembers what has happened.
#pragma once

#include "by_hand_saga.h"
#include <zerver/flow/saga/recovery.h>
#include <zerver/testing/req_test.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::testing {

// Performs every operation at once unless told otherwise, and keeps a line for each that has really happened:
// `reserve h1`.
class Bank final : public flow::Adapter {
 public:
  enum class Fate : std::uint8_t {
    kDone,     // and said so
    kRefused,  // `rejected`: it has not happened
    kBroken,   // `unavailable`: it has not happened, and nobody knows
    kLost,     // it has happened, and the answer is lost
    kSilent,   // it has not happened, and there is no answer
  };

  // What becomes of the next operations of that name, in turn; then everything is done.
  void plan(std::string_view operation, std::vector<Fate> fates) {
    std::vector<Fate>& planned = fates_[std::string(operation)];
    planned.insert(planned.end(), fates.begin(), fates.end());
  }
  // For good.
  void always(std::string_view operation, Fate fate) { always_[std::string(operation)] = fate; }

  // Nothing happens any more, and nothing is answered, until it is connected again.
  void connect(bool connected) noexcept { connected_ = connected; }

  const std::vector<std::string>& happened() const noexcept { return happened_; }
  std::size_t asked() const noexcept { return asked_; }
  std::size_t cancelled() const noexcept { return cancelled_; }

  void start(flow::Operation& operation) override {
    static constexpr std::string_view kNames[] = {"reserve", "release", "book", "cancel", "charge", "close"};
    const std::string name(kNames[operation.index()]);
    ++asked_;
    switch (next_fate(name)) {
      case Fate::kRefused:
        return operation.fail({FaultKind::kRejected, "the bank says no", {}});
      case Fate::kBroken:
        return operation.fail({FaultKind::kUnavailable, "the line is dead", {}});
      case Fate::kLost:
        note(name, operation);
        return;
      case Fate::kSilent:
        return;
      case Fate::kDone:
        break;
    }
    note(name, operation);
    if (operation.index() != orders::BankAdapter::kReserve) return operation.complete(nullptr);
    const String hold = operation.arena().text(last_hold_);
    operation.complete(&hold);
  }
  void cancel(flow::Operation&) noexcept override { ++cancelled_; }

 private:
  Fate next_fate(const std::string& name) {
    if (!connected_) return Fate::kSilent;
    if (const auto fate = always_.find(name); fate != always_.end()) return fate->second;
    std::vector<Fate>& planned = fates_[name];
    if (planned.empty()) return Fate::kDone;
    const Fate fate = planned.front();
    planned.erase(planned.begin());
    return fate;
  }
  void note(const std::string& name, const flow::Operation& operation) {
    if (operation.index() == orders::BankAdapter::kReserve) {
      last_hold_ = "h" + std::to_string(++holds_);
      happened_.push_back(name + " " + last_hold_);
      return;
    }
    const auto& arguments = *static_cast<const orders::BankAdapter::HoldArguments*>(operation.arguments());
    happened_.push_back(name + " " + std::string(arguments.hold));
  }

  std::map<std::string, std::vector<Fate>> fates_;
  std::map<std::string, Fate> always_;
  std::vector<std::string> happened_;
  std::string last_hold_;
  unsigned holds_ = 0;
  bool connected_ = true;
  std::size_t asked_ = 0;
  std::size_t cancelled_ = 0;
};

class SagaTest : public ::testing::Test {
 protected:
  SagaTest() {
    service.set_adapter("orders.bank", bank);
    service.worker().set_saga_log(log);
  }

  ResponseText buy() { return service.send({.target = "/buy"}); }
  using Lines = std::vector<std::string>;

  Bank bank;
  flow::MemorySagaLog log;
  ReqTest service{orders::package()};
  flow::Target target{"orders.bank", &bank, &service.in_flight("orders.bank")};
  flow::Target* targets[1] = {&target};
};

}  // namespace zerver::testing
