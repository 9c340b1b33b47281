#include <zerver/io/writer.h>

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace zerver::io {
namespace {

// Bytes that differ from one place to the next, so that nothing can be lost or swapped unseen.
std::string pattern(std::size_t size) {
  std::string text(size, ' ');
  std::uint32_t state = 1;
  for (char& c : text) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return text;
}

class File {
 public:
  explicit File(const std::string& content) : file_(std::tmpfile()) {
    std::fwrite(content.data(), 1, content.size(), file_);
    std::fflush(file_);
  }
  ~File() { std::fclose(file_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor() const { return fileno(file_); }

 private:
  FILE* file_;
};

// The two ends of what is written to; neither waits.
class Channel {
 public:
  enum class Kind { kSocket, kPipe };
  explicit Channel(Kind kind) {
    signal(SIGPIPE, SIG_IGN);
    if (kind == Kind::kSocket) {
      EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_.data()), 0);
    } else {
      EXPECT_EQ(pipe2(ends_.data(), O_NONBLOCK | O_CLOEXEC), 0);
    }
  }
  ~Channel() {
    close_reader();
    close(ends_[1]);
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  int out() const { return ends_[1]; }
  void close_reader() {
    if (ends_[0] >= 0) close(std::exchange(ends_[0], -1));
  }
  std::string read() {
    std::array<char, 40'000> bytes{};
    std::string text;
    ssize_t size = 0;
    while ((size = ::read(ends_[0], bytes.data(), bytes.size())) > 0)
      text.append(bytes.data(), static_cast<std::size_t>(size));
    return text;
  }
  // Everything that the writer has, in as many turns as it takes.
  std::string read_all(Writer& writer) {
    std::string text;
    while (true) {
      const Result<bool> done = writer.drain();
      EXPECT_TRUE(done) << std::string_view(done.error().why);
      if (!done) return text;
      text += read();
      if (*done) return text;
    }
  }

 private:
  std::array<int, 2> ends_{};
};

using Path = std::pair<FileTransport, Channel::Kind>;

std::string name_of_path(const ::testing::TestParamInfo<Path>& path) {
  constexpr std::array kNames{"Automatic", "Sendfile", "Splice", "Map", "Copy"};
  return std::string(kNames[static_cast<std::size_t>(path.param.first)]) +
         (path.param.second == Channel::Kind::kPipe ? "ToAPipe" : "ToASocket");
}

class WriterPaths : public ::testing::TestWithParam<Path> {
 protected:
  Channel channel{GetParam().second};
  Writer writer{channel.out(), GetParam().first};
};

INSTANTIATE_TEST_SUITE_P(All, WriterPaths,
                         ::testing::Values(Path{FileTransport::kAutomatic, Channel::Kind::kSocket},
                                           Path{FileTransport::kAutomatic, Channel::Kind::kPipe},
                                           Path{FileTransport::kSendfile, Channel::Kind::kSocket},
                                           Path{FileTransport::kSplice, Channel::Kind::kSocket},
                                           Path{FileTransport::kMap, Channel::Kind::kSocket},
                                           Path{FileTransport::kCopy, Channel::Kind::kSocket},
                                           Path{FileTransport::kSendfile, Channel::Kind::kPipe},
                                           Path{FileTransport::kSplice, Channel::Kind::kPipe},
                                           Path{FileTransport::kMap, Channel::Kind::kPipe},
                                           Path{FileTransport::kCopy, Channel::Kind::kPipe}),
                         name_of_path);

TEST_P(WriterPaths, SendAFile) {
  const std::string content = pattern(3'000'001);
  const File file(content);
  writer.send_file(file.descriptor(), 0, content.size());
  EXPECT_EQ(writer.pending(), content.size());
  EXPECT_TRUE(channel.read_all(writer) == content);
  EXPECT_EQ(writer.pending(), 0U);
  EXPECT_EQ(writer.transport(), GetParam().first);
}

TEST_P(WriterPaths, SendAPartOfAFile) {
  const std::string content = pattern(100'000);
  const File file(content);
  writer.send_file(file.descriptor(), 12'345, 54'321);
  EXPECT_TRUE(channel.read_all(writer) == content.substr(12'345, 54'321));
}

TEST_P(WriterPaths, KeepTheOrderOfEverything) {
  const std::string content = pattern(200'000);
  const File file(content);
  std::string expected;
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(writer.write("head\r\n").value(), 6U);
    writer.splat("=-", 3);
    writer.write_borrowed("borrowed");
    writer.send_file(file.descriptor(), static_cast<std::uint64_t>(round), 150'000);
    EXPECT_EQ(writer.write("tail").value(), 4U);
    expected += "head\r\n=-=-=-borrowed" + content.substr(static_cast<std::size_t>(round), 150'000) + "tail";
  }
  EXPECT_TRUE(channel.read_all(writer) == expected);
}

TEST_P(WriterPaths, FailWhenTheFileIsTooShort) {
  const File file("short");
  writer.send_file(file.descriptor(), 0, 6);
  Result<bool> done = writer.drain();
  while (done && !*done)
    done = writer.drain();
  EXPECT_EQ(done.error().kind, FaultKind::kMissing);
}

TEST_P(WriterPaths, FailWhenNobodyReads) {
  const File file(pattern(1000));
  channel.close_reader();
  writer.send_file(file.descriptor(), 0, 1000);
  EXPECT_EQ(writer.drain().error().kind, FaultKind::kUnavailable);
}

TEST(Writer, TakesNoMoreThanItsBufferWhileNobodyReads) {
  Channel channel(Channel::Kind::kSocket);
  Writer writer(channel.out(), FileTransport::kAutomatic, 1000);
  const std::string content = pattern(5'000'000);
  const std::size_t first = writer.write(content).value();
  EXPECT_LT(first, content.size());
  EXPECT_LE(writer.pending(), 1000U);
  std::string received;
  for (std::size_t taken = first;;) {
    received += channel.read();
    taken += writer.write(std::string_view(content).substr(taken)).value();
    if (taken == content.size()) break;
  }
  received += channel.read_all(writer);
  EXPECT_TRUE(received == content);
}

TEST(Writer, RepeatsAPatternWithoutCopies) {
  Channel channel(Channel::Kind::kSocket);
  Writer writer(channel.out(), FileTransport::kAutomatic, 1);
  writer.splat("0123456", 300'000);
  writer.splat("", 5);
  writer.splat("x", 0);
  writer.splat("y", 2);
  EXPECT_EQ(writer.pending(), 2'100'002U);
  const std::string received = channel.read_all(writer);
  std::string expected;
  for (int i = 0; i < 300'000; ++i)
    expected += "0123456";
  EXPECT_TRUE(received == expected + "yy");
}

TEST(Writer, FallsBackToCopyingWhatTheKernelDoesNotSend) {
  Channel channel(Channel::Kind::kSocket);
  Writer writer(channel.out());
  // Files of /proc have no pages that could be sent.
  const int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(file, 0);
  writer.send_file(file, 0, 5);
  EXPECT_EQ(channel.read_all(writer), "Name:");
  close(file);
}

}  // namespace
}  // namespace zerver::io
