// Where targets go.
#include "target_url.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace zerver::effects::net {
namespace {

const std::vector<UrlScheme> kSchemes = {{"tcp"}, {"ws", 80}, {"unix"}};

TEST(TargetUrl, IsReadInItsParts) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"tcp://db.internal:5432", "tcp://db.internal:5432 "},
      {"ws://host", "ws://host:80 "},
      {"ws://host/", "ws://host:80 /"},
      {"ws://host:8080/a/b?c=d", "ws://host:8080 /a/b?c=d"},
      {"ws://host?c=d", "ws://host:80 /?c=d"},
      {"tcp://[2001:db8::1]:7", "tcp://[2001:db8::1]:7 "},
      {"ws://[::1]/x", "ws://[::1]:80 /x"},
      {"unix:/run/a.sock", "unix:/run/a.sock /run/a.sock"},
  };
  for (const auto& [text, expected] : cases) {
    TargetUrl url;
    EXPECT_EQ(parse_target_url(text, kSchemes, url), "") << text;
    EXPECT_EQ(describe(url) + ' ' + url.path, expected);
  }
}

TEST(TargetUrl, SaysWhatIsWrongAndRepeatsNothing) {
  const std::string begin = "its URL must begin with `tcp://` or `ws://` or `unix:`";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", begin},
      {"host:80", begin},
      {"http://host", begin},
      {"tcp:host:80", begin},
      {"tcp://host", "its URL needs a port"},
      {"tcp://host:0", "its URL needs a port"},
      {"tcp://host:65536", "its URL has a port that is none"},
      {"tcp://host:8o", "its URL has a port that is none"},
      {"tcp://:80", "its URL names no host"},
      {"tcp://[::1:80", "its URL has an address without an end"},
      {"tcp://[::1]80", "its URL has no port behind its address"},
      {"ws://user:secret@host", "its URL has a user, which nobody would be told"},
      {"ws://host/#top", "its URL has a fragment, which is never sent"},
      {"ws://host/a b", "its URL has a character that no URL has"},
      {"ws://host/a\r\nX: y", "its URL has a character that no URL has"},
      {"ws://h\xc3\xbc", "its URL has a character that no URL has"},
      {"unix:", "its URL names no socket"},
  };
  for (const auto& [text, expected] : cases) {
    TargetUrl url;
    EXPECT_EQ(parse_target_url(text, kSchemes, url), expected) << text;
  }
}

}  // namespace
}  // namespace zerver::effects::net
