// The yardstick of the server benchmark: an Asio coroutine server that sends the same answer for every empty
// line that it gets.
//
// It reads no request, it only counts their ends. Whatever a real server costs more than this is parsing,
// routing, running the flow and composing the answer. Usage: canned_asio PORT. Prints a line when it listens.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <string>
#include <string_view>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<tcp, Executor>;

constexpr auto kAwait = asio::use_awaitable_t<Executor>{};
template <class T> using Awaitable = asio::awaitable<T, Executor>;

// The answer of samples/hello to `GET /plaintext`, byte for byte but for the time.
class Answer {
 public:
  Answer() { update(); }
  void update() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::array<char, 64> date{};
    const std::size_t size = std::strftime(date.data(), date.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    text_ = "HTTP/1.1 200 OK\r\nDate: " + std::string(date.data(), size) +
            "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n\r\nHello, World!";
  }
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

// How many requests end in what has been read; an end may be cut by a read.
class EndCounter {
 public:
  std::size_t count(std::string_view text) {
    std::size_t ends = 0;
    while (!text.empty()) {
      if (matched_ == 0) {
        const void* const found = std::memchr(text.data(), '\r', text.size());
        if (found == nullptr) break;
        text.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(found) - text.data()));
      }
      if (text.front() == kEnd[matched_]) {
        if (++matched_ == kEnd.size()) {
          ++ends;
          matched_ = 0;
        }
      } else {
        matched_ = text.front() == '\r' ? 1 : 0;
      }
      text.remove_prefix(1);
    }
    return ends;
  }

 private:
  static constexpr std::string_view kEnd = "\r\n\r\n";
  std::size_t matched_ = 0;
};

Awaitable<void> serve(Socket socket, const Answer& answer) {
  std::array<char, 8192> input;
  std::string output;
  EndCounter ends;
  try {
    for (;;) {
      const std::size_t size = co_await socket.async_read_some(asio::buffer(input), kAwait);
      output.clear();
      for (std::size_t left = ends.count({input.data(), size}); left > 0; --left)
        output += answer.text();
      co_await asio::async_write(socket, asio::buffer(output), kAwait);
    }
  } catch (const boost::system::system_error&) {
    // The client has closed.
  }
}

Awaitable<void> listen(asio::io_context& context, std::uint16_t port, const Answer& answer) {
  asio::basic_socket_acceptor<tcp, Executor> acceptor(context,
                                                      tcp::endpoint(asio::ip::address_v4::loopback(), port));
  std::printf("listening on http://127.0.0.1:%u\n", unsigned{acceptor.local_endpoint().port()});
  std::fflush(stdout);
  for (;;) {
    Socket socket(context);
    co_await acceptor.async_accept(socket, kAwait);
    socket.set_option(tcp::no_delay(true));
    asio::co_spawn(context, serve(std::move(socket), answer), asio::detached);
  }
}

Awaitable<void> keep_time(asio::io_context& context, Answer& answer) {
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                             Executor>
      timer(context);
  for (;;) {
    timer.expires_after(std::chrono::seconds(1));
    co_await timer.async_wait(kAwait);
    answer.update();
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::fprintf(stderr, "usage: canned_asio PORT\n");
    return 2;
  }
  asio::io_context context(1);
  Answer answer;
  asio::co_spawn(context, listen(context, static_cast<std::uint16_t>(std::atoi(argv[1])), answer),
                 [](std::exception_ptr error) {
                   if (error) std::rethrow_exception(error);
                 });
  asio::co_spawn(context, keep_time(context, answer), asio::detached);
  context.run();
} catch (const std::exception& error) {
  std::fprintf(stderr, "canned_asio: %s\n", error.what());
  return 1;
}
