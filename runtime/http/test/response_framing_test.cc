// Responses that are refused: malformed ones, those that could be understood in two ways, and large ones.
#include "response_helper.h"

namespace zerver::http {
namespace {

using namespace std::string_literals;

TEST(ResponseFraming, RefusesWhatIsMalformedOrAmbiguous) {
  const std::vector<std::string> heads = {
      "HTTP/2 200 OK\r\n\r\n",
      "HTTP/1.x 200 OK\r\n\r\n",
      "HTTP/1.1  200 OK\r\n\r\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 099 OK\r\n\r\n",
      "HTTP/1.1 200 OK\n\r\n",
      "HTTP/1.1 200 O\0K\r\n\r\n"s,
      "<html>",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
      "HTTP/1.1 100 Continue\r\nContent-Length: 1\r\n\r\nx",
      "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\n X: folded\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX : a\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: a\nY: b\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: \0\r\n\r\n"s,
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: \x0b"
      "chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nbad trailer: a\r\n\r\n",
  };
  for (const std::string& bytes : heads) {
    const ResponseOutcome outcome = parse_response({.bytes = bytes});
    EXPECT_FALSE(outcome.why.empty()) << bytes;
    EXPECT_FALSE(outcome.is_complete) << bytes;
  }
}

TEST(ResponseFraming, RefusesAnEndInsideTheResponse) {
  for (const std::string_view bytes :
       {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n"}) {
    const ResponseOutcome outcome = parse_response({.bytes = bytes, .closed = true});
    EXPECT_FALSE(outcome.why.empty()) << bytes;
  }
}

TEST(ResponseFraming, RefusesWhatIsPastALimit) {
  ResponseLimits limits;
  limits.status_line = 64;
  limits.header_bytes = 128;
  limits.header_count = 3;
  limits.body = 8;
  limits.interim_responses = 2;
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string continued = "HTTP/1.1 100 Continue\r\n\r\n";
  const std::vector<std::string> large = {
      "HTTP/1.1 200 " + std::string(60, 'x') + "\r\n\r\n",
      ok + "X: " + std::string(200, 'x') + "\r\n\r\n",
      ok + "A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\n\r\n",
      ok + "Content-Length: 9\r\n\r\n",
      ok + "Content-Length: 99999999999999999999999\r\n\r\n",
      ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n4\r\n",
      ok + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(5000, 'a') + "\r\n",
      ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + std::string(200, 'x') + "\r\n\r\n",
      ok + "\r\n123456789",
      continued + continued + continued + ok + "Content-Length: 0\r\n\r\n",
  };
  for (const std::string& bytes : large) {
    const ResponseOutcome outcome = parse_response({.bytes = bytes, .limits = limits});
    EXPECT_FALSE(outcome.why.empty()) << bytes;
  }
  const std::string fits = continued + continued + ok + "A: 1\r\nContent-Length: 8\r\n\r\n12345678";
  EXPECT_TRUE(parse_response({.bytes = fits, .limits = limits}).is_complete);
}

}  // namespace
}  // namespace zerver::http
