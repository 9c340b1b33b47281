// Every join, outcome and order of completion of up to four effects, against the table of docs/effects.md,
// which an oracle reads in its own words: it knows when each member would end by itself, and nothing of how
// joins are counted.
#include "by_hand_adapter.h"
#include <zerver/flow/call/call.h>
#include <zerver/flow/call/group.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace zerver::flow {
namespace {

using test::ms;
using test::TestExchange;
using test::World;

enum class Ending : std::uint8_t { kSuccess, kFault, kTimeout };
constexpr Ending kEndings[] = {Ending::kSuccess, Ending::kFault, Ending::kTimeout};

struct Case {
  Join join = Join::kAll;
  std::uint32_t quorum = 0;
  std::vector<bool> required;
  std::vector<Ending> endings;
  std::vector<std::size_t> rank;  // each member ends so many steps behind its start, by itself
  std::optional<int> cancel_at;   // the client leaves half a step behind this one

  std::size_t size() const { return endings.size(); }
};

constexpr std::int64_t kStep = 10;  // milliseconds

std::ostream& operator<<(std::ostream& out, const Case& test) {
  constexpr const char* kJoins[] = {"all",  "all_required", "any",       "first_success",
                                    "race", "quorum",       "sequential"};
  constexpr const char* kNames[] = {"succeeds", "fails", "times out"};
  out << kJoins[static_cast<std::size_t>(test.join)];
  if (test.join == Join::kQuorum) out << ' ' << test.quorum;
  for (std::size_t i = 0; i < test.size(); ++i)
    out << ", " << (test.required[i] ? "" : "optional ") << kNames[static_cast<std::size_t>(test.endings[i])]
        << " in " << test.rank[i] * kStep;
  if (test.cancel_at) out << "; cancelled behind " << *test.cancel_at * kStep;
  return out;
}

// What is seen of a group that has resumed.
struct Seen {
  std::int64_t at = 0;  // milliseconds
  bool succeeded = false;
  std::string fault;  // of the member that decides, when it failed
  std::vector<Outcome> outcomes;
  std::vector<std::size_t> cancelled;  // members that their adapter was told to cancel, sorted
  std::vector<std::size_t> let_go;
  bool given_up = false;

  bool operator==(const Seen&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Seen& seen) {
  out << "at " << seen.at << (seen.succeeded ? " succeeded" : " failed");
  if (!seen.fault.empty()) out << " because of " << seen.fault;
  for (const Outcome outcome : seen.outcomes)
    out << ' ' << static_cast<int>(outcome);
  for (const std::size_t member : seen.cancelled)
    out << " cancelled " << member;
  for (const std::size_t member : seen.let_go)
    out << " let go " << member;
  return out << (seen.given_up ? " given up" : "");
}

// --- The oracle ---

bool succeeds(const Case& test, std::size_t member) { return test.endings[member] == Ending::kSuccess; }

std::optional<std::size_t> first_that(const Case& test, const auto& condition) {
  for (std::size_t i = 0; i < test.size(); ++i) {
    if (condition(i)) return i;
  }
  return std::nullopt;
}

// When it resumes, were it not cancelled; members that have not ended then are late.
std::int64_t end_of(const Case& test) {
  std::vector<std::size_t> order(test.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    order[test.rank[i] - 1] = i;
  const auto time = [&](std::size_t member) { return static_cast<std::int64_t>(test.rank[member]) * kStep; };
  std::int64_t sum = 0;
  std::uint32_t ended = 0;
  std::uint32_t successes = 0;
  switch (test.join) {
    case Join::kAll:
      return time(order.back());
    case Join::kAllRequired:
      for (std::size_t i = 0; i < test.size(); ++i)
        sum = test.required[i] ? std::max(sum, time(i)) : sum;
      return sum;
    case Join::kAny:
    case Join::kRace:
      return time(order.front());
    case Join::kFirstSuccess:
      for (const std::size_t member : order) {
        if (succeeds(test, member)) return time(member);
      }
      return time(order.back());
    case Join::kQuorum:
      for (const std::size_t member : order) {
        ++ended;
        if (succeeds(test, member)) ++successes;
        if (successes == test.quorum || ended - successes > test.size() - test.quorum) return time(member);
      }
      return time(order.back());
    case Join::kSequential:
      for (std::size_t i = 0; i < test.size(); ++i) {
        sum += time(i);
        if (test.required[i] && !succeeds(test, i)) break;
      }
      return sum;
  }
  return 0;
}

// When each member begins and would end, on the clock of the group.
struct Span {
  std::int64_t begin, end;
};
std::vector<Span> spans_of(const Case& test) {
  std::vector<Span> spans;
  std::int64_t begin = 0;
  for (const std::size_t rank : test.rank) {
    spans.push_back({begin, begin + static_cast<std::int64_t>(rank) * kStep});
    if (test.join == Join::kSequential) begin = spans.back().end;
  }
  return spans;
}

Seen expected(const Case& test) {
  Seen seen;
  seen.at = end_of(test);
  const std::vector<Span> spans = spans_of(test);
  const std::int64_t cancel_at =
      test.cancel_at ? *test.cancel_at * kStep + kStep / 2 : std::numeric_limits<std::int64_t>::max();
  seen.given_up = cancel_at < seen.at;
  if (seen.given_up) seen.at = cancel_at;

  for (std::size_t i = 0; i < test.size(); ++i) {
    const bool is_behind = test.join == Join::kSequential && i != 0;
    const bool has_begun = !is_behind || spans[i].begin < seen.at;
    if (!has_begun) {
      // Behind an optional one that is given up, the next begins, and is given up before it asks anybody.
      const bool begins_given_up =
          seen.given_up && !test.required[i - 1] && seen.outcomes.back() == Outcome::kCancelled;
      seen.outcomes.push_back(begins_given_up ? Outcome::kCancelled : Outcome::kAbsent);
    } else if (spans[i].end <= seen.at) {
      seen.outcomes.push_back(succeeds(test, i) ? Outcome::kValue : Outcome::kError);
    } else {
      seen.outcomes.push_back(Outcome::kCancelled);
      (test.join == Join::kRace || seen.given_up ? seen.cancelled : seen.let_go).push_back(i);
    }
    if (seen.outcomes.back() == Outcome::kError && test.endings[i] == Ending::kTimeout)
      seen.cancelled.push_back(i);
  }
  std::ranges::sort(seen.cancelled);
  if (seen.given_up) return seen;

  const auto failed = [&](std::size_t i) { return seen.outcomes[i] == Outcome::kError; };
  const auto required_failed = [&](std::size_t i) { return test.required[i] && failed(i); };
  const auto succeeded = static_cast<std::uint32_t>(std::ranges::count(seen.outcomes, Outcome::kValue));
  std::optional<std::size_t> decider;
  switch (test.join) {
    case Join::kAll:
    case Join::kAllRequired:
    case Join::kSequential:
      decider = first_that(test, required_failed);
      break;
    case Join::kAny:
    case Join::kRace:
      decider = first_that(test, failed);
      break;
    case Join::kFirstSuccess:
      if (succeeded == 0) decider = first_that(test, required_failed);
      break;
    case Join::kQuorum:
      if (succeeded < test.quorum) decider = first_that(test, failed);
      break;
  }
  seen.succeeded = !decider;
  if (decider)
    seen.fault = test.endings[*decider] == Ending::kTimeout ? "no answer in time"
                                                            : "member " + std::to_string(*decider);
  return seen;
}

// --- The runtime ---

// Ends each operation as the case says, in its time.
class TimedAdapter final : public Adapter {
 public:
  explicit TimedAdapter(async::Loop& loop) : loop_(&loop) {}

  void start(Operation& operation) override {
    const std::size_t member = operation.index();
    ends_[member].operation = &operation;
    if (test->endings[member] == Ending::kTimeout) return;
    loop_->start(ends_[member], loop_->now() + ms(static_cast<std::int64_t>(test->rank[member]) * kStep));
  }
  void cancel(Operation& operation) noexcept override {
    cancelled.push_back(operation.index());
    loop_->stop(ends_[operation.index()]);
  }
  void let_go(Operation& operation) noexcept override {
    let_go_of.push_back(operation.index());
    loop_->stop(ends_[operation.index()]);
  }

  const Case* test = nullptr;
  std::vector<std::size_t> cancelled;
  std::vector<std::size_t> let_go_of;

 private:
  struct End final : async::Timer {
    End() : Timer([](Timer& timer) noexcept { static_cast<End&>(timer).fire(); }) {}
    void fire() const noexcept;
    TimedAdapter* adapter = nullptr;
    Operation* operation = nullptr;
  };

  async::Loop* loop_;
  std::array<End, 4> ends_{};

 public:
  // The timers know their adapter.
  void bind() {
    for (End& end : ends_)
      end.adapter = this;
  }
};

constexpr const char* kFaults[] = {"member 0", "member 1", "member 2", "member 3"};

void TimedAdapter::End::fire() const noexcept {
  const std::size_t member = operation->index();
  if (adapter->test->endings[member] == Ending::kSuccess) {
    const auto value = static_cast<std::int64_t>(member);
    operation->complete(&value);
  } else {
    operation->fail({FaultKind::kConflict, String::borrowed(kFaults[member]), {}});
  }
}

template <std::size_t... I>
FlowTask await_group(Exchange& exchange, const Case& test, const std::vector<CallSite>& sites, Seen& seen,
                     std::index_sequence<I...>) {
  ValueCall<std::int64_t> calls[] = {ValueCall<std::int64_t>(exchange, sites[I], nullptr)...};
  Group<sizeof...(I)> group(exchange, test.join,
                            {{&calls[I], test.required[I] ? Need::kRequired : Need::kOptional}...},
                            test.quorum);
  co_await group;
  seen.at = exchange.worker().loop().now().nanoseconds;
  seen.given_up = exchange.given_up();
  for (std::size_t i = 0; i < test.size(); ++i) {
    seen.outcomes.push_back(calls[i].outcome());
    EXPECT_EQ(calls[i].result().has_value(), calls[i].outcome() == Outcome::kValue);
    if (calls[i].result()) {
      EXPECT_EQ(*calls[i].result(), static_cast<std::int64_t>(i));
    }
  }
  EXPECT_EQ(group.result().has_value(), group.outcome() == Outcome::kValue);
  seen.succeeded = !seen.given_up && group.result();
  if (!seen.given_up && !group.result()) seen.fault = group.result().error().why;
}

class Table {
 public:
  Table() {
    adapter_.bind();
    world_.target.adapter = &adapter_;
    exchange_.set_targets(world_.targets);
  }

  Seen run(const Case& test) {
    Seen seen;
    adapter_.test = &test;
    adapter_.cancelled.clear();
    adapter_.let_go_of.clear();
    exchange_.reset();
    exchange_.finishes = 0;
    sites_.resize(test.size());
    for (std::size_t i = 0; i < test.size(); ++i) {
      sites_[i] = {.step = "member", .target = 0, .operation = static_cast<std::uint16_t>(i)};
      if (test.endings[i] == Ending::kTimeout)
        sites_[i].policy.timeout = ms(static_cast<std::int64_t>(test.rank[i]) * kStep);
    }
    const TimePoint start = world_.loop.now();
    EXPECT_EQ(await(test, seen).handled(), Handled::kLater);
    if (test.cancel_at) {
      world_.loop.run_for(ms(*test.cancel_at * kStep + kStep / 2));
      if (exchange_.finishes == 0) exchange_.cancel();
    } else {
      world_.loop.run();
    }
    // It goes on once, and leaves nothing behind.
    EXPECT_EQ(exchange_.finishes, 1);
    EXPECT_EQ(world_.shared.in_flight.count(), 0U);
    EXPECT_FALSE(world_.loop.run_ready());
    world_.loop.run();
    EXPECT_EQ(exchange_.finishes, 1);
    seen.at = (seen.at - start.nanoseconds) / 1'000'000;
    seen.cancelled = adapter_.cancelled;
    seen.let_go = adapter_.let_go_of;
    std::ranges::sort(seen.cancelled);
    std::ranges::sort(seen.let_go);
    return seen;
  }

 private:
  FlowTask await(const Case& test, Seen& seen) {
    switch (test.size()) {
      case 1:
        return await_group(exchange_, test, sites_, seen, std::make_index_sequence<1>());
      case 2:
        return await_group(exchange_, test, sites_, seen, std::make_index_sequence<2>());
      case 3:
        return await_group(exchange_, test, sites_, seen, std::make_index_sequence<3>());
      default:
        return await_group(exchange_, test, sites_, seen, std::make_index_sequence<4>());
    }
  }

  World world_;
  TimedAdapter adapter_{world_.loop};
  TestExchange exchange_{world_.worker};
  std::vector<CallSite> sites_;
};

// --- All cases ---

// Calls `use` with every join of so many members.
void for_each_join(std::size_t members, const auto& use) {
  for (const Join join :
       {Join::kAll, Join::kAllRequired, Join::kAny, Join::kFirstSuccess, Join::kRace, Join::kSequential})
    use(join, 0U);
  for (std::uint32_t quorum = 1; quorum <= members; ++quorum)
    use(Join::kQuorum, quorum);
}

// `all_required` without a required member is decided before anything has happened: the compiler refuses it.
bool is_in_table(const Case& test) {
  return test.join != Join::kAllRequired || std::ranges::count(test.required, true) != 0;
}

// Every combination of need, ending and order, where only members of the mask are ever optional.
void for_each_case(std::size_t members, std::uint32_t may_be_optional, const auto& use) {
  for_each_join(members, [&](Join join, std::uint32_t quorum) {
    Case test{.join = join, .quorum = quorum, .required = {}, .endings = {}, .rank = {}, .cancel_at = {}};
    test.required.resize(members);
    test.endings.resize(members);
    for (std::uint32_t optional = 0; optional < (1U << members); ++optional) {
      if ((optional & ~may_be_optional) != 0) continue;
      for (std::size_t i = 0; i < members; ++i)
        test.required[i] = (optional >> i & 1) == 0;
      if (!is_in_table(test)) continue;
      std::size_t combinations = 1;
      for (std::size_t i = 0; i < members; ++i)
        combinations *= std::size(kEndings);
      for (std::size_t number = 0; number < combinations; ++number) {
        std::size_t left = number;
        for (Ending& ending : test.endings) {
          ending = kEndings[left % std::size(kEndings)];
          left /= std::size(kEndings);
        }
        test.rank.resize(members);
        for (std::size_t i = 0; i < members; ++i)
          test.rank[i] = i + 1;
        do
          use(test);
        while (std::ranges::next_permutation(test.rank).found);
      }
    }
  });
}

class JoinTable : public ::testing::TestWithParam<std::size_t> {};

TEST_P(JoinTable, HoldsForEveryOutcomeAndOrder) {
  Table table;
  std::size_t cases = 0;
  for_each_case(GetParam(), ~0U, [&](const Case& test) {
    if (::testing::Test::HasFailure()) return;
    ++cases;
    const Seen seen = table.run(test);
    const Seen right = expected(test);
    if (!(seen == right)) ADD_FAILURE() << test << "\nseen: " << seen << "\nright: " << right;
  });
  // Joins x needs x endings x orders, without those that are not in the table.
  constexpr std::size_t kCases[] = {0, 39, 558, 11'502, 309'096};
  EXPECT_EQ(cases, kCases[GetParam()]);
}

// At each moment between two ends; the second and the fourth member are required or not.
TEST_P(JoinTable, EndsAtOnceWhenTheClientLeaves) {
  Table table;
  for_each_case(GetParam(), 0b1010, [&](Case test) {
    const std::int64_t end = end_of(test);
    for (test.cancel_at = 0; *test.cancel_at * kStep < end; ++*test.cancel_at) {
      if (::testing::Test::HasFailure()) return;
      const Seen seen = table.run(test);
      const Seen right = expected(test);
      if (!(seen == right)) ADD_FAILURE() << test << "\nseen: " << seen << "\nright: " << right;
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Members, JoinTable, ::testing::Values(1, 2, 3, 4));

}  // namespace
}  // namespace zerver::flow
