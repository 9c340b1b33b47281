// What somebody probably meant who wrote a name that does not exist.
#pragma once

#include <span>
#include <string_view>

namespace zerver::server {

// The candidate with the fewest changed, left out, added or swapped letters, when these are few against its
// length; empty when none is near. The first of several.
std::string_view nearest_name(std::string_view written, std::span<const std::string_view> candidates);

}  // namespace zerver::server
