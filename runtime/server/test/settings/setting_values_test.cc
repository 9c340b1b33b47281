// The values of settings as people write them.
#include "settings/setting_values.h"

#include <gtest/gtest.h>

namespace zerver::server {
namespace {

TEST(SettingValues, AreCounts) {
  EXPECT_EQ(parse_count("0"), 0U);
  EXPECT_EQ(parse_count("18446744073709551615"), 18446744073709551615U);
  for (const char* text : {"", "-1", "+1", "1.5", "1 ", " 1", "x", "18446744073709551616"})
    EXPECT_FALSE(parse_count(text)) << text;
}

TEST(SettingValues, AreSizes) {
  EXPECT_EQ(parse_size("4096"), 4096U);
  EXPECT_EQ(parse_size("64KiB"), 65536U);
  EXPECT_EQ(parse_size("1MiB"), 1048576U);
  EXPECT_EQ(parse_size("2GiB"), 2147483648U);
  EXPECT_EQ(parse_size("7B"), 7U);
  for (const char* text : {"", "KiB", "1KB", "1k", "-1", "99999999999999999999", "18446744073709551615KiB"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(SettingValues, AreDurations) {
  EXPECT_EQ(parse_duration("250ms"), Duration::from_milliseconds(250));
  EXPECT_EQ(parse_duration("30s"), Duration::from_seconds(30));
  EXPECT_EQ(parse_duration("5m"), Duration::from_seconds(300));
  EXPECT_EQ(parse_duration("2h"), Duration::from_seconds(7200));
  for (const char* text : {"", "5", "0s", "-1s", "1d", "1 s", "9999999999h"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(SettingValues, AreAddresses) {
  const auto same = [](std::string_view text, std::string_view host, int port) {
    const std::optional<ListenAddress> address = parse_listen_address(text);
    return address && address->host == host && address->port == port;
  };
  EXPECT_TRUE(same("127.0.0.1:8080", "127.0.0.1", 8080));
  EXPECT_TRUE(same("localhost:0", "localhost", 0));
  EXPECT_TRUE(same(":80", "", 80));
  EXPECT_TRUE(same("[::1]:65535", "::1", 65535));
  for (const char* text : {"", "8080", "localhost", "localhost:", "localhost:x", "localhost:65536", "::1:80",
                           "[]:80", "a:b:80"}) {
    EXPECT_FALSE(parse_listen_address(text)) << text;
  }
}

TEST(SettingValues, ReadsRates) {
  const std::optional<NamedRate> rate = parse_named_rate("shop.buy=100/10s:20");
  ASSERT_TRUE(rate);
  EXPECT_EQ(rate->name, "shop.buy");
  EXPECT_EQ(rate->limit, (async::RateLimit{100, Duration::from_seconds(10), 20}));
  EXPECT_EQ(parse_named_rate("X-Tenant=5/1s")->limit.depth(), 5U);
  for (const char* const text :
       {"", "=1/1s", "a", "a=1", "a=0/1s", "a=1/s", "a=1/0s", "a=1/1s:0", "a=x/1s", "a=1/1s:x"})
    EXPECT_FALSE(parse_named_rate(text)) << text;
}

}  // namespace
}  // namespace zerver::server
