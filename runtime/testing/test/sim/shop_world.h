// The bank of shop.flow, and worlds in which it stands.
#pragma once

#include "shop.flow.h"
#include <zerver/effects/registry.h>
#include <zerver/testing/sim_world.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace zerver::testing {

// What has been charged, by order. Charging an order again is the same charge.
struct Bank {
  std::map<std::string, std::int64_t> charged;
  std::size_t operations = 0;
  std::function<void()> on_charge;  // may be empty
};

class BankOfWorker final : public shop::BankAdapter {
 public:
  explicit BankOfWorker(Bank& bank) noexcept : bank_(&bank) {}

  void charge(const ChargeArguments& arguments, flow::Reply<String> reply) override {
    ++bank_->operations;
    if (bank_->on_charge) bank_->on_charge();
    bank_->charged.emplace(std::string(arguments.id), arguments.cents);
    reply.succeed(reply.operation().arena().text({"receipt of ", arguments.id}));
  }
  void cancel(flow::Operation&) noexcept override {}

 private:
  Bank* bank_;
};

class BankSystem final : public effects::System {
 public:
  explicit BankSystem(Bank& bank) noexcept : bank_(&bank) {}
  std::unique_ptr<flow::Adapter> adapter(flow::Worker&) override {
    return std::make_unique<BankOfWorker>(*bank_);
  }

 private:
  Bank* bank_;
};

struct ShopWorld {
  explicit ShopWorld(const SimWorld::Options& options) : world({&shop::package()}, options) {
    world.registry().add("shop.bank", [this](const flow::TargetInfo&, const flow::TargetConfig&) {
      return effects::Opened{std::make_unique<BankSystem>(bank), {}};
    });
  }

  // Orders of one client: each is one request, unless it is sent again.
  static RequestText order(std::size_t number) {
    return {Method::kPost, "/orders/" + std::to_string(number) + "?cents=100", "", {}};
  }
  std::int64_t booked() { return world.sqlite().number("sqlite:shop.db", "select count(*) from booking"); }

  Bank bank;
  SimWorld world;
};

}  // namespace zerver::testing
