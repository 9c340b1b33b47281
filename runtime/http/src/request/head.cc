// Request line and header section (RFC 9112, 2 to 6).
#include "content_length.h"
#include "field_line.h"
#include "field_list.h"
#include "scan.h"
#include "target.h"
#include <zerver/http/request_parser.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace zerver::http {
namespace {

// The method of that name; names are case-sensitive.
Method find_method(std::string_view name) noexcept {
  switch (name.size()) {
    case 3:
      if (name == "GET") return Method::kGet;
      if (name == "PUT") return Method::kPut;
      break;
    case 4:
      if (name == "POST") return Method::kPost;
      if (name == "HEAD") return Method::kHead;
      break;
    case 5:
      if (name == "PATCH") return Method::kPatch;
      if (name == "TRACE") return Method::kTrace;
      break;
    case 6:
      if (name == "DELETE") return Method::kDelete;
      break;
    case 7:
      if (name == "OPTIONS") return Method::kOptions;
      if (name == "CONNECT") return Method::kConnect;
      break;
    default:
      break;
  }
  return Method::kOther;
}

// Whether `text`, which may be only the beginning, fits `HTTP/d.d` and the line's end.
bool fits_version(std::string_view text) noexcept {
  if (text == "HTTP/1.1\r\n") return true;  // nearly always
  constexpr std::string_view kShape = "HTTP/0.0\r\n";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kShape[i] == '0' ? !is_digit(text[i]) : text[i] != kShape[i]) return false;
  }
  return true;
}

// Behind the characters of that class and well-formed percent-encodings. Stops at a `%` that is not followed
// by two hexadecimal digits, also when they may still come.
const char* skip_encoded(CharacterClass wanted, const char* from, const char* end) noexcept {
  for (;;) {
    from = skip(wanted, from, end);
    if (end - from < 3 || *from != '%' || !is(kHexDigit, from[1]) || !is(kHexDigit, from[2])) return from;
    from += 3;
  }
}

// Whether [from, end) could become a percent-encoding when more bytes come.
bool begins_encoding(const char* from, const char* end) noexcept {
  return *from == '%' && (end - from == 1 || (end - from == 2 && is(kHexDigit, from[1])));
}

// Whether a token of that length is that name, in letters of either case.
template <std::size_t kSize> bool is_name(std::string_view token, const char (&lower)[kSize]) noexcept {
  for (std::size_t i = 0; i < kSize - 1; ++i) {
    if ((token[i] | 0x20) != lower[i])
      return false;  // no token has what else this takes for a letter or a hyphen
  }
  return true;
}

}  // namespace

// One empty line before the request is ignored (RFC 9112, 2.2): some clients send one behind a body.
RequestParser::Step RequestParser::parse_start(std::string_view input) {
  if (input.empty()) return Step::kMore;
  if (input[0] == '\r') {
    if (input.size() == 1) return Step::kMore;
    if (input[1] != '\n') return refuse(400, "the request line is malformed");
    head_.position = 2;
  }
  head_.section_begin = head_.position;
  head_.state = State::kRequestLine;
  return Step::kDone;
}

RequestParser::Step RequestParser::parse_request_line(std::string_view input) {
  constexpr std::size_t kVersionAndEnd = 10;
  const std::size_t begin = head_.position;
  const std::size_t end = std::min(input.size(), begin + limits_.request_line);
  const auto partial = [&] {
    return end < input.size() ? refuse(414, "the request line is too long") : Step::kMore;
  };
  const char* const data = input.data();

  const std::size_t method_end =
      static_cast<std::size_t>(skip(kTokenCharacter, data + begin, data + end) - data);
  if (method_end == end) return partial();
  if (method_end == begin || input[method_end] != ' ') return refuse(400, "the request line is malformed");

  std::size_t target_end = 0;
  const Step step = parse_target(input, method_end + 1, end, target_end);
  if (step == Step::kMore) return partial();
  if (step == Step::kRefused) return step;

  const std::string_view version =
      input.substr(target_end + 1, std::min(end - target_end - 1, kVersionAndEnd));
  if (!fits_version(version)) return refuse(400, "the request line is malformed");
  if (version.size() < kVersionAndEnd) return partial();
  if (version[5] != '1') return refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  // A later minor version is understood as the latest that is known (RFC 9110, 2.5).
  head_.minor_version = version[7] == '0' ? 0 : 1;

  head_.method_name = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(method_end - begin)};
  head_.method = find_method(input.substr(begin, method_end - begin));
  head_.position = target_end + 1 + kVersionAndEnd;
  head_.section_begin = head_.position;
  head_.state = State::kFields;
  return check_target_form(input);
}

// The characters of the target up to the space behind it. The form is checked when the line is complete.
RequestParser::Step RequestParser::parse_target(std::string_view input, std::size_t begin, std::size_t end,
                                                std::size_t& after) {
  if (begin == end) return Step::kMore;
  const char* const data = input.data();
  const char* const limit = data + end;
  const char* const first = data + begin;
  const char* stop = first;
  const auto offset = [data](const char* at) { return static_cast<std::uint32_t>(at - data); };
  head_.has_query = false;
  head_.query = {};
  if (*first == '/') {
    stop = skip_encoded(kPathCharacter, first, limit);
    head_.form = TargetForm::kOrigin;
    head_.path = {offset(first), static_cast<std::uint32_t>(stop - first)};
    if (stop != limit && *stop == '?') {
      const char* const query = stop + 1;
      stop = skip_encoded(kQueryCharacter, query, limit);
      head_.has_query = true;
      head_.query = {offset(query), static_cast<std::uint32_t>(stop - query)};
    }
  } else {
    stop = skip(kTargetCharacter, first, limit);
    head_.form = TargetForm::kAbsolute;
  }
  if (stop == limit || begins_encoding(stop, limit)) return Step::kMore;
  if (*stop != ' ' || stop == first)
    return refuse(400, "the request target has characters that must be percent-encoded");
  head_.target = {offset(first), static_cast<std::uint32_t>(stop - first)};
  after = static_cast<std::size_t>(stop - data);
  return Step::kDone;
}

// Which of the four forms of RFC 9112, 3.2 the target has, and whether the method allows it.
RequestParser::Step RequestParser::check_target_form(std::string_view input) {
  const bool connect = head_.method == Method::kConnect;
  if (head_.form == TargetForm::kOrigin) {
    return connect ? refuse(400, "CONNECT takes a host and a port") : Step::kDone;
  }
  const std::string_view target = input.substr(head_.target.begin, head_.target.size);
  const auto piece = [&](std::string_view part) {
    return Piece{static_cast<std::uint32_t>(part.data() - input.data()),
                 static_cast<std::uint32_t>(part.size())};
  };
  if (connect) {
    if (!is_authority_with_port(target)) return refuse(400, "CONNECT takes a host and a port");
    head_.form = TargetForm::kAuthority;
    head_.authority = head_.target;
    return Step::kDone;
  }
  if (target == "*") {
    if (head_.method != Method::kOptions) return refuse(400, "only OPTIONS takes the target `*`");
    head_.form = TargetForm::kAsterisk;
    head_.path = head_.target;
    return Step::kDone;
  }
  AbsoluteTarget parts;
  if (!split_absolute_target(target, parts))
    return refuse(400, "the request target is neither a path nor an http URI");
  head_.authority = piece(parts.authority);
  head_.path = parts.path.empty() ? Piece{} : piece(parts.path);
  head_.has_query = parts.has_query;
  head_.query = parts.has_query ? piece(parts.query) : Piece{};
  return Step::kDone;
}

RequestParser::Step RequestParser::parse_fields(std::string_view input) {
  const std::string_view section =
      input.substr(0, std::min(input.size(), head_.section_begin + limits_.header_bytes));
  FieldLineParts parts;
  for (;;) {
    switch (parse_field_line(section, head_.position, parts)) {
      case FieldLine::kField:
        break;
      case FieldLine::kEnd:
        head_.position = parts.next;
        return finish_fields();
      case FieldLine::kPartial:
        if (section.size() < input.size()) return refuse(431, "the header section is too large");
        return Step::kMore;
      case FieldLine::kMalformed:
        return refuse(400, "a header field is malformed");
    }
    if (head_.header_count == limits_.header_count) return refuse(431, "there are too many header fields");
    const auto offset = [&](std::string_view part) {
      return static_cast<std::uint32_t>(part.data() - input.data());
    };
    // Member by member: a whole one would be loaded again before its parts have been stored.
    Field& field = fields_[head_.header_count++];
    field.name.begin = offset(parts.name);
    field.name.size = static_cast<std::uint32_t>(parts.name.size());
    field.value.begin = offset(parts.value);
    field.value.size = static_cast<std::uint32_t>(parts.value.size());
    head_.position = parts.next;
    if (note_field(parts.name, parts.value, field) == Step::kRefused) return Step::kRefused;
  }
}

// The few fields that decide about framing and the connection. Their lengths tell them from nearly all
// others.
RequestParser::Step RequestParser::note_field(std::string_view name, std::string_view value,
                                              const Field& field) {
  switch (name.size()) {
    case 4:
      if (is_name(name, "host")) return note_host(value, field);
      break;
    case 6:
      if (is_name(name, "expect")) {
        if (head_.minor_version == 0) break;  // RFC 9110, 10.1.1: ignored
        if (!equals_ignoring_case(value, "100-continue"))
          return refuse(417, "only `100-continue` can be expected");
        head_.expects_continue = true;
      }
      break;
    case 10:
      if (is_name(name, "connection")) note_connection(value);
      break;
    case 14:
      if (is_name(name, "content-length")) return note_content_length(value);
      break;
    case 17:
      if (is_name(name, "transfer-encoding")) return note_transfer_encoding(value);
      break;
    default:
      break;
  }
  return Step::kDone;
}

RequestParser::Step RequestParser::note_host(std::string_view value, const Field& field) {
  if (head_.has_host) return refuse(400, "there is more than one Host field");
  head_.has_host = true;
  if (!is_authority(value)) return refuse(400, "the Host field is not a host");
  // The authority of an absolute-form target goes before it (RFC 9112, 3.2.2).
  if (head_.form == TargetForm::kOrigin || head_.form == TargetForm::kAsterisk) head_.authority = field.value;
  return Step::kDone;
}

// Even repeated equal lengths are refused: another server on the way may have chosen either of them.
RequestParser::Step RequestParser::note_content_length(std::string_view value) {
  if (head_.has_content_length) return refuse(400, "there is more than one Content-Length");
  const std::optional<std::size_t> length = content_length(value);
  if (!length) return refuse(400, "Content-Length is not a number");
  head_.has_content_length = true;
  head_.content_length = *length;
  return Step::kDone;
}

RequestParser::Step RequestParser::note_transfer_encoding(std::string_view value) {
  head_.has_transfer_encoding = true;
  bool malformed = false;
  for_each_element(value, [&](std::string_view coding) {
    if (head_.ends_chunked || coding.empty() || !consists_of(kTokenCharacter, coding)) {
      malformed = true;
    } else if (equals_ignoring_case(coding, "chunked")) {
      head_.ends_chunked = true;
    } else {
      head_.has_other_coding = true;
    }
  });
  return malformed ? refuse(400, "Transfer-Encoding is malformed") : Step::kDone;
}

void RequestParser::note_connection(std::string_view value) {
  for_each_element(value, [&](std::string_view option) {
    if (equals_ignoring_case(option, "close")) head_.asks_to_close = true;
    if (equals_ignoring_case(option, "keep-alive")) head_.asks_to_keep = true;
  });
}

// What the fields say together: RFC 9112, 3.2 (Host) and 6.3 (framing).
RequestParser::Step RequestParser::finish_fields() {
  if (!head_.has_host && head_.minor_version >= 1) return refuse(400, "there is no Host field");
  if (head_.has_transfer_encoding) {
    if (head_.minor_version == 0) return refuse(400, "HTTP/1.0 has no Transfer-Encoding");
    if (head_.has_content_length) return refuse(400, "there are both Transfer-Encoding and Content-Length");
    if (!head_.ends_chunked) return refuse(400, "the last transfer coding is not chunked");
    if (head_.has_other_coding) return refuse(501, "the only transfer coding known here is chunked");
  }
  if (head_.content_length > limits_.body) return refuse(413, "the body is too large");
  return begin_body();
}

}  // namespace zerver::http
