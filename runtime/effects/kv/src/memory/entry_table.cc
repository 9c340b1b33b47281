#include "memory/entry_table.h"

#include <utility>

namespace zerver::effects::kv {

EntryTable::~EntryTable() {
  for (const Slot& slot : slots_)
    Entry::Owner(slot.entry).reset();
}

Entry* EntryTable::find(std::string_view key, std::uint64_t hash) const noexcept {
  for (std::size_t at = home(hash); slots_[at].entry != nullptr; at = next(at)) {
    if (slots_[at].hash == hash && slots_[at].entry->key() == key) return slots_[at].entry;
  }
  return nullptr;
}

void EntryTable::insert(Entry::Owner entry) noexcept {
  std::size_t at = home(entry->hash());
  while (slots_[at].entry != nullptr)
    at = next(at);
  slots_[at].hash = entry->hash();
  slots_[at].entry = entry.release();
  ++size_;
}

std::size_t EntryTable::position_of(const Entry& entry) const noexcept {
  std::size_t at = home(entry.hash());
  while (slots_[at].entry != &entry)
    at = next(at);
  return at;
}

// Moves back what stands behind the gap and may (Knuth, The Art of Computer Programming, volume 3, 6.4,
// algorithm R).
Entry::Owner EntryTable::remove(Entry& entry) noexcept {
  std::size_t gap = position_of(entry);
  Entry::Owner removed(std::exchange(slots_[gap].entry, nullptr));
  --size_;
  for (std::size_t at = next(gap); slots_[at].entry != nullptr; at = next(at)) {
    const std::size_t wanted = home(slots_[at].hash);
    const bool stays = gap <= at ? gap < wanted && wanted <= at : gap < wanted || wanted <= at;
    if (stays) continue;
    slots_[gap] = slots_[at];
    slots_[at].entry = nullptr;
    gap = at;
  }
  return removed;
}

Entry::Owner EntryTable::replace(Entry& old, Entry::Owner entry) noexcept {
  return Entry::Owner(std::exchange(slots_[position_of(old)].entry, entry.release()));
}

void EntryTable::reserve_one() {
  if ((size_ + 1) * 4 <= slots_.size() * 3) return;
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.entry == nullptr) continue;
    std::size_t at = home(slot.hash);
    while (slots_[at].entry != nullptr)
      at = next(at);
    slots_[at] = slot;
  }
}

}  // namespace zerver::effects::kv
