// Classes of characters of HTTP/1.1, and the scans over them that parsing spends its time in.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace zerver::http {

enum CharacterClass : std::uint8_t {
  kTokenCharacter = 1 << 0,  // RFC 9110, 5.6.2: tchar
  kPathCharacter =
      1 << 1,  // RFC 3986, 3.3: pchar and `/`, without `%`; and `[ ] ^ |`, which browsers send as they are
  kQueryCharacter =
      1 << 2,  // RFC 3986, 3.4, without `%`; and ``[ ] ^ | \ ` { }``, which browsers send as they are
  kFieldCharacter = 1 << 3,  // RFC 9110, 5.5: field-vchar, SP, HTAB
  kHexDigit = 1 << 4,
  kHostCharacter = 1 << 5,  // RFC 3986, 3.2.2: reg-name, without `%`
  kTargetCharacter =
      1 << 6,  // anything of a target in absolute- or authority-form, looked at more closely later
};

namespace detail {

constexpr bool contains(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }

constexpr std::array<std::uint8_t, 256> make_character_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (unsigned i = 0; i < classes.size(); ++i) {
    const char c = static_cast<char>(i);
    const bool digit = c >= '0' && c <= '9';
    const bool alnum = digit || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool unreserved = alnum || contains("-._~", c);
    const bool sub_delimiter = contains("!$&'()*+,;=", c);
    unsigned set = 0;
    if (alnum || contains("!#$%&'*+-.^_`|~", c)) set |= kTokenCharacter;
    if (unreserved || sub_delimiter || contains(":@/[]^|", c)) set |= kPathCharacter;
    if (unreserved || sub_delimiter || contains(":@/?[]^|\\`{}", c)) set |= kQueryCharacter;
    if ((i >= 0x20 && i != 0x7f) || c == '\t') set |= kFieldCharacter;
    if (digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) set |= kHexDigit;
    if (unreserved || sub_delimiter) set |= kHostCharacter;
    if (i > 0x20 && i < 0x7f && !contains("\"<>#", c)) set |= kTargetCharacter;
    classes[i] = static_cast<std::uint8_t>(set);
  }
  return classes;
}

}  // namespace detail

inline constexpr std::array<std::uint8_t, 256> kCharacterClasses = detail::make_character_classes();

constexpr bool is(CharacterClass wanted, char c) noexcept {
  return (kCharacterClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

inline const char* skip_scalar(CharacterClass wanted, const char* from, const char* end) noexcept {
  while (from != end && is(wanted, *from))
    ++from;
  return from;
}

#if defined(__SSE2__)
// Sixteen or eight bytes a step over letters, digits, `-` and `.`, which are of every class and most of what
// there is; other characters are looked up.
inline const char* skip_sse2(CharacterClass wanted, const char* from, const char* end) noexcept {
  const auto between = [](__m128i bytes, char first, char last) {
    return _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8(static_cast<char>(first - 1))),
                         _mm_cmplt_epi8(bytes, _mm_set1_epi8(static_cast<char>(last + 1))));
  };
  while (end - from >= 8) {
    const auto* const at = reinterpret_cast<const __m128i*>(from);
    const int width = end - from >= 16 ? 16 : 8;
    const __m128i bytes = width == 16 ? _mm_loadu_si128(at) : _mm_loadl_epi64(at);  // the rest is zero
    const __m128i letters = between(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z');
    const __m128i others =
        _mm_andnot_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('/')), between(bytes, '-', '9'));
    const auto known = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(letters, others)));
    const int count = __builtin_ctz(~known);
    from += count;
    if (count == width) continue;
    if (!is(wanted, *from)) return from;
    ++from;
  }
  return skip_scalar(wanted, from, end);
}
#endif

// The first byte of [from, end) that is not of that class, or `end`. Not for kHexDigit.
inline const char* skip(CharacterClass wanted, const char* from, const char* end) noexcept {
#if defined(__SSE2__)
  return skip_sse2(wanted, from, end);
#else
  return skip_scalar(wanted, from, end);
#endif
}

// Whether all of it is of that class.
inline bool consists_of(CharacterClass wanted, std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  return skip(wanted, text.data(), end) == end;
}

inline const char* skip_field_text_scalar(const char* from, const char* end) noexcept {
  return skip_scalar(kFieldCharacter, from, end);
}

#if defined(__SSE2__)
// Sixteen bytes a step, then eight: a byte ends the text when it is a control character other than HTAB.
inline const char* skip_field_text_sse2(const char* from, const char* end) noexcept {
  const auto ends = [](__m128i bytes) {
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    const __m128i tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
    const __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, control), del)));
  };
  for (; end - from >= 16; from += 16) {
    const unsigned mask = ends(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
    if (mask != 0) return from + __builtin_ctz(mask);
  }
  if (end - from >= 8) {
    const unsigned mask = ends(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))) & 0xffU;
    if (mask != 0) return from + __builtin_ctz(mask);
    from += 8;
  }
  return skip_field_text_scalar(from, end);
}
#endif

// The first byte of [from, end) that cannot be in a field's value, or `end`.
inline const char* skip_field_text(const char* from, const char* end) noexcept {
#if defined(__SSE2__)
  return skip_field_text_sse2(from, end);
#else
  return skip_field_text_scalar(from, end);
#endif
}

inline bool is_field_text(std::string_view text) noexcept {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  return skip_field_text(begin, end) == end;
}

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

inline const char* skip_blanks(const char* from, const char* end) noexcept {
  while (from != end && is_blank(*from))
    ++from;
  return from;
}

}  // namespace zerver::http
