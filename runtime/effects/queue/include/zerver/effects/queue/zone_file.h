// Files of the system's time zone database.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace zerver::effects {

// The file of a zone such as `Europe/Berlin`, below the folder that TZDIR names, else /usr/share/zoneinfo.
// Null when there is none. The caller has made sure that the name is no path out of there.
std::optional<std::string> read_zone_file(std::string_view name);

}  // namespace zerver::effects
