// Header and trailer fields: what they mean for the connection, and what is refused.
#include "parse_helper.h"

#include <gtest/gtest.h>

#include <string>

namespace zerver::http {
namespace {

using namespace std::string_literals;

// A request with these lines behind the Host field.
ParseOutcome parse_with(const std::string& lines, const Limits& limits = {}) {
  return parse_every_way("GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n", limits);
}

TEST(Fields, AreKeptAsTheyWereSent) {
  const ParseOutcome outcome = parse_with(
      "Accept: text/html, */*;q=0.1\r\nX-Empty:\r\nX-Blank: \t \r\nX-Padded: \t a b\tc \t\r\n"
      "X-Text: caf\xc3\xa9 \"q\" (c)\r\n!#$%&'*+-.^_`|~9Az: 1\r\nAccept: again\r\n");
  ASSERT_EQ(outcome.requests.size(), 1U);
  const std::vector<std::pair<std::string, std::string>> expected = {{"Host", "a"},
                                                                     {"Accept", "text/html, */*;q=0.1"},
                                                                     {"X-Empty", ""},
                                                                     {"X-Blank", ""},
                                                                     {"X-Padded", "a b\tc"},
                                                                     {"X-Text", "caf\xc3\xa9 \"q\" (c)"},
                                                                     {"!#$%&'*+-.^_`|~9Az", "1"},
                                                                     {"Accept", "again"}};
  EXPECT_EQ(outcome.requests[0].headers, expected);
}

TEST(Fields, AreFoundWhateverTheirCase) {
  const std::array<Header, 3> headers = {Header{"Host", "a"}, Header{"ACCEPT", "b"}, Header{"accept", "c"}};
  Request request;
  request.headers = headers;
  EXPECT_EQ(request.header("accept"), "b");
  EXPECT_TRUE(request.has_header("host"));
  EXPECT_FALSE(request.has_header("hos"));
  EXPECT_EQ(request.header("cookie"), "");
}

TEST(Fields, AreRefused) {
  const std::vector<std::string> cases = {
      " Folded: first\r\n",
      "A: b\r\n c\r\n",
      "A: b\r\n\tc\r\n",
      "A: b\r\n \r\n",
      "A : b\r\n",
      "A\t: b\r\n",
      "A b: c\r\n",
      ": b\r\n",
      "A\r\n",
      "A",
      "A: b\nC: d\r\n",
      "A: b\n",
      "A: b\rC: d\r\n",
      "A: b\r\r\n",
      "A: b\r",
      "A: b\0c\r\n"s,
      "A\0: b\r\n"s,
      "A: b\x01\r\n",
      "A: b\x0b\r\n",
      "A: b\x0c\r\n",
      "A: \x7f\r\n",
      "A: b\x1b[31m\r\n",
      "\xc3\xa9: b\r\n",
      "A(): b\r\n",
      "A[]: b\r\n",
      "A{}: b\r\n",
      "A@B: c\r\n",
      "A/B: c\r\n",
      "A,B: c\r\n",
      "A;B: c\r\n",
      "A=B: c\r\n",
      "\"A\": c\r\n",
      "\n",
      "\rA: b\r\n",
  };
  for (const std::string& lines : cases) {
    SCOPED_TRACE(lines);
    EXPECT_EQ(parse_with(lines).status, 400);
  }
}

TEST(Host, IsRequiredOnceAndValid) {
  struct Case {
    std::string lines;
    int status;
    std::string minor = "1";
  };
  const std::vector<Case> cases = {
      {"", 400},
      {"", 0, "0"},
      {"Host: a\r\n", 0},
      {"HOST: a\r\n", 0},
      {"Host:a\r\n", 0},
      {"Host: a\r\nHost: a\r\n", 400},
      {"Host: a\r\nhOST: b\r\n", 400},
      {"Host: a\r\nHost: b\r\n", 400, "0"},
      {"Host:\r\n", 400},
      {"Host: \r\n", 400},
      {"Host: :80\r\n", 400},
      {"Host: a b\r\n", 400},
      {"Host: a,b\r\n", 0},  // a comma is allowed in a registered name (RFC 3986, 3.2.2)
      {"Host: a/b\r\n", 400},
      {"Host: a?b\r\n", 400},
      {"Host: a#b\r\n", 400},
      {"Host: user@a\r\n", 400},
      {"Host: http://a\r\n", 400},
      {"Host: a:80\r\n", 0},
      {"Host: a:\r\n", 0},
      {"Host: a:65535\r\n", 0},
      {"Host: a:65536\r\n", 400},
      {"Host: a:-1\r\n", 400},
      {"Host: a:8x\r\n", 400},
      {"Host: a:80:80\r\n", 400},
      {"Host: 127.0.0.1:8080\r\n", 0},
      {"Host: [::1]\r\n", 0},
      {"Host: [::1]:8080\r\n", 0},
      {"Host: [::ffff:1.2.3.4]\r\n", 0},
      {"Host: [v1.fe:1]\r\n", 0},
      {"Host: [v]\r\n", 400},
      {"Host: []\r\n", 400},
      {"Host: [::1\r\n", 400},
      {"Host: [::1]x\r\n", 400},
      {"Host: [g::1]\r\n", 400},
      {"Host: ::1\r\n", 400},
      {"Host: %41.example\r\n", 0},
      {"Host: %4.example\r\n", 400},
      {"Host: <a>\r\n", 400},
      {"Host: caf\xc3\xa9\r\n", 400},
      {"Host: a\\b\r\n", 400},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.lines);
    EXPECT_EQ(parse_every_way("GET / HTTP/1." + each.minor + "\r\n" + each.lines + "\r\n").status,
              each.status);
  }
}

TEST(Host, GivesWayToTheTargetsAuthority) {
  const ParseOutcome outcome = parse_every_way("GET http://b:1/ HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_EQ(outcome.requests.size(), 1U);
  EXPECT_EQ(outcome.requests[0].authority, "b:1");
  EXPECT_EQ(parse_every_way("GET http://b:1/ HTTP/1.1\r\n\r\n").status, 400);
}

TEST(Connection, DecidesWhetherTheConnectionIsKept) {
  struct Case {
    std::string lines;
    std::string minor;
    bool keep_alive;
  };
  const std::vector<Case> cases = {
      {"", "1", true},
      {"", "0", false},
      {"Connection: close\r\n", "1", false},
      {"Connection: Close\r\n", "1", false},
      {"Connection: close\r\n", "0", false},
      {"Connection: keep-alive\r\n", "1", true},
      {"Connection: Keep-Alive\r\n", "0", true},
      {"Connection: keep-alive, close\r\n", "0", false},
      {"Connection: keep-alive\r\nConnection: close\r\n", "1", false},
      {"Connection: upgrade ,\tclose\r\n", "1", false},
      {"Connection: closed\r\n", "1", true},
      {"Connection: not-close\r\n", "1", true},
      {"Connection:\r\n", "1", true},
      {"Connection: ,,\r\n", "1", true},
      {"Keep-Alive: 100\r\n", "0", false},
      {"Proxy-Connection: keep-alive\r\n", "0", false},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.lines);
    const ParseOutcome outcome =
        parse_every_way("GET / HTTP/1." + each.minor + "\r\nHost: a\r\n" + each.lines + "\r\n");
    ASSERT_EQ(outcome.requests.size(), 1U);
    EXPECT_EQ(outcome.requests[0].keep_alive, each.keep_alive);
  }
}

TEST(Fields, HaveLimits) {
  Limits limits;
  limits.header_count = 3;
  limits.header_bytes = 100;
  EXPECT_EQ(parse_with("A: 1\r\nB: 2\r\n", limits).status, 0);
  EXPECT_EQ(parse_with("A: 1\r\nB: 2\r\nC: 3\r\n", limits).status, 431);
  const std::string fits(100 - 9 - 5 - 2, 'x');  // behind `Host: a`, `A: ` and its end, and the empty line
  EXPECT_EQ(parse_with("A: " + fits + "\r\n", limits).status, 0);
  EXPECT_EQ(parse_with("A: " + fits + "x\r\n", limits).status, 431);
  EXPECT_EQ(parse_with("A: " + std::string(1000, 'x') + "\r\n", limits).status, 431);
  EXPECT_EQ(parse_with(std::string(1000, 'x'), limits).status, 431);
}

TEST(Expect, AsksOnceForContinue) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n";
  EXPECT_EQ(parse_in_pieces(head + "ab", {head.size()}).expectations, 1);
  EXPECT_EQ(parse_in_pieces(head + "ab", {head.size(), head.size() + 1}).expectations, 1);
  EXPECT_EQ(parse_at_once(head + "ab").expectations, 0);
  EXPECT_EQ(parse_at_once("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").expectations, 0);
  EXPECT_EQ(
      parse_at_once("POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n").expectations, 0);
  EXPECT_EQ(parse_at_once("POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: x\r\n\r\n").status, 0);
}

TEST(Expect, OfAnythingElseIsRefused) {
  for (const char* value : {"", "x", "100-continue, x", "100-continue;q=1", "200-ok"}) {
    SCOPED_TRACE(value);
    EXPECT_EQ(parse_with("Expect: "s + value + "\r\n").status, 417);
  }
}

TEST(Expect, DoesNotGoBeforeTheLimitOfTheBody) {
  Limits limits;
  limits.body = 10;
  const ParseOutcome outcome = parse_every_way(
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n", limits);
  EXPECT_EQ(outcome.status, 413);
  EXPECT_EQ(outcome.expectations, 0);
}

}  // namespace
}  // namespace zerver::http
