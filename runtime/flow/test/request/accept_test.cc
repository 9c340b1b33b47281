#include <zerver/flow/data/format.h>
#include <zerver/flow/request/accept.h>

#include <gtest/gtest.h>

namespace zerver::flow {
namespace {

std::string_view preferred(std::string_view accept) {
  const Header headers[] = {{"Host", "x"}, {"Accept", accept}};
  return preferred_message_pack(headers);
}

TEST(Accept, JsonIsWhatNobodyAskedAnythingOf) {
  EXPECT_EQ(preferred_message_pack({}), "");
  for (const char* const accept :
       {"", "*/*", "application/*", "application/json", "text/html, */*;q=0.8", "application/json, */*",
        "msgpack", "application/msgpack;q=0", "application/msgpack;q=0.0, */*",
        "application/json, application/msgpack", "application/json;q=0.5, application/msgpack;q=0.50",
        "application/msgpack;q=0.5, application/json", "application/msgpack;q=0.5, */*",
        "application/msgpack;q=x", "application/msgpack;q=-1", "application/msgpack;q=2",
        "application/msgpack;q=0.12345", "application/msgpacks", ",,;q=1, ;,"})
    EXPECT_EQ(preferred(accept), "") << accept;
}

TEST(Accept, MessagePackIsWhatIsPreferred) {
  for (const char* const accept : {"application/msgpack", " application/msgpack ", "Application/MsgPack",
                                   "application/msgpack; charset=binary", "application/msgpack, */*",
                                   "application/msgpack, application/json;q=0.9",
                                   "application/msgpack;Q=0.001", "application/msgpack, application/json",
                                   "application/json;q=0, */*", "text/html, application/msgpack;q=0.2"})
    EXPECT_EQ(preferred(accept), kMessagePackType) << accept;
}

TEST(Accept, ItIsCalledAsTheClientCallsIt) {
  EXPECT_EQ(preferred("application/vnd.msgpack"), "application/vnd.msgpack");
  EXPECT_EQ(preferred("application/x-msgpack, application/json;q=0.1"), "application/x-msgpack");
  EXPECT_EQ(preferred("application/x-msgpack;q=0.5, application/vnd.msgpack"), "application/vnd.msgpack");
  EXPECT_EQ(preferred("application/x-msgpack, application/vnd.msgpack"), "application/x-msgpack");
}

TEST(Accept, FieldsOfOneNameAreOneList) {
  const Header headers[] = {{"ACCEPT", "application/json;q=0.1"}, {"accept", "application/msgpack;q=0.2"}};
  EXPECT_EQ(preferred_message_pack(headers), kMessagePackType);
}

TEST(Format, AContentTypeThatIsMessagePack) {
  for (const char* const type : {"application/msgpack", "application/vnd.msgpack", "Application/X-MsgPack",
                                 "application/msgpack; charset=binary", "application/msgpack ;v=5"})
    EXPECT_TRUE(is_message_pack(type)) << type;
  for (const char* const type : {"", "application/json", "application/msgpacks", "msgpack", "text/msgpack"})
    EXPECT_FALSE(is_message_pack(type)) << type;
}

}  // namespace
}  // namespace zerver::flow
