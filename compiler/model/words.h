// The words of the language for what the model holds: one list for dumps, pictures, JSON and lock files.

#pragma once

#include "compiler/model/program.h"

#include <array>
#include <cstddef>
#include <string>

namespace zc::model {

// "GET"; "ANY" for every method.
[[nodiscard]] inline const char* method_word(Method method) {
  constexpr std::array kWords{"GET",    "HEAD",    "POST",  "PUT",     "PATCH",
                              "DELETE", "OPTIONS", "TRACE", "CONNECT", "ANY"};
  return kWords[static_cast<std::size_t>(method)];
}

// "all_required"
[[nodiscard]] inline const char* join_word(Join join) {
  constexpr std::array kWords{"all",  "all_required", "any",   "first_success",
                              "race", "quorum",       "hedge", "sequential"};
  return kWords[static_cast<std::size_t>(join)];
}

// "repeatable read"
[[nodiscard]] inline const char* isolation_word(Isolation isolation) {
  constexpr std::array kWords{"default", "read committed", "repeatable read", "serializable"};
  return kWords[static_cast<std::size_t>(isolation)];
}

// A declaration's name as `from` would write it, with the alias of its import: "auth.check".
[[nodiscard]] std::string name_text(const Program& program, PackageId from, const Origin& origin);

}  // namespace zc::model
