// The load of the CRUD benchmark: one request in flight on each connection, and how long each takes.
//
// Usage: crud_load HOST:PORT CONNECTIONS REQUESTS. Sends `POST /items/N` with N from 1 to 1000 in turn; every
// answer must have status 200. Prints `P50 P95 REQUESTS/S` on one line, times in microseconds.
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

class Connection {
 public:
  explicit Connection(const sockaddr_in& address) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (socket_ < 0) fail("socket");
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
    const int on = 1;
    if (setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) fail("TCP_NODELAY");
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close(socket_); }

  int socket() const noexcept { return socket_; }

  void send(std::size_t item) {
    const std::string request =
        "POST /items/" + std::to_string(item) + " HTTP/1.1\r\nHost: bench\r\nContent-Length: 0\r\n\r\n";
    begin_ = Clock::now();
    if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
      fail("send");
    received_.clear();
  }

  // True when the answer is whole; `took` is its time then.
  bool receive(std::chrono::nanoseconds& took) {
    std::array<char, 4096> buffer{};
    const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (size <= 0) throw std::runtime_error("the server has closed a connection");
    received_.append(buffer.data(), static_cast<std::size_t>(size));
    const std::size_t end = received_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    if (!received_.starts_with("HTTP/1.1 200")) throw std::runtime_error("the answer is " + received_);
    constexpr std::string_view kLength = "Content-Length: ";
    const std::size_t length = received_.find(kLength);
    if (length == std::string::npos) throw std::runtime_error("the answer has no length");
    const auto body = std::strtoull(received_.c_str() + length + kLength.size(), nullptr, 10);
    if (received_.size() < end + 4 + body) return false;
    took = Clock::now() - begin_;
    return true;
  }

 private:
  int socket_;
  Clock::time_point begin_;
  std::string received_;
};

int run(std::string_view where, std::size_t connections, std::size_t requests) {
  constexpr std::size_t kItems = 1000;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  const std::size_t colon = where.rfind(':');
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(std::string(where.substr(colon + 1)))));
  if (inet_pton(AF_INET, std::string(where.substr(0, colon)).c_str(), &address.sin_addr) != 1)
    throw std::runtime_error("no IPv4 address");
  const int epoll = epoll_create1(0);
  if (epoll < 0) fail("epoll");
  std::vector<std::unique_ptr<Connection>> all;
  for (std::size_t index = 0; index < connections; ++index) {
    all.push_back(std::make_unique<Connection>(address));
    epoll_event event{.events = EPOLLIN, .data = {.ptr = all.back().get()}};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, all.back()->socket(), &event) != 0) fail("epoll");
  }
  std::vector<std::chrono::nanoseconds> times;
  times.reserve(requests);
  std::size_t sent = 0;
  const auto next = [&](Connection& connection) { connection.send(sent++ % kItems + 1); };
  const Clock::time_point begin = Clock::now();
  for (const auto& connection : all)
    next(*connection);
  std::array<epoll_event, 64> ready{};
  while (times.size() < requests) {
    const int count = epoll_wait(epoll, ready.data(), static_cast<int>(ready.size()), -1);
    if (count < 0) fail("epoll");
    for (int index = 0; index < count; ++index) {
      auto& connection = *static_cast<Connection*>(ready[static_cast<std::size_t>(index)].data.ptr);
      std::chrono::nanoseconds took{};
      if (!connection.receive(took)) continue;
      times.push_back(took);
      if (sent < requests) next(connection);
    }
  }
  const std::chrono::duration<double> elapsed = Clock::now() - begin;
  std::ranges::sort(times);
  const auto at = [&](std::size_t percent) {
    return std::chrono::duration<double, std::micro>(times[times.size() * percent / 100]).count();
  };
  std::printf("%.1f %.1f %.0f\n", at(50), at(95), static_cast<double>(times.size()) / elapsed.count());
  close(epoll);
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::fprintf(stderr, "usage: crud_load HOST:PORT CONNECTIONS REQUESTS\n");
    return 2;
  }
  return run(argv[1], std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10));
} catch (const std::exception& error) {
  std::fprintf(stderr, "crud_load: %s\n", error.what());
  return 1;
}
