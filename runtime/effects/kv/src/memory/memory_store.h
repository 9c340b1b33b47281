// Values under keys in the memory of this process.
#pragma once

#include "memory/entry_table.h"
#include "memory/expiry_heap.h"
#include "memory/window.h"
#include <zerver/core/random.h>
#include <zerver/core/result.h>
#include <zerver/core/sip_hash.h>
#include <zerver/core/time.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace zerver::effects::kv {

enum class Stored : std::uint8_t { kYes, kPresent, kMissing, kDifferent, kTooLarge };

struct MemoryStats {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t evictions = 0;    // for want of room
  std::uint64_t expirations = 0;  // whose time was over
  std::size_t entries = 0;
  std::size_t bytes = 0;
};

// In shards, each with a lock, its part of the bytes and its own order of use: what was used last stays
// longest. What has expired is never seen, and goes when it is met or by sweep(). Time comes in with each
// call. Any thread.
class MemoryStore {
 public:
  static constexpr std::size_t kDefaultBytes = std::size_t{64} << 20;
  static constexpr std::size_t kFewestBytes = std::size_t{4} << 10;
  static constexpr std::size_t kMostShards = 16;
  // So many at least for each shard, where there is more than one.
  static constexpr std::size_t kShardBytes = std::size_t{4} << 20;
  static constexpr std::int64_t kLargestLimit = 10'000;

  explicit MemoryStore(std::size_t max_bytes);

  // The first time only, and before the first use.
  void seed(Random& random) noexcept;

  // Appends it. False when there is none.
  bool get(std::string_view key, TimePoint now, std::string& value);
  // kYes or kTooLarge.
  Stored set(std::string_view key, std::string_view value, TimePoint until, TimePoint now);
  // kYes, kPresent or kTooLarge.
  Stored add(std::string_view key, std::string_view value, TimePoint until, TimePoint now);
  void remove(std::string_view key, TimePoint now);
  // kYes or kMissing.
  Stored expire(std::string_view key, TimePoint until, TimePoint now);
  // kYes, kMissing, kDifferent or kTooLarge. Null: removes it.
  Stored compare_and_set(std::string_view key, std::string_view expected,
                         std::optional<std::string_view> value, TimePoint until, TimePoint now);
  // What it is then; without a value it was 0 and is kept until then, one that is there keeps its time.
  // `rejected` when it is no whole number or would be too large.
  Result<std::int64_t> increment(std::string_view key, std::int64_t by, TimePoint until, TimePoint now);
  // Lets through `count` in any span of `per`: a sliding window of times. Its keys are apart from those of
  // values. `count` is from 1 to kLargestLimit. A wait of Duration::max(): the store is too small for that
  // limit.
  Taken take(std::string_view key, std::int64_t count, Duration per, TimePoint now);

  // Removes what has expired, some of it when that is much. When it is to be called next; never() when
  // nothing expires.
  TimePoint sweep(TimePoint now) noexcept;
  MemoryStats stats() const;

 private:
  // Beside each other they would share cache lines.
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    EntryTable table;
    ExpiryHeap heap;
    Entry* newest = nullptr;
    Entry* oldest = nullptr;
    std::size_t entry_bytes = 0;
    MemoryStats stats;

    std::size_t bytes() const noexcept { return entry_bytes + table.bytes() + heap.bytes(); }
    Entry* find(std::string_view key, std::uint64_t hash, TimePoint now) noexcept;
    void link(Entry& entry) noexcept;
    void unlink(Entry& entry) noexcept;
    void use(Entry& entry) noexcept;
    void drop(Entry& entry) noexcept;
    Entry* put(Entry* old, std::string_view key, std::uint64_t hash, std::size_t size, TimePoint until);
    void make_room(const Entry& spared, std::size_t limit) noexcept;
  };

  Shard& shard_of(std::uint64_t hash) noexcept { return shards_[(hash >> 48) & (shard_count_ - 1)]; }
  bool fits(std::string_view key, std::size_t size) const noexcept;
  bool write(Shard& shard, Entry* old, std::string_view key, std::uint64_t hash, std::string_view value,
             TimePoint until);

  HashSeed seed_;
  bool seeded_ = false;
  std::size_t shard_count_ = 1;  // a power of two
  std::size_t shard_bytes_;
  std::unique_ptr<Shard[]> shards_;
};

}  // namespace zerver::effects::kv
