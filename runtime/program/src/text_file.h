// Small text files of the kernel, and what is written in them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::program {

// Null when it cannot be read.
std::optional<std::string> read_text(const std::string& path);
std::vector<std::string_view> lines_of(std::string_view text);
// Parts between single separators.
std::vector<std::string_view> split(std::string_view text, char separator);
// Without white space at both ends.
std::string trimmed(std::string_view text);
// The number that the text begins with.
std::optional<std::uint64_t> parse_number(std::string_view text) noexcept;
// Of `0-3,8`: 5. 0 for what is no such list.
unsigned count_cpu_list(std::string_view list) noexcept;

}  // namespace zerver::program
