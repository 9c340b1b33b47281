// JSON that is known when a `.flow` file is compiled.

#pragma once

#include "compiler/model/program.h"

#include <llvm/ADT/StringRef.h>

#include <optional>
#include <string>

namespace zc::plan {

// `text` as a JSON string (RFC 8259), quotes included, as the runtime's JsonWriter writes it. `text` is
// UTF-8.
[[nodiscard]] std::string json_string(llvm::StringRef text);
// The same without the quotes: what JsonWriter::key takes.
[[nodiscard]] std::string json_key(llvm::StringRef text);

// The text that `expression` becomes, byte for byte what the runtime would write. Nothing when a part of it
// is known to a request only, or is of a type whose text is the runtime's affair: decimals and durations.
[[nodiscard]] std::optional<std::string> constant_json(const model::Program& program,
                                                       const model::Expression& expression);

}  // namespace zc::plan
