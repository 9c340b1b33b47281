// What request lines are understood, and with which status the others are refused.
#include "parse_helper.h"

#include <gtest/gtest.h>

#include <string>

namespace zerver::http {
namespace {

using namespace std::string_literals;

constexpr std::string_view kHost = "Host: example.com\r\n\r\n";

struct Accepted {
  std::string line;  // without its end
  Method method;
  std::string_view path;
  std::string_view query = {};
  std::string_view authority = "example.com";
};

TEST(RequestLine, IsUnderstood) {
  const std::vector<Accepted> cases = {
      {"GET / HTTP/1.1", Method::kGet, "/"},
      {"HEAD /a HTTP/1.1", Method::kHead, "/a"},
      {"POST /a/b HTTP/1.1", Method::kPost, "/a/b"},
      {"PUT /a HTTP/1.1", Method::kPut, "/a"},
      {"PATCH /a HTTP/1.1", Method::kPatch, "/a"},
      {"DELETE /a HTTP/1.1", Method::kDelete, "/a"},
      {"OPTIONS /a HTTP/1.1", Method::kOptions, "/a"},
      {"TRACE /a HTTP/1.1", Method::kTrace, "/a"},
      {"PROPFIND /a HTTP/1.1", Method::kOther, "/a"},
      {"get /a HTTP/1.1", Method::kOther, "/a"},
      {"GETS /a HTTP/1.1", Method::kOther, "/a"},
      {"X!#$%&'*+-.^_`|~9 /a HTTP/1.1", Method::kOther, "/a"},
      {"GET /a?b HTTP/1.1", Method::kGet, "/a", "b"},
      {"GET /a? HTTP/1.1", Method::kGet, "/a", ""},
      {"GET /a?b?c=/d HTTP/1.1", Method::kGet, "/a", "b?c=/d"},
      {"GET //double//slash HTTP/1.1", Method::kGet, "//double//slash"},
      {"GET /../a/./b HTTP/1.1", Method::kGet, "/../a/./b"},
      {"GET /%41%2f HTTP/1.1", Method::kGet, "/%41%2f"},
      {"GET /a:@!$&'()*+,;=-._~ HTTP/1.1", Method::kGet, "/a:@!$&'()*+,;=-._~"},
      {"GET /a[1]|^ HTTP/1.1", Method::kGet, "/a[1]|^"},
      {"GET /a?f[x]={1} HTTP/1.1", Method::kGet, "/a", "f[x]={1}"},
      {"GET /a?q=%C3%A9&r=`{|}^\\ HTTP/1.1", Method::kGet, "/a", "q=%C3%A9&r=`{|}^\\"},
      {"OPTIONS * HTTP/1.1", Method::kOptions, "*"},
      {"GET http://other.example/a?b HTTP/1.1", Method::kGet, "/a", "b", "other.example"},
      {"GET HTTP://other.example:8080 HTTP/1.1", Method::kGet, "/", "", "other.example:8080"},
      {"GET https://[2001:db8::1]:8443/x HTTP/1.1", Method::kGet, "/x", "", "[2001:db8::1]:8443"},
      {"GET http://other.example?b HTTP/1.1", Method::kGet, "/", "b", "other.example"},
      {"OPTIONS http://other.example HTTP/1.1", Method::kOptions, "/", "", "other.example"},
      {"CONNECT other.example:443 HTTP/1.1", Method::kConnect, "", "", "other.example:443"},
      {"GET / HTTP/1.0", Method::kGet, "/"},
      {"GET / HTTP/1.2", Method::kGet, "/"},
      {"GET / HTTP/1.9", Method::kGet, "/"},
      {"\r\nGET / HTTP/1.1", Method::kGet, "/"},
  };
  for (const Accepted& each : cases) {
    SCOPED_TRACE(each.line);
    const ParseOutcome outcome = parse_every_way(each.line + "\r\n"s + std::string(kHost));
    ASSERT_EQ(outcome.status, 0) << outcome.detail;
    ASSERT_EQ(outcome.requests.size(), 1U);
    const ParsedRequest& request = outcome.requests[0];
    EXPECT_EQ(request.method, each.method);
    EXPECT_EQ(request.path, each.path);
    EXPECT_EQ(request.query, each.query);
    EXPECT_EQ(request.has_query, each.line.find('?') != std::string::npos);
    EXPECT_EQ(request.authority, each.authority);
    if (each.method != Method::kOther) {
      EXPECT_EQ(request.method_name, method_name(each.method));
    }
  }
}

struct Refused {
  std::string line;
  int status = 400;
};

TEST(RequestLine, IsRefused) {
  const std::vector<Refused> cases = {
      {"GET  / HTTP/1.1"},
      {" GET / HTTP/1.1"},
      {"\tGET / HTTP/1.1"},
      {"GET\t/ HTTP/1.1"},
      {"GET /\tHTTP/1.1"},
      {"GET /  HTTP/1.1"},
      {"GET / HTTP/1.1 "},
      {"GET /"},
      {"GET / "},
      {"GET"},
      {"GET HTTP/1.1"},
      {" / HTTP/1.1"},
      {"G(T / HTTP/1.1"},
      {"G\"T / HTTP/1.1"},
      {"G\x80T / HTTP/1.1"},
      {"G\0T / HTTP/1.1"s},
      {"GET: / HTTP/1.1"},
      {"GET / http/1.1"},
      {"GET / HTTP/1"},
      {"GET / HTTP/1."},
      {"GET / HTTP/1.10"},
      {"GET / HTTP/11.1"},
      {"GET / HTTP/a.1"},
      {"GET / HTTP/1,1"},
      {"GET / HTTPS/1.1"},
      {"GET / HTP/1.1"},
      {"GET / HTTP /1.1"},
      {"GET / HTTP/ 1.1"},
      {"GET / HTTP/1.1\rX"},
      {"GET / HTTP/0.9", 505},
      {"GET / HTTP/2.0", 505},
      {"GET / HTTP/3.0", 505},
      {"GET / HTTP/9.9", 505},
      {"PRI * HTTP/2.0", 505},
      {"GET a HTTP/1.1"},
      {"GET a/b HTTP/1.1"},
      {"GET * HTTP/1.1"},
      {"OPTIONS ** HTTP/1.1"},
      {"OPTIONS *a HTTP/1.1"},
      {"GET ?a HTTP/1.1"},
      {"GET /a#b HTTP/1.1"},
      {"GET /a?b#c HTTP/1.1"},
      {"GET /a\"b HTTP/1.1"},
      {"GET /a<b> HTTP/1.1"},
      {"GET /a\\b HTTP/1.1"},
      {"GET /a`b HTTP/1.1"},
      {"GET /{a} HTTP/1.1"},
      {"GET /a\x7f HTTP/1.1"},
      {"GET /a\x01 HTTP/1.1"},
      {"GET /a\0b HTTP/1.1"s},
      {"GET /\xc3\xa9 HTTP/1.1"},
      {"GET /a?\xc3\xa9 HTTP/1.1"},
      {"GET /% HTTP/1.1"},
      {"GET /%4 HTTP/1.1"},
      {"GET /%zz HTTP/1.1"},
      {"GET /%4g HTTP/1.1"},
      {"GET /a?%u0041 HTTP/1.1"},
      {"GET /a b HTTP/1.1"},
      {"GET ftp://example.com/ HTTP/1.1"},
      {"GET http:/example.com/ HTTP/1.1"},
      {"GET http:example.com HTTP/1.1"},
      {"GET http:///a HTTP/1.1"},
      {"GET http://user@example.com/ HTTP/1.1"},
      {"GET http://user:secret@example.com/ HTTP/1.1"},
      {"GET http://exa mple.com/ HTTP/1.1"},
      {"GET http://example.com:99999/ HTTP/1.1"},
      {"GET http://example.com:8a/ HTTP/1.1"},
      {"GET http://[::1/ HTTP/1.1"},
      {"GET http://example.com/%4 HTTP/1.1"},
      {"GET http://example.com/?%4 HTTP/1.1"},
      {"GET http://example.com/a\\b HTTP/1.1"},
      {"GET example.com:443 HTTP/1.1"},
      {"CONNECT / HTTP/1.1"},
      {"CONNECT example.com HTTP/1.1"},
      {"CONNECT example.com: HTTP/1.1"},
      {"CONNECT http://example.com:443/ HTTP/1.1"},
      {"CONNECT * HTTP/1.1"},
      {"\r\n\r\nGET / HTTP/1.1"},
      {"\nGET / HTTP/1.1"},
      {"\rGET / HTTP/1.1"},
      {"\x16\x03\x01\x02"},  // a TLS handshake
  };
  for (const Refused& each : cases) {
    SCOPED_TRACE(each.line);
    const ParseOutcome outcome = parse_every_way(each.line + "\r\n"s + std::string(kHost));
    EXPECT_EQ(outcome.status, each.status) << outcome.detail;
    EXPECT_TRUE(outcome.requests.empty());
  }
}

TEST(RequestLine, EndsWithCrLfOnly) {
  EXPECT_EQ(parse_every_way("GET / HTTP/1.1\nHost: a\n\n").status, 400);
  EXPECT_EQ(parse_every_way("GET / HTTP/1.1\rHost: a\r\r").status, 400);
  EXPECT_EQ(parse_every_way("GET / HTTP/1.1\n\rHost: a\r\n\r\n").status, 400);
}

TEST(RequestLine, IsRefusedAsSoonAsItIsWrong) {
  EXPECT_EQ(parse_at_once("GET /\x01").status, 400);
  EXPECT_EQ(parse_at_once("(").status, 400);
  EXPECT_EQ(parse_at_once("GET / HTTX").status, 400);
}

TEST(RequestLine, HasALimit) {
  Limits limits;
  limits.request_line = 64;
  const auto line_of = [](std::size_t size) {
    return "GET /" + std::string(size - 16, 'a') + " HTTP/1.1\r\n" + std::string(kHost);
  };
  EXPECT_EQ(parse_every_way(line_of(64), limits).status, 0);
  EXPECT_EQ(parse_every_way(line_of(65), limits).status, 414);
  EXPECT_EQ(parse_every_way(std::string(200, 'A'), limits).status, 414);
  EXPECT_EQ(parse_every_way("GET /?" + std::string(200, '%'), limits).status, 400);
  EXPECT_EQ(parse_every_way("GET " + std::string(200, 'a'), limits).status, 414);
}

}  // namespace
}  // namespace zerver::http
