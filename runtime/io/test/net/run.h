// Runs a coroutine on a loop of its own until it has ended.
#pragma once

#include <zerver/async/spawn.h>
#include <zerver/async/task.h>
#include <zerver/core/clock.h>
#include <zerver/core/result.h>
#include <zerver/io/asio_loop.h>
#include <zerver/io/net/network.h>
#include <zerver/io/net/stream.h>

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace zerver::io::net {

using StreamPtr = std::unique_ptr<Stream>;

// The loop, and what tests do on it again and again.
class NetTest : public testing::Test {
 protected:
  // What the body gives. Its references live as long as it runs.
  template <class T> T run(std::function<async::Task<T>()> body) {
    std::optional<T> value;
    async::spawn(loop_, whole<T>, std::ref(loop_), std::ref(body), std::ref(value)).detach();
    loop_.run();
    return *std::move(value);
  }
  void run(std::function<async::Task<>()> body) {
    static_cast<void>(run<int>([&]() -> async::Task<int> {
      co_await body();
      co_return 0;
    }));
  }

  TimePoint in(int milliseconds) const { return loop_.now() + Duration::from_milliseconds(milliseconds); }
  Connector& connector() { return network_of(loop_)->connector(); }

  // Fails the test when there is no connection.
  async::Task<StreamPtr> connected(const Endpoint& endpoint) {
    Result<StreamPtr> stream = co_await connector().connect(endpoint, in(10'000));
    EXPECT_TRUE(stream) << stream.error().why;
    co_return stream ? *std::move(stream) : nullptr;
  }
  async::Task<StreamPtr> connected(std::uint16_t port) {
    const Endpoint endpoint{.host = "127.0.0.1", .port = port};  // named, because of GCC 12
    co_return co_await connected(endpoint);
  }
  // So many bytes, or what there was of them before the end or a fault.
  static async::Task<std::string> read(Stream& stream, std::size_t size) {
    std::string bytes;
    std::array<char, 4096> buffer;
    while (bytes.size() < size) {
      const Result<std::size_t> some =
          co_await stream.read_some(std::span(buffer.data(), std::min(buffer.size(), size - bytes.size())));
      if (!some || *some == 0) break;
      bytes.append(buffer.data(), *some);
    }
    co_return bytes;
  }

  SystemClock clock_;
  AsioLoop loop_{clock_};

 private:
  template <class T>
  static async::Task<> whole(AsioLoop& loop, std::function<async::Task<T>()>& body, std::optional<T>& value) {
    value.emplace(co_await body());
    loop.stop();
  }
};

}  // namespace zerver::io::net
