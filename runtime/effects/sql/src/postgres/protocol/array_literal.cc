#include "array_literal.h"

#include <charconv>
#include <cstddef>

namespace zerver::effects::postgres {

bool append_array(std::string_view json, OutputBuffer& out) {
  out.append('{');
  for (std::size_t at = 1; at + 1 < json.size(); ++at) {
    const char c = json[at];
    if (c != '\\') {
      out.append(c);
      continue;
    }
    const char escaped = json[++at];
    constexpr std::string_view kNames = "bfnrt";
    constexpr std::string_view kControls = "\b\f\n\r\t";
    if (const std::size_t name = kNames.find(escaped); name != std::string_view::npos) {
      out.append(kControls[name]);
    } else if (escaped == 'u') {  // a control character, as everything else is written as it is
      unsigned code = 0;
      std::from_chars(json.data() + at + 1, json.data() + at + 5, code, 16);
      if (code == 0) return false;
      out.append(static_cast<char>(code));
      at += 4;
    } else {
      out.append('\\');
      out.append(escaped);
    }
  }
  out.append('}');
  return true;
}

}  // namespace zerver::effects::postgres
