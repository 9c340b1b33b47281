// Messages of libpq, which may be several indented lines, as one.
#pragma once

#include <string>
#include <string_view>

namespace zerver::effects::postgres {

// Each run of white space becomes a space; none is left at the ends.
inline std::string one_line(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::string line;
  for (std::size_t begin = text.find_first_not_of(kSpace); begin != std::string_view::npos;) {
    const std::size_t end = text.find_first_of(kSpace, begin);
    if (!line.empty()) line += ' ';
    line += text.substr(begin, end - begin);
    begin = text.find_first_not_of(kSpace, end);
  }
  return line;
}

}  // namespace zerver::effects::postgres
