// Feeds bytes to the response parser in pieces of any size, and keeps what came out.
#pragma once

#include <zerver/http/response_parser.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::http {

struct ResponseOutcome {
  std::uint16_t status = 0;
  bool keep_alive = false;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string why;   // of a refusal
  std::string rest;  // what the response has not taken; not of a refused one
  bool is_complete = false;

  bool operator==(const ResponseOutcome&) const = default;
};

struct ResponseInput {
  std::string_view bytes;
  Method method = Method::kGet;
  bool closed = false;  // the connection ends behind the bytes
  ResponseLimits limits = {};
};

inline ResponseOutcome parse_response(const ResponseInput& input, std::size_t piece) {
  ResponseParser parser(input.limits);
  parser.reset(input.method);
  ReadBuffer buffer(16);
  ResponseOutcome outcome;
  auto progress = ResponseParser::Progress::kMore;
  for (std::string_view bytes = input.bytes; !bytes.empty();) {
    const std::string_view next = bytes.substr(0, piece);
    bytes.remove_prefix(next.size());
    std::memcpy(buffer.prepare(next.size()).data(), next.data(), next.size());
    buffer.commit(next.size());
    if (progress == ResponseParser::Progress::kMore) progress = parser.parse(buffer);
  }
  if (input.closed && progress == ResponseParser::Progress::kMore) progress = parser.end();
  if (progress == ResponseParser::Progress::kRefused) {
    outcome.why = parser.why();
  } else if (progress == ResponseParser::Progress::kComplete) {
    ReceivedResponse response;
    parser.view(buffer, response);
    outcome.is_complete = true;
    outcome.status = response.status;
    outcome.keep_alive = response.keep_alive;
    outcome.body = response.body;
    for (const Header& header : response.headers)
      outcome.headers.emplace_back(header.name, header.value);
    buffer.consume(parser.size());
    outcome.rest = buffer.view();
  }
  return outcome;
}

// Fails the test when cutting the input into pieces of some size changes the outcome.
inline ResponseOutcome parse_response(const ResponseInput& input) {
  const ResponseOutcome at_once = parse_response(input, input.bytes.size() + 1);
  for (const std::size_t piece : {1U, 2U, 3U, 7U})
    EXPECT_EQ(parse_response(input, piece), at_once) << "in pieces of " << piece;
  return at_once;
}

}  // namespace zerver::http
