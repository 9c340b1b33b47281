// Look-ups in requests and responses.
#include <zerver/core/message.h>

namespace zerver {
namespace {

constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

std::string_view method_name(Method method) noexcept {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kPatch:
      return "PATCH";
    case Method::kDelete:
      return "DELETE";
    case Method::kOptions:
      return "OPTIONS";
    case Method::kTrace:
      return "TRACE";
    case Method::kConnect:
      return "CONNECT";
    case Method::kOther:
      break;
  }
  return {};
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (to_lower(text[i]) != lower[i]) return false;
  }
  return true;
}

const Header* find_header(std::span<const Header> headers, std::string_view lower_case_name) noexcept {
  for (const Header& header : headers) {
    if (equals_ignoring_case(header.name, lower_case_name)) return &header;
  }
  return nullptr;
}

std::string_view Request::header(std::string_view lower_case_name) const noexcept {
  const Header* found = find_header(headers, lower_case_name);
  return found == nullptr ? std::string_view{} : found->value;
}

bool Request::has_header(std::string_view lower_case_name) const noexcept {
  return find_header(headers, lower_case_name) != nullptr;
}

}  // namespace zerver
