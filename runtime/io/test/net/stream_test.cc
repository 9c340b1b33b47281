// Streams over real sockets.
#include "runtime/io/test/net/run.h"
#include "tests/support/child_process.h"
#include "tests/support/servers/scripted_server.h"
#include <zerver/async/combine/all.h>
#include <zerver/async/combine/select.h>
#include <zerver/async/combine/timeout.h>
#include <zerver/async/sleep.h>

#include <future>
#include <string>
#include <vector>

namespace zerver::io::net {
namespace {

using test::Peer;
using test::ScriptedServer;

void echo(Peer& peer) {
  for (std::string bytes = peer.read_some(); !bytes.empty(); bytes = peer.read_some())
    peer.write(bytes);
}

using StreamTest = NetTest;

TEST_F(StreamTest, CarriesBytesBothWays) {
  ScriptedServer server(echo);
  run([&]() -> async::Task<> {
    const StreamPtr stream = co_await connected(server.port());
    const Result<void> written = co_await stream->write("hello");
    EXPECT_TRUE(written);
    const std::string heard = co_await read(*stream, 5);
    EXPECT_EQ(heard, "hello");
    EXPECT_TRUE(stream->is_open());
    EXPECT_EQ(stream->alpn(), "");
  });
}

TEST_F(StreamTest, WritesAListOfPiecesInItsOrder) {
  ScriptedServer server(echo);
  std::vector<std::string> texts;
  std::string whole;
  for (int i = 0; i < 300; ++i) {
    texts.push_back(i % 7 == 0 ? "" : std::to_string(i) + ';');
    whole += texts.back();
  }
  const std::vector<std::string_view> pieces(texts.begin(), texts.end());
  run([&]() -> async::Task<> {
    const StreamPtr stream = co_await connected(server.port());
    const Result<void> written = co_await stream->write(pieces);
    EXPECT_TRUE(written);
    const std::string heard = co_await read(*stream, whole.size());
    EXPECT_EQ(heard, whole);
  });
}

TEST_F(StreamTest, ReadsAndWritesMoreThanTheSystemBuffersAtOnce) {
  ScriptedServer server(echo);
  std::string large(8'000'000, 'x');
  for (std::size_t i = 0; i < large.size(); ++i)
    large[i] = static_cast<char>('a' + i * 7 % 26);
  run([&]() -> async::Task<> {
    const StreamPtr stream = co_await connected(server.port());
    const auto write = [&]() -> async::Task<Result<void>> { co_return co_await stream->write(large); };
    const auto hear = [&]() -> async::Task<std::string> { return read(*stream, large.size()); };
    const auto both = co_await async::all(write(), hear());
    EXPECT_TRUE(std::get<0>(both));
    EXPECT_TRUE(std::get<1>(both) == large);
  });
}

TEST_F(StreamTest, ToldOfTheEndReadsNothing) {
  ScriptedServer server([](Peer& peer) { peer.write("bye"); });
  run([&]() -> async::Task<> {
    const StreamPtr stream = co_await connected(server.port());
    const std::string heard = co_await read(*stream, 100);
    EXPECT_EQ(heard, "bye");
    std::array<char, 8> buffer;
    const Result<std::size_t> after = co_await stream->read_some(buffer);
    EXPECT_TRUE(after);
    EXPECT_EQ(after.value_or(9U), 0U);
  });
}

TEST_F(StreamTest, ShutsDownOneDirection) {
  std::promise<std::string> heard;
  ScriptedServer server([&](Peer& peer) {
    heard.set_value(peer.read_to_the_end());
    peer.write("answer");
  });
  run([&]() -> async::Task<> {
    const StreamPtr stream = co_await connected(server.port());
    const Result<void> written = co_await stream->write("question");
    EXPECT_TRUE(written);
    stream->shut_down_write();
    const std::string answer = co_await read(*stream, 100);
    EXPECT_EQ(answer, "answer");
  });
  EXPECT_EQ(heard.get_future().get(), "question");
}

TEST_F(StreamTest, IsUnavailableAfterAReset) {
  ScriptedServer server([](Peer& peer) {
    peer.read(1);
    peer.reset();
  });
  run([&]() -> async::Task<> {
    const StreamPtr stream = co_await connected(server.port());
    const Result<void> written = co_await stream->write("x");
    EXPECT_TRUE(written);
    std::array<char, 8> buffer;
    const Result<std::size_t> size = co_await stream->read_some(buffer);
    EXPECT_EQ(size.error().kind, FaultKind::kUnavailable);
    EXPECT_EQ(size.error().why, "the other side has closed the connection");
    const Result<void> more = co_await stream->write("y");
    EXPECT_EQ(more.error().kind, FaultKind::kUnavailable);
  });
}

// What was asked for and not wanted any more stays for the next one who asks.
TEST_F(StreamTest, ReadThatIsCancelledTakesNothing) {
  std::promise<void> go;
  ScriptedServer server([&](Peer& peer) {
    go.get_future().wait();
    peer.write("abc");
    peer.read_to_the_end();
  });
  run([&]() -> async::Task<> {
    const StreamPtr stream = co_await connected(server.port());
    std::array<char, 8> first{};
    const Result<std::size_t> given_up =
        co_await async::timeout(stream->read_some(first), Duration::from_milliseconds(5));
    EXPECT_EQ(given_up.error().kind, FaultKind::kTimeout);
    go.set_value();
    const std::string heard = co_await read(*stream, 3);
    EXPECT_EQ(heard, "abc");
    EXPECT_EQ(first[0], '\0');
  });
}

TEST_F(StreamTest, StopEndsAReadAtOnce) {
  ScriptedServer server([](Peer& peer) { peer.read_to_the_end(); });
  run([&]() -> async::Task<> {
    const StreamPtr stream = co_await connected(server.port());
    std::array<char, 8> buffer;
    const auto reading = [&]() -> async::Task<Result<std::size_t>> {
      co_return co_await stream->read_some(buffer);
    };
    async::StopSource stop;
    auto handle = async::spawn(loop_, stop.token(), reading);
    (void)co_await async::yield_now();
    stop.request_stop();
    const Result<std::size_t> size = co_await handle.join();
    EXPECT_EQ(size.error().kind, FaultKind::kCancelled);
  });
}

TEST_F(StreamTest, CloseEndsWhatIsUnderWay) {
  ScriptedServer server([](Peer& peer) { peer.read(1); });
  run([&]() -> async::Task<> {
    StreamPtr stream = co_await connected(server.port());
    std::array<char, 8> buffer;
    const std::string much(16'000'000, 'x');
    const auto reading = [&]() -> async::Task<Result<std::size_t>> {
      co_return co_await stream->read_some(buffer);
    };
    const auto writing = [&]() -> async::Task<Result<void>> { co_return co_await stream->write(much); };
    auto reader = async::spawn(loop_, reading);
    auto writer = async::spawn(loop_, writing);
    (void)co_await async::yield_now();
    stream->close();
    EXPECT_FALSE(stream->is_open());
    const Result<std::size_t> read = co_await reader.join();
    EXPECT_EQ(read.error().kind, FaultKind::kUnavailable);
    const Result<void> written = co_await writer.join();
    EXPECT_EQ(written.error().kind, FaultKind::kUnavailable);
    const Result<std::size_t> after = co_await stream->read_some(buffer);
    EXPECT_EQ(after.error().why, "the connection is closed");
  });
}

TEST_F(StreamTest, GoingEndsWhatIsUnderWay) {
  ScriptedServer server([](Peer& peer) { peer.read_to_the_end(); });
  run([&]() -> async::Task<> {
    StreamPtr stream = co_await connected(server.port());
    std::array<char, 8> buffer;
    const auto reading = [&]() -> async::Task<Result<std::size_t>> {
      co_return co_await stream->read_some(buffer);
    };
    auto reader = async::spawn(loop_, reading);
    (void)co_await async::yield_now();
    stream.reset();
    const Result<std::size_t> read = co_await reader.join();
    EXPECT_EQ(read.error().kind, FaultKind::kUnavailable);
  });
}

// Whoever waits for a stream of a loop that does not run any more is gone with the loop; nothing of it leaks.
TEST_F(StreamTest, MayGoAfterItsLoopHasRun) {
  ScriptedServer server([](Peer& peer) { peer.read_to_the_end(); });
  StreamPtr stream = run<StreamPtr>([&]() -> async::Task<StreamPtr> {
    StreamPtr opened = co_await connected(server.port());
    std::array<char, 8> buffer;
    const Result<std::size_t> size =
        co_await async::timeout(opened->read_some(buffer), Duration::from_milliseconds(1));
    EXPECT_FALSE(size);
    co_return opened;
  });
  stream.reset();  // Asio still waits for the socket
}

TEST_F(StreamTest, IsQuietWhileNothingComes) {
  std::promise<void> speak;
  ScriptedServer server([&](Peer& peer) {
    peer.write("a");
    speak.get_future().wait();
    peer.write("b");
    peer.read_to_the_end();
  });
  run([&]() -> async::Task<> {
    const StreamPtr stream = co_await connected(server.port());
    const std::string first = co_await read(*stream, 1);
    EXPECT_TRUE(stream->is_quiet());
    speak.set_value();
    while (stream->is_quiet())
      (void)co_await async::sleep_for(Duration::from_milliseconds(1));
    const std::string second = co_await read(*stream, 1);
    EXPECT_EQ(second, "b");
    EXPECT_TRUE(stream->is_quiet());
    stream->close();
    EXPECT_FALSE(stream->is_quiet());
  });
}

TEST_F(StreamTest, IsNotQuietAfterTheEnd) {
  ScriptedServer server([](Peer&) {});
  run([&]() -> async::Task<> {
    const StreamPtr stream = co_await connected(server.port());
    const std::string nothing = co_await read(*stream, 1);
    EXPECT_EQ(nothing, "");
    EXPECT_FALSE(stream->is_quiet());
  });
}

TEST_F(StreamTest, LeavesNoDescriptorBehind) {
  ScriptedServer server(echo);
  const auto exchange = [&] {
    run([&]() -> async::Task<> {
      const StreamPtr stream = co_await connected(server.port());
      const Result<void> written = co_await stream->write("x");
      EXPECT_TRUE(written);
      const std::string heard = co_await read(*stream, 1);
      EXPECT_EQ(heard, "x");
    });
  };
  ASSERT_NE(network_of(loop_), nullptr);  // with whatever it opens for itself
  const std::size_t before = test::open_descriptors();
  for (int i = 0; i < 10; ++i)
    exchange();
  // The server, in this process, closes its ends when it learns of it.
  run([&]() -> async::Task<> {
    while (test::open_descriptors() > before)
      (void)co_await async::sleep_for(Duration::from_milliseconds(1));
  });
}

}  // namespace
}  // namespace zerver::io::net
