#include "memory/memory_url.h"

#include "memory/memory_store.h"

#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>

namespace zerver::effects::kv {

namespace {

constexpr std::string_view kScheme = "memory:";
constexpr std::string_view kMax = "max=";

std::optional<std::size_t> parse_size(std::string_view text) noexcept {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  unsigned shift = 0;
  if (unit == "KiB") {
    shift = 10;
  } else if (unit == "MiB") {
    shift = 20;
  } else if (unit == "GiB") {
    shift = 30;
  } else if (!unit.empty() && unit != "B") {
    return std::nullopt;
  }
  if (number > std::numeric_limits<std::size_t>::max() >> shift) return std::nullopt;
  return static_cast<std::size_t>(number) << shift;
}

}  // namespace

std::string parse_memory_url(std::string_view url, MemoryUrl& parsed) {
  std::string_view rest = url.substr(kScheme.size());
  const std::size_t question = rest.find('?');
  parsed.name = rest.substr(0, question);
  parsed.max_bytes = MemoryStore::kDefaultBytes;
  if (question == std::string_view::npos) return {};
  const std::string_view option = rest.substr(question + 1);
  const std::optional<std::size_t> size =
      option.starts_with(kMax) ? parse_size(option.substr(kMax.size())) : std::nullopt;
  if (!size) return "a URL of `memory:` may end with `?max=SIZE`, such as `64MiB`, and nothing else";
  if (*size < MemoryStore::kFewestBytes) return "`max` of a store in memory is at least 4KiB";
  parsed.max_bytes = *size;
  return {};
}

}  // namespace zerver::effects::kv
