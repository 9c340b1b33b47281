// Feeds bytes to the request parser in pieces of any size.
#include "parse_helper.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace zerver::http {
namespace {

std::vector<std::pair<std::string, std::string>> copy(std::span<const Header> headers) {
  std::vector<std::pair<std::string, std::string>> copied;
  for (const Header& header : headers)
    copied.emplace_back(header.name, header.value);
  return copied;
}

ParsedRequest copy(const Request& request) {
  return {request.method,
          request.minor_version,
          request.keep_alive,
          request.has_query,
          std::string(request.method_name),
          std::string(request.target),
          std::string(request.path),
          std::string(request.query),
          std::string(request.authority),
          std::string(request.body),
          copy(request.headers),
          copy(request.trailers)};
}

}  // namespace

ParseOutcome parse_in_pieces(std::string_view input, const std::vector<std::size_t>& cuts,
                             const Limits& limits) {
  ParseOutcome outcome;
  RequestParser parser(limits);
  ReadBuffer buffer(16);  // so that it has to grow
  std::size_t from = 0;
  for (std::size_t piece = 0; piece <= cuts.size(); ++piece) {
    const std::size_t to = piece < cuts.size() ? cuts[piece] : input.size();
    if (to != from) std::memcpy(buffer.prepare(to - from).data(), input.data() + from, to - from);
    buffer.commit(to - from);
    from = to;
    for (;;) {
      const RequestParser::Progress progress = parser.parse(buffer);
      if (progress == RequestParser::Progress::kMore) {
        outcome.expectations += parser.take_expectation() ? 1 : 0;
        break;
      }
      if (progress == RequestParser::Progress::kRefused) {
        outcome.status = parser.refusal().status;
        outcome.detail = parser.refusal().detail;
        return outcome;
      }
      Request request;
      parser.view(buffer, request);
      outcome.requests.push_back(copy(request));
      buffer.consume(parser.size());
      parser.reset();
      if (buffer.empty()) break;
    }
  }
  outcome.rest = buffer.view();
  return outcome;
}

ParseOutcome parse_every_way(std::string_view input, const Limits& limits) {
  ParseOutcome at_once = parse_at_once(input, limits);
  // Whether the client is told to go on, and what is kept of an unfinished chunked body, depends on when
  // bytes come.
  const auto comparable = [](ParseOutcome outcome) {
    outcome.expectations = 0;
    outcome.rest.clear();
    return outcome;
  };
  std::vector<std::size_t> everywhere(input.size());
  for (std::size_t i = 0; i < input.size(); ++i)
    everywhere[i] = i;
  EXPECT_EQ(comparable(parse_in_pieces(input, everywhere, limits)), comparable(at_once)) << "byte by byte";
  const std::size_t stride = std::max<std::size_t>(1, input.size() / 256);
  for (std::size_t cut = 1; cut < input.size(); cut += stride) {
    EXPECT_EQ(comparable(parse_in_pieces(input, {cut}, limits)), comparable(at_once))
        << "cut before byte " << cut;
  }
  return at_once;
}

}  // namespace zerver::http
