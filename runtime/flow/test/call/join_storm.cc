#include "join_storm.h"

#include <zerver/flow/call/join_state.h>

#include <array>
#include <atomic>
#include <barrier>
#include <memory>
#include <thread>
#include <vector>

namespace zerver::flow::test {

namespace {

constexpr std::size_t kThreads = 4;
constexpr std::size_t kRound = 1000;  // joins between two meetings of the threads; divides ten million
constexpr JoinRule kRules[] = {{Join::kAll},          {Join::kAllRequired}, {Join::kAny},
                               {Join::kFirstSuccess}, {Join::kRace},        {Join::kQuorum, 3}};

// One join with a member for each thread. `value` is written before the end of a member is reported, and read
// by whoever is told to go on: without order between the two, ThreadSanitizer says so.
struct Joined {
  explicit Joined(const JoinRule& join_rule) : rule(join_rule), state(join_rule) {}

  JoinRule rule;
  JoinState state;
  std::array<std::uint32_t, kThreads> value{};
  std::uint32_t generation = 0;
  std::atomic<std::uint32_t> resumed = 0;
};

bool is_required(std::size_t member) noexcept { return member % 2 == 0; }
bool succeeds(std::size_t join, std::size_t member, std::uint64_t round) noexcept {
  return (join * 7 + member * 3 + round) % 5 != 0;
}

}  // namespace

JoinStormResult run_join_storm(std::uint64_t joins) {
  std::vector<std::unique_ptr<Joined>> all;
  for (std::size_t i = 0; i < kRound; ++i)
    all.push_back(std::make_unique<Joined>(kRules[i % std::size(kRules)]));
  const std::uint64_t rounds = (joins + kRound - 1) / kRound;
  std::atomic<std::uint64_t> resumed = 0;
  std::atomic<std::uint64_t> late = 0;
  std::atomic<std::uint64_t> wrong = 0;

  const auto prepare = [&]() noexcept {
    for (const auto& join : all) {
      if (join->generation != 0 && join->resumed.exchange(0, std::memory_order_relaxed) != 1) ++wrong;
      join->state.reset();
      join->generation = join->state.generation();
      for (std::size_t member = 0; member < kThreads; ++member)
        join->state.add(is_required(member));
      if (join->state.begin() != JoinState::Verdict::kOpen) ++wrong;
    }
  };
  std::barrier meeting(static_cast<std::ptrdiff_t>(kThreads), prepare);
  const auto work = [&](std::size_t member) {
    for (std::uint64_t round = 0; round < rounds; ++round) {
      meeting.arrive_and_wait();
      for (std::size_t step = 0; step < kRound; ++step) {
        // Two go forwards, two backwards, so that they meet everywhere.
        const std::size_t i = member < 2 ? step : kRound - 1 - step;
        Joined& join = *all[i];
        join.value[member] = join.generation;
        const bool success = succeeds(i, member, round);
        const JoinState::Verdict verdict = success
                                               ? join.state.succeeded(join.generation, is_required(member))
                                               : join.state.failed(join.generation, is_required(member));
        if (verdict == JoinState::Verdict::kLate) late.fetch_add(1, std::memory_order_relaxed);
        if (verdict != JoinState::Verdict::kDecides) continue;
        resumed.fetch_add(1, std::memory_order_relaxed);
        join.resumed.fetch_add(1, std::memory_order_relaxed);
        if (join.rule.kind != Join::kAll) continue;
        bool all_required_succeeded = true;
        for (std::size_t other = 0; other < kThreads; ++other) {
          if (join.value[other] != join.generation) ++wrong;
          all_required_succeeded =
              all_required_succeeded && (!is_required(other) || succeeds(i, other, round));
        }
        if (join.state.succeeded() != all_required_succeeded) ++wrong;
      }
    }
  };
  std::array<std::thread, kThreads> threads;
  for (std::size_t member = 0; member < kThreads; ++member)
    threads[member] = std::thread(work, member);
  for (std::thread& thread : threads)
    thread.join();
  for (const auto& join : all) {
    if (join->resumed != 1) ++wrong;
  }
  return {resumed, late, wrong};
}

}  // namespace zerver::flow::test
