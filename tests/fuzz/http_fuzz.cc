// libFuzzer target of the HTTP parser: however a client cuts its bytes, what is understood is the same, and
// every view that comes out lies in the buffer.
//
// The first byte of an input says how many cuts follow, a byte each: the distances between them.
#include <zerver/core/message.h>
#include <zerver/http/request_parser.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using zerver::Header;
using zerver::Request;
using zerver::http::Limits;
using zerver::http::ReadBuffer;
using zerver::http::RequestParser;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "http_fuzz: %s\n", what);
  std::abort();
}

void require_inside(const ReadBuffer& buffer, std::string_view view) {
  if (view.empty() || view == "/") return;  // `/` also stands for an empty path
  require(view.data() >= buffer.data() && view.data() + view.size() <= buffer.data() + buffer.size(),
          "a view is outside of the buffer");
}

void append(std::string& text, std::string_view part) {
  text += std::to_string(part.size());
  text += ':';
  text += part;
}

// A request as text, to be compared.
void append(std::string& text, const ReadBuffer& buffer, const Request& request) {
  for (const std::string_view part :
       {request.method_name, request.target, request.path, request.query, request.authority, request.body}) {
    require_inside(buffer, part);
    append(text, part);
  }
  for (const std::span<const Header> fields : {request.headers, request.trailers}) {
    text += std::to_string(fields.size());
    for (const Header& field : fields) {
      require_inside(buffer, field.name);
      require_inside(buffer, field.value);
      append(text, field.name);
      append(text, field.value);
    }
  }
  text += request.keep_alive ? "K" : "C";
  text += request.has_query ? "Q" : "q";
  text += std::to_string(request.minor_version);
  text += std::to_string(static_cast<int>(request.method));
  // What stands behind the body may be read, and is under AddressSanitizer only when it is memory of the
  // buffer.
  unsigned sum = 0;
  for (std::size_t i = 0; i < Request::kBodyPadding; ++i)
    sum += static_cast<unsigned char>(request.body.data()[request.body.size() + i]);
  require(sum <= 255 * Request::kBodyPadding, "padding");
}

// Everything that the parser says about these bytes.
std::string parse(std::string_view input, std::span<const std::uint8_t> distances) {
  Limits limits;
  limits.request_line = 128;
  limits.header_bytes = 512;
  limits.header_count = 8;
  limits.body = 256;
  std::string outcome;
  RequestParser parser(limits);
  ReadBuffer buffer(16);
  while (!input.empty()) {
    std::size_t size = input.size();
    if (!distances.empty()) {
      size = std::min<std::size_t>(size, std::size_t{1} + distances.front());
      distances = distances.subspan(1);
    }
    std::memcpy(buffer.prepare(size).data(), input.data(), size);
    buffer.commit(size);
    input.remove_prefix(size);
    while (!buffer.empty()) {
      const RequestParser::Progress progress = parser.parse(buffer);
      if (progress == RequestParser::Progress::kMore) {
        require(buffer.size() <= limits.request_line + 2 * limits.header_bytes + limits.body + 8192 + size,
                "an unfinished request holds more than its limits");
        break;
      }
      if (progress == RequestParser::Progress::kRefused) {
        require(parser.refusal().status >= 400 && !parser.refusal().detail.empty(), "a refusal says nothing");
        return outcome + "refused " + std::to_string(parser.refusal().status) +
               std::string(parser.refusal().detail);
      }
      Request request;
      parser.view(buffer, request);
      append(outcome, buffer, request);
      require(parser.size() <= buffer.size(), "a request is larger than the buffer");
      require(parser.size() > 0, "a request takes nothing");
      buffer.consume(parser.size());
      parser.reset();
    }
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t cuts = std::min<std::size_t>(data[0], size - 1);
  const std::span<const std::uint8_t> distances(data + 1, cuts);
  const std::string_view input(reinterpret_cast<const char*>(data) + 1 + cuts, size - 1 - cuts);
  const std::string at_once = parse(input, {});
  require(parse(input, distances) == at_once, "cutting the input changes what is understood");
  const std::vector<std::uint8_t> ones(input.size(), 0);
  require(parse(input, ones) == at_once, "sending byte by byte changes what is understood");
  return 0;
}
