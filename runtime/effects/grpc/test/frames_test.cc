#include "message/frames.h"

#include <gtest/gtest.h>

#include <string>

namespace zerver::effects::grpc_client {
namespace {

using namespace std::string_literals;

std::string framed(bool is_compressed, const std::string& message) {
  std::string frame(kFrameHead, 'x');
  write_frame_head(frame.data(), is_compressed, message.size());
  return frame + message;
}

TEST(Frames, AreAFlagAndALengthBeforeTheMessage) {
  EXPECT_EQ(framed(false, "abc"), "\0\0\0\0\3abc"s);
  EXPECT_EQ(framed(true, std::string(0x0102, 'y')).substr(0, kFrameHead), "\1\0\0\1\2"s);
}

TEST(Frames, AreReadAsTheyWereWritten) {
  const std::string body = framed(false, "abc") + framed(true, "") + framed(false, std::string(70'000, 'z'));
  FrameReader frames(body);
  Frame frame;
  ASSERT_TRUE(frames.next(frame));
  EXPECT_EQ(frame.message, "abc");
  EXPECT_FALSE(frame.is_compressed);
  ASSERT_TRUE(frames.next(frame));
  EXPECT_EQ(frame.message, "");
  EXPECT_TRUE(frame.is_compressed);
  ASSERT_TRUE(frames.next(frame));
  EXPECT_EQ(frame.message.size(), 70'000U);
  EXPECT_FALSE(frames.next(frame));
  EXPECT_TRUE(frames.is_at_end());
}

TEST(Frames, WhatIsNoFrameIsLeft) {
  for (const std::string& body :
       {"\0"s, "\0\0\0\0"s, "\0\0\0\0\4abc"s, "\2\0\0\0\1a"s, "\0\xff\xff\xff\xff"s + "abc"}) {
    FrameReader frames(body);
    Frame frame;
    EXPECT_FALSE(frames.next(frame));
    EXPECT_FALSE(frames.is_at_end());
  }
}

TEST(FrameBuffer, TakesWhatIsCompleteHoweverItIsCutUp) {
  const std::string body = framed(false, "abc") + framed(true, "") + framed(false, std::string(300, 'z'));
  for (std::size_t size = 1; size <= body.size(); ++size) {
    FrameBuffer buffer(300);
    std::string taken;
    for (std::size_t at = 0; at < body.size(); at += size) {
      buffer.append(std::string_view(body).substr(at, size));
      for (Frame frame; buffer.take(frame) == FrameBuffer::Taken::kFrame;)
        taken += framed(frame.is_compressed, std::string(frame.message));
    }
    EXPECT_EQ(taken, body) << size;
    EXPECT_TRUE(buffer.is_at_end());
  }
}

TEST(FrameBuffer, RefusesWhatIsTooLargeOrNoFrame) {
  Frame frame;
  FrameBuffer small(3);
  small.append(std::string_view(framed(false, "abcd")).substr(0, kFrameHead));
  EXPECT_EQ(small.take(frame), FrameBuffer::Taken::kTooLarge) << "before its message has come";
  FrameBuffer other(3);
  other.append("\2\0\0\0\1a"s);
  EXPECT_EQ(other.take(frame), FrameBuffer::Taken::kMalformed);
  other.reset();
  EXPECT_TRUE(other.is_at_end());
  other.append("\0\0\0\0"s);
  EXPECT_EQ(other.take(frame), FrameBuffer::Taken::kMore);
  EXPECT_FALSE(other.is_at_end());
}

}  // namespace
}  // namespace zerver::effects::grpc_client
