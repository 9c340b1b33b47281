// What a URL says about a store in memory.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace zerver::effects::kv {

struct MemoryUrl {
  std::string name;  // empty: the target's own
  std::size_t max_bytes = 0;
};

// `memory:`, `memory:name`, and either with `?max=64MiB` behind it. Empty, or what is wrong.
[[nodiscard]] std::string parse_memory_url(std::string_view url, MemoryUrl& parsed);

}  // namespace zerver::effects::kv
