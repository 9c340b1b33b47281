#include "bank.h"

#include <string_view>

namespace checkout {
namespace {

// A card that never has money.
constexpr std::string_view kEmptyCard = "empty";

}  // namespace

Bank::Charge Bank::charge(const std::string& payment, const std::string& key, const std::string& card,
                          std::int64_t cents) {
  const std::scoped_lock lock(mutex_);
  Payment& known = payments_[payment];
  if (known.refunded || card == kEmptyCard) return Charge::kDeclined;
  if (known.keys.insert(key).second) {
    known.account.cents += cents;
    ++known.account.charges;
  }
  return Charge::kDone;
}

void Bank::refund(const std::string& payment) {
  const std::scoped_lock lock(mutex_);
  Payment& known = payments_[payment];
  known.refunded = true;
  known.account.cents = 0;
}

std::optional<Bank::Account> Bank::account(const std::string& payment) const {
  const std::scoped_lock lock(mutex_);
  const auto known = payments_.find(payment);
  if (known == payments_.end() || known->second.account.charges == 0) return std::nullopt;
  return known->second.account;
}

}  // namespace checkout
