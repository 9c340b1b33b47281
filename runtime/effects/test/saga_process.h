// One process that has a journal of sagas, as far as locks are concerned.
#pragma once

#include "runtime/effects/test/wait_durable.h"
#include <zerver/effects/saga_journal.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::effects {

struct SagaProcess {
  SagaProcess() : journal(std::make_unique<SagaJournal>(log)) {}

  void append(const Uuid& saga, flow::SagaRecordKind kind, std::uint32_t run = 0, std::string_view name = {},
              std::string_view data = {}) {
    journal->append(
        {.saga = saga, .kind = kind, .is_last = false, .run = run, .name = name, .data = data, .at = {7}});
  }
  // Waits until all of it is durable. What went wrong, or nothing.
  std::string sync(const Uuid& saga = {}) { return wait_durable(*journal, loop, saga); }
  struct Claimed {
    std::vector<flow::SagaHistory> sagas;
    std::vector<Uuid> lost;
    std::string why;
  };
  Claimed try_claim() {
    struct Claim final : flow::SagaClaim {
      explicit Claim(async::Loop& of)
          : SagaClaim(of, [](Job& job) noexcept { static_cast<Claim&>(job).done = true; }) {}
      bool done = false;
    };
    Claim claim(loop);
    EXPECT_FALSE(journal->claim(claim));
    loop.run_with_threads_until([&] { return claim.done; });
    return {std::move(claim.sagas), std::move(claim.lost), std::string(claim.why)};
  }
  std::vector<flow::SagaHistory> claim() {
    Claimed claimed = try_claim();
    EXPECT_EQ(claimed.why, "");
    return std::move(claimed.sagas);
  }
  // Until there is something: a server knows of an end a little later.
  std::vector<flow::SagaHistory> claim_from_the_dead() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::vector<flow::SagaHistory> sagas = claim();
    while (sagas.empty() && std::chrono::steady_clock::now() < end)
      sagas = claim();
    return sagas;
  }
  void begin(const Uuid& saga) {
    append(saga, flow::SagaRecordKind::kBegan, 0, "shop.buy");
    append(saga, flow::SagaRecordKind::kIntended, 1, "shop.reserve", R"({"id":1})");
    append(saga, flow::SagaRecordKind::kCompleted, 1, {}, R"({"id":1,"hold":"h1"})");
  }

  testing::SimLoop loop;
  testing::MemoryLog log;
  std::unique_ptr<SagaJournal> journal;
};

}  // namespace zerver::effects
