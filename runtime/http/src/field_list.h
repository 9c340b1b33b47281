// Values of fields that are lists (RFC 9110, 5.6.1).
#pragma once

#include "scan.h"

#include <string_view>

namespace zerver::http {

// Calls `see` with each element of a comma-separated list, blanks around it removed; an element may be empty.
template <class See> void for_each_element(std::string_view list, See see) {
  for (;;) {
    const std::size_t comma = list.find(',');
    std::string_view element = list.substr(0, comma);
    while (!element.empty() && is_blank(element.front()))
      element.remove_prefix(1);
    while (!element.empty() && is_blank(element.back()))
      element.remove_suffix(1);
    see(element);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace zerver::http
