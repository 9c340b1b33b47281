// Connections within a process.
#include <zerver/async/combine/all.h>
#include <zerver/async/sleep.h>
#include <zerver/async/spawn.h>
#include <zerver/io/net/memory_stream.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>

namespace zerver::io::net {
namespace {

class MemoryStreamTest : public ::testing::Test {
 protected:
  void run(std::function<async::Task<>()> body) {
    auto handle = async::spawn(loop_, std::move(body));
    loop_.run();
    ASSERT_TRUE(handle.done());
    handle.take();
  }
  static async::Task<std::string> read_to_the_end(Stream& stream) {
    std::string bytes;
    std::array<char, 100> buffer;
    for (;;) {
      const Result<std::size_t> size = co_await stream.read_some(buffer);
      if (!size) co_return bytes + "!" + std::string(size.error().why.view());
      if (*size == 0) co_return bytes;
      bytes.append(buffer.data(), *size);
    }
  }

  testing::SimLoop loop_;
};

TEST_F(MemoryStreamTest, WriterWaitsUntilTheReaderHasMadeRoom) {
  const std::string much(1'000'000, 'x');
  auto [first, second] = MemoryStream::make("h2", 1000);
  EXPECT_EQ(second->alpn(), "h2");
  run([&]() -> async::Task<> {
    const auto write = [&]() -> async::Task<Result<void>> {
      const Result<void> written = co_await first->write(much);
      first->shut_down_write();
      co_return written;
    };
    const auto hear = [&]() -> async::Task<std::string> { return read_to_the_end(*second); };
    const auto both = co_await async::all(write(), hear());
    EXPECT_TRUE(std::get<0>(both));
    EXPECT_EQ(std::get<1>(both).size(), much.size());
    const Result<void> back = co_await second->write("still");
    EXPECT_TRUE(back);
  });
}

TEST_F(MemoryStreamTest, EndAndResetAreSeenByTheOtherSide) {
  auto [first, second] = MemoryStream::make();
  auto [third, fourth] = MemoryStream::make();
  run([&]() -> async::Task<> {
    const Result<void> one = co_await first->write("bye");
    EXPECT_TRUE(one);
    EXPECT_FALSE(second->is_quiet());
    first.reset();
    const std::string heard = co_await read_to_the_end(*second);
    EXPECT_EQ(heard, "bye");
    const Result<void> written = co_await second->write("x");
    EXPECT_EQ(written.error().why, "the other side has closed the connection");
    const Result<void> two = co_await third->write("lost");
    EXPECT_TRUE(two);
    third->reset();
    const std::string lost = co_await read_to_the_end(*fourth);
    EXPECT_EQ(lost, "!the other side has closed the connection");
  });
}

TEST_F(MemoryStreamTest, CloseEndsWhatIsUnderWay) {
  auto pair = MemoryStream::make();
  run([&]() -> async::Task<> {
    auto reader =
        async::spawn(loop_, [&]() -> async::Task<std::string> { return read_to_the_end(*pair.first); });
    auto other =
        async::spawn(loop_, [&]() -> async::Task<std::string> { return read_to_the_end(*pair.second); });
    (void)co_await async::yield_now();
    pair.first->close();
    const std::string here = co_await reader.join();
    EXPECT_EQ(here, "!the connection is closed");
    const std::string there = co_await other.join();
    EXPECT_EQ(there, "");
  });
}

}  // namespace
}  // namespace zerver::io::net
