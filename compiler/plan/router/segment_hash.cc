#include "compiler/plan/router/segment_hash.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Support/MathExtras.h>

#include <algorithm>
#include <vector>

namespace zc::plan {
namespace {

constexpr unsigned kMostBits = 10;
constexpr unsigned kTries = 4000;

std::uint64_t head(llvm::StringRef segment) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(segment.size(), 8); ++i)
    word |= static_cast<std::uint64_t>(static_cast<unsigned char>(segment[i])) << (8 * i);
  return word;
}

unsigned bucket(std::uint64_t head, std::uint64_t multiplier, unsigned bits) {
  return static_cast<unsigned>((head * multiplier) >> (64U - bits));
}

// The next number of a fixed sequence (SplitMix64, Steele et al., 2014).
std::uint64_t next(std::uint64_t& state) {
  std::uint64_t value = state += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return (value ^ (value >> 31U)) | 1U;
}

}  // namespace

unsigned SegmentHash::operator()(llvm::StringRef segment) const {
  return bucket(head(segment), multiplier, bits);
}

SegmentHash find_segment_hash(llvm::ArrayRef<std::string> segments) {
  std::vector<std::uint64_t> heads;
  heads.reserve(segments.size());
  for (const std::string& segment : segments)
    heads.push_back(head(segment));
  llvm::sort(heads);
  heads.erase(std::unique(heads.begin(), heads.end()), heads.end());

  SegmentHash best;
  best.bits = std::clamp(llvm::Log2_64_Ceil(heads.size()) + 2, 1U, kMostBits);
  std::size_t best_used = 0;
  std::uint64_t state = 0;
  for (unsigned attempt = 0; attempt < kTries && best_used < heads.size(); ++attempt) {
    const std::uint64_t multiplier = next(state);
    std::vector<bool> taken(std::size_t{1} << best.bits);
    std::size_t used = 0;
    for (const std::uint64_t each : heads) {
      const unsigned place = bucket(each, multiplier, best.bits);
      if (!taken[place]) ++used;
      taken[place] = true;
    }
    if (used > best_used) {
      best_used = used;
      best.multiplier = multiplier;
    }
  }
  return best;
}

}  // namespace zc::plan
