// One line of a header or trailer section (RFC 9112, 5).
#pragma once

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
FieldLine parse_field_line(std::string_view input, std::size_t begin, FieldLineParts& parts) noexcept;

}  // namespace zerver::http
