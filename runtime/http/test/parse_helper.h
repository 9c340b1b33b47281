// Feeds bytes to the request parser in pieces of any size, and keeps what came out.
#pragma once

#include <zerver/http/request_parser.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::http {

// A request with text of its own.
struct ParsedRequest {
  Method method = Method::kGet;
  int minor_version = 1;
  bool keep_alive = true;
  bool has_query = false;
  std::string method_name, target, path, query, authority, body;
  std::vector<std::pair<std::string, std::string>> headers, trailers;

  bool operator==(const ParsedRequest&) const = default;
};

struct ParseOutcome {
  std::vector<ParsedRequest> requests;
  std::uint16_t status = 0;  // of a refusal; 0: none
  std::string detail;
  std::string rest;  // what no complete request has taken; not compared after a refusal
  int expectations = 0;

  bool operator==(const ParseOutcome&) const = default;
};

// All requests of `input`, cut before each of the offsets in `cuts` (ascending).
ParseOutcome parse_in_pieces(std::string_view input, const std::vector<std::size_t>& cuts,
                             const Limits& limits = {});

inline ParseOutcome parse_at_once(std::string_view input, const Limits& limits = {}) {
  return parse_in_pieces(input, {}, limits);
}

// Fails the test when cutting the input anywhere, or everywhere, changes the outcome. Returns that outcome.
ParseOutcome parse_every_way(std::string_view input, const Limits& limits = {});

}  // namespace zerver::http
