// Bodies of a given length and chunked ones, which are decoded where they are (RFC 9112, 6 and 7).
#include "field_line.h"
#include "scan.h"
#include <zerver/http/request_parser.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace zerver::http {
namespace {

// RFC 9112, 7.1.1 asks for a bound on chunk extensions: this much in a whole body, and in one line.
constexpr std::size_t kMaxExtensionBytes = 4096;
constexpr std::size_t kMaxSizeDigits = 16;

constexpr std::size_t hex_value(char c) noexcept {
  if (is_digit(c)) return static_cast<std::size_t>(c - '0');
  return static_cast<std::size_t>((c | 0x20) - 'a') + 10;
}

enum class Extension : std::uint8_t { kWellFormed, kPartial, kMalformed };

// quoted-string of RFC 9110, 5.6.4; `at` is behind the opening quote, and behind the closing one on success.
Extension parse_quoted(std::string_view input, std::size_t& at) noexcept {
  for (; at < input.size(); ++at) {
    if (input[at] == '"') {
      ++at;
      return Extension::kWellFormed;
    }
    if (input[at] == '\\') {
      ++at;
      if (at == input.size()) return Extension::kPartial;
    }
    if (!is(kFieldCharacter, input[at])) return Extension::kMalformed;
  }
  return Extension::kPartial;
}

Extension parse_token(std::string_view input, std::size_t& at) noexcept {
  const std::size_t begin = at;
  while (at < input.size() && is(kTokenCharacter, input[at]))
    ++at;
  if (at == input.size()) return Extension::kPartial;
  return at == begin ? Extension::kMalformed : Extension::kWellFormed;
}

void skip_bad_blanks(std::string_view input, std::size_t& at) noexcept {
  while (at < input.size() && is_blank(input[at]))
    ++at;
}

// chunk-ext, of which nothing is understood here, up to the line's CR.
Extension parse_extensions(std::string_view input, std::size_t& at) noexcept {
  while (at < input.size() && input[at] != '\r') {
    skip_bad_blanks(input, at);
    if (at == input.size()) return Extension::kPartial;
    if (input[at] != ';') return Extension::kMalformed;
    ++at;
    skip_bad_blanks(input, at);
    Extension part = parse_token(input, at);
    if (part != Extension::kWellFormed) return part;
    // White space behind the name belongs to a `=` or to the next `;`.
    std::size_t ahead = at;
    skip_bad_blanks(input, ahead);
    if (ahead == input.size()) return Extension::kPartial;
    if (input[ahead] != '=') continue;
    at = ahead + 1;
    skip_bad_blanks(input, at);
    if (at == input.size()) return Extension::kPartial;
    if (input[at] == '"') {
      part = parse_quoted(input, ++at);
    } else {
      part = parse_token(input, at);
    }
    if (part != Extension::kWellFormed) return part;
  }
  return at == input.size() ? Extension::kPartial : Extension::kWellFormed;
}

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
  const std::size_t begin = head_.position;
  std::size_t at = begin;
  std::size_t size = 0;
  while (at < input.size() && is(kHexDigit, input[at])) {
    if (at - begin == kMaxSizeDigits) return refuse(400, "a chunk's size is malformed");
    size = size * 16 + hex_value(input[at++]);
  }
  if (at == input.size()) return Step::kMore;
  if (at == begin) return refuse(400, "a chunk's size is malformed");
  if (size > limits_.body - (head_.body_end - head_.body_begin)) return refuse(413, "the body is too large");

  const std::size_t digits_end = at;
  const std::size_t left = kMaxExtensionBytes - head_.extension_bytes;
  const std::string_view line = input.substr(0, std::min(input.size(), digits_end + left + 1));
  const Extension extension = parse_extensions(line, at);
  if (extension == Extension::kMalformed) return refuse(400, "a chunk's extension is malformed");
  if (extension == Extension::kPartial) {
    return line.size() < input.size() ? refuse(400, "chunk extensions are too large") : Step::kMore;
  }
  if (at + 1 == input.size()) return Step::kMore;
  if (input[at + 1] != '\n') return refuse(400, "a chunk's size is malformed");

  head_.extension_bytes += at - digits_end;
  head_.position = at + 2;
  head_.chunk_left = size;
  head_.section_begin = head_.position;
  head_.state = size == 0 ? State::kTrailers : State::kChunkData;
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
