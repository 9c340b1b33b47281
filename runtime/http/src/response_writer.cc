// Writes responses as HTTP/1.1 messages.
#include "cursor.h"
#include "scan.h"
#include <zerver/core/status.h>
#include <zerver/http/response_writer.h>

#include <algorithm>
#include <array>

namespace zerver::http {
namespace {

constexpr std::size_t kChunkSize = std::size_t{16} * 1024;

bool is_token(std::string_view text) noexcept { return !text.empty() && consists_of(kTokenCharacter, text); }

bool is_writers_own(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 6> kOwn = {"connection",   "content-length",    "date",
                                                    "content-type", "transfer-encoding", "trailer"};
  return std::any_of(kOwn.begin(), kOwn.end(),
                     [name](std::string_view own) { return equals_ignoring_case(name, own); });
}

// An upper bound of what the head takes.
std::size_t head_size(const Response& response, const ResponseContext& context) noexcept {
  constexpr std::size_t kFixed = 256;  // status line, Content-Length, Connection, the empty line
  std::size_t size = kFixed + context.common_fields.size() + response.content_type.size();
  for (const Header& header : response.headers())
    size += header.name.size() + header.value.size() + 4;
  return size;
}

}  // namespace

std::string_view find_fault(const Response& response) noexcept {
  if (response.status < 200 || response.status > 999) return "the response's status is not a final one";
  if (!is_field_text(response.content_type)) return "the response's content type has a control character";
  for (const Header& header : response.headers()) {
    if (!is_token(header.name)) return "the name of a response's field is not a token";
    if (!is_field_text(header.value)) return "the value of a response's field has a control character";
    if (is_writers_own(header.name)) return "a response sets a field that the server writes itself";
  }
  return {};
}

std::string_view write_response(OutputBuffer& out, const Response& response, const ResponseContext& context) {
  const bool empty = has_no_body(response.status);
  const bool chunked = response.chunked && context.minor_version >= 1 && !empty;
  const std::string_view body = empty || context.head ? std::string_view{} : response.body;
  const bool copied = !chunked && body.size() <= context.copied_body;

  char* const begin = out.reserve(head_size(response, context) + (copied ? body.size() : 0));
  Cursor cursor(begin);
  if (const std::string_view line = status_line(response.status); !line.empty()) {
    cursor.text(line);
  } else {
    cursor.literal("HTTP/1.1 ");
    cursor.number(response.status);
    cursor.literal(" \r\n");
  }
  cursor.text(context.common_fields);
  if (!empty && !response.content_type.empty()) {
    cursor.literal("Content-Type: ");
    cursor.text(response.content_type);
    cursor.literal("\r\n");
  }
  if (chunked) {
    cursor.literal("Transfer-Encoding: chunked\r\n");
  } else if (!empty) {
    cursor.literal("Content-Length: ");
    cursor.number(response.body.size());
    cursor.literal("\r\n");
  }
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
  if (copied) cursor.text(body);
  out.commit(static_cast<std::size_t>(cursor.at() - begin));

  if (chunked && !context.head) {
    for (std::string_view rest = body; !rest.empty(); rest.remove_prefix(std::min(kChunkSize, rest.size()))) {
      write_chunk(out, rest.substr(0, kChunkSize));
    }
    write_last_chunk(out);
  }
  return copied || chunked ? std::string_view{} : body;
}

void write_chunk(OutputBuffer& out, std::string_view data) {
  if (data.empty()) return;
  char* const begin = out.reserve(data.size() + Cursor::kMaxDigits + 4);
  Cursor cursor(begin);
  cursor.number(data.size(), 16);
  cursor.literal("\r\n");
  cursor.text(data);
  cursor.literal("\r\n");
  out.commit(static_cast<std::size_t>(cursor.at() - begin));
}

void write_last_chunk(OutputBuffer& out) { out.append("0\r\n\r\n"); }

}  // namespace zerver::http
