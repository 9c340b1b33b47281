// A bank, a post office and a loyalty programme in this process, behind the interfaces that zerver-compile
// has made of the `adapter`s. One that calls over the network begins that in the same functions, and replies
// later.
#include "adapters.h"

#include "checkout.flow.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace checkout {
namespace {

constexpr std::string_view kFriend = "friend";
constexpr std::int32_t kPercentOff = 10;  // percent

class BankOfWorker final : public BankAdapter {
 public:
  explicit BankOfWorker(Bank& bank) noexcept : bank_(&bank) {}

  void charge(const ChargeArguments& arguments, zerver::flow::Reply<zerver::String> reply) override {
    const std::string payment(std::string_view(arguments.payment.value));
    const std::string key(reply.operation().key());
    if (bank_->charge(payment, key, std::string(arguments.card), arguments.cents) == Bank::Charge::kDeclined)
      return reply.fail({zerver::FaultKind::kRejected, "the card was declined", {}});
    reply.succeed(reply.operation().arena().text({"receipt ", payment}));
  }
  void refund(const RefundArguments& arguments, zerver::flow::Reply<void> reply) override {
    bank_->refund(std::string(std::string_view(arguments.payment.value)));
    reply.succeed();
  }
  void find(const FindArguments& arguments, zerver::flow::Reply<Payment> reply) override {
    const auto known = bank_->account(std::string(std::string_view(arguments.payment.value)));
    if (!known) return reply.fail({zerver::FaultKind::kMissing, "nothing was ever charged", {}});
    reply.succeed({.cents = known->cents, .charges = known->charges});
  }
  // All answer at once, so there is nothing to cancel.
  void cancel(zerver::flow::Operation&) noexcept override {}

 private:
  Bank* bank_;
};

class PostOfWorker final : public PostAdapter {
 public:
  explicit PostOfWorker(PostOffice& office) noexcept : office_(&office) {}

  void send(const SendArguments& arguments, zerver::flow::Reply<void> reply) override {
    office_->send(std::string(reply.operation().key()),
                  {std::string(arguments.to.view()), std::string(arguments.text.view())});
    reply.succeed();
  }
  void find(const FindArguments& arguments, zerver::flow::Reply<Mail> reply) override {
    const auto letter = office_->find(std::string(arguments.letter.view()));
    if (!letter) return reply.fail({zerver::FaultKind::kMissing, "no such letter was ever sent", {}});
    zerver::Arena& arena = reply.operation().arena();
    reply.succeed({.to = arena.text({letter->to}), .text = arena.text({letter->text})});
  }
  void cancel(zerver::flow::Operation&) noexcept override {}

 private:
  PostOffice* office_;
};

class LoyaltyOfWorker final : public LoyaltyAdapter {
 public:
  void discount(const DiscountArguments& arguments, zerver::flow::Reply<std::int32_t> reply) override {
    reply.succeed(arguments.customer == kFriend ? kPercentOff : 0);
  }
  void cancel(zerver::flow::Operation&) noexcept override {}
};

class BankSystem final : public zerver::effects::System {
 public:
  explicit BankSystem(std::shared_ptr<Bank> bank) noexcept : bank_(std::move(bank)) {}
  std::unique_ptr<zerver::flow::Adapter> adapter(zerver::flow::Worker&) override {
    return std::make_unique<BankOfWorker>(*bank_);
  }

 private:
  std::shared_ptr<Bank> bank_;
};

class PostSystem final : public zerver::effects::System {
 public:
  explicit PostSystem(std::shared_ptr<PostOffice> office) noexcept : office_(std::move(office)) {}
  std::unique_ptr<zerver::flow::Adapter> adapter(zerver::flow::Worker&) override {
    return std::make_unique<PostOfWorker>(*office_);
  }

 private:
  std::shared_ptr<PostOffice> office_;
};

class LoyaltySystem final : public zerver::effects::System {
 public:
  std::unique_ptr<zerver::flow::Adapter> adapter(zerver::flow::Worker&) override {
    return std::make_unique<LoyaltyOfWorker>();
  }
};

}  // namespace

void add_adapters(zerver::effects::Registry& registry, const std::shared_ptr<Bank>& bank,
                  const std::shared_ptr<PostOffice>& post_office) {
  registry.add("checkout.bank", [bank](const zerver::flow::TargetInfo&, const zerver::flow::TargetConfig&) {
    return zerver::effects::Opened{std::make_unique<BankSystem>(bank), {}};
  });
  registry.add("checkout.post",
               [post_office](const zerver::flow::TargetInfo&, const zerver::flow::TargetConfig&) {
                 return zerver::effects::Opened{std::make_unique<PostSystem>(post_office), {}};
               });
  registry.add("checkout.loyalty", [](const zerver::flow::TargetInfo&, const zerver::flow::TargetConfig&) {
    return zerver::effects::Opened{std::make_unique<LoyaltySystem>(), {}};
  });
}

}  // namespace checkout

void register_adapters(zerver::effects::Registry& registry) {
  checkout::add_adapters(registry, std::make_shared<checkout::Bank>(),
                         std::make_shared<checkout::PostOffice>());
}
