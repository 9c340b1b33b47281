// A bank that stands for a real one: it keeps in memory what it holds, and forgets it with the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace checkout {

/// Keeps its word: the same key charges a payment once, and once it is refunded it stays so. Any thread.
class Bank {
 public:
  enum class Charge : std::uint8_t { kDone, kDeclined };
  struct Account {
    std::int64_t cents = 0;    // that it holds now
    std::int32_t charges = 0;  // how often it took money
  };

  Charge charge(const std::string& payment, const std::string& key, const std::string& card,
                std::int64_t cents);
  void refund(const std::string& payment);
  /// Of a payment that was charged at some time; nothing else is known.
  std::optional<Account> account(const std::string& payment) const;

 private:
  struct Payment {
    Account account;
    std::set<std::string> keys;
    bool refunded = false;
  };

  mutable std::mutex mutex_;
  std::map<std::string, Payment> payments_;
};

}  // namespace checkout
