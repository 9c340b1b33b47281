// What compiled-in routers are made of: a path that is eaten segment by segment.
#pragma once

#include <zerver/core/arena.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace zerver::flow {

// A path and, as plain pointers into it, how far a router has come: at its end, or at a slash. Each function
// that answers true has moved on, each that answers false may have, too. The path outlives it.
class RoutePath {
 public:
  explicit RoutePath(std::string_view path) noexcept
      : begin_(path.data()), end_(path.data() + path.size()), tail_(load_tail(path)) {}

  const char* begin() const noexcept { return begin_; }
  bool at_end(const char* at) const noexcept { return at == end_; }

  // The next segment's first eight characters, folded into `Bits` bits: with the right multiplier a switch
  // over it tells many literals apart with one jump. zerver-compile folds alike
  // (compiler/plan/router/segment_hash.h).
  template <unsigned Bits> unsigned bucket(const char* at, std::uint64_t multiplier) const noexcept {
    if (at == end_) return 0;
    const std::uint64_t word = word_at(at + 1);
    const std::uint64_t found = slashes(word);
    // The bytes below the first slash.
    const std::uint64_t mask = found == 0 ? ~std::uint64_t{0} : ((found & (~found + 1)) >> 7U) - 1;
    return static_cast<unsigned>(((word & mask) * multiplier) >> (64U - Bits));
  }

  // Eats whole segments, such as "/repos" or "/user/keys".
  template <std::size_t N> bool skip(const char*& at, const char (&text)[N]) const noexcept {
    constexpr std::size_t size = N - 1;
    if (static_cast<std::size_t>(end_ - at) < size || std::memcmp(at, text, size) != 0) return false;
    at += size;
    return at == end_ || *at == '/';
  }
  // The same, and nothing is left.
  template <std::size_t N> bool is(const char* at, const char (&text)[N]) const noexcept {
    return static_cast<std::size_t>(end_ - at) == N - 1 && std::memcmp(at, text, N - 1) == 0;
  }
  // Takes the next segment, which is not empty.
  bool take(const char*& at, std::string_view& value) const noexcept {
    if (at == end_) return false;
    const char* const begin = at + 1;
    at = find_slash(begin);
    value = std::string_view(begin, static_cast<std::size_t>(at - begin));
    return at != begin;
  }
  // The same for a segment that is a pattern: `around` stands before, between and behind its values. Each
  // value is as short as possible, the last one as long, and none is empty.
  template <std::size_t N>
  bool take(const char*& at, std::string_view* values,
            const std::array<std::string_view, N>& around) const noexcept {
    std::string_view segment;
    return take(at, segment) && split(segment, values, around.data(), N);
  }
  // Takes all that is left, without its first slash. It may be empty.
  bool rest(const char* at, std::string_view& value) const noexcept {
    value =
        at == end_ ? std::string_view() : std::string_view(at + 1, static_cast<std::size_t>(end_ - at) - 1);
    return true;
  }

 private:
  static bool split(std::string_view segment, std::string_view* values, const std::string_view* around,
                    std::size_t count) noexcept;
  // Not inline: a large router is bound by the instruction cache.
  const char* find_slash(const char* from) const noexcept;

  static constexpr std::uint64_t kOnes = 0x0101010101010101U;
  static constexpr std::uint64_t kHighs = 0x8080808080808080U;

  // The eight bytes from there on, the first one lowest; what is behind the path counts as zero.
  std::uint64_t word_at(const char* from) const noexcept {
    const auto left = static_cast<std::size_t>(end_ - from);
    if (left >= sizeof(std::uint64_t)) return load(from);
    return left == 0 ? 0 : tail_ >> (8 * (sizeof(std::uint64_t) - left));
  }
  static std::uint64_t load(const char* from) noexcept {
    std::uint64_t word;
    std::memcpy(&word, from, sizeof(word));
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
  }
  static std::uint64_t load_tail(std::string_view path) noexcept {
    if (path.size() >= sizeof(std::uint64_t)) return load(path.data() + path.size() - sizeof(std::uint64_t));
    std::uint64_t word = 0;
    for (const char c : path)
      word = word >> 8U | static_cast<std::uint64_t>(static_cast<unsigned char>(c)) << 56U;
    return word;
  }
  // The lowest byte that is a slash has its highest bit set (Mycroft, 1987); higher ones may have theirs,
  // too.
  static std::uint64_t slashes(std::uint64_t word) noexcept {
    word ^= kOnes * '/';
    return (word - kOnes) & ~word & kHighs;
  }

  const char* begin_;
  const char* end_;
  std::uint64_t tail_;  // the last eight bytes
};

// The path as routers compare it: unreserved characters that were percent-encoded are decoded, and the digits
// of the other encodings become upper case (RFC 3986, section 6.2.2), so that `/%74odos` is `/todos`. Most
// paths have none and come back as they are. False when an encoding is malformed. Throws ArenaFull.
bool normalize_path(Arena& arena, std::string_view path, std::string_view& out);

// A parameter's value, decoded. An encoding is well-formed after normalize_path. Throws ArenaFull.
String percent_decode(Arena& arena, std::string_view text);

}  // namespace zerver::flow
