#include <zerver/core/message.h>
#include <zerver/flow/data/format.h>

#include <algorithm>

namespace zerver::flow {

bool is_message_pack(std::string_view content_type) noexcept {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t'))
    type.remove_suffix(1);
  return std::ranges::any_of(kMessagePackTypes,
                             [&](std::string_view name) { return equals_ignoring_case(type, name); });
}

}  // namespace zerver::flow
