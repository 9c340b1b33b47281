// Chunked bodies: sizes, extensions, trailers.
#include "parse_helper.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace zerver::http {
namespace {

using namespace std::string_literals;

constexpr std::string_view kHead = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

ParseOutcome parse_chunks(const std::string& chunks, const Limits& limits = {}) {
  return parse_every_way(std::string(kHead) + chunks, limits);
}

TEST(Chunked, IsDecoded) {
  struct Case {
    std::string chunks;
    std::string_view body;
  };
  const std::vector<Case> cases = {
      {"0\r\n\r\n", ""},
      {"5\r\nhello\r\n0\r\n\r\n", "hello"},
      {"5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n", "hello world"},
      {"a\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
      {"A\r\n0123456789\r\n00\r\n\r\n", "0123456789"},
      {"0000000000000001\r\nx\r\n0\r\n\r\n", "x"},
      {"2\r\n\r\n\r\n0\r\n\r\n", "\r\n"},
      {"5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"},
      {"1;a\r\nx\r\n0\r\n\r\n", "x"},
      {"1;a=b\r\nx\r\n0;last\r\n\r\n", "x"},
      {"1;a=b;c=\"d;\\\"e\"\r\nx\r\n0\r\n\r\n", "x"},
      {"1;a=\"\"\r\nx\r\n0\r\n\r\n", "x"},
      {"1 ; a = b ; c\r\nx\r\n0\r\n\r\n", "x"},
      {"1\t;\ta\t=\t\"b\tc\"\r\nx\r\n0\r\n\r\n", "x"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.chunks);
    const ParseOutcome outcome = parse_chunks(each.chunks);
    ASSERT_EQ(outcome.requests.size(), 1U) << outcome.detail;
    EXPECT_EQ(outcome.requests[0].body, each.body);
    EXPECT_EQ(outcome.rest, "");
  }
}

TEST(Chunked, IsRefused) {
  const std::vector<std::string> cases = {
      "\r\n",
      "g\r\n",
      "-1\r\nx\r\n",
      "+1\r\nx\r\n",
      "0x1\r\nx\r\n",
      "1h\r\nx\r\n",
      " 1\r\nx\r\n",
      "1 \r\nx\r\n",
      "1\t\r\nx\r\n",
      "1,1\r\nx\r\n",
      "1\nx\r\n0\r\n\r\n",
      "1\rx\r\n0\r\n\r\n",
      "1\r\nx\n0\r\n\r\n",
      "1\r\nx\r0\r\n\r\n",
      "1\r\nxy\r\n0\r\n\r\n",
      "1\r\nx0\r\n\r\n",
      "2\r\nx\r\n0\r\n\r\n",
      "00000000000000001\r\nx\r\n0\r\n\r\n",
      "10000000000000001\r\nx\r\n",
      "1;\r\nx\r\n0\r\n\r\n",
      "1; \r\nx\r\n0\r\n\r\n",
      "1;;a\r\nx\r\n0\r\n\r\n",
      "1;=b\r\nx\r\n0\r\n\r\n",
      "1;a=\r\nx\r\n0\r\n\r\n",
      "1;a=;b\r\nx\r\n0\r\n\r\n",
      "1;a b\r\nx\r\n0\r\n\r\n",
      "1;a \r\nx\r\n0\r\n\r\n",
      "1 a\r\nx\r\n0\r\n\r\n",
      "1;a=\"b\r\nx\r\n0\r\n\r\n",
      "1;a=\"b\"c\r\nx\r\n0\r\n\r\n",
      "1;a=\"b\\\r\n\"\r\nx\r\n0\r\n\r\n",
      "1;a=b\nx\r\n0\r\n\r\n",
      "1;a=b\rx\r\n0\r\n\r\n",
      "1;a\nb\r\nx\r\n0\r\n\r\n",
      "1;a=\"\n\"\r\nx\r\n0\r\n\r\n",
      "1;a=\0\r\nx\r\n0\r\n\r\n"s,
      "1;a=\x7f\r\nx\r\n0\r\n\r\n",
      "1;a=\xc3\xa9\r\nx\r\n0\r\n\r\n",
      "0\r\n\n",
      "0\r\n\rX",
      "0\r\n X: y\r\n\r\n",
      "0\r\nX : y\r\n\r\n",
      "0\r\nX\r\n\r\n",
      "0\r\nX: y\n\r\n",
      "0\r\nX: y\r\n z\r\n\r\n",
      "0\r\nGET / HTTP/1.1\r\n\r\n",
  };
  for (const std::string& chunks : cases) {
    SCOPED_TRACE(chunks);
    EXPECT_EQ(parse_chunks(chunks).status, 400);
  }
}

TEST(Chunked, HasTheLimitOfTheBody) {
  Limits limits;
  limits.body = 10;
  EXPECT_EQ(parse_chunks("a\r\n0123456789\r\n0\r\n\r\n", limits).requests.size(), 1U);
  EXPECT_EQ(parse_chunks("5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", limits).requests.size(), 1U);
  EXPECT_EQ(parse_chunks("b\r\n0123456789x\r\n0\r\n\r\n", limits).status, 413);
  EXPECT_EQ(parse_chunks("5\r\n01234\r\n6\r\n56789x\r\n0\r\n\r\n", limits).status, 413);
  EXPECT_EQ(parse_chunks("ffffffff\r\n", limits).status, 413);
  EXPECT_EQ(parse_chunks("ffffffffffffffff\r\n", limits).status, 413);
}

TEST(Chunked, HasALimitOnExtensions) {
  EXPECT_EQ(parse_chunks("1;a=" + std::string(4000, 'x') + "\r\ny\r\n0\r\n\r\n").status, 0);
  EXPECT_EQ(parse_chunks("1;a=" + std::string(5000, 'x') + "\r\ny\r\n0\r\n\r\n").status, 400);
  std::string chunks;
  for (int i = 0; i < 50; ++i)
    chunks += "1;a=" + std::string(100, 'x') + "\r\ny\r\n";
  EXPECT_EQ(parse_chunks(chunks + "0\r\n\r\n").status, 400);
}

TEST(Chunked, TakesNoMoreMemoryInSmallChunks) {
  RequestParser parser{Limits{}};
  ReadBuffer buffer(1024);
  std::memcpy(buffer.prepare(kHead.size()).data(), kHead.data(), kHead.size());
  buffer.commit(kHead.size());
  for (int i = 0; i < 10000; ++i) {
    const std::string_view chunk = "1\r\nx\r\n";
    std::memcpy(buffer.prepare(chunk.size()).data(), chunk.data(), chunk.size());
    buffer.commit(chunk.size());
    ASSERT_EQ(parser.parse(buffer), RequestParser::Progress::kMore);
    ASSERT_TRUE(parser.in_body());
  }
  EXPECT_LE(buffer.size(), kHead.size() + 10000);
  EXPECT_LE(buffer.capacity(), 32768U);
}

TEST(Trailers, AreKeptApart) {
  const ParseOutcome outcome = parse_chunks("1\r\nx\r\n0\r\nX-Checksum: 1 \r\nX-Other:2\r\n\r\n");
  ASSERT_EQ(outcome.requests.size(), 1U) << outcome.detail;
  const std::vector<std::pair<std::string, std::string>> expected = {{"X-Checksum", "1"}, {"X-Other", "2"}};
  EXPECT_EQ(outcome.requests[0].trailers, expected);
  EXPECT_EQ(outcome.requests[0].headers.size(), 2U);
}

TEST(Trailers, ThatCouldBeMisusedAreDropped) {
  const ParseOutcome outcome = parse_chunks(
      "0\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\nHost: b\r\nAuthorization: c\r\nX-Kept: "
      "d\r\nSET-COOKIE: e\r\n"
      "Content-Type: f\r\nConnection: close\r\n\r\n");
  ASSERT_EQ(outcome.requests.size(), 1U) << outcome.detail;
  const std::vector<std::pair<std::string, std::string>> expected = {{"X-Kept", "d"}};
  EXPECT_EQ(outcome.requests[0].trailers, expected);
  EXPECT_TRUE(outcome.requests[0].keep_alive);
  EXPECT_EQ(outcome.requests[0].authority, "a");
}

TEST(Trailers, HaveTheLimitsOfHeaders) {
  Limits limits;
  limits.header_count = 3;
  limits.header_bytes = 64;
  EXPECT_EQ(parse_chunks("0\r\nX: 1\r\n\r\n", limits).status, 0);
  EXPECT_EQ(parse_chunks("0\r\nX: 1\r\nY: 2\r\n\r\n", limits).status, 431);
  EXPECT_EQ(parse_chunks("0\r\nX: " + std::string(100, 'x') + "\r\n\r\n", limits).status, 431);
}

}  // namespace
}  // namespace zerver::http
