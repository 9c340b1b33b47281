// Lists as arrays of PostgreSQL.
#pragma once

#include <zerver/core/output_buffer.h>

#include <string_view>

namespace zerver::effects::postgres {

// A JSON array of scalars, without white space, as the server's parser for arrays reads it: in braces, and
// with no other escapes than a backslash before what it stands for. No longer than the JSON. False for a zero
// byte, which no text of the server has.
[[nodiscard]] bool append_array(std::string_view json, OutputBuffer& out);

}  // namespace zerver::effects::postgres
