// A keyed hash of keys that come from clients, so that nobody can choose keys that collide.
#pragma once

#include <cstdint>
#include <string_view>

namespace zerver::effects::kv {

struct HashSeed {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

// SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).
std::uint64_t hash_of(std::string_view text, const HashSeed& seed) noexcept;

}  // namespace zerver::effects::kv
