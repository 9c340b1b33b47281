// Writes responses as HTTP/1.1 messages.
#include "cursor.h"
#include "head_lines.h"
#include "scan.h"
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
  return std::any_of(kOwn.begin(), kOwn.end(), [name](std::string_view own) {
    return own.size() == name.size() && equals_ignoring_case(name, own);
  });
}

// How the end of the body is told.
enum class BodyFraming : std::uint8_t { kNone, kLength, kChunks, kClose };

// `begin` has room for it.
void write_head(Cursor& cursor, const Response& response, const ResponseContext& context, BodyFraming framing,
                std::uint64_t length) {
  begin_head(cursor, response.status, context);
  if (framing != BodyFraming::kNone) write_content_type(cursor, response);
  if (framing == BodyFraming::kChunks) {
    cursor.literal("Transfer-Encoding: chunked\r\n");
  } else if (framing == BodyFraming::kLength) {
    cursor.literal("Content-Length: ");
    cursor.number(length);
    cursor.literal("\r\n");
  }
  end_head(cursor, response, context);
}

}  // namespace

std::string_view find_fault(const Response& response) noexcept {
  if (response.status < 200 || response.status > 999) return "the response's status is not a final one";
  if (!is_field_text(response.content_type)) return "the response's content type has a control character";
  if (!is_field_text(response.file.entity_tag)) return "the file's entity tag has a control character";
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
  const BodyFraming framing = chunked ? BodyFraming::kChunks
                              : empty ? BodyFraming::kNone
                                      : BodyFraming::kLength;
  write_head(cursor, response, context, framing, response.body.size());
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

void write_streamed_head(OutputBuffer& out, const Response& response, const ResponseContext& context) {
  char* const begin = out.reserve(head_size(response, context));
  Cursor cursor(begin);
  write_head(cursor, response, context,
             context.minor_version == 0 ? BodyFraming::kClose : BodyFraming::kChunks, 0);
  out.commit(static_cast<std::size_t>(cursor.at() - begin));
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
