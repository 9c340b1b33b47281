#include "memory/memory_store.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace zerver::effects::kv {

namespace {

// In a sweep, of each shard, so that nobody waits long for its lock.
constexpr int kSweepAtOnce = 256;

std::size_t shards_for(std::size_t bytes) noexcept {
  std::size_t shards = 1;
  while (shards < MemoryStore::kMostShards && bytes / (shards * 2) >= MemoryStore::kShardBytes)
    shards *= 2;
  return shards;
}

}  // namespace

// --- Shards ---

Entry* MemoryStore::Shard::find(std::string_view key, std::uint64_t hash, TimePoint now) noexcept {
  Entry* const entry = table.find(key, hash);
  if (entry == nullptr || entry->until > now) return entry;
  drop(*entry);
  ++stats.expirations;
  return nullptr;
}

void MemoryStore::Shard::link(Entry& entry) noexcept {
  entry.newer = nullptr;
  entry.older = newest;
  (newest == nullptr ? oldest : newest->newer) = &entry;
  newest = &entry;
}

void MemoryStore::Shard::unlink(Entry& entry) noexcept {
  (entry.newer == nullptr ? newest : entry.newer->older) = entry.older;
  (entry.older == nullptr ? oldest : entry.older->newer) = entry.newer;
}

void MemoryStore::Shard::use(Entry& entry) noexcept {
  if (newest == &entry) return;
  unlink(entry);
  link(entry);
}

void MemoryStore::Shard::drop(Entry& entry) noexcept {
  unlink(entry);
  heap.remove(entry);
  entry_bytes -= entry.bytes();
  table.remove(entry).reset();
}

// An entry of that key with room for the value, in the place of the old one if there is one.
Entry* MemoryStore::Shard::put(Entry* old, std::string_view key, std::uint64_t hash, std::size_t size,
                               TimePoint until) {
  if (old != nullptr && old->resize_value(size)) {
    old->until = until;
    heap.update(*old);
    use(*old);
    return old;
  }
  Entry::Owner made = Entry::make(key, hash, size);
  Entry& entry = *made;
  entry.until = until;
  if (old == nullptr) table.reserve_one();
  heap.update(entry);
  if (old == nullptr) {
    table.insert(std::move(made));
  } else {
    unlink(*old);
    heap.remove(*old);
    entry_bytes -= old->bytes();
    table.replace(*old, std::move(made)).reset();
  }
  entry_bytes += entry.bytes();
  link(entry);
  return &entry;
}

void MemoryStore::Shard::make_room(const Entry& spared, std::size_t limit) noexcept {
  while (bytes() > limit && oldest != &spared) {
    drop(*oldest);
    ++stats.evictions;
  }
}

// --- The store ---

MemoryStore::MemoryStore(std::size_t max_bytes)
    : shard_count_(shards_for(std::max(max_bytes, kFewestBytes))),
      shard_bytes_(std::max(max_bytes, kFewestBytes) / shard_count_),
      shards_(std::make_unique<Shard[]>(shard_count_)) {}

void MemoryStore::seed(Random& random) noexcept {
  if (std::exchange(seeded_, true)) return;
  seed_ = {random.u64(), random.u64()};
}

// One that would drive out all others is refused.
bool MemoryStore::fits(std::string_view key, std::size_t size) const noexcept {
  return sizeof(Entry) + key.size() + size <= shard_bytes_ / 2;
}

bool MemoryStore::write(Shard& shard, Entry* old, std::string_view key, std::uint64_t hash,
                        std::string_view value, TimePoint until) {
  if (!fits(key, value.size())) return false;
  Entry& entry = *shard.put(old, key, hash, value.size(), until);
  std::copy_n(value.data(), value.size(), entry.value_bytes().data());
  shard.make_room(entry, shard_bytes_);
  return true;
}

bool MemoryStore::get(std::string_view key, TimePoint now, std::string& value) {
  const std::uint64_t hash = sip_hash(key, seed_);
  Shard& shard = shard_of(hash);
  const std::lock_guard lock(shard.mutex);
  Entry* const entry = shard.find(key, hash, now);
  if (entry == nullptr) {
    ++shard.stats.misses;
    return false;
  }
  ++shard.stats.hits;
  shard.use(*entry);
  value.append(entry->value());
  return true;
}

Stored MemoryStore::set(std::string_view key, std::string_view value, TimePoint until, TimePoint now) {
  const std::uint64_t hash = sip_hash(key, seed_);
  Shard& shard = shard_of(hash);
  const std::lock_guard lock(shard.mutex);
  return write(shard, shard.find(key, hash, now), key, hash, value, until) ? Stored::kYes : Stored::kTooLarge;
}

Stored MemoryStore::add(std::string_view key, std::string_view value, TimePoint until, TimePoint now) {
  const std::uint64_t hash = sip_hash(key, seed_);
  Shard& shard = shard_of(hash);
  const std::lock_guard lock(shard.mutex);
  if (shard.find(key, hash, now) != nullptr) return Stored::kPresent;
  return write(shard, nullptr, key, hash, value, until) ? Stored::kYes : Stored::kTooLarge;
}

void MemoryStore::remove(std::string_view key, TimePoint now) {
  const std::uint64_t hash = sip_hash(key, seed_);
  Shard& shard = shard_of(hash);
  const std::lock_guard lock(shard.mutex);
  if (Entry* const entry = shard.find(key, hash, now)) shard.drop(*entry);
}

Stored MemoryStore::expire(std::string_view key, TimePoint until, TimePoint now) {
  const std::uint64_t hash = sip_hash(key, seed_);
  Shard& shard = shard_of(hash);
  const std::lock_guard lock(shard.mutex);
  Entry* const entry = shard.find(key, hash, now);
  if (entry == nullptr) return Stored::kMissing;
  entry->until = until;
  shard.heap.update(*entry);
  return Stored::kYes;
}

Stored MemoryStore::compare_and_set(std::string_view key, std::string_view expected,
                                    std::optional<std::string_view> value, TimePoint until, TimePoint now) {
  const std::uint64_t hash = sip_hash(key, seed_);
  Shard& shard = shard_of(hash);
  const std::lock_guard lock(shard.mutex);
  Entry* const entry = shard.find(key, hash, now);
  if (entry == nullptr) return Stored::kMissing;
  if (entry->value() != expected) return Stored::kDifferent;
  if (!value) {
    shard.drop(*entry);
    return Stored::kYes;
  }
  return write(shard, entry, key, hash, *value, until) ? Stored::kYes : Stored::kTooLarge;
}

Result<std::int64_t> MemoryStore::increment(std::string_view key, std::int64_t by, TimePoint until,
                                            TimePoint now) {
  const std::uint64_t hash = sip_hash(key, seed_);
  Shard& shard = shard_of(hash);
  const std::lock_guard lock(shard.mutex);
  Entry* const entry = shard.find(key, hash, now);
  std::int64_t number = 0;
  if (entry != nullptr) {
    const std::string_view text = entry->value();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
      return Fault{FaultKind::kRejected, "the value is not a whole number", {}};
    until = entry->until;
  }
  if (__builtin_add_overflow(number, by, &number))
    return Fault{FaultKind::kRejected, "the number would be too large", {}};
  std::array<char, 24> digits;
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  // A number always fits.
  static_cast<void>(write(shard, entry, key, hash, {digits.data(), end}, until));
  return number;
}

Taken MemoryStore::take(std::string_view key, std::int64_t count, Duration per, TimePoint now) {
  // No text of JSON begins with it, and no key has it in front: limits and values do not meet.
  std::string own(1, '\0');
  own += key;
  const std::uint64_t hash = sip_hash(own, seed_);
  Shard& shard = shard_of(hash);
  const std::lock_guard lock(shard.mutex);
  Entry* entry = shard.find(own, hash, now);
  const std::size_t size = Window::bytes_for(static_cast<std::size_t>(count));
  if (entry == nullptr || entry->value().size() != size) {
    std::string times(size, '\0');
    Window window(times);
    if (entry != nullptr) window.take_over(entry->value());
    if (!write(shard, entry, own, hash, times, TimePoint::never())) return {false, 0, Duration::max()};
    entry = shard.find(own, hash, now);
  }
  const Taken taken = Window(entry->value_bytes()).take(per, now);
  entry->until = std::max(now + per, entry->until == TimePoint::never() ? now : entry->until);
  shard.heap.update(*entry);
  shard.use(*entry);
  return taken;
}

TimePoint MemoryStore::sweep(TimePoint now) noexcept {
  TimePoint next = TimePoint::never();
  for (std::size_t i = 0; i < shard_count_; ++i) {
    Shard& shard = shards_[i];
    const std::lock_guard lock(shard.mutex);
    for (int count = 0; count < kSweepAtOnce; ++count) {
      Entry* const first = shard.heap.first();
      if (first == nullptr || first->until > now) break;
      shard.drop(*first);
      ++shard.stats.expirations;
    }
    if (const Entry* const first = shard.heap.first()) next = std::min(next, first->until);
  }
  return next;
}

MemoryStats MemoryStore::stats() const {
  MemoryStats total;
  for (std::size_t i = 0; i < shard_count_; ++i) {
    const Shard& shard = shards_[i];
    const std::lock_guard lock(shard.mutex);
    total.hits += shard.stats.hits;
    total.misses += shard.stats.misses;
    total.evictions += shard.stats.evictions;
    total.expirations += shard.stats.expirations;
    total.entries += shard.table.size();
    total.bytes += shard.bytes();
  }
  return total;
}

}  // namespace zerver::effects::kv
