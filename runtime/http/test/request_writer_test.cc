// Requests as they are written, and what is never written.
#include <zerver/http/request_writer.h>

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace zerver::http {
namespace {

using namespace std::string_literals;

TEST(RequestWriter, WritesAHead) {
  const std::array headers = {Header{"Accept", "application/json"}, Header{"X-A", "b"}};
  OutputBuffer out;
  write_request_head(out, {.method = Method::kPost,
                           .target = "/a?b=c",
                           .authority = "example.com:8080",
                           .headers = headers,
                           .content_type = "application/json",
                           .content_length = 2});
  EXPECT_EQ(out.view(),
            "POST /a?b=c HTTP/1.1\r\nHost: example.com:8080\r\nContent-Type: application/json\r\n"
            "Content-Length: 2\r\nAccept: application/json\r\nX-A: b\r\n\r\n");
}

TEST(RequestWriter, WritesNoLengthWithoutABody) {
  OutputBuffer out;
  write_request_head(out, {.target = "/", .authority = "a", .headers = {}, .content_type = "text/plain"});
  EXPECT_EQ(out.view(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST(RequestWriter, FindsFaultsInTargets) {
  const std::vector<std::string> bad = {
      "",       "a",      "@host",     "//host/..",    "/a b",     "/a\r\nX: y", "/a\nb", "/\0"s,
      "/a\tb",  "/..",    "/../a",     "/a/..",        "/a/../b",  "/.",         "/./a",  "/a/%2e%2e/b",
      "/%2E.",  "/.%2e",  "/a/%2e",    "/a%",          "/a%4",     "/a%zz",      "/a#b",  "/a?b=\r\n",
      "/a?b c", "/a\x7f", "/\xc3\xa4", "http://evil/", "/a?b=%g0", "/a\"b",      "/a<b>", "/..?x=1",
  };
  for (const std::string& target : bad)
    EXPECT_FALSE(find_fault_in_target(target).empty()) << target;
  for (const std::string_view target :
       {"/", "/a/b/", "/a?b=c&d=%20", "/a..b", "/...", "/.well-known/x", "/a%2Fb", "/a?x=../.."})
    EXPECT_EQ(find_fault_in_target(target), "") << target;
}

TEST(RequestWriter, FindsFaultsInFields) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"", "a"},
      {"a b", "a"},
      {"a:", "a"},
      {"a\r\nb", "a"},
      {"X", "a\r\nY: b"},
      {"X", "a\nb"},
      {"X", "a\rb"},
      {"X", "a\0b"s},
      {"X", "\x7f"},
      {"Host", "evil"},
      {"content-length", "0"},
      {"Transfer-Encoding", "chunked"},
      {"Connection", "close"},
      {"TE", "trailers"},
      {"Expect", "100-continue"},
      {"Upgrade", "h2c"},
  };
  for (const auto& [name, value] : bad)
    EXPECT_FALSE(find_fault_in_field({name, value}).empty()) << name << ": " << value;
  EXPECT_EQ(find_fault_in_field({"X-Tenant", "a b\tc"}), "");
}

}  // namespace
}  // namespace zerver::http
