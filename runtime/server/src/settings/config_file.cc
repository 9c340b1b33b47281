// A configuration file: a JSON object of settings.
#include "settings/config_file.h"

#include <simdjson.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace zerver::server {
namespace {

std::optional<std::string> text_of(simdjson::dom::element value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return std::string(text);
  std::int64_t number = 0;
  if (value.get(number) == simdjson::SUCCESS) return std::to_string(number);
  simdjson::dom::array list;
  if (value.get(list) != simdjson::SUCCESS || list.size() == 0) return std::nullopt;
  std::string joined;
  for (const simdjson::dom::element element : list) {
    std::string_view item;
    if (element.get(item) != simdjson::SUCCESS) return std::nullopt;
    if (!joined.empty()) joined += ',';
    joined += item;
  }
  return joined;
}

constexpr std::size_t kMostBytes = std::size_t{1} << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // which some editors write

// Its text without the mark; or else, in `error`, why there is none.
std::string read_text(const std::string& path, std::string& error) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::array<char, 4096> bytes;
  do {
    file.read(bytes.data(), bytes.size());
    text.append(bytes.data(), static_cast<std::size_t>(file.gcount()));
  } while (file && text.size() <= kMostBytes);
  if (text.size() > kMostBytes) {
    error = "is larger than 1 MiB";
  } else if (!file.eof()) {
    error = errno == 0 ? "cannot be read" : std::strerror(errno);
  }
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  return text;
}

}  // namespace

ConfigFile read_config_file(const std::string& path) {
  ConfigFile file;
  const std::string text = read_text(path, file.error);
  if (!file.error.empty()) return file;
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  if (const simdjson::error_code error = parser.parse(text).get(document); error != simdjson::SUCCESS) {
    file.error = std::string("is not JSON: ") + simdjson::error_message(error);
    return file;
  }
  simdjson::dom::object object;
  if (document.get(object) != simdjson::SUCCESS) {
    file.error = "is not a JSON object";
    return file;
  }
  std::unordered_set<std::string_view> seen;  // views of the document
  for (const auto& [key, value] : object) {
    const std::string name(key);
    if (!seen.insert(key).second) {
      file.error = "`" + name + "` is set twice";
      return file;
    }
    std::optional<std::string> text_value = text_of(value);
    if (!text_value) {
      file.error = "the value of `" + name + "` is neither a string, a number nor a list of strings";
      return file;
    }
    file.entries.push_back({name, std::move(*text_value)});
  }
  return file;
}

}  // namespace zerver::server
