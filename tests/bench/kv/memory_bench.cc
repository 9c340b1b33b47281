// The store of `kv` in memory against what one would write by hand: a lock around std::unordered_map, which
// forgets nothing and has no bound.
#include "memory/memory_store.h"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace zerver::effects::kv {
namespace {

constexpr std::size_t kKeys = 100'000;
constexpr TimePoint kNow{0};

const std::vector<std::string>& keys() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> made;
    for (std::size_t i = 0; i < kKeys; ++i)
      made.push_back("session:" + std::to_string(i * 7919));
    return made;
  }();
  return all;
}
const std::string& value() {
  static const std::string text(100, 'v');
  return text;
}

class PlainMap {
 public:
  bool get(const std::string& key, std::string& into) {
    const std::lock_guard lock(mutex_);
    const auto found = values_.find(key);
    if (found == values_.end()) return false;
    into.append(found->second);
    return true;
  }
  void set(const std::string& key, const std::string& text) {
    const std::lock_guard lock(mutex_);
    values_.insert_or_assign(key, text);
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::string> values_;
};

class Store {
 public:
  bool get(const std::string& key, std::string& into) { return store_.get(key, kNow, into); }
  void set(const std::string& key, const std::string& text) {
    store_.set(key, text, TimePoint::never(), kNow);
  }

 private:
  MemoryStore store_{MemoryStore::kDefaultBytes};
};

template <class Kept> Kept& filled() {
  static const std::unique_ptr<Kept> kept = [] {
    auto made = std::make_unique<Kept>();
    for (const std::string& key : keys())
      made->set(key, value());
    return made;
  }();
  return *kept;
}

// A stride that visits all keys, in an order that no cache foresees.
std::size_t next(std::size_t position) noexcept { return (position + 60'013) % kKeys; }

template <class Kept> void get(benchmark::State& state) {
  Kept& kept = filled<Kept>();
  std::string text;
  std::size_t at = static_cast<std::size_t>(state.thread_index()) * 1009;
  for (auto _ : state) {
    text.clear();
    benchmark::DoNotOptimize(kept.get(keys()[at], text));
    at = next(at);
  }
  state.SetItemsProcessed(state.iterations());
}
template <class Kept> void set(benchmark::State& state) {
  Kept& kept = filled<Kept>();
  std::size_t at = static_cast<std::size_t>(state.thread_index()) * 1009;
  for (auto _ : state) {
    kept.set(keys()[at], value());
    at = next(at);
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(get<PlainMap>)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK(get<Store>)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK(set<PlainMap>)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK(set<Store>)->Threads(1)->Threads(2)->UseRealTime();

}  // namespace
}  // namespace zerver::effects::kv

BENCHMARK_MAIN();
