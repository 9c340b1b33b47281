// Writes the heads of requests as HTTP/1.1 messages (RFC 9112), for clients.
#pragma once

#include <zerver/core/message.h>
#include <zerver/core/output_buffer.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace zerver::http {

struct RequestHead {
  Method method = Method::kGet;
  std::string_view method_name = {};  // of kOther, a token
  std::string_view target;     // in origin-form, absolute-form (to a proxy) or authority-form (CONNECT)
  std::string_view authority;  // the Host field
  std::span<const Header> headers = {};
  std::string_view content_type = {};                        // empty: no Content-Type field
  std::string_view content_coding = {};                      // empty: no Content-Encoding field
  std::optional<std::size_t> content_length = std::nullopt;  // nothing: none is known, or there is no body
  bool is_chunked = false;                                   // the body follows in chunks
  std::string_view proxy_authorization = {};                 // empty: none
};

// Whether it can stand in a request line as it is: a path and a query of characters that may be there,
// percent-encodings complete, and no segment `.` or `..`, encoded or not. Why it cannot, static, or empty.
std::string_view find_fault_in_target(std::string_view origin_form) noexcept;
// The same of a field that a caller adds: a name or value that would break the message, or a field that is
// the client's own business (framing, connection, Host).
std::string_view find_fault_in_field(const Header& field) noexcept;

// Appends the head, all of whose parts are without fault. The body follows as it is.
void write_request_head(OutputBuffer& out, const RequestHead& head);

}  // namespace zerver::http
