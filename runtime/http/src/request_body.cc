// Bodies of a given length and chunked ones, which are decoded where they are (RFC 9112, 6 and 7).
#include "chunk_line.h"
#include "field_line.h"
#include <zerver/http/request_parser.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace zerver::http {
namespace {

// Fields that decide about framing, routing, authentication or the meaning of the content are of no use when
// the request has been acted on, or dangerous (RFC 9110, 6.5.1).
bool is_allowed_in_trailers(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 32> kForbidden = {"age",
                                                           "authorization",
                                                           "cache-control",
                                                           "connection",
                                                           "content-encoding",
                                                           "content-length",
                                                           "content-range",
                                                           "content-type",
                                                           "cookie",
                                                           "date",
                                                           "expect",
                                                           "expires",
                                                           "forwarded",
                                                           "host",
                                                           "if-match",
                                                           "if-modified-since",
                                                           "if-none-match",
                                                           "if-range",
                                                           "if-unmodified-since",
                                                           "keep-alive",
                                                           "location",
                                                           "max-forwards",
                                                           "pragma",
                                                           "proxy-authorization",
                                                           "proxy-connection",
                                                           "range",
                                                           "set-cookie",
                                                           "te",
                                                           "trailer",
                                                           "transfer-encoding",
                                                           "upgrade",
                                                           "vary"};
  return std::none_of(kForbidden.begin(), kForbidden.end(),
                      [name](std::string_view forbidden) { return equals_ignoring_case(name, forbidden); });
}

}  // namespace

RequestParser::Step RequestParser::begin_body() {
  head_.field_count = head_.header_count;
  head_.body_begin = head_.position;
  head_.body_end = head_.position + head_.content_length;
  if (head_.has_transfer_encoding) {
    head_.state = State::kChunkSize;
  } else if (head_.content_length != 0) {
    head_.state = State::kFixedBody;
  } else {
    head_.expects_continue = false;
    head_.state = State::kComplete;
  }
  return Step::kDone;
}

RequestParser::Step RequestParser::parse_chunk_size(std::string_view input) {
  const ChunkLine line = parse_chunk_line(input, head_.position, kMaxExtensionBytes - head_.extension_bytes);
  // Before its line is complete: a size that is too large will not do, whatever follows.
  if (line.has_size && line.size > limits_.body - (head_.body_end - head_.body_begin))
    return refuse(413, "the body is too large");
  if (line.state == ChunkLine::State::kPartial) return Step::kMore;
  if (line.state == ChunkLine::State::kMalformed) return refuse(400, line.why);

  head_.extension_bytes += line.extension_bytes;
  head_.position = line.next;
  head_.chunk_left = line.size;
  head_.section_begin = head_.position;
  head_.state = line.size == 0 ? State::kTrailers : State::kChunkData;
  return Step::kDone;
}

RequestParser::Step RequestParser::parse_chunk_data(ReadBuffer& buffer) {
  const std::size_t size = std::min(head_.chunk_left, buffer.size() - head_.position);
  if (size == 0) return Step::kMore;
  std::memmove(buffer.data() + head_.body_end, buffer.data() + head_.position, size);
  head_.body_end += size;
  head_.position += size;
  head_.chunk_left -= size;
  if (head_.chunk_left == 0) head_.state = State::kChunkEnd;
  return Step::kDone;
}

RequestParser::Step RequestParser::parse_chunk_end(std::string_view input) {
  const std::string_view end = input.substr(head_.position, 2);
  if (end != std::string_view("\r\n").substr(0, end.size()))
    return refuse(400, "a chunk is longer than its size");
  if (end.size() < 2) return Step::kMore;
  head_.position += 2;
  head_.state = State::kChunkSize;
  return Step::kDone;
}

RequestParser::Step RequestParser::parse_trailers(std::string_view input) {
  const std::string_view section =
      input.substr(0, std::min(input.size(), head_.section_begin + limits_.header_bytes));
  FieldLineParts parts;
  for (;;) {
    switch (parse_field_line(section, head_.position, parts)) {
      case FieldLine::kField:
        break;
      case FieldLine::kEnd:
        head_.position = parts.next;
        head_.state = State::kComplete;
        return Step::kDone;
      case FieldLine::kPartial:
        if (section.size() < input.size()) return refuse(431, "the trailer section is too large");
        return Step::kMore;
      case FieldLine::kMalformed:
        return refuse(400, "a trailer field is malformed");
    }
    head_.position = parts.next;
    if (!is_allowed_in_trailers(parts.name)) continue;
    if (head_.field_count == limits_.header_count) return refuse(431, "there are too many trailer fields");
    const auto piece = [&](std::string_view part) {
      return Piece{static_cast<std::uint32_t>(part.data() - input.data()),
                   static_cast<std::uint32_t>(part.size())};
    };
    fields_[head_.field_count++] = {piece(parts.name), piece(parts.value)};
  }
}

}  // namespace zerver::http
