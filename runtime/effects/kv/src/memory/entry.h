// One key with its value, in one block of memory.
#pragma once

#include <zerver/core/time.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace zerver::effects::kv {

// Key and value stand behind it. Members are the shard's bookkeeping.
class Entry {
 public:
  static constexpr std::uint32_t kNoPosition = ~std::uint32_t{0};

  struct Free {
    void operator()(Entry* entry) const noexcept;
  };
  using Owner = std::unique_ptr<Entry, Free>;

  // The value's bytes are not set. Throws std::bad_alloc.
  static Owner make(std::string_view key, std::uint64_t hash, std::size_t value_size);

  std::string_view key() const noexcept { return {text(), key_size_}; }
  std::string_view value() const noexcept { return {text() + key_size_, value_size_}; }
  std::span<char> value_bytes() noexcept { return {text() + key_size_, value_size_}; }
  // False when its block is too small for that, or far too large.
  bool resize_value(std::size_t size) noexcept;
  // Of memory, the allocator's own part included.
  std::size_t bytes() const noexcept { return bytes_; }
  std::uint64_t hash() const noexcept { return hash_; }

  TimePoint until = TimePoint::never();
  Entry* newer = nullptr;
  Entry* older = nullptr;
  std::uint32_t heap_position = kNoPosition;  // among those that expire

 private:
  Entry(std::string_view key, std::uint64_t hash, std::size_t value_size, std::size_t bytes) noexcept;

  char* text() noexcept { return reinterpret_cast<char*>(this + 1); }
  const char* text() const noexcept { return reinterpret_cast<const char*>(this + 1); }

  std::uint64_t hash_;
  std::size_t value_size_;
  std::size_t bytes_;
  std::uint32_t key_size_;
};

}  // namespace zerver::effects::kv
