// Where a request's body ends: every reading of it but one is refused, so that no request can hide in
// another's body.
#include "parse_helper.h"

#include <gtest/gtest.h>

#include <string>

namespace zerver::http {
namespace {

using namespace std::string_literals;

ParseOutcome parse_post(const std::string& lines, const std::string& body, const Limits& limits = {}) {
  return parse_every_way("POST / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n" + body, limits);
}

TEST(ContentLength, DelimitsTheBody) {
  for (const char* length : {"5", "05", "0000000000000000000000000005"}) {
    const ParseOutcome outcome = parse_post("Content-Length: "s + length + "\r\n", "helloGET");
    ASSERT_EQ(outcome.requests.size(), 1U);
    EXPECT_EQ(outcome.requests[0].body, "hello");
    EXPECT_EQ(outcome.rest, "GET");
  }
  EXPECT_EQ(parse_post("Content-Length: 0\r\n", "").requests.size(), 1U);
  EXPECT_EQ(parse_post("", "").requests.size(), 1U);
  EXPECT_TRUE(parse_post("Content-Length: 5\r\n", "hell").requests.empty());
}

TEST(ContentLength, IsRefused) {
  const std::vector<std::string> cases = {
      "Content-Length: 5\r\nContent-Length: 5\r\n",
      "Content-Length: 5\r\nContent-Length: 6\r\n",
      "Content-Length: 5\r\ncontent-length: 0\r\n",
      "Content-Length: 5, 5\r\n",
      "Content-Length: 5,6\r\n",
      "Content-Length:\r\n",
      "Content-Length: \r\n",
      "Content-Length: +5\r\n",
      "Content-Length: -5\r\n",
      "Content-Length: -0\r\n",
      "Content-Length: 5 5\r\n",
      "Content-Length: 5a\r\n",
      "Content-Length: a\r\n",
      "Content-Length: 0x5\r\n",
      "Content-Length: 5.0\r\n",
      "Content-Length: 5e0\r\n",
      "Content-Length: \"5\"\r\n",
      "Content-Length: 5;\r\n",
      "Content-Length: \xd9\xa5\r\n",
      "Content-Length: 99999999999999999999999x\r\n",
      "Content-Length : 5\r\n",
      "Content-Length\t: 5\r\n",
      " Content-Length: 5\r\n",
      "Content-Length: \r\n 5\r\n",
      "X: y\r\n\tContent-Length: 5\r\n",
  };
  for (const std::string& lines : cases) {
    SCOPED_TRACE(lines);
    EXPECT_EQ(parse_post(lines, "hello").status, 400);
  }
}

TEST(ContentLength, PastTheLimitIsTooLarge) {
  Limits limits;
  limits.body = 10;
  EXPECT_EQ(parse_post("Content-Length: 10\r\n", "0123456789", limits).requests.size(), 1U);
  for (const char* length :
       {"11", "1073741825", "4294967296", "18446744073709551616", "99999999999999999999999999"}) {
    SCOPED_TRACE(length);
    EXPECT_EQ(parse_post("Content-Length: "s + length + "\r\n", "0123456789x", limits).status, 413);
  }
}

TEST(TransferEncoding, IsRefused) {
  struct Case {
    std::string lines;
    int status = 400;
  };
  const std::vector<Case> cases = {
      {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"},
      {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"},
      {"Transfer-Encoding: identity\r\nContent-Length: 5\r\n"},
      {"Transfer-Encoding: chunked, chunked\r\n"},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"},
      {"Transfer-Encoding: chunked, gzip\r\n"},
      {"Transfer-Encoding: gzip\r\n"},
      {"Transfer-Encoding: identity\r\n"},
      {"Transfer-Encoding: xchunked\r\n"},
      {"Transfer-Encoding: chunkedx\r\n"},
      {"Transfer-Encoding: chunk\r\n"},
      {"Transfer-Encoding:\r\n"},
      {"Transfer-Encoding: ,chunked\r\n"},
      {"Transfer-Encoding: chunked,\r\n"},
      {"Transfer-Encoding: gzip,,chunked\r\n"},
      {"Transfer-Encoding: \"chunked\"\r\n"},
      {"Transfer-Encoding: chunked;q=1\r\n"},
      {"Transfer-Encoding: chunked gzip\r\n"},
      {"Transfer-Encoding: \x0b"
       "chunked\r\n"},
      {"Transfer-Encoding: chunked\x0c\r\n"},
      {"Transfer-Encoding: chun\xc4\xb7"
       "ed\r\n"},
      {"Transfer-Encoding : chunked\r\n"},
      {"Transfer-Encoding\t: chunked\r\n"},
      {" Transfer-Encoding: chunked\r\n"},
      {"Transfer-Encoding:\r\n chunked\r\n"},
      {"X: y\nTransfer-Encoding: chunked\r\n"},
      {"X: y\rTransfer-Encoding: chunked\r\n"},
      {"Transfer-Encoding: gzip, chunked\r\n", 501},
      {"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 501},
      {"Transfer-Encoding: identity, chunked\r\n", 501},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.lines);
    EXPECT_EQ(parse_post(each.lines, "0\r\n\r\n").status, each.status);
  }
}

TEST(TransferEncoding, IsNotOfHttp10) {
  EXPECT_EQ(
      parse_every_way("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").status,
      400);
}

TEST(TransferEncoding, IsChunkedInAnyCase) {
  for (const char* coding : {"chunked", "Chunked", "CHUNKED", " chunked\t"}) {
    const ParseOutcome outcome = parse_post("Transfer-Encoding:"s + coding + "\r\n", "2\r\nhi\r\n0\r\n\r\n");
    ASSERT_EQ(outcome.requests.size(), 1U) << outcome.detail;
    EXPECT_EQ(outcome.requests[0].body, "hi");
  }
}

TEST(Pipelining, KeepsRequestsApart) {
  const ParseOutcome outcome = parse_every_way(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
      "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\r\n"
      "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ndef\r\n0\r\nX: y\r\n\r\n"
      "GET /4 HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /5");
  ASSERT_EQ(outcome.requests.size(), 4U) << outcome.detail;
  EXPECT_EQ(outcome.requests[1].body, "abc");
  EXPECT_EQ(outcome.requests[2].body, "def");
  EXPECT_EQ(outcome.requests[3].path, "/4");
  EXPECT_EQ(outcome.requests[3].body, "");
  EXPECT_EQ(outcome.rest, "GET /5");
}

TEST(Pipelining, StopsAtTheFirstRefusal) {
  const ParseOutcome outcome = parse_every_way(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /2 HTTP/1.1\r\nHost : a\r\n\r\n"
      "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(outcome.requests.size(), 1U);
  EXPECT_EQ(outcome.status, 400);
}

}  // namespace
}  // namespace zerver::http
