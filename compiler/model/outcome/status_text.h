// What errors of a step stand for besides kinds: statuses of HTTP, and codes of gRPC, which are the numbers
// below 17.

#pragma once

#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <optional>
#include <string>

namespace zc::model {

// "429", or "resource_exhausted".
[[nodiscard]] std::string status_text(std::uint16_t status);
// The number of a code of gRPC; nothing for any other word.
[[nodiscard]] std::optional<std::uint16_t> code_of(llvm::StringRef name);
[[nodiscard]] bool is_code(std::uint16_t status);

}  // namespace zc::model
