// Where messages end.
#include "framing.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace zerver::effects::net {
namespace {

using Progress = FrameReader::Progress;

std::string on_the_wire(Framing framing, std::string_view message) {
  const Frame frame(framing, message);
  std::string bytes;
  for (const std::string_view piece : frame.pieces())
    bytes += piece;
  return bytes;
}

// The message in those bytes, however they come; else what is wrong.
std::string read(Framing framing, const std::string& bytes, std::size_t cut, std::size_t most = 1000) {
  FrameReader reader(framing, most);
  for (std::size_t at = 0; at < bytes.size(); at += cut) {
    const Progress progress = reader.add(std::string_view(bytes).substr(at, cut));
    if (progress == Progress::kRefused) return "refused: " + std::string(reader.why());
    if (progress == Progress::kComplete) return reader.take();
  }
  if (reader.end() == Progress::kComplete) return reader.take();
  return "refused: " + std::string(reader.why());
}

TEST(Framing, IsReadAsItWasWritten) {
  for (const Framing framing :
       {Framing::kLine, Framing::kLength16, Framing::kLength32, Framing::kUntilClose}) {
    for (const std::string& message :
         {std::string(), std::string("a"), std::string(999, 'x'), std::string("\0\r\xff", 3)}) {
      for (const std::size_t cut : {1U, 2U, 3U, 7U, 2000U})
        EXPECT_EQ(read(framing, on_the_wire(framing, message), cut), message)
            << to_string(framing) << ' ' << cut;
    }
  }
}

TEST(Framing, PutsTheLengthInFront) {
  EXPECT_EQ(on_the_wire(Framing::kLength16, "abc"), std::string("\0\3abc", 5));
  EXPECT_EQ(on_the_wire(Framing::kLength32, "abc"), std::string("\0\0\0\3abc", 7));
}

TEST(Framing, TakesLinesOfBothKinds) {
  EXPECT_EQ(read(Framing::kLine, "abc\r\n", 1), "abc");
  EXPECT_EQ(read(Framing::kLine, "a\rc\n", 1), "a\rc");
}

TEST(Framing, RefusesWhatCannotBeSent) {
  EXPECT_EQ(fault_of_message(Framing::kLine, "a\nb"), "a line has no line feed in it");
  EXPECT_EQ(fault_of_message(Framing::kLength16, std::string(65'536, 'x')),
            "the message is too long for its length");
  EXPECT_EQ(fault_of_message(Framing::kLength16, std::string(65'535, 'x')), "");
  EXPECT_EQ(fault_of_message(Framing::kLength32, "a\nb"), "");
  EXPECT_EQ(fault_of_message(Framing::kUntilClose, "a\nb"), "");
}

TEST(Framing, BoundsMessages) {
  for (const std::size_t cut : {1U, 3U, 100U}) {
    EXPECT_EQ(read(Framing::kLine, "12345\n", cut, 5), "12345");
    EXPECT_EQ(read(Framing::kLine, "12345\r\n", cut, 5), "12345");
    EXPECT_EQ(read(Framing::kLine, "123456\n", cut, 5), "refused: the answer is too large");
    EXPECT_EQ(read(Framing::kLength16, std::string("\0\6", 2), cut, 5), "refused: the answer is too large");
    EXPECT_EQ(read(Framing::kLength32, "\xff\xff\xff\xff", cut, 5), "refused: the answer is too large");
    EXPECT_EQ(read(Framing::kUntilClose, "123456", cut, 5), "refused: the answer is too large");
  }
}

TEST(Framing, EndOfAConnectionEndsOnlyWhatEndsWithIt) {
  EXPECT_EQ(read(Framing::kUntilClose, "abc", 1), "abc");
  EXPECT_EQ(read(Framing::kLine, "abc", 1), "refused: the other side has closed the connection");
  EXPECT_EQ(read(Framing::kLength16, std::string("\0\3ab", 4), 1),
            "refused: the other side has closed the connection");
}

TEST(Framing, TellsThatMoreHasCome) {
  FrameReader reader(Framing::kLine, 100);
  EXPECT_EQ(reader.add("one\ntwo"), Progress::kComplete);
  EXPECT_TRUE(reader.has_more_than_one());
  EXPECT_EQ(reader.take(), "one");
}

}  // namespace
}  // namespace zerver::effects::net
