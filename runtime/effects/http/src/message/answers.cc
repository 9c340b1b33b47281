#include "message/answers.h"

#include <zerver/core/message.h>
#include <zerver/core/status.h>
#include <zerver/flow/data/utf8.h>
#include <zerver/http/date.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

namespace zerver::effects::http_client {

namespace {

constexpr std::size_t kLongestReason = 300;
constexpr std::size_t kLongestDocument = std::size_t{64} << 10;

FaultKind usual_kind(std::uint16_t status) noexcept {
  switch (status) {
    case 404:
    case 410:
      return FaultKind::kMissing;
    case 409:
    case 412:
      return FaultKind::kConflict;
    case 400:
    case 422:
      return FaultKind::kInvalid;
    case 408:
    case 504:
      return FaultKind::kTimeout;
    case 429:
      return FaultKind::kUnavailable;
    default:
      return status >= 500 ? FaultKind::kUnavailable : FaultKind::kRejected;
  }
}

// The strings of those names, the first one that there is in this order.
std::string_view find_reason(const flow::JsonValue& document) {
  std::array<std::string_view, 3> found;
  flow::JsonObject fields(document);
  while (fields.next()) {
    constexpr std::array<std::string_view, 3> kNames = {"detail", "title", "message"};
    const auto name = std::ranges::find(kNames, fields.name());
    std::string_view text;
    if (name != kNames.end() && fields.value().read_view(text))
      found[static_cast<std::size_t>(name - kNames.begin())] = text;
  }
  const auto first = std::ranges::find_if(found, [](std::string_view text) { return !text.empty(); });
  return first == found.end() ? std::string_view() : *first;
}

// As it can stand in a log line and in an answer of our own. JSON is UTF-8, so whole characters are cut off.
String cleaned(std::string_view text, Arena& arena) {
  std::size_t size = std::min(text.size(), kLongestReason);
  while (size < text.size() && size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U)
    --size;
  std::array<char, kLongestReason> copy;
  std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size), copy.begin(),
                 [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c; });
  return arena.text({std::string_view(copy.data(), size)});
}

}  // namespace

FaultKind kind_of_status(std::uint16_t status, FaultKinds declared) noexcept {
  const FaultKind kind = usual_kind(status);
  if (declared.contains(kind)) return kind;
  return kind == FaultKind::kTimeout && declared.contains(FaultKind::kUnavailable) ? FaultKind::kUnavailable
                                                                                   : FaultKind::kRejected;
}

bool is_json(std::string_view content_type) noexcept {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' '))
    type.remove_suffix(1);
  constexpr std::string_view kSuffix = "+json";
  return equals_ignoring_case(type, "application/json") ||
         (type.size() > kSuffix.size() &&
          equals_ignoring_case(type.substr(type.size() - kSuffix.size()), kSuffix));
}

Duration retry_after(std::string_view value, Timestamp now) noexcept {
  constexpr std::int64_t kDay = 86'400;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (value.empty() || value.front() == '-') return {};
  if (error == std::errc::result_out_of_range) return Duration::from_seconds(kDay);
  if (error != std::errc() || end != value.data() + value.size()) {
    const std::optional<Timestamp> date = http::parse_date(value);
    if (!date || *date <= now) return {};
    return std::min(*date - now, Duration::from_seconds(kDay));
  }
  return Duration::from_seconds(std::min(seconds, kDay));
}

String reason(std::uint16_t status, std::string_view content_type, std::string_view body,
              flow::JsonReader& reader, Arena& arena) {
  if (is_json(content_type) && body.size() <= kLongestDocument) {
    const flow::JsonValue* const document = reader.parse(body, 0, arena);
    if (document != nullptr) {
      if (const std::string_view text = find_reason(*document); !text.empty()) return cleaned(text, arena);
    }
  }
  std::array<char, 8> digits;
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), status).ptr;
  const std::string_view phrase = reason_phrase(status);
  return arena.text({"it answered with ",
                     std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())),
                     phrase.empty() ? "" : " ", phrase});
}

}  // namespace zerver::effects::http_client
