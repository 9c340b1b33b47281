// Entries in the order in which they expire.
#pragma once

#include "memory/entry.h"

#include <cstddef>
#include <vector>

namespace zerver::effects::kv {

// A binary heap whose entries know their place, so that each can be moved and removed.
class ExpiryHeap {
 public:
  // Null when nothing expires.
  Entry* first() const noexcept { return entries_.empty() ? nullptr : entries_.front(); }
  // By Entry::until, which has changed; takes in the entry or lets it go as needed. Throws std::bad_alloc.
  void update(Entry& entry);
  void remove(Entry& entry) noexcept;
  std::size_t bytes() const noexcept { return entries_.capacity() * sizeof(Entry*); }

 private:
  void place(Entry& entry, std::size_t position) noexcept;
  void rise(Entry& entry, std::size_t position) noexcept;
  void sink(Entry& entry, std::size_t position) noexcept;
  void settle(Entry& entry, std::size_t position) noexcept;

  std::vector<Entry*> entries_;
};

}  // namespace zerver::effects::kv
