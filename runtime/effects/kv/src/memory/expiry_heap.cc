#include "memory/expiry_heap.h"

#include <utility>

namespace zerver::effects::kv {

void ExpiryHeap::update(Entry& entry) {
  if (entry.until == TimePoint::never()) return remove(entry);
  if (entry.heap_position == Entry::kNoPosition) {
    entries_.push_back(&entry);
    return rise(entry, entries_.size() - 1);
  }
  settle(entry, entry.heap_position);
}

void ExpiryHeap::remove(Entry& entry) noexcept {
  if (entry.heap_position == Entry::kNoPosition) return;
  const std::size_t position = std::exchange(entry.heap_position, Entry::kNoPosition);
  Entry& last = *entries_.back();
  entries_.pop_back();
  if (&last != &entry) settle(last, position);
}

void ExpiryHeap::place(Entry& entry, std::size_t position) noexcept {
  entries_[position] = &entry;
  entry.heap_position = static_cast<std::uint32_t>(position);
}

void ExpiryHeap::rise(Entry& entry, std::size_t position) noexcept {
  while (position > 0 && entry.until < entries_[(position - 1) / 2]->until) {
    place(*entries_[(position - 1) / 2], position);
    position = (position - 1) / 2;
  }
  place(entry, position);
}

void ExpiryHeap::sink(Entry& entry, std::size_t position) noexcept {
  for (;;) {
    std::size_t child = 2 * position + 1;
    if (child >= entries_.size()) break;
    if (child + 1 < entries_.size() && entries_[child + 1]->until < entries_[child]->until) ++child;
    if (entry.until <= entries_[child]->until) break;
    place(*entries_[child], position);
    position = child;
  }
  place(entry, position);
}

void ExpiryHeap::settle(Entry& entry, std::size_t position) noexcept {
  if (position > 0 && entry.until < entries_[(position - 1) / 2]->until) {
    rise(entry, position);
  } else {
    sink(entry, position);
  }
}

}  // namespace zerver::effects::kv
