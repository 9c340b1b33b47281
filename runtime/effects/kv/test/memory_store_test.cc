// What the store in memory keeps, what it lets go, and when.
#include "memory/memory_store.h"

#include "memory/memory_url.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

namespace zerver::effects::kv {
namespace {

constexpr TimePoint kNow{0};
constexpr TimePoint kNever = TimePoint::never();

TimePoint after(std::int64_t milliseconds) { return kNow + Duration::from_milliseconds(milliseconds); }

std::string value_of(MemoryStore& store, std::string_view key, TimePoint now = kNow) {
  std::string value;
  return store.get(key, now, value) ? value : "none";
}

TEST(MemoryStore, GivesBackWhatWasSet) {
  MemoryStore store(1 << 20);
  EXPECT_EQ(value_of(store, "a"), "none");
  EXPECT_EQ(store.set("a", "1", kNever, kNow), Stored::kYes);
  EXPECT_EQ(store.set("b", "2", kNever, kNow), Stored::kYes);
  EXPECT_EQ(store.set("a", std::string(500, 'x'), kNever, kNow), Stored::kYes);
  EXPECT_EQ(value_of(store, "a"), std::string(500, 'x'));
  EXPECT_EQ(value_of(store, "b"), "2");
  store.remove("a", kNow);
  EXPECT_EQ(value_of(store, "a"), "none");
  EXPECT_EQ(store.stats().entries, 1U);
  EXPECT_EQ(store.stats().hits, 2U);
  EXPECT_EQ(store.stats().misses, 2U);
}

TEST(MemoryStore, AgreesWithAMapOverManyRandomOperations) {
  MemoryStore store(16 << 20);
  std::map<std::string, std::string> model;
  SeededRandom random(7);
  for (int i = 0; i < 200'000; ++i) {
    const std::string key = "key:" + std::to_string(random.below(5000));
    switch (random.below(4)) {
      case 0: {
        const std::string value(random.below(300), static_cast<char>('a' + random.below(26)));
        ASSERT_EQ(store.set(key, value, kNever, kNow), Stored::kYes);
        model[key] = value;
        break;
      }
      case 1:
        store.remove(key, kNow);
        model.erase(key);
        break;
      default: {
        const auto found = model.find(key);
        ASSERT_EQ(value_of(store, key), found == model.end() ? "none" : found->second);
      }
    }
  }
  EXPECT_EQ(store.stats().entries, model.size());
}

TEST(MemoryStore, LetsGoWhatWasNotUsedForLongest) {
  MemoryStore store(MemoryStore::kFewestBytes);
  const std::string value(500, 'v');
  for (const char* const key : {"a", "b", "c", "d"})
    ASSERT_EQ(store.set(key, value, kNever, kNow), Stored::kYes);
  ASSERT_EQ(store.stats().evictions, 0U);
  EXPECT_EQ(value_of(store, "a"), value);
  ASSERT_EQ(store.set("e", value, kNever, kNow), Stored::kYes);
  ASSERT_EQ(store.set("f", value, kNever, kNow), Stored::kYes);
  ASSERT_EQ(store.set("g", value, kNever, kNow), Stored::kYes);
  EXPECT_GT(store.stats().evictions, 0U);
  EXPECT_EQ(value_of(store, "b"), "none");
  EXPECT_EQ(value_of(store, "a"), value);
  EXPECT_EQ(value_of(store, "g"), value);
}

TEST(MemoryStore, NeverTakesMoreThanItsBytes) {
  constexpr std::size_t kBytes = 1 << 20;
  MemoryStore store(kBytes);
  SeededRandom random(3);
  for (int i = 0; i < 20'000; ++i) {
    const std::string value(random.below(4000), 'x');
    ASSERT_EQ(store.set("key:" + std::to_string(i), value, kNever, kNow), Stored::kYes);
    ASSERT_LE(store.stats().bytes, kBytes);
  }
  EXPECT_GT(store.stats().bytes, kBytes * 9 / 10);
}

TEST(MemoryStore, RefusesWhatWouldDriveOutTheRest) {
  MemoryStore store(MemoryStore::kFewestBytes);
  ASSERT_EQ(store.set("a", "old", kNever, kNow), Stored::kYes);
  EXPECT_EQ(store.set("a", std::string(4000, 'x'), kNever, kNow), Stored::kTooLarge);
  EXPECT_EQ(value_of(store, "a"), "old");
}

TEST(MemoryStore, NeverShowsWhatHasExpired) {
  MemoryStore store(1 << 20);
  ASSERT_EQ(store.set("a", "1", after(10), kNow), Stored::kYes);
  EXPECT_EQ(value_of(store, "a", after(9)), "1");
  EXPECT_EQ(value_of(store, "a", after(10)), "none");
  EXPECT_EQ(store.stats().expirations, 1U);
  EXPECT_EQ(store.expire("a", after(20), after(10)), Stored::kMissing);
  EXPECT_EQ(store.add("a", "2", kNever, after(10)), Stored::kYes);
  EXPECT_EQ(store.expire("a", after(20), after(10)), Stored::kYes);
  EXPECT_EQ(value_of(store, "a", after(20)), "none");
}

TEST(MemoryStore, SweepsWhatNobodyAsksFor) {
  MemoryStore store(1 << 20);
  SeededRandom random(5);
  for (int i = 0; i < 1000; ++i) {
    const auto life = static_cast<std::int64_t>(1 + random.below(100));
    ASSERT_EQ(store.set("key:" + std::to_string(i), "v", after(life), kNow), Stored::kYes);
  }
  // Values that are written again, live longer or for ever, do not go with their first time.
  ASSERT_EQ(store.set("key:1", "v", kNever, kNow), Stored::kYes);
  ASSERT_EQ(store.expire("key:2", after(500), kNow), Stored::kYes);
  TimePoint next = kNow;
  while (next <= after(100))
    next = store.sweep(next);
  EXPECT_EQ(next, after(500));
  EXPECT_EQ(store.stats().entries, 2U);
  EXPECT_EQ(store.sweep(next), kNever);
  EXPECT_EQ(value_of(store, "key:1", after(1000)), "v");
}

TEST(MemoryStore, WritesOnlyWhatIsAsExpected) {
  MemoryStore store(1 << 20);
  EXPECT_EQ(store.compare_and_set("a", "1", "2", kNever, kNow), Stored::kMissing);
  EXPECT_EQ(store.add("a", "1", kNever, kNow), Stored::kYes);
  EXPECT_EQ(store.add("a", "9", kNever, kNow), Stored::kPresent);
  EXPECT_EQ(store.compare_and_set("a", "9", "2", kNever, kNow), Stored::kDifferent);
  EXPECT_EQ(store.compare_and_set("a", "1", "2", kNever, kNow), Stored::kYes);
  EXPECT_EQ(value_of(store, "a"), "2");
  EXPECT_EQ(store.compare_and_set("a", "2", std::nullopt, kNever, kNow), Stored::kYes);
  EXPECT_EQ(value_of(store, "a"), "none");
}

TEST(MemoryStore, CountsWholeNumbersWithinTheirRange) {
  MemoryStore store(1 << 20);
  EXPECT_EQ(*store.increment("n", 5, after(10), kNow), 5);
  EXPECT_EQ(*store.increment("n", -7, after(99), kNow), -2);
  EXPECT_EQ(value_of(store, "n", after(9)), "-2");
  EXPECT_EQ(*store.increment("n", 1, kNever, after(10)), 1);
  ASSERT_EQ(store.set("n", "9223372036854775807", kNever, kNow), Stored::kYes);
  EXPECT_EQ(store.increment("n", 1, kNever, kNow).error().kind, FaultKind::kRejected);
  ASSERT_EQ(store.set("n", "\"text\"", kNever, kNow), Stored::kYes);
  EXPECT_EQ(store.increment("n", 1, kNever, kNow).error().kind, FaultKind::kRejected);
}

TEST(MemoryStore, LetsThroughSoManyInAnySpan) {
  constexpr std::int64_t kCount = 5;
  const Duration per = Duration::from_milliseconds(100);
  MemoryStore store(1 << 20);
  SeededRandom random(11);
  std::vector<TimePoint> granted;
  TimePoint now = kNow;
  for (int i = 0; i < 5000; ++i) {
    now = now + Duration::from_milliseconds(static_cast<std::int64_t>(random.below(30)));
    const Taken taken = store.take("limit", kCount, per, now);
    const auto within = std::ranges::count_if(granted, [&](TimePoint time) { return now - time < per; });
    ASSERT_EQ(taken.granted, within < kCount) << i;
    if (taken.granted) {
      EXPECT_EQ(taken.left, kCount - within - 1);
      granted.push_back(now);
    } else {
      // Exactly then, and not before.
      EXPECT_EQ(now + taken.wait, granted[granted.size() - kCount] + per);
    }
    store.sweep(now);
  }
  EXPECT_EQ(value_of(store, "limit", now), "none");
}

TEST(MemoryStore, KeepsWhatALimitHasLetThroughWhenItChanges) {
  const Duration per = Duration::from_milliseconds(100);
  MemoryStore store(1 << 20);
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(store.take("limit", 3, per, after(i)).granted);
  EXPECT_EQ(store.take("limit", 5, per, after(3)).left, 1);
  EXPECT_TRUE(store.take("limit", 5, per, after(4)).granted);
  EXPECT_FALSE(store.take("limit", 5, per, after(5)).granted);
  EXPECT_FALSE(store.take("limit", 2, per, after(102)).granted);
  EXPECT_TRUE(store.take("limit", 2, per, after(103)).granted);
}

TEST(MemoryStore, CountsWhatManyThreadsDoAtOnce) {
  MemoryStore store(64 << 20);
  constexpr int kThreads = 4;
  constexpr int kTimes = 5000;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&store, t] {
        std::string value;
        for (int i = 0; i < kTimes; ++i) {
          static_cast<void>(store.increment("sum", 1, kNever, kNow));
          store.set("key:" + std::to_string(i % 100), std::to_string(t), after(i % 7), kNow);
          store.get("key:" + std::to_string(i % 50), after(i % 5), value);
          store.sweep(after(i % 3));
        }
      });
    }
  }
  EXPECT_EQ(value_of(store, "sum"), std::to_string(kThreads * kTimes));
}

TEST(MemoryUrl, SaysNameAndSize) {
  MemoryUrl url;
  EXPECT_EQ(parse_memory_url("memory:", url), "");
  EXPECT_EQ(url.max_bytes, MemoryStore::kDefaultBytes);
  EXPECT_EQ(parse_memory_url("memory:shared?max=8KiB", url), "");
  EXPECT_EQ(url.name, "shared");
  EXPECT_EQ(url.max_bytes, 8192U);
  for (const char* const wrong : {"memory:?max=", "memory:?max=8kb", "memory:?size=1GiB", "memory:?max=100",
                                  "memory:?max=99999999999GiB"})
    EXPECT_NE(parse_memory_url(wrong, url), "") << wrong;
}

}  // namespace
}  // namespace zerver::effects::kv
