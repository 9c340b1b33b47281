// The order in which the parts of a response are parsed, its body, and the views that come out.
#include <zerver/http/response_parser.h>

#include <algorithm>
#include <limits>

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

void ResponseParser::reset(Method method, bool streams) noexcept {
  head_ = Head{};
  method_ = method;
  may_stream_ = streams;
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
  return Progress::kMore;
}

ResponseParser::Progress ResponseParser::end() {
  if (head_.state == State::kComplete) return Progress::kComplete;
  if (head_.state == State::kBody && body_.end()) {
    head_.position = body_.position();
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
    case State::kBody:
      return parse_body(buffer);
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

// Nothing asked for trailer fields: they are checked and dropped.
ResponseParser::Step ResponseParser::parse_body(ReadBuffer& buffer) {
  const std::size_t most = head_.streams ? std::numeric_limits<std::size_t>::max() : limits_.body;
  for (;;) {
    switch (body_.read(buffer, {.body = most, .trailers = limits_.header_bytes})) {
      case BodyReader::Event::kMore:
        return Step::kMore;
      case BodyReader::Event::kTrailer:
        break;
      case BodyReader::Event::kComplete:
        head_.position = body_.position();
        head_.state = State::kComplete;
        return Step::kDone;
      case BodyReader::Event::kRefused:
        return refuse(body_.why());
    }
  }
}

void ResponseParser::drop_body(ReadBuffer& buffer) noexcept {
  body_.drop(buffer);
  head_.position = body_.position();
  head_.field_count = 0;
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
  response.body = body_.view(buffer);
}

}  // namespace zerver::http
