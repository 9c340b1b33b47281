#include "chunk_line.h"

#include "scan.h"

#include <algorithm>

namespace zerver::http {
namespace {

constexpr std::size_t kMaxSizeDigits = 16;

constexpr std::size_t hex_value(char c) noexcept {
  if (is_digit(c)) return static_cast<std::size_t>(c - '0');
  return static_cast<std::size_t>((c | 0x20) - 'a') + 10;
}

enum class Extension : std::uint8_t { kWellFormed, kPartial, kMalformed };

// quoted-string of RFC 9110, 5.6.4; `at` is behind the opening quote, and behind the closing one on success.
Extension parse_quoted(std::string_view input, std::size_t& at) noexcept {
  for (; at < input.size(); ++at) {
    if (input[at] == '"') {
      ++at;
      return Extension::kWellFormed;
    }
    if (input[at] == '\\') {
      ++at;
      if (at == input.size()) return Extension::kPartial;
    }
    if (!is(kFieldCharacter, input[at])) return Extension::kMalformed;
  }
  return Extension::kPartial;
}

Extension parse_token(std::string_view input, std::size_t& at) noexcept {
  const std::size_t begin = at;
  while (at < input.size() && is(kTokenCharacter, input[at]))
    ++at;
  if (at == input.size()) return Extension::kPartial;
  return at == begin ? Extension::kMalformed : Extension::kWellFormed;
}

void skip_bad_blanks(std::string_view input, std::size_t& at) noexcept {
  while (at < input.size() && is_blank(input[at]))
    ++at;
}

// chunk-ext, of which nothing is understood here, up to the line's CR.
Extension parse_extensions(std::string_view input, std::size_t& at) noexcept {
  while (at < input.size() && input[at] != '\r') {
    skip_bad_blanks(input, at);
    if (at == input.size()) return Extension::kPartial;
    if (input[at] != ';') return Extension::kMalformed;
    ++at;
    skip_bad_blanks(input, at);
    Extension part = parse_token(input, at);
    if (part != Extension::kWellFormed) return part;
    // White space behind the name belongs to a `=` or to the next `;`.
    std::size_t ahead = at;
    skip_bad_blanks(input, ahead);
    if (ahead == input.size()) return Extension::kPartial;
    if (input[ahead] != '=') continue;
    at = ahead + 1;
    skip_bad_blanks(input, at);
    if (at == input.size()) return Extension::kPartial;
    if (input[at] == '"') {
      part = parse_quoted(input, ++at);
    } else {
      part = parse_token(input, at);
    }
    if (part != Extension::kWellFormed) return part;
  }
  return at == input.size() ? Extension::kPartial : Extension::kWellFormed;
}

ChunkLine malformed(ChunkLine line, std::string_view why) noexcept {
  line.state = ChunkLine::State::kMalformed;
  line.why = why;
  return line;
}

}  // namespace

ChunkLine parse_chunk_line(std::string_view input, std::size_t begin, std::size_t extension_room) noexcept {
  ChunkLine line;
  std::size_t at = begin;
  while (at < input.size() && is(kHexDigit, input[at])) {
    if (at - begin == kMaxSizeDigits) return malformed(line, "a chunk's size is malformed");
    line.size = line.size * 16 + hex_value(input[at++]);
  }
  if (at == input.size()) return line;
  if (at == begin) return malformed(line, "a chunk's size is malformed");
  line.has_size = true;

  const std::size_t digits_end = at;
  const std::string_view bounded = input.substr(0, std::min(input.size(), digits_end + extension_room + 1));
  const Extension extension = parse_extensions(bounded, at);
  if (extension == Extension::kMalformed) return malformed(line, "a chunk's extension is malformed");
  if (extension == Extension::kPartial) {
    return bounded.size() < input.size() ? malformed(line, "chunk extensions are too large") : line;
  }
  if (at + 1 == input.size()) return line;
  if (input[at + 1] != '\n') return malformed(line, "a chunk's size is malformed");
  line.state = ChunkLine::State::kComplete;
  line.extension_bytes = at - digits_end;
  line.next = at + 2;
  return line;
}

}  // namespace zerver::http
