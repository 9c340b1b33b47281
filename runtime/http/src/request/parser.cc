// The order in which the parts of a request are parsed, and the views that come out.
#include <zerver/core/fresh.h>
#include <zerver/http/request_parser.h>

#include <utility>

namespace zerver::http {

RequestParser::RequestParser(const Limits& limits)
    : limits_(limits),
      fields_(std::make_unique<Field[]>(limits.header_count)),
      headers_(std::make_unique<Header[]>(limits.header_count)) {}

void RequestParser::reset() noexcept { make_fresh(head_); }

RequestParser::Progress RequestParser::parse(ReadBuffer& buffer) {
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

RequestParser::Step RequestParser::advance(ReadBuffer& buffer) {
  switch (head_.state) {
    case State::kStart:
      return parse_start(buffer.view());
    case State::kRequestLine:
      return parse_request_line(buffer.view());
    case State::kFields:
      return parse_fields(buffer.view());
    case State::kBody:
      return parse_body(buffer);
    case State::kComplete:
      return Step::kDone;
    case State::kRefused:
      break;
  }
  return Step::kRefused;
}

RequestParser::Step RequestParser::refuse(std::uint16_t status, std::string_view detail) noexcept {
  head_.state = State::kRefused;
  refusal_ = {status, detail};
  return Step::kRefused;
}

bool RequestParser::take_expectation() noexcept {
  return in_body() && std::exchange(head_.expects_continue, false);
}

void RequestParser::view(const ReadBuffer& buffer, Request& request) noexcept {
  const char* const data = buffer.data();
  const auto text = [data](Piece piece) { return std::string_view(data + piece.begin, piece.size); };
  for (std::uint32_t i = 0; i < head_.field_count; ++i) {
    headers_[i] = Header{text(fields_[i].name), text(fields_[i].value)};
  }
  request.method = head_.method;
  request.minor_version = head_.minor_version;
  request.keep_alive =
      head_.minor_version == 0 ? head_.asks_to_keep && !head_.asks_to_close : !head_.asks_to_close;
  request.has_query = head_.has_query;
  request.method_name = text(head_.method_name);
  request.target = text(head_.target);
  // Of an absolute-form target, an empty path is `/` (RFC 9110, 4.2.3).
  request.path =
      head_.form == TargetForm::kAbsolute && head_.path.size == 0 ? std::string_view("/") : text(head_.path);
  request.query = text(head_.query);
  request.authority = text(head_.authority);
  request.headers = {headers_.get(), head_.header_count};
  request.trailers = {headers_.get() + head_.header_count, head_.field_count - head_.header_count};
  request.body = body_.view(buffer);
}

}  // namespace zerver::http
