#include <zerver/effects/queue/zone_file.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace zerver::effects {

std::optional<std::string> read_zone_file(std::string_view name) {
  const char* const folder = std::getenv("TZDIR");
  const std::string path =
      std::string(folder == nullptr ? "/usr/share/zoneinfo" : folder) + "/" + std::string(name);
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  return file.bad() || bytes.empty() ? std::nullopt : std::optional(std::move(bytes));
}

}  // namespace zerver::effects
