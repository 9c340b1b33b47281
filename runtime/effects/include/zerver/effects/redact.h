// Texts for operators without the secrets that they may hold.
#pragma once

#include <string>
#include <string_view>

namespace zerver::effects {

// A URL without its password and without the values of parameters that are usually secret: `password`,
// `token`, `secret`, `key` and what ends so. `postgresql://app:hunter2@db/todos` is
// `postgresql://app:***@db/todos`.
std::string without_secrets(std::string_view url);

}  // namespace zerver::effects
