// The order in which the parts of a response are parsed, its body, and the views that come out.
#include "chunk_line.h"
#include "field_line.h"
#include <zerver/http/response_parser.h>

#include <algorithm>
#include <cstring>

namespace zerver::http {

std::string_view ReceivedResponse::header(std::string_view lower_case_name) const noexcept {
  const Header* const header = find_header(headers, lower_case_name);
  return header == nullptr ? std::string_view() : header->value;
}

ResponseParser::ResponseParser(const ResponseLimits& limits)
    : limits_(limits),
      fields_(std::make_unique<Field[]>(limits.header_count)),
      headers_(std::make_unique<Header[]>(limits.header_count)) {
  limits_.body = std::min(limits_.body, ResponseLimits::kMaxBody);
}

void ResponseParser::reset(Method method) noexcept {
  head_ = Head{};
  method_ = method;
}

ResponseParser::Progress ResponseParser::parse(ReadBuffer& buffer) {
  Step step = Step::kDone;
  while (step == Step::kDone && head_.state != State::kComplete)
    step = advance(buffer);
  switch (step) {
    case Step::kDone:
      return Progress::kComplete;
    case Step::kRefused:
      return Progress::kRefused;
    case Step::kMore:
      break;
  }
  // What framing took up between the decoded body and the bytes to come is given back.
  if (head_.state >= State::kChunkSize && head_.state <= State::kChunkEnd) {
    buffer.erase(head_.body_end, head_.position);
    head_.position = head_.body_end;
  }
  return Progress::kMore;
}

ResponseParser::Progress ResponseParser::end() {
  if (head_.state == State::kComplete) return Progress::kComplete;
  if (head_.state == State::kUntilClose) {
    head_.state = State::kComplete;
    return Progress::kComplete;
  }
  if (head_.state != State::kRefused)
    refuse(started() ? "it closed the connection inside its answer"
                     : "it closed the connection without an answer");
  return Progress::kRefused;
}

ResponseParser::Step ResponseParser::advance(ReadBuffer& buffer) {
  switch (head_.state) {
    case State::kStart:
      if (buffer.empty()) return Step::kMore;
      head_.state = State::kStatusLine;
      return Step::kDone;
    case State::kStatusLine:
      return parse_status_line(buffer.view());
    case State::kFields:
      return parse_fields(buffer);
    case State::kFixedBody:
      if (buffer.size() < head_.body_end) return Step::kMore;
      head_.position = head_.body_end;
      head_.state = State::kComplete;
      return Step::kDone;
    case State::kChunkSize:
      return parse_chunk_size(buffer.view());
    case State::kChunkData:
      return parse_chunk_data(buffer);
    case State::kChunkEnd:
      return parse_chunk_end(buffer.view());
    case State::kTrailers:
      return parse_trailers(buffer.view());
    case State::kUntilClose:
      if (buffer.size() - head_.body_begin > limits_.body) return refuse("the body is too large");
      head_.body_end = head_.position = buffer.size();
      return Step::kMore;
    case State::kComplete:
      return Step::kDone;
    case State::kRefused:
      break;
  }
  return Step::kRefused;
}

ResponseParser::Step ResponseParser::refuse(std::string_view why) noexcept {
  head_.state = State::kRefused;
  why_ = why;
  return Step::kRefused;
}

ResponseParser::Step ResponseParser::parse_chunk_size(std::string_view input) {
  const ChunkLine line = parse_chunk_line(input, head_.position, kMaxExtensionBytes - head_.extension_bytes);
  if (line.has_size && line.size > limits_.body - (head_.body_end - head_.body_begin))
    return refuse("the body is too large");
  if (line.state == ChunkLine::State::kPartial) return Step::kMore;
  if (line.state == ChunkLine::State::kMalformed) return refuse(line.why);
  head_.extension_bytes += line.extension_bytes;
  head_.position = line.next;
  head_.chunk_left = line.size;
  head_.section_begin = head_.position;
  head_.state = line.size == 0 ? State::kTrailers : State::kChunkData;
  return Step::kDone;
}

ResponseParser::Step ResponseParser::parse_chunk_data(ReadBuffer& buffer) {
  const std::size_t size = std::min(head_.chunk_left, buffer.size() - head_.position);
  if (size == 0) return Step::kMore;
  std::memmove(buffer.data() + head_.body_end, buffer.data() + head_.position, size);
  head_.body_end += size;
  head_.position += size;
  head_.chunk_left -= size;
  if (head_.chunk_left == 0) head_.state = State::kChunkEnd;
  return Step::kDone;
}

ResponseParser::Step ResponseParser::parse_chunk_end(std::string_view input) {
  const std::string_view end = input.substr(head_.position, 2);
  if (end != std::string_view("\r\n").substr(0, end.size())) return refuse("a chunk is longer than its size");
  if (end.size() < 2) return Step::kMore;
  head_.position += 2;
  head_.state = State::kChunkSize;
  return Step::kDone;
}

// Nothing asked for trailer fields: they are checked and dropped.
ResponseParser::Step ResponseParser::parse_trailers(std::string_view input) {
  const std::string_view section =
      input.substr(0, std::min(input.size(), head_.section_begin + limits_.header_bytes));
  FieldLineParts parts;
  for (;;) {
    switch (parse_field_line(section, head_.position, parts)) {
      case FieldLine::kField:
        head_.position = parts.next;
        break;
      case FieldLine::kEnd:
        head_.position = parts.next;
        head_.state = State::kComplete;
        return Step::kDone;
      case FieldLine::kPartial:
        return section.size() < input.size() ? refuse("the trailer section is too large") : Step::kMore;
      case FieldLine::kMalformed:
        return refuse("a trailer field is malformed");
    }
  }
}

void ResponseParser::view(const ReadBuffer& buffer, ReceivedResponse& response) noexcept {
  const char* const data = buffer.data();
  const auto text = [data](Piece piece) { return std::string_view(data + piece.begin, piece.size); };
  for (std::uint32_t i = 0; i < head_.field_count; ++i)
    headers_[i] = Header{text(fields_[i].name), text(fields_[i].value)};
  response.status = head_.status;
  response.keep_alive =
      !head_.ends_with_connection && !head_.asks_to_close && (head_.minor_version >= 1 || head_.asks_to_keep);
  response.headers = {headers_.get(), head_.field_count};
  response.body = {data + head_.body_begin, head_.body_end - head_.body_begin};
}

}  // namespace zerver::http
