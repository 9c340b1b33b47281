// The settings that an operator can give, and what their values may be.
#pragma once

#include <zerver/server/settings.h>

#include <span>
#include <string>
#include <string_view>

namespace zerver::server {

struct Option {
  // Puts a value into the settings, or says what it should have been: `a number from 1 to 4096`.
  using Apply = std::string (*)(Settings& settings, std::string_view value);

  std::string_view name;  // `max-body`: `--max-body`, `ZER_MAX_BODY`, `"max_body"`
  std::string_view value;
  std::string_view help;
  Apply apply;
};

// In the order of `--help`.
std::span<const Option> all_options() noexcept;
// Null when there is none of that name.
const Option* find_option(std::string_view name) noexcept;

}  // namespace zerver::server
