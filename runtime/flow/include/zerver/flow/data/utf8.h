// UTF-8 as bytes.
#pragma once

#include <cstddef>
#include <string_view>

namespace zerver::flow {

bool is_utf8(std::string_view text) noexcept;

// The bytes of the code point that the text begins with; 0 when it begins with none.
std::size_t code_point_size(std::string_view text) noexcept;

// What stands for bytes that are no UTF-8: U+FFFD.
inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

// The code points of UTF-8 text.
std::size_t code_points(std::string_view text) noexcept;

}  // namespace zerver::flow
