// A bank and a loyalty programme in memory, behind the interfaces that zerver-compile has made of the
// `adapter`s.
#include "fakes.h"

#include <memory>
#include <string_view>

namespace checkout {
namespace {

// A card that never has money, and a customer whom nobody knows.
constexpr std::string_view kEmptyCard = "empty";
constexpr std::string_view kFriend = "friend";
constexpr std::int32_t kDiscount = 10;

class BankOfWorker final : public BankAdapter {
 public:
  explicit BankOfWorker(Bank& bank) noexcept : bank_(&bank) {}

  void charge(const ChargeArguments& arguments, zerver::flow::Reply<zerver::String> reply) override {
    const std::string payment(std::string_view(arguments.payment.value));
    if (bank_->charge(payment, std::string(arguments.card), arguments.cents) == Bank::Charge::kDeclined)
      return reply.fail({zerver::FaultKind::kRejected, "the card was declined", {}});
    reply.succeed(reply.operation().arena().text({"receipt ", payment}));
  }
  void refund(const RefundArguments& arguments, zerver::flow::Reply<void> reply) override {
    bank_->refund(std::string(std::string_view(arguments.payment.value)));
    reply.succeed();
  }
  // Both answer at once, so there is nothing to cancel.
  void cancel(zerver::flow::Operation&) noexcept override {}

 private:
  Bank* bank_;
};

class LoyaltyOfWorker final : public LoyaltyAdapter {
 public:
  void discount(const DiscountArguments& arguments, zerver::flow::Reply<std::int32_t> reply) override {
    reply.succeed(arguments.customer == kFriend ? kDiscount : 0);
  }
  void cancel(zerver::flow::Operation&) noexcept override {}
};

class BankSystem final : public zerver::effects::System {
 public:
  explicit BankSystem(Bank& bank) noexcept : bank_(&bank) {}
  std::unique_ptr<zerver::flow::Adapter> adapter(zerver::flow::Worker&) override {
    return std::make_unique<BankOfWorker>(*bank_);
  }

 private:
  Bank* bank_;
};

class LoyaltySystem final : public zerver::effects::System {
 public:
  std::unique_ptr<zerver::flow::Adapter> adapter(zerver::flow::Worker&) override {
    return std::make_unique<LoyaltyOfWorker>();
  }
};

}  // namespace

Bank::Charge Bank::charge(const std::string& payment, const std::string& card, std::int64_t cents) {
  Payment& known = payments_[payment];
  if (known.refunded || card == kEmptyCard) return Charge::kDeclined;
  if (known.charges == 0) {
    known.cents = cents;
    known.charges = 1;
  }
  return Charge::kDone;
}

void Bank::refund(const std::string& payment) {
  Payment& known = payments_[payment];
  known.refunded = true;
  known.cents = 0;
}

std::int64_t Bank::held(const std::string& payment) const {
  const auto known = payments_.find(payment);
  return known == payments_.end() ? 0 : known->second.cents;
}

std::size_t Bank::charges(const std::string& payment) const {
  const auto known = payments_.find(payment);
  return known == payments_.end() ? 0 : known->second.charges;
}

void register_adapters(zerver::effects::Registry& registry, Bank& bank) {
  registry.add("checkout.bank", [&bank](const zerver::flow::TargetInfo&, const zerver::flow::TargetConfig&) {
    return zerver::effects::Opened{std::make_unique<BankSystem>(bank), {}};
  });
  registry.add("checkout.loyalty", [](const zerver::flow::TargetInfo&, const zerver::flow::TargetConfig&) {
    return zerver::effects::Opened{std::make_unique<LoyaltySystem>(), {}};
  });
}

}  // namespace checkout
