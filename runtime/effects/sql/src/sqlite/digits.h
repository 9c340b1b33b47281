// Numbers that SQLite would round, which it does without a word.
#pragma once

#include <zerver/flow/data/value.h>

#include <cstddef>
#include <string_view>
#include <vector>

namespace zerver::effects::sqlite {

// The parameters, from 0, behind which the compiler has written `/*digits*/`: what is bound there is stored
// in a column that makes a number of it.
std::vector<std::size_t> marked_parameters(std::string_view statement);

// Whether a column of a number has that value, or one that is equal, when it is read again. A whole number
// has 64 bits there; any other is a double, of which 15 digits are certain.
// https://www.sqlite.org/datatype3.html, 3
bool keeps_digits(const flow::Value& value) noexcept;

}  // namespace zerver::effects::sqlite
