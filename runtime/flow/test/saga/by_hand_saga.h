// A package with a saga as zerver-compile is to write it, by hand.
#pragma once

#include <zerver/flow/call/operation.h>
#include <zerver/flow/service.h>

#include <cstdint>

namespace orders {

// Of `adapter bank`: `@write reserve(cents: i64) -> string`, `@write @idempotent release(hold: string)`, and
// so on.
struct BankAdapter {
  static constexpr std::uint16_t kReserve = 0;
  static constexpr std::uint16_t kRelease = 1;
  static constexpr std::uint16_t kBook = 2;
  static constexpr std::uint16_t kCancel = 3;
  static constexpr std::uint16_t kCharge = 4;
  static constexpr std::uint16_t kClose = 5;

  struct ReserveArguments {
    std::int64_t cents;
  };
  struct HoldArguments {
    zerver::String hold;
  };
};

// flow buy on GET "/buy" public { deadline 3s; saga { reserve; book; charge; close; } return 204; }
//
// step reserve -> hold = bank.reserve(7) undo bank.release(hold)          must not be repeated
// step book(hold) = bank.book(hold) key hold undo bank.cancel(hold)       may be repeated
// step charge(hold) = bank.charge(hold) key hold pivot
// step close(hold) = bank.close(hold) key hold
//
// flow nested on GET "/nested" public { saga { reserve; saga { book; charge_late; rescue Unavailable {} }
// close2; } return 204; }
const zerver::flow::PackageInfo& package() noexcept;

}  // namespace orders
