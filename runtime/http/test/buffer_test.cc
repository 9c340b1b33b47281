// The buffers that connections read into and write from.
#include <zerver/core/output_buffer.h>
#include <zerver/http/read_buffer.h>

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace zerver::http {
namespace {

void receive(ReadBuffer& buffer, std::string_view text) {
  std::memcpy(buffer.prepare(text.size()).data(), text.data(), text.size());
  buffer.commit(text.size());
}

TEST(ReadBuffer, KeepsAPartialRequest) {
  ReadBuffer buffer(8);
  receive(buffer, "abcdef");
  buffer.consume(4);
  EXPECT_EQ(buffer.view(), "ef");
  EXPECT_EQ(buffer.tail().size(), 2U);
  receive(buffer, "ghij");  // moves to the front
  EXPECT_EQ(buffer.view(), "efghij");
  EXPECT_EQ(buffer.capacity(), 8U);
  receive(buffer, "klm");  // grows
  EXPECT_EQ(buffer.view(), "efghijklm");
  EXPECT_GT(buffer.capacity(), 8U);
}

TEST(ReadBuffer, StartsAgainWhenAllIsConsumed) {
  ReadBuffer buffer(8);
  receive(buffer, "abcdefgh");
  buffer.consume(8);
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.tail().size(), 8U);
}

TEST(ReadBuffer, RemovesBytesInTheMiddle) {
  ReadBuffer buffer(16);
  receive(buffer, "xabcdef");
  buffer.consume(1);
  buffer.erase(1, 3);
  EXPECT_EQ(buffer.view(), "adef");
  buffer.erase(2, 2);
  EXPECT_EQ(buffer.view(), "adef");
}

TEST(ReadBuffer, GivesMemoryBack) {
  ReadBuffer buffer(8);
  receive(buffer, std::string(1000, 'x'));
  buffer.reset(8);
  EXPECT_EQ(buffer.capacity(), 8U);
  EXPECT_TRUE(buffer.empty());
}

TEST(ReadBuffer, IsReadableBehindItsEnd) {
  ReadBuffer buffer(8);
  receive(buffer, "abcdefgh");
  const char* const end = buffer.data() + buffer.size();
  int sum = 0;
  for (std::size_t i = 0; i < ReadBuffer::kPadding; ++i)
    sum += end[i];
  EXPECT_EQ(sum, 0);
}

TEST(OutputBuffer, KeepsItsMemory) {
  OutputBuffer buffer;
  EXPECT_TRUE(buffer.empty());
  buffer.append("");
  buffer.append("abc");
  buffer.append('d');
  EXPECT_EQ(buffer.view(), "abcd");
  buffer.truncate(2);
  buffer.truncate(3);
  EXPECT_EQ(buffer.view(), "ab");
  buffer.append(std::string(1000, 'x'));
  EXPECT_EQ(buffer.size(), 1002U);
  const std::size_t capacity = buffer.capacity();
  buffer.clear();
  EXPECT_EQ(buffer.capacity(), capacity);
  buffer.clear_and_shrink(capacity);
  EXPECT_EQ(buffer.capacity(), capacity);
  buffer.clear_and_shrink(capacity - 1);
  EXPECT_EQ(buffer.capacity(), 0U);
  EXPECT_THROW((void)buffer.reserve(static_cast<std::size_t>(-1)), std::bad_alloc);
}

}  // namespace
}  // namespace zerver::http
