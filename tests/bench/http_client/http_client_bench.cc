// What a call of the adapter `http` costs beside the same exchange by hand: an Asio loop that writes a canned
// request and reads to the end of the answer.
//
// The argument is how many calls are under way at once, each on a connection of its own that is kept.
// `thread_ns` is what the calling thread spends on one call, the kernel's part included; the server runs on
// another thread and is the same for both.
#include "zerver.flow.h"
#include <zerver/core/clock.h>
#include <zerver/core/log.h>
#include <zerver/core/random.h>
#include <zerver/effects/http/open_http.h>
#include <zerver/io/asio_loop.h>

#include <benchmark/benchmark.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using zerver::HttpAdapter;

constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: "
    "application/json\r\n"
    "Content-Length: 27\r\nCache-Control: no-store\r\n\r\n{\"id\":17,\"title\":\"buy tea\"}";
constexpr std::string_view kEnd = "\r\n\r\n";
constexpr std::string_view kPath = "/todos/17";

// Answers every request, which has no body, with the same.
class Server {
 public:
  Server() : acceptor_(context_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
    accept();
    thread_ = std::thread([this] { context_.run(); });
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    context_.stop();
    thread_.join();
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  struct Session : std::enable_shared_from_this<Session> {
    explicit Session(tcp::socket its_socket) : socket(std::move(its_socket)) {}
    void read() {
      socket.async_read_some(
          boost::asio::buffer(buffer), [self = shared_from_this()](error_code error, std::size_t size) {
            if (error) return;
            const bool is_whole = std::string_view(self->buffer.data(), size).ends_with(kEnd);
            if (!is_whole) std::abort();  // requests are smaller than a segment
            boost::asio::async_write(self->socket, boost::asio::buffer(kAnswer),
                                     [self](error_code failed, std::size_t) {
                                       if (!failed) self->read();
                                     });
          });
    }
    tcp::socket socket;
    std::array<char, 4096> buffer;
  };

  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error) return;
      socket.set_option(tcp::no_delay(true));
      std::make_shared<Session>(std::move(socket))->read();
      accept();
    });
  }

  boost::asio::io_context context_{1};
  tcp::acceptor acceptor_;
  std::thread thread_;
};

std::int64_t thread_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

// `run(count)` performs so many calls to their end.
void measure(benchmark::State& state, const std::function<void(std::int64_t count)>& run) {
  constexpr std::int64_t kBatch = 1000;
  run(kBatch);  // connections are made, memory is warm
  const std::int64_t before = thread_time();
  for ([[maybe_unused]] auto _ : state)
    run(kBatch);
  const auto calls = static_cast<double>(state.iterations() * kBatch);
  state.SetItemsProcessed(state.iterations() * kBatch);
  state.counters["thread_ns"] = static_cast<double>(thread_time() - before) / calls;
}

// --- By hand ---

class ByHand {
 public:
  ByHand(boost::asio::io_context& context, std::uint16_t port, std::int64_t& left)
      : socket_(context), left_(left) {
    socket_.connect(tcp::endpoint(boost::asio::ip::address_v4::loopback(), port));
    socket_.set_option(tcp::no_delay(true));
    request_ =
        "GET " + std::string(kPath) + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
        "\r\nUser-Agent: zerver\r\nAccept: application/json\r\nAccept-Encoding: gzip, br, zstd, deflate\r\n"
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00\r\n\r\n";
  }
  void begin() {
    if (left_ == 0) return;
    --left_;
    size_ = 0;
    boost::asio::async_write(socket_, boost::asio::buffer(request_), [this](error_code error, std::size_t) {
      if (error) std::abort();
      read();
    });
  }

 private:
  void read() {
    socket_.async_read_some(boost::asio::buffer(buffer_.data() + size_, buffer_.size() - size_),
                            [this](error_code error, std::size_t size) {
                              if (error) std::abort();
                              size_ += size;
                              if (is_whole()) {
                                begin();
                              } else {
                                read();
                              }
                            });
  }
  bool is_whole() const {
    constexpr std::string_view kLength = "Content-Length: ";
    const std::string_view text(buffer_.data(), size_);
    const std::size_t end = text.find(kEnd);
    if (end == std::string_view::npos) return false;
    const std::size_t at = text.find(kLength) + kLength.size();
    std::size_t length = 0;
    std::from_chars(text.data() + at, text.data() + end, length);
    return text.size() >= end + kEnd.size() + length;
  }

  tcp::socket socket_;
  std::int64_t& left_;
  std::string request_;
  std::array<char, 8192> buffer_;
  std::size_t size_ = 0;
};

void BM_ByHand(benchmark::State& state) {
  const Server server;
  boost::asio::io_context context(1);
  std::int64_t left = 0;
  std::deque<ByHand> clients;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    clients.emplace_back(context, server.port(), left);
  measure(state, [&](std::int64_t count) {
    left = count;
    for (ByHand& client : clients)
      client.begin();
    context.restart();
    context.run();
  });
}
BENCHMARK(BM_ByHand)->Arg(1)->Arg(16)->UseRealTime();

// --- The adapter ---

class NoLog final : public zerver::Log {
  void write(zerver::LogLevel, std::string_view) noexcept override {}
};

class Call final : public zerver::flow::Operation {
 public:
  Call(zerver::flow::Worker& worker, zerver::flow::Adapter& adapter, zerver::io::AsioLoop& loop,
       std::int64_t& left, std::int64_t& running)
      : Operation(HttpAdapter::kGet, &arguments_, "bench", arena_, worker),
        adapter_(adapter),
        loop_(loop),
        left_(left),
        running_(running) {}

  void begin() {
    if (left_ == 0) {
      if (--running_ == 0) loop_.stop();
      return;
    }
    --left_;
    begin_attempt(1, zerver::TimePoint::never());
    adapter_.start(*this);
  }

 private:
  void on_complete(const void*) noexcept override {
    end_attempt();
    begin();
  }
  void on_fail(const zerver::Fault&) noexcept override { std::abort(); }

  zerver::Arena arena_;
  HttpAdapter::GetArguments arguments_{.path = zerver::String::borrowed(kPath), .query = {}, .headers = {}};
  zerver::flow::Adapter& adapter_;
  zerver::io::AsioLoop& loop_;
  std::int64_t& left_;
  std::int64_t& running_;
};

void run_adapter(benchmark::State& state, const std::string& host) {
  const Server server;
  const zerver::SystemClock clock;
  zerver::SystemRandom random;
  NoLog log;
  zerver::io::AsioLoop loop(clock);
  zerver::flow::Worker worker({.loop = loop, .clock = clock, .random = random, .log = log});
  zerver::flow::TargetConfig config;
  config.set("base", "http://" + host + ":" + std::to_string(server.port()));
  config.set("proxy", "none");
  const zerver::flow::TargetInfo info{.name = "bench", .adapter = "zerver.http", .configure = nullptr};
  const zerver::effects::Opened opened = zerver::effects::open_http()(info, config);
  if (opened.system == nullptr) return state.SkipWithError(opened.error.c_str());
  std::unique_ptr<zerver::flow::Adapter> adapter = opened.system->adapter(worker);
  std::int64_t left = 0;
  std::int64_t running = 0;
  std::deque<Call> calls;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    calls.emplace_back(worker, *adapter, loop, left, running);
  measure(state, [&](std::int64_t count) {
    left = count;
    running = state.range(0);
    // Begun on the loop, as flows begin them.
    boost::asio::post(loop.context(), [&] {
      const zerver::io::AsioLoop::Turn turn(loop);
      for (Call& call : calls)
        call.begin();
    });
    loop.run();
  });
  adapter.reset();
}
void BM_Adapter(benchmark::State& state) { run_adapter(state, "127.0.0.1"); }
BENCHMARK(BM_Adapter)->Arg(1)->Arg(16)->UseRealTime();

// Spread over the addresses of a name, of which one answers.
void BM_AdapterByName(benchmark::State& state) { run_adapter(state, "localhost"); }
BENCHMARK(BM_AdapterByName)->Arg(1)->Arg(16)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
