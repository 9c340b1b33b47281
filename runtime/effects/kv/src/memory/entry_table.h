// Entries by key: open addressing with linear probing, and no tombstones.
#pragma once

#include "memory/entry.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace zerver::effects::kv {

// Owns its entries.
class EntryTable {
 public:
  EntryTable() : slots_(kFewest) {}
  ~EntryTable();
  EntryTable(const EntryTable&) = delete;
  EntryTable& operator=(const EntryTable&) = delete;

  // Null when there is none.
  Entry* find(std::string_view key, std::uint64_t hash) const noexcept;
  // Before insert(). Throws std::bad_alloc.
  void reserve_one();
  // There is none of that key.
  void insert(Entry::Owner entry) noexcept;
  // Which is in the table.
  Entry::Owner remove(Entry& entry) noexcept;
  // Takes the place of one with the same key, which it returns.
  Entry::Owner replace(Entry& old, Entry::Owner entry) noexcept;

  std::size_t size() const noexcept { return size_; }
  // Of the table itself.
  std::size_t bytes() const noexcept { return slots_.size() * sizeof(Slot); }

 private:
  static constexpr std::size_t kFewest = 16;

  struct Slot {
    std::uint64_t hash = 0;
    Entry* entry = nullptr;
  };

  std::size_t next(std::size_t position) const noexcept { return (position + 1) & (slots_.size() - 1); }
  std::size_t home(std::uint64_t hash) const noexcept { return hash & (slots_.size() - 1); }
  std::size_t position_of(const Entry& entry) const noexcept;

  std::vector<Slot> slots_;  // a power of two
  std::size_t size_ = 0;
};

}  // namespace zerver::effects::kv
