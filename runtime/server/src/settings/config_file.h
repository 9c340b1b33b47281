// A configuration file: a JSON object of settings.
#pragma once

#include <string>
#include <vector>

namespace zerver::server {

struct ConfigEntry {
  std::string key;
  std::string value;  // text of a string or number; a list's elements with commas between them
};

struct ConfigFile {
  std::vector<ConfigEntry> entries;  // in the file's order
  std::string error;                 // why it could not be read; empty: it could
};

ConfigFile read_config_file(const std::string& path);

}  // namespace zerver::server
