// Where a cluster keeps a key (Redis cluster specification, "Key distribution model").
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerver::effects::redis {

inline constexpr std::size_t kSlots = 16'384;

// Of what is between the first `{` and the `}` behind it, if that is anything, else of the whole key.
std::uint16_t key_slot(std::string_view key) noexcept;

}  // namespace zerver::effects::redis
