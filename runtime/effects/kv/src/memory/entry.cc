#include "memory/entry.h"

#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace zerver::effects::kv {

namespace {
// What the allocator of the C library keeps in front of each block.
constexpr std::size_t kBlockHeader = sizeof(std::size_t);
}  // namespace

Entry::Entry(std::string_view key, std::uint64_t hash, std::size_t value_size, std::size_t bytes) noexcept
    : hash_(hash), value_size_(value_size), bytes_(bytes), key_size_(static_cast<std::uint32_t>(key.size())) {
  std::memcpy(text(), key.data(), key.size());
}

Entry::Owner Entry::make(std::string_view key, std::uint64_t hash, std::size_t value_size) {
  void* const block = std::malloc(sizeof(Entry) + key.size() + value_size);
  if (block == nullptr) throw std::bad_alloc();
  return Owner(::new (block) Entry(key, hash, value_size, malloc_usable_size(block) + kBlockHeader));
}

void Entry::Free::operator()(Entry* entry) const noexcept {
  entry->~Entry();
  std::free(entry);
}

bool Entry::resize_value(std::size_t size) noexcept {
  const std::size_t room = bytes_ - kBlockHeader - sizeof(Entry) - key_size_;
  if (size > room || room - size > size + 64) return false;
  value_size_ = size;
  return true;
}

}  // namespace zerver::effects::kv
