#include "tests/support/times.h"
#include <zerver/async/scheduling/ready_queue.h>
#include <zerver/core/random.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace zerver::async {
namespace {

using test::at;

struct Entry final : Scheduled {
  explicit Entry(int number) : Scheduled([](Job&) noexcept {}), id(number) {}
  int id;
};

int id_of(const Scheduled* entry) { return entry == nullptr ? -1 : static_cast<const Entry*>(entry)->id; }

TEST(ReadyQueue, TakesTheMoreUrgentClassFirstAndTheOldestOfAClass) {
  ReadyQueue queue;
  std::deque<Entry> entries;
  const Priority classes[] = {Priority::kBatch, Priority::kNormal, Priority::kInteractive, Priority::kNormal,
                              Priority::kInteractive};
  for (int id = 0; id < 5; ++id) {
    entries.emplace_back(id);
    ASSERT_TRUE(queue.push(entries.back(), classes[id], at(id)));
  }
  for (const int expected : {2, 4, 1, 3, 0})
    EXPECT_EQ(id_of(queue.pop()), expected);
  EXPECT_EQ(queue.pop(), nullptr);
}

TEST(ReadyQueue, AnEntryThatHasWaitedLongerThanTheLeadGoesBeforeAMoreUrgentOne) {
  ReadyQueue queue;  // normal is 50 ms behind interactive
  Entry normal(0);
  Entry early(1);
  Entry late(2);
  ASSERT_TRUE(queue.push(normal, Priority::kNormal, at(0)));
  ASSERT_TRUE(queue.push(early, Priority::kInteractive, at(50)));
  ASSERT_TRUE(queue.push(late, Priority::kInteractive, at(51)));
  EXPECT_EQ(id_of(queue.pop()), 1);  // a tie goes to the more urgent one
  EXPECT_EQ(id_of(queue.pop()), 0);
  EXPECT_EQ(id_of(queue.pop()), 2);
}

TEST(ReadyQueue, LeavesLessUrgentClassesHoweverLongTheyHaveWaited) {
  ReadyQueue queue;
  Entry batch(0);
  Entry normal(1);
  Entry interactive(2);
  ASSERT_TRUE(queue.push(batch, Priority::kBatch, at(0)));
  ASSERT_TRUE(queue.push(normal, Priority::kNormal, at(60'000)));
  ASSERT_TRUE(queue.push(interactive, Priority::kInteractive, at(60'051)));
  EXPECT_EQ(id_of(queue.pop_up_to(Priority::kNormal)), 1);
  EXPECT_EQ(id_of(queue.pop_up_to(Priority::kNormal)), 2);
  EXPECT_EQ(queue.pop_up_to(Priority::kNormal), nullptr);
  EXPECT_EQ(id_of(queue.pop_up_to(Priority::kBatch)), 0);
}

TEST(ReadyQueue, RefusesWhatIsAboveTheCapacityOfAClass) {
  ReadyQueueOptions options;
  options.capacity = {1, 2, 0};
  ReadyQueue queue(options);
  std::deque<Entry> entries;
  const auto push = [&](Priority priority) {
    entries.emplace_back(0);
    return queue.push(entries.back(), priority, at(0));
  };
  EXPECT_TRUE(push(Priority::kInteractive));
  EXPECT_FALSE(push(Priority::kInteractive));
  EXPECT_TRUE(push(Priority::kNormal));
  EXPECT_TRUE(push(Priority::kNormal));
  EXPECT_FALSE(push(Priority::kNormal));
  EXPECT_FALSE(push(Priority::kBatch));
  EXPECT_EQ(queue.size(), 3U);
  while (queue.pop() != nullptr) {
  }
}

TEST(ReadyQueue, WithDeadlinesTheEarliestGoesFirst) {
  ReadyQueueOptions options;
  options.earliest_deadline_first = true;
  ReadyQueue queue(options);
  Entry none(0);
  Entry late(1);
  Entry soon(2);
  Entry passed(3);
  ASSERT_TRUE(queue.push(none, Priority::kInteractive, at(0)));
  ASSERT_TRUE(queue.push(late, Priority::kInteractive, at(1), at(500)));
  ASSERT_TRUE(queue.push(soon, Priority::kInteractive, at(2), at(20)));
  ASSERT_TRUE(queue.push(passed, Priority::kInteractive, at(3), at(1)));
  for (const int expected : {3, 2, 1, 0})
    EXPECT_EQ(id_of(queue.pop()), expected);
}

TEST(ReadyQueue, LendsAClassToWhateverAMoreUrgentOneWaitsFor) {
  ReadyQueue queue;
  Entry holder(0);
  Entry other(1);
  Entry urgent(2);
  ASSERT_TRUE(queue.push(holder, Priority::kBatch, at(0)));
  ASSERT_TRUE(queue.push(other, Priority::kInteractive, at(1)));
  ASSERT_TRUE(queue.push(urgent, Priority::kInteractive, at(2)));
  queue.lend(holder, Priority::kInteractive);
  queue.lend(urgent, Priority::kBatch);  // less urgent: nothing changes
  EXPECT_EQ(holder.priority(), Priority::kInteractive);
  EXPECT_EQ(urgent.priority(), Priority::kInteractive);
  for (const int expected : {0, 1, 2})
    EXPECT_EQ(id_of(queue.pop()), expected);
}

// The rules in their simplest form: everything in one list, searched from the beginning.
class Model {
 public:
  struct Item {
    int id;
    Priority priority;
    TimePoint since;
    TimePoint due;
  };

  explicit Model(const ReadyQueueOptions& options) : options_(options) {}

  bool push(int id, Priority priority, TimePoint since, TimePoint deadline) {
    const auto same = std::ranges::count(items_, priority, &Item::priority);
    if (static_cast<std::size_t>(same) >= options_.capacity[static_cast<std::size_t>(priority)]) return false;
    items_.push_back({id, priority, since, std::max(since, std::min(deadline, since + options_.horizon))});
    return true;
  }
  std::optional<Item> pop() {
    std::optional<Priority> chosen;
    TimePoint first = TimePoint::never();
    for (const Priority priority : {Priority::kInteractive, Priority::kNormal, Priority::kBatch}) {
      for (const Item& item : items_) {
        const TimePoint turn = item.since + options_.lead[static_cast<std::size_t>(priority)];
        if (item.priority == priority && (!chosen || turn < first)) {
          chosen = priority;
          first = turn;
        }
      }
    }
    if (!chosen) return std::nullopt;
    const auto before = [this](const Item& left, const Item& right) {
      if (options_.earliest_deadline_first && left.due != right.due) return left.due < right.due;
      return left.since < right.since;
    };
    auto best = items_.end();
    for (auto item = items_.begin(); item != items_.end(); ++item) {
      if (item->priority == *chosen && (best == items_.end() || before(*item, *best))) best = item;
    }
    const Item result = *best;
    items_.erase(best);
    return result;
  }
  void remove(int id) {
    std::erase_if(items_, [id](const Item& item) { return item.id == id; });
  }
  void lend(int id, Priority priority) {
    for (Item& item : items_) {
      if (item.id == id && priority < item.priority) item.priority = priority;
    }
  }
  const std::vector<Item>& items() const { return items_; }

 private:
  ReadyQueueOptions options_;
  std::vector<Item> items_;
};

class ReadyQueueModel : public ::testing::TestWithParam<bool> {};

// Random operations agree with the model, and after each take the theorem holds for all that still wait: what
// was taken did not come later than their bound.
TEST_P(ReadyQueueModel, AgreesAndStarvesNobody) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SeededRandom random(seed);
    ReadyQueueOptions options;
    options.earliest_deadline_first = GetParam();
    options.lead = {Duration{}, Duration::from_milliseconds(5), Duration::from_milliseconds(20)};
    options.horizon = Duration::from_milliseconds(30);
    options.capacity = {20, 20, 20};
    ReadyQueue queue(options);
    Model model(options);
    std::vector<std::unique_ptr<Entry>> entries;
    std::int64_t now = 0;
    for (int turn = 0; turn < 2'000; ++turn) {
      ++now;  // each arrival has its own time, so that there is one right order
      const std::uint64_t what = random.below(100);
      if (what < 50) {
        const auto priority = static_cast<Priority>(random.below(kPriorities));
        const TimePoint deadline =
            random.below(3) == 0 ? TimePoint::never() : at(now + static_cast<std::int64_t>(random.below(40)));
        entries.push_back(std::make_unique<Entry>(turn));
        ASSERT_EQ(queue.push(*entries.back(), priority, at(now), deadline),
                  model.push(turn, priority, at(now), deadline));
      } else if (what < 90) {
        const std::optional<Model::Item> expected = model.pop();
        ASSERT_EQ(id_of(queue.pop()), expected ? expected->id : -1) << "seed " << seed << " turn " << turn;
        if (!expected) continue;
        for (const Model::Item& waits : model.items()) {
          Duration bound = options.lead[static_cast<std::size_t>(waits.priority)];
          if (options.earliest_deadline_first) bound = bound + options.horizon;
          EXPECT_LE(expected->since, waits.since + bound) << "seed " << seed << " turn " << turn;
        }
      } else if (!entries.empty()) {
        Entry& entry = *entries[random.below(entries.size())];
        if (!entry.waiting()) continue;
        if (what < 95) {
          queue.remove(entry);
          model.remove(entry.id);
        } else {
          const auto priority = static_cast<Priority>(random.below(kPriorities));
          queue.lend(entry, priority);
          model.lend(entry.id, priority);
        }
      }
      ASSERT_EQ(queue.size(), model.items().size());
    }
    while (Scheduled* const entry = queue.pop())
      ASSERT_EQ(id_of(entry), model.pop()->id);
  }
}

INSTANTIATE_TEST_SUITE_P(Order, ReadyQueueModel, ::testing::Bool(), [](const auto& param) {
  return param.param ? "EarliestDeadlineFirst" : "OldestFirst";
});

}  // namespace
}  // namespace zerver::async
