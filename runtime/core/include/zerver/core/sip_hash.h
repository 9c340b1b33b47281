// A keyed hash for what comes from clients: who does not know the key cannot choose texts that collide.
#pragma once

#include <cstdint>
#include <string_view>

namespace zerver {

struct HashSeed {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

// SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).
std::uint64_t sip_hash(std::string_view text, const HashSeed& seed) noexcept;

}  // namespace zerver
