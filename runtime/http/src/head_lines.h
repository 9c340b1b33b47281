// The lines that every head of a response has, for whoever writes one.
#pragma once

#include "cursor.h"
#include <zerver/core/message.h>
#include <zerver/core/status.h>
#include <zerver/http/response_writer.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerver::http {

// An upper bound of what the head takes.
inline std::size_t head_size(const Response& response, const ResponseContext& context) noexcept {
  constexpr std::size_t kFixed = 256;  // status line, Content-Length, Connection, the empty line
  std::size_t size = kFixed + context.common_fields.size() + response.content_type.size();
  for (const Header& header : response.headers())
    size += header.name.size() + header.value.size() + 4;
  return size;
}

inline void begin_head(Cursor& cursor, std::uint16_t status, const ResponseContext& context) noexcept {
  if (const std::string_view line = status_line(status); !line.empty()) {
    cursor.text(line);
  } else {
    cursor.literal("HTTP/1.1 ");
    cursor.number(status);
    cursor.literal(" \r\n");
  }
  cursor.text(context.common_fields);
}

inline void write_content_type(Cursor& cursor, const Response& response) noexcept {
  if (response.content_type.empty()) return;
  cursor.literal("Content-Type: ");
  cursor.text(response.content_type);
  cursor.literal("\r\n");
}

inline void end_head(Cursor& cursor, const Response& response, const ResponseContext& context) noexcept {
  if (!context.keep_alive) {
    cursor.literal("Connection: close\r\n");
  } else if (context.minor_version == 0) {
    cursor.literal("Connection: keep-alive\r\n");
  }
  for (const Header& header : response.headers()) {
    cursor.text(header.name);
    cursor.literal(": ");
    cursor.text(header.value);
    cursor.literal("\r\n");
  }
  cursor.literal("\r\n");
}

}  // namespace zerver::http
