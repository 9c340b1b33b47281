#include <zerver/flow/data/json_codec.h>

#include <algorithm>

namespace zerver::flow::detail {

bool has_unique_names(const JsonValue& object, std::span<String> names) {
  std::ranges::sort(names);
  if (std::ranges::adjacent_find(names) == names.end()) return true;
  return object.reject("has a field twice");
}

}  // namespace zerver::flow::detail
