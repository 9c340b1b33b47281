#include "message/url.h"

#include "connect/proxy.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace zerver::effects::http_client {
namespace {

std::string text_of(const std::optional<Url>& url) {
  if (!url) return "none";
  return (url->origin.tls ? "https://" : "http://") + url->origin.authority_with_port() + url->target;
}

TEST(Url, IsTakenApart) {
  EXPECT_EQ(text_of(parse_url("http://Example.com")), "http://example.com:80/");
  EXPECT_EQ(text_of(parse_url("HTTPS://example.com/a?b#c")), "https://example.com:443/a?b");
  EXPECT_EQ(text_of(parse_url("http://[::1]:8080?q")), "http://[::1]:8080/?q");
  EXPECT_EQ(parse_url("http://[::1]:80")->origin.authority(), "[::1]");
  EXPECT_EQ(parse_url("https://a:8443")->origin.authority(), "a:8443");
}

TEST(Url, IsRefused) {
  for (const std::string_view text :
       {"", "example.com", "ftp://a", "http://", "http:///a", "http://user@a", "http://user:pw@a",
        "http://a:0", "http://a:99999", "http://a:x", "http://a b", "http://a/ b", "http://a/\r\nX: y",
        "http://[::1", "http://[x]", "http://a\\b", "http://a/../b", "http://a%2fb", "http://a:80:80"})
    EXPECT_EQ(text_of(parse_url(text)), "none") << text;
}

TEST(Url, ResolvesReferences) {
  const Url base = *parse_url("http://a:81/b/c?d");
  EXPECT_EQ(text_of(resolve(base, "/x")), "http://a:81/x");
  EXPECT_EQ(text_of(resolve(base, "x?y")), "http://a:81/b/x?y");
  EXPECT_EQ(text_of(resolve(base, "../x")), "http://a:81/x");
  EXPECT_EQ(text_of(resolve(base, "../../../x/./y/..")), "http://a:81/x/");
  EXPECT_EQ(text_of(resolve(base, "?e")), "http://a:81/b/c?e");
  EXPECT_EQ(text_of(resolve(base, "#f")), "http://a:81/b/c?d");
  EXPECT_EQ(text_of(resolve(base, "//other/x")), "http://other:80/x");
  EXPECT_EQ(text_of(resolve(base, "https://other/x")), "https://other:443/x");
  EXPECT_EQ(text_of(resolve(base, "javascript:alert(1)")), "none");
  EXPECT_EQ(text_of(resolve(base, "http://user@other/")), "none");
  EXPECT_EQ(text_of(resolve(base, "/a b")), "none");
  EXPECT_EQ(text_of(resolve(base, "/%2e%2e/b")), "none");
}

std::map<std::string, std::string, std::less<>>& variables() {
  static std::map<std::string, std::string, std::less<>> all;
  return all;
}
std::optional<std::string> look_up(const char* name) {
  const auto found = variables().find(std::string_view(name));
  return found == variables().end() ? std::nullopt : std::optional(found->second);
}

std::string proxy_of(std::string_view setting, std::string_view url) {
  std::optional<Proxy> proxy;
  const std::string error = read_proxy(setting, parse_url(url)->origin, look_up, proxy);
  if (!error.empty()) return error;
  return proxy ? proxy->origin.authority_with_port() + " " + proxy->authorization : "none";
}

TEST(Proxies, AreThoseOfTheEnvironment) {
  variables() = {
      {"http_proxy", "http://p:3128"}, {"HTTPS_PROXY", "user:p%40ss@q"}, {"no_proxy", "local, .corp,c:81"}};
  EXPECT_EQ(proxy_of("environment", "http://a"), "p:3128 ");
  EXPECT_EQ(proxy_of("environment", "https://a"), "q:80 Basic dXNlcjpwQHNz");
  EXPECT_EQ(proxy_of("environment", "http://local"), "none");
  EXPECT_EQ(proxy_of("environment", "http://x.local"), "none");
  EXPECT_EQ(proxy_of("environment", "http://notlocal"), "p:3128 ");
  EXPECT_EQ(proxy_of("environment", "http://X.Corp"), "none");
  EXPECT_EQ(proxy_of("environment", "http://c:81"), "none");
  EXPECT_EQ(proxy_of("environment", "http://c:82"), "p:3128 ");
  EXPECT_EQ(proxy_of("none", "http://a"), "none");
  EXPECT_EQ(proxy_of("http://z:1", "http://local"), "z:1 ");
  EXPECT_EQ(proxy_of("socks5://z", "http://a"), "the URL of its proxy is none");
  variables() = {{"HTTP_PROXY", "http://p"}};
  EXPECT_EQ(proxy_of("environment", "http://a"), "none");
  variables() = {{"ALL_PROXY", "http://p"}, {"NO_PROXY", "*"}};
  EXPECT_EQ(proxy_of("environment", "http://a"), "none");
}

}  // namespace
}  // namespace zerver::effects::http_client
