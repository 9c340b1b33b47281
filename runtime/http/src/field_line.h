// One line of a header or trailer section (RFC 9112, 5).
#pragma once

#include "scan.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerver::http {

enum class FieldLine : std::uint8_t {
  kField,      // a field; `next` is behind its line
  kEnd,        // the empty line that ends the section; `next` is behind it
  kPartial,    // the line goes on in bytes that are not there yet
  kMalformed,  // a folded line, a bare CR or LF, white space before the colon, a control character
};

struct FieldLineParts {
  std::string_view name;
  std::string_view value;  // without the white space around it
  std::size_t next = 0;
};

// Looks at the line that begins at `begin`. What it says of a line never changes when more bytes come, but
// for kPartial.
// Inline: parsing spends most of its time here.
inline FieldLine parse_field_line(std::string_view input, std::size_t begin, FieldLineParts& parts) noexcept {
  const char* const data = input.data();
  const char* const end = data + input.size();
  const char* const name = data + begin;
  if (name == end) return FieldLine::kPartial;
  if (*name == '\r') {
    if (name + 1 == end) return FieldLine::kPartial;
    parts.next = begin + 2;
    return name[1] == '\n' ? FieldLine::kEnd : FieldLine::kMalformed;
  }
  const char* const colon = skip(kTokenCharacter, name, end);
  if (colon == end) return FieldLine::kPartial;
  if (colon == name || *colon != ':') return FieldLine::kMalformed;
  const char* const value = skip_blanks(colon + 1, end);
  const char* const line_end = skip_field_text(value, end);
  if (line_end == end) return FieldLine::kPartial;
  if (*line_end != '\r') return FieldLine::kMalformed;
  if (line_end + 1 == end) return FieldLine::kPartial;
  if (line_end[1] != '\n') return FieldLine::kMalformed;
  const char* value_end = line_end;
  while (value_end != value && is_blank(value_end[-1]))
    --value_end;
  parts.name = {name, static_cast<std::size_t>(colon - name)};
  parts.value = {value, static_cast<std::size_t>(value_end - value)};
  parts.next = static_cast<std::size_t>(line_end + 2 - data);
  return FieldLine::kField;
}

}  // namespace zerver::http
