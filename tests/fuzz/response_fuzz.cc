// libFuzzer target of the parser of responses: however a server cuts its bytes, what is understood is the
// same, and every view that comes out lies in the buffer.
//
// The first byte of an input chooses the method and whether the connection closes behind the bytes; the
// second says how many cuts follow, a byte each: the distances between them.
#include <zerver/core/message.h>
#include <zerver/http/response_parser.h>

#include <algorithm>
#include <array>
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
using zerver::Method;
using zerver::http::ReadBuffer;
using zerver::http::ReceivedResponse;
using zerver::http::ResponseLimits;
using zerver::http::ResponseParser;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "response_fuzz: %s\n", what);
  std::abort();
}

void append(std::string& text, const ReadBuffer& buffer, std::string_view part) {
  require(part.empty() ||
              (part.data() >= buffer.data() && part.data() + part.size() <= buffer.data() + buffer.size()),
          "a view is outside of the buffer");
  text += std::to_string(part.size());
  text += ':';
  text += part;
}

struct Ending {
  Method method;
  bool closed;
};

// Everything that the parser says about these bytes.
std::string parse(std::string_view input, std::span<const std::uint8_t> distances, Ending ending) {
  ResponseLimits limits;
  limits.status_line = 128;
  limits.header_bytes = 512;
  limits.header_count = 8;
  limits.body = 256;
  limits.interim_responses = 3;
  ResponseParser parser(limits);
  parser.reset(ending.method);
  ReadBuffer buffer(16);
  auto progress = ResponseParser::Progress::kMore;
  while (!input.empty()) {
    std::size_t size = input.size();
    if (!distances.empty()) {
      size = std::min<std::size_t>(size, std::size_t{1} + distances.front());
      distances = distances.subspan(1);
    }
    std::memcpy(buffer.prepare(size).data(), input.data(), size);
    buffer.commit(size);
    input.remove_prefix(size);
    if (progress == ResponseParser::Progress::kMore) progress = parser.parse(buffer);
  }
  if (progress == ResponseParser::Progress::kMore && ending.closed) progress = parser.end();
  if (progress == ResponseParser::Progress::kMore) return "more";
  if (progress == ResponseParser::Progress::kRefused) {
    require(!parser.why().empty(), "a refusal says nothing");
    return "refused " + std::string(parser.why());
  }
  ReceivedResponse response;
  parser.view(buffer, response);
  require(response.status >= 200 && response.status <= 999, "a status that is not a final one");
  require(response.body.size() <= limits.body, "a body past its limit");
  require(parser.size() <= buffer.size(), "a response is larger than the buffer");
  std::string outcome = std::to_string(response.status) + (response.keep_alive ? "K" : "C");
  for (const Header& field : response.headers) {
    append(outcome, buffer, field.name);
    append(outcome, buffer, field.value);
  }
  append(outcome, buffer, response.body);
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr std::array kMethods = {Method::kGet, Method::kHead, Method::kPost, Method::kConnect};
  const Ending ending{kMethods[data[0] % kMethods.size()], (data[0] & 0x80U) != 0};
  const std::size_t cuts = std::min<std::size_t>(data[1], size - 2);
  const std::span<const std::uint8_t> distances(data + 2, cuts);
  const std::string_view input(reinterpret_cast<const char*>(data) + 2 + cuts, size - 2 - cuts);
  const std::string at_once = parse(input, {}, ending);
  require(parse(input, distances, ending) == at_once, "cutting the input changes what is understood");
  const std::vector<std::uint8_t> ones(input.size(), 0);
  require(parse(input, ones, ending) == at_once, "sending byte by byte changes what is understood");
  return 0;
}
