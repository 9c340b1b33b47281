#include <zerver/core/random.h>

#include <cstdlib>
#include <sys/random.h>

namespace zerver {

std::uint64_t Random::below(std::uint64_t bound) noexcept {
  if (bound == 0) return 0;
  // The high half of a 128-bit product; draws that would favour the smaller results are repeated.
  __extension__ using Wide = unsigned __int128;
  Wide product = Wide{u64()} * bound;
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t least = (0 - bound) % bound;
    while (static_cast<std::uint64_t>(product) < least)
      product = Wide{u64()} * bound;
  }
  return static_cast<std::uint64_t>(product >> 64U);
}

std::uint64_t SystemRandom::u64() noexcept {
  if (left_ == 0) {
    // Requests of up to 256 bytes are never interrupted once the pool is ready (getrandom(2)); without the
    // call there is no randomness to go on with.
    if (getrandom(ahead_.data(), sizeof(ahead_), 0) != static_cast<ssize_t>(sizeof(ahead_))) std::abort();
    left_ = ahead_.size();
  }
  const std::uint64_t number = ahead_[--left_];
  ahead_[left_] = 0;  // what was handed out is not kept
  return number;
}

std::uint64_t SeededRandom::u64() noexcept {
  std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15U;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31U);
}

}  // namespace zerver
