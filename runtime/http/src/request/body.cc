// Which body a request has, and the trailer fields behind it that are kept (RFC 9112, 6 and 7).
#include <zerver/http/request_parser.h>

#include <algorithm>
#include <array>

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
  head_.state = State::kBody;
  if (head_.has_transfer_encoding) {
    body_.begin_chunked(head_.position);
  } else if (head_.content_length != 0) {
    body_.begin_fixed(head_.position, head_.content_length);
  } else {
    body_.begin_none(head_.position);
    head_.expects_continue = false;
    head_.state = State::kComplete;
  }
  return Step::kDone;
}

RequestParser::Step RequestParser::parse_body(ReadBuffer& buffer) {
  for (;;) {
    switch (body_.read(buffer, {.body = limits_.body, .trailers = limits_.header_bytes})) {
      case BodyReader::Event::kMore:
        return Step::kMore;
      case BodyReader::Event::kTrailer:
        if (note_trailer(buffer.view()) == Step::kRefused) return Step::kRefused;
        break;
      case BodyReader::Event::kComplete:
        head_.position = body_.position();
        head_.state = State::kComplete;
        return Step::kDone;
      case BodyReader::Event::kRefused:
        return refuse_body();
    }
  }
}

RequestParser::Step RequestParser::note_trailer(std::string_view input) {
  if (!is_allowed_in_trailers(body_.name())) return Step::kDone;
  if (head_.field_count == limits_.header_count) return refuse(431, "there are too many trailer fields");
  const auto piece = [&](std::string_view part) {
    return Piece{static_cast<std::uint32_t>(part.data() - input.data()),
                 static_cast<std::uint32_t>(part.size())};
  };
  fields_[head_.field_count++] = {piece(body_.name()), piece(body_.value())};
  return Step::kDone;
}

RequestParser::Step RequestParser::refuse_body() noexcept {
  switch (body_.fault()) {
    case BodyReader::Fault::kBodyTooLarge:
      return refuse(413, body_.why());
    case BodyReader::Fault::kTrailersTooLarge:
      return refuse(431, body_.why());
    case BodyReader::Fault::kMalformed:
      break;
  }
  return refuse(400, body_.why());
}

}  // namespace zerver::http
