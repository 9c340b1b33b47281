// Writes responses as HTTP/1.1 messages (RFC 9112) into an output buffer.
#pragma once

#include <zerver/core/message.h>
#include <zerver/core/output_buffer.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerver::http {

// What of the request and the connection decides how a response is framed.
struct ResponseContext {
  std::string_view common_fields;  // whole lines for every response, such as Date
  std::uint8_t minor_version = 1;  // of the request
  bool keep_alive = true;
  bool head = false;                                 // the request was a HEAD: everything but the body
  std::size_t copied_body = std::size_t{16} * 1024;  // bodies up to this size are copied behind the head
};

// Why the response cannot be sent as it is, or empty: a status outside of 200 to 999, a name or value that
// would break the message (a line end in it), or a field that is the writer's own business.
std::string_view find_fault(const Response& response) noexcept;

// Appends the response, which has no fault. A body that was not copied is returned, and has to be sent right
// behind what is in the buffer; it stays where it is.
[[nodiscard]] std::string_view write_response(OutputBuffer& out, const Response& response,
                                              const ResponseContext& context);

// Appends the head of a response without fault whose body follows in parts: in chunks, or as it is to a
// client of HTTP/1.0, for whom the end of the connection ends the body (`keep_alive` is false then).
void write_streamed_head(OutputBuffer& out, const Response& response, const ResponseContext& context);

// One chunk of a chunked body (RFC 9112, 7.1). Nothing for an empty one, as that would end the body.
void write_chunk(OutputBuffer& out, std::string_view data);
// The end of a chunked body.
void write_last_chunk(OutputBuffer& out);

inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace zerver::http
