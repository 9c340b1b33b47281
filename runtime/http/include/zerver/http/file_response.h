// What of a file a response has: all, a part, or nothing because the client has it (RFC 9110, sections 13 and
// 14).
#pragma once

#include <zerver/core/message.h>
#include <zerver/core/output_buffer.h>
#include <zerver/http/response_writer.h>

#include <cstdint>

namespace zerver::http {

struct FileSelection {
  std::uint16_t status = 200;
  std::uint64_t begin = 0;
  std::uint64_t size = 0;  // bytes from there; 0 for statuses without a body
};

// Preconditions, then the range; both only of a GET or HEAD whose response has the status 200. A request for
// several ranges, or in a form that is not understood, gets the whole.
FileSelection select_file(const Request& request, const Response& response) noexcept;

// Appends the head of a response without fault whose body is that part of its file: with Content-Length,
// Last-Modified and what else tells versions and ranges.
void write_file_head(OutputBuffer& out, const Response& response, const FileSelection& selection,
                     const ResponseContext& context);

}  // namespace zerver::http
