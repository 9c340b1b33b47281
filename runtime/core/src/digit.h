// ASCII digits, whatever the locale says.
#pragma once

namespace zerver {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

}  // namespace zerver
