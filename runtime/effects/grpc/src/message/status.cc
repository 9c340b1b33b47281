#include "message/status.h"

#include <zerver/flow/data/utf8.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace zerver::effects::grpc_client {

namespace {

constexpr std::size_t kLongestMessage = 300;

struct CodeInfo {
  std::string_view name;
  FaultKind kind;
};
constexpr std::array kCodes = {
    CodeInfo{"ok", FaultKind::kInternal},
#define GRPC_CODE(number, name, kind) CodeInfo{name, FaultKind::kind},
#include <zerver/flow/rpc/grpc_codes.def>
#undef GRPC_CODE
};

std::string_view value_of(std::span<const Header> fields, std::string_view name) noexcept {
  const Header* const field = find_header(fields, name);
  return field == nullptr ? std::string_view() : field->value;
}

std::uint16_t code_of_http(std::uint16_t status) noexcept {
  switch (status) {
    case 400:
      return kInternal;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 12;
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;
    default:
      return kUnknown;
  }
}

int hexadecimal(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// What is no escape stands for itself, as the protocol wants it.
char take_decoded(std::string_view& text) noexcept {
  if (text.size() >= 3 && text.front() == '%') {
    const int high = hexadecimal(text[1]);
    const int low = hexadecimal(text[2]);
    if (high >= 0 && low >= 0) {
      text.remove_prefix(3);
      return static_cast<char>(high * 16 + low);
    }
  }
  const char c = text.front();
  text.remove_prefix(1);
  return c;
}

// As it can stand in a log line and in an answer of our own; empty when it is no text.
String line_of(std::string_view message, Arena& arena) {
  std::array<char, kLongestMessage + 1> text;
  std::size_t size = 0;
  while (!message.empty() && size < text.size()) {
    const char c = take_decoded(message);
    text[size++] = static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  if (size == text.size()) {
    // Whole characters are cut off.
    --size;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U)
      --size;
  }
  const std::string_view line(text.data(), size);
  return flow::is_utf8(line) ? arena.text(line) : String();
}

Duration pushback_of(std::string_view text) noexcept {
  constexpr std::int64_t kDay = 86'400'000;
  std::int64_t milliseconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  if (text.empty()) return {};
  // A negative one, and one that cannot be understood, is the wish not to be asked again.
  const bool is_number = error == std::errc() && end == text.data() + text.size() && milliseconds >= 0;
  return Duration::from_milliseconds(is_number ? std::min(milliseconds, kDay) : kDay);
}

}  // namespace

Status status_of(const HttpResponse& response) noexcept {
  std::span<const Header> fields = response.trailers;
  if (value_of(fields, "grpc-status").empty()) fields = response.headers;
  const std::string_view text = value_of(fields, "grpc-status");
  if (text.empty())
    return {.code = response.status == 200 ? std::uint16_t{kUnknown} : code_of_http(response.status)};
  std::uint16_t code = kUnknown;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  if (error != std::errc() || end != text.data() + text.size() || code >= kCodes.size()) code = kUnknown;
  return {.code = code,
          .message = value_of(fields, "grpc-message"),
          .pushback = value_of(fields, "grpc-retry-pushback-ms")};
}

std::string_view name_of(std::uint16_t code) noexcept {
  return code < kCodes.size() ? kCodes[code].name : std::string_view();
}

Fault fault_of(const Status& status, FaultKinds declared, Arena& arena) {
  const FaultKind kind = status.code < kCodes.size() ? kCodes[status.code].kind : FaultKind::kUnavailable;
  Fault fault{declared.contains(kind) ? kind : FaultKind::kRejected,
              {},
              {},
              status.code,
              pushback_of(status.pushback)};
  fault.why = line_of(status.message, arena);
  if (fault.why.empty()) fault.why = arena.text({"it answered with ", name_of(status.code)});
  return fault;
}

}  // namespace zerver::effects::grpc_client
