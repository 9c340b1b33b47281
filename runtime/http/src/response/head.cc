// Status lines and header sections of responses, and what they say about framing (RFC 9112, 4, 5 and 6.3).
#include "content_length.h"
#include "field_line.h"
#include "field_list.h"
#include <zerver/core/status.h>
#include <zerver/http/response_parser.h>

#include <algorithm>

namespace zerver::http {

ResponseParser::Step ResponseParser::parse_status_line(std::string_view input) {
  constexpr std::string_view kVersion = "HTTP/1.";
  constexpr std::size_t kMinor = kVersion.size();
  constexpr std::size_t kCode = kMinor + 2;
  const std::string_view begin = input.substr(0, kVersion.size());
  if (begin != kVersion.substr(0, begin.size())) return refuse("its answer is not HTTP/1");
  const std::string_view line = input.substr(0, std::min(input.size(), limits_.status_line));
  const char* const first = line.data();
  const char* const stop = skip_field_text(first, first + line.size());
  const auto end = static_cast<std::size_t>(stop - first);
  if (end == line.size() || (*stop == '\r' && end + 1 == input.size()))
    return line.size() < input.size() ? refuse("the status line is too large") : Step::kMore;
  if (*stop != '\r' || input[end + 1] != '\n') return refuse("the status line is malformed");

  // `HTTP/1.1 200 OK`; the space behind the status may be missing together with the reason.
  const bool is_complete = end >= kCode + 3 && is_digit(line[kMinor]) && line[kMinor + 1] == ' ' &&
                           std::all_of(first + kCode, first + kCode + 3, is_digit) &&
                           (end == kCode + 3 || line[kCode + 3] == ' ');
  if (!is_complete) return refuse("the status line is malformed");
  const auto digit = [&](std::size_t at) { return static_cast<unsigned>(line[kCode + at] - '0'); };
  head_.status = static_cast<std::uint16_t>(digit(0) * 100 + digit(1) * 10 + digit(2));
  if (head_.status < 100) return refuse("the status is not one");
  head_.minor_version = static_cast<std::uint8_t>(line[kMinor] - '0');
  head_.position = end + 2;
  head_.section_begin = head_.position;
  head_.state = State::kFields;
  return Step::kDone;
}

ResponseParser::Step ResponseParser::parse_fields(ReadBuffer& buffer) {
  const std::string_view input = buffer.view();
  const std::string_view section =
      input.substr(0, std::min(input.size(), head_.section_begin + limits_.header_bytes));
  FieldLineParts parts;
  for (;;) {
    switch (parse_field_line(section, head_.position, parts)) {
      case FieldLine::kField:
        break;
      case FieldLine::kEnd:
        head_.position = parts.next;
        return finish_fields(buffer);
      case FieldLine::kPartial:
        return section.size() < input.size() ? refuse("the header section is too large") : Step::kMore;
      case FieldLine::kMalformed:
        return refuse("a header field is malformed");
    }
    if (head_.field_count == limits_.header_count) return refuse("there are too many header fields");
    const auto piece = [&](std::string_view part) {
      return Piece{static_cast<std::uint32_t>(part.data() - input.data()),
                   static_cast<std::uint32_t>(part.size())};
    };
    fields_[head_.field_count++] = {piece(parts.name), piece(parts.value)};
    head_.position = parts.next;
    if (note_field(parts.name, parts.value) == Step::kRefused) return Step::kRefused;
  }
}

ResponseParser::Step ResponseParser::note_field(std::string_view name, std::string_view value) {
  if (equals_ignoring_case(name, "connection")) {
    for_each_element(value, [this](std::string_view option) {
      if (equals_ignoring_case(option, "close")) head_.asks_to_close = true;
      if (equals_ignoring_case(option, "keep-alive")) head_.asks_to_keep = true;
    });
    return Step::kDone;
  }
  if (equals_ignoring_case(name, "content-length")) return note_content_length(value);
  if (equals_ignoring_case(name, "transfer-encoding")) return note_transfer_encoding(value);
  return Step::kDone;
}

// As in requests, even repeated equal lengths are refused.
ResponseParser::Step ResponseParser::note_content_length(std::string_view value) {
  if (head_.has_content_length) return refuse("there is more than one Content-Length");
  const std::optional<std::size_t> length = content_length(value);
  if (!length) return refuse("Content-Length is not a number");
  head_.has_content_length = true;
  head_.content_length = *length;
  return Step::kDone;
}

ResponseParser::Step ResponseParser::note_transfer_encoding(std::string_view value) {
  if (head_.has_transfer_encoding) return refuse("there is more than one Transfer-Encoding");
  head_.has_transfer_encoding = true;
  head_.is_chunked = equals_ignoring_case(value, "chunked");
  // No other one was asked for: there is no TE in the request.
  return head_.is_chunked ? Step::kDone : refuse("the only transfer coding known here is chunked");
}

ResponseParser::Step ResponseParser::finish_fields(ReadBuffer& buffer) {
  if (head_.status < 200) {
    // Nobody has asked for another protocol.
    if (head_.status == 101) return refuse("it switches to another protocol");
    if (head_.has_transfer_encoding || (head_.has_content_length && head_.content_length != 0))
      return refuse("an interim response has a body");
    if (head_.interim == limits_.interim_responses) return refuse("there are too many interim responses");
    const std::size_t interim = head_.interim + 1;
    buffer.consume(head_.position);
    head_ = Head{};
    head_.interim = interim;
    return Step::kDone;
  }
  if (head_.has_transfer_encoding) {
    if (head_.minor_version == 0) return refuse("HTTP/1.0 has no Transfer-Encoding");
    if (head_.has_content_length) return refuse("there are both Transfer-Encoding and Content-Length");
  }
  return begin_body();
}

ResponseParser::Step ResponseParser::begin_body() {
  const bool is_tunnel = method_ == Method::kConnect && head_.status / 100 == 2;
  head_.state = State::kBody;
  head_.streams = may_stream_ && head_.status / 100 == 2;
  if (method_ == Method::kHead || is_tunnel || has_no_body(head_.status)) {
    body_.begin_none(head_.position);
    head_.state = State::kComplete;
  } else if (head_.is_chunked) {
    body_.begin_chunked(head_.position);
  } else if (head_.has_content_length) {
    const bool fits = head_.streams ? head_.content_length != kEndless : head_.content_length <= limits_.body;
    if (!fits) return refuse("the body is too large");
    body_.begin_fixed(head_.position, head_.content_length);
  } else {
    head_.ends_with_connection = true;
    body_.begin_until_close(head_.position);
  }
  return Step::kDone;
}

}  // namespace zerver::http
