// The outside systems of the checkout, as this sample has them: in memory. A program of its own would reach
// real ones, and implement the same generated interfaces.
#pragma once

#include "checkout.flow.h"
#include <zerver/effects/registry.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace checkout {

/// A bank that keeps its word: a payment is charged once, and once it is refunded it stays so. One thread:
/// that of the simulator.
class Bank {
 public:
  enum class Charge : std::uint8_t { kDone, kDeclined };

  Charge charge(const std::string& payment, const std::string& card, std::int64_t cents);
  void refund(const std::string& payment);
  /// What it holds of a payment now; 0 when that was refunded, or never charged.
  std::int64_t held(const std::string& payment) const;
  /// How often money was taken for one payment.
  std::size_t charges(const std::string& payment) const;

 private:
  struct Payment {
    std::int64_t cents = 0;
    std::size_t charges = 0;
    bool refunded = false;
  };

  std::map<std::string, Payment> payments_;
};

/// Adds the adapters `bank` and `loyalty`; `bank` outlives what is opened.
void register_adapters(zerver::effects::Registry& registry, Bank& bank);

}  // namespace checkout
