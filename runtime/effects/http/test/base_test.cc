// URLs of targets, which may name several hosts.
#include "message/url.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects::http_client {
namespace {

// The hosts and the path, or why not.
std::string parsed(std::string_view text) {
  Url base;
  std::vector<Origin> origins;
  if (const std::string why = parse_base(text, base, origins); !why.empty()) return "no: " + why;
  EXPECT_EQ(base.origin, origins.front());
  std::string result;
  for (const Origin& origin : origins)
    result += (origin.tls ? "https://" : "http://") + origin.authority_with_port() + " ";
  return result + base.target;
}

TEST(Base, IsOneHostOrSeveral) {
  EXPECT_EQ(parsed("http://a"), "http://a:80 /");
  EXPECT_EQ(parsed("https://a:1/v1/"), "https://a:1 /v1/");
  EXPECT_EQ(parsed("http://a:1,b,[::1]:3"), "http://a:1 http://b:80 http://[::1]:3 /");
  EXPECT_EQ(parsed("https://a,B:2/v1"), "https://a:443 https://b:2 /v1");
  EXPECT_EQ(parsed("http://a:1,http://b:2"), "http://a:1 http://b:2 /");
  EXPECT_EQ(parsed("http://a:1/v1,http://b:2/v1"), "http://a:1 http://b:2 /v1");
}

TEST(Base, SaysWhatIsWrongWithIt) {
  const std::string one =
      "no: its URL must be `http://host:port/path` or `https://...`, without user and query";
  for (const char* const text : {"", "http", "a:1", "ftp://a", "http://", "http://u:p@a", "http://a?q"})
    EXPECT_EQ(parsed(text), one) << text;
  EXPECT_EQ(parsed("http://a:1,"), "no: host 2 of its URL is empty");
  EXPECT_EQ(parsed(",http://a:1"), "no: host 1 of its URL is empty");
  EXPECT_EQ(parsed("http://a,,b"), "no: host 2 of its URL is empty");
  EXPECT_EQ(parsed("http://a, b"), "no: host 2 of its URL is no `host:port`, or has a user or a query");
  EXPECT_EQ(parsed("http://a,u:p@b"), "no: host 2 of its URL is no `host:port`, or has a user or a query");
  EXPECT_EQ(parsed("http://a,b?q"), "no: host 2 of its URL is no `host:port`, or has a user or a query");
  EXPECT_EQ(parsed("http://a,b:x"), "no: host 2 of its URL is no `host:port`, or has a user or a query");
  EXPECT_EQ(parsed("a:1,http://b"), "no: host 1 of its URL is no `host:port`, or has a user or a query");
  EXPECT_EQ(parsed("http://a,https://b"), "no: its URL names `http` and `https`");
  EXPECT_EQ(parsed("http://a/v1,b"), "no: the path of its URL must stand behind the last host");
  EXPECT_EQ(parsed("http://a/v1,http://b"), "no: its hosts have different paths");
  EXPECT_EQ(parsed("http://a,http://b/v1"), "no: its hosts have different paths");
  EXPECT_EQ(parsed("http://a,b,A:80"), "no: its URL names `a:80` twice");
}

}  // namespace
}  // namespace zerver::effects::http_client
