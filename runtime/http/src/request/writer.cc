// Writes requests, and refuses what would be understood as something else.
#include "cursor.h"
#include "scan.h"
#include "target.h"
#include <zerver/http/request_writer.h>

#include <algorithm>
#include <array>

namespace zerver::http {
namespace {

// One character of a segment, its encoding undone, when it is a dot.
bool take_dot(std::string_view& segment) noexcept {
  if (segment.starts_with('.')) {
    segment.remove_prefix(1);
    return true;
  }
  if (segment.size() >= 3 && segment[0] == '%' && segment[1] == '2' && (segment[2] | 0x20) == 'e') {
    segment.remove_prefix(3);
    return true;
  }
  return false;
}

// Removing them is the other side's business (RFC 3986, 5.2.4): what is meant to be one resource would be
// another.
bool is_dot_segment(std::string_view segment) noexcept {
  if (!take_dot(segment)) return false;
  return segment.empty() || (take_dot(segment) && segment.empty());
}

bool is_clients_own(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 11> kOwn = {
      "connection", "content-length",    "content-type", "expect",  "host", "keep-alive", "proxy-connection",
      "te",         "transfer-encoding", "trailer",      "upgrade",
  };
  return std::any_of(kOwn.begin(), kOwn.end(), [name](std::string_view own) {
    return own.size() == name.size() && equals_ignoring_case(name, own);
  });
}

}  // namespace

std::string_view find_fault_in_target(std::string_view origin_form) noexcept {
  if (!origin_form.starts_with('/')) return "the path does not begin with a slash";
  const std::size_t question = origin_form.find('?');
  const std::string_view path = origin_form.substr(0, question);
  if (!is_path(path)) return "the path has characters that must be percent-encoded";
  if (question != std::string_view::npos && !is_query(origin_form.substr(question + 1)))
    return "the query has characters that must be percent-encoded";
  for (std::string_view rest = path.substr(1);;) {
    const std::size_t slash = rest.find('/');
    if (is_dot_segment(rest.substr(0, slash))) return "a segment of the path is `.` or `..`";
    if (slash == std::string_view::npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

std::string_view find_fault_in_field(const Header& field) noexcept {
  if (field.name.empty() || !consists_of(kTokenCharacter, field.name))
    return "the name of a header field is not a token";
  if (!is_field_text(field.value)) return "the value of a header field has a control character";
  if (is_clients_own(field.name)) return "a header field is one that the client writes itself";
  return {};
}

void write_request_head(OutputBuffer& out, const RequestHead& head) {
  constexpr std::size_t kFixed = 192;  // the request line's rest, Host, Content-Length, the empty line
  std::size_t size = kFixed + head.target.size() + head.authority.size() + head.content_type.size() +
                     head.content_coding.size() + head.method_name.size() + head.proxy_authorization.size();
  for (const Header& header : head.headers)
    size += header.name.size() + header.value.size() + 4;
  char* const begin = out.reserve(size);
  Cursor cursor(begin);
  cursor.text(head.method == Method::kOther ? head.method_name : method_name(head.method));
  cursor.literal(" ");
  cursor.text(head.target);
  cursor.literal(" HTTP/1.1\r\nHost: ");
  cursor.text(head.authority);
  cursor.literal("\r\n");
  if (head.content_length || head.is_chunked) {
    if (!head.content_type.empty()) {
      cursor.literal("Content-Type: ");
      cursor.text(head.content_type);
      cursor.literal("\r\n");
    }
    if (!head.content_coding.empty()) {
      cursor.literal("Content-Encoding: ");
      cursor.text(head.content_coding);
      cursor.literal("\r\n");
    }
  }
  if (head.is_chunked) {
    cursor.literal("Transfer-Encoding: chunked\r\n");
  } else if (head.content_length) {
    cursor.literal("Content-Length: ");
    cursor.number(*head.content_length);
    cursor.literal("\r\n");
  }
  if (!head.proxy_authorization.empty()) {
    cursor.literal("Proxy-Authorization: ");
    cursor.text(head.proxy_authorization);
    cursor.literal("\r\n");
  }
  for (const Header& header : head.headers) {
    cursor.text(header.name);
    cursor.literal(": ");
    cursor.text(header.value);
    cursor.literal("\r\n");
  }
  cursor.literal("\r\n");
  out.commit(static_cast<std::size_t>(cursor.at() - begin));
}

}  // namespace zerver::http
