// URLs of Redis, and where a cluster keeps a key.
#include <zerver/effects/redis/key_slot.h>
#include <zerver/effects/redis/options.h>

#include <gtest/gtest.h>

namespace zerver::effects::redis {
namespace {

TEST(RedisUrl, NamesAServer) {
  Options options;
  ASSERT_EQ(parse_url("redis://localhost", options), "");
  EXPECT_EQ(options.servers, (std::vector<Server>{{"localhost", 6379}}));
  EXPECT_FALSE(options.tls);
  EXPECT_EQ(describe(options), "redis://localhost:6379/0");
}

TEST(RedisUrl, HasUserPasswordPortAndDatabase) {
  Options options;
  ASSERT_EQ(parse_url("rediss://al%40ice:p%3Aw%2F@[::1]:7000/3?connections=2&ca=ca.pem", options), "");
  EXPECT_EQ(options.user, "al@ice");
  EXPECT_EQ(options.password, "p:w/");
  EXPECT_EQ(options.servers, (std::vector<Server>{{"::1", 7000}}));
  EXPECT_EQ(options.database, 3U);
  EXPECT_EQ(options.connections, 2U);
  EXPECT_EQ(options.ca_file, "ca.pem");
  EXPECT_TRUE(options.tls);
  EXPECT_EQ(describe(options), "rediss://[::1]:7000/3");
}

TEST(RedisUrl, NamesSomeOfACluster) {
  Options options;
  ASSERT_EQ(parse_url("redis+cluster://:secret@a:1,b,c:3", options), "");
  EXPECT_TRUE(options.cluster);
  EXPECT_EQ(options.password, "secret");
  EXPECT_EQ(options.user, "");
  EXPECT_EQ(describe(options), "redis+cluster://a:1,b:6379,c:3");
}

TEST(RedisUrl, NamesASocket) {
  Options options;
  ASSERT_EQ(parse_url("redis+unix:/run/redis.sock?db=2", options), "");
  EXPECT_EQ(options.unix_path, "/run/redis.sock");
  EXPECT_EQ(options.database, 2U);
  EXPECT_EQ(describe(options), "redis+unix:/run/redis.sock");
}

TEST(RedisUrl, SaysWhatIsWrongAndRepeatsNothing) {
  for (const char* const wrong : {"",
                                  "redis",
                                  "redis:",
                                  "redis:host",
                                  "redis://",
                                  "redis://:p4ss@",
                                  "redis://host:p4ss",
                                  "redis://host:0",
                                  "redis://host:65536",
                                  "redis://[::1",
                                  "redis://[::1]x",
                                  "redis://host/p4ss",
                                  "redis://a,b",
                                  "redis+unix:",
                                  "redis://u:p4ss%4@host",
                                  "redis://u:p4ss%zz@host",
                                  "redis://host?p4ss=1",
                                  "redis://host?connections=0",
                                  "redis+cluster://a/1",
                                  "redis+cluster://a,,b",
                                  "http://host"}) {
    Options options;
    const std::string error = parse_url(wrong, options);
    EXPECT_NE(error, "") << wrong;
    EXPECT_EQ(error.find("p4ss"), std::string::npos) << error;
  }
}

TEST(KeySlot, IsThatOfTheSpecification) {
  EXPECT_EQ(key_slot("123456789"), 0x31C3);
  EXPECT_EQ(key_slot("foo"), 12182);
  EXPECT_EQ(key_slot("bar"), 5061);
  EXPECT_EQ(key_slot("{user1000}.following"), key_slot("user1000"));
  EXPECT_EQ(key_slot("foo{}{bar}"), 8363);
  EXPECT_EQ(key_slot("foo{{bar}}zap"), key_slot("{bar"));
  EXPECT_EQ(key_slot("foo{bar}{zap}"), key_slot("bar"));
  EXPECT_EQ(key_slot("foo{bar"), key_slot("foo{bar"));
  EXPECT_EQ(key_slot(""), 0);
}

}  // namespace
}  // namespace zerver::effects::redis
