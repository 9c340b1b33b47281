// The load of the server benchmark: keeps a number of requests in flight on each of a number of connections,
// and counts answers.
//
// Usage: http_load HOST:PORT PATH CONNECTIONS DEPTH SECONDS. A connection sends DEPTH requests at once and
// the next ones when all are answered. All answers must be as long as the first one. Prints `requests SECONDS
// requests/s` on one line.
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
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

  void send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent < 0) fail("send");
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  std::size_t receive(char* to, std::size_t size) const {
    const ssize_t received = recv(socket_, to, size, 0);
    if (received < 0) fail("recv");
    if (received == 0) throw std::runtime_error("the server closed a connection");
    return static_cast<std::size_t>(received);
  }

  std::size_t missing = 0;  // bytes of the answers to the last batch

 private:
  int socket_;
};

// Of one answer, which must be a 200 with a Content-Length.
std::size_t measure_answer(const Connection& connection, std::string_view request) {
  connection.send(request);
  std::string text;
  std::array<char, 65536> buffer;
  for (;;) {
    text.append(buffer.data(), connection.receive(buffer.data(), buffer.size()));
    const std::size_t head = text.find("\r\n\r\n");
    if (head == std::string::npos) continue;
    if (!text.starts_with("HTTP/1.1 200 "))
      throw std::runtime_error("not a 200: " + text.substr(0, text.find('\r')));
    const std::size_t field = text.find("Content-Length: ");
    if (field == std::string::npos) throw std::runtime_error("no Content-Length");
    const std::size_t size = head + 4 + std::strtoull(text.c_str() + field + 16, nullptr, 10);
    if (text.size() == size) return size;
    if (text.size() > size) throw std::runtime_error("more than one answer");
  }
}

int run(const char* where, std::string_view path, std::size_t connection_count, std::size_t depth,
        double seconds) {
  const std::string host(where, std::strcspn(where, ":"));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(where + host.size() + 1)));
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) throw std::runtime_error("not HOST:PORT");

  const std::string request = "GET " + std::string(path) + " HTTP/1.1\r\nHost: " + where +
                              "\r\nUser-Agent: http_load\r\nAccept: */*\r\n\r\n";
  std::string batch;
  for (std::size_t i = 0; i < depth; ++i)
    batch += request;

  std::vector<std::unique_ptr<Connection>> connections;
  for (std::size_t i = 0; i < connection_count; ++i)
    connections.push_back(std::make_unique<Connection>(address));
  const std::size_t answer_size = measure_answer(*connections.front(), request);

  const int poll = epoll_create1(EPOLL_CLOEXEC);
  if (poll < 0) fail("epoll_create1");
  for (const std::unique_ptr<Connection>& connection : connections) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = connection.get();
    if (epoll_ctl(poll, EPOLL_CTL_ADD, connection->socket(), &event) != 0) fail("epoll_ctl");
    connection->missing = answer_size * depth;
    connection->send(batch);
  }

  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  const Clock::time_point end =
      begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::size_t answers = 0;
  std::array<epoll_event, 256> events;
  std::array<char, 65536> buffer;
  Clock::time_point now = begin;
  while (now < end) {
    const int count = epoll_wait(poll, events.data(), static_cast<int>(events.size()), 100);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < count; ++i) {
      Connection& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      const std::size_t received = connection.receive(buffer.data(), buffer.size());
      if (received > connection.missing) throw std::runtime_error("answers differ in length");
      connection.missing -= received;
      if (connection.missing != 0) continue;
      answers += depth;
      connection.missing = answer_size * depth;
      connection.send(batch);
    }
    now = Clock::now();
  }
  close(poll);
  const double elapsed = std::chrono::duration<double>(now - begin).count();
  std::printf("%zu %.3f %.0f\n", answers, elapsed, static_cast<double>(answers) / elapsed);
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 6) {
    std::fprintf(stderr, "usage: http_load HOST:PORT PATH CONNECTIONS DEPTH SECONDS\n");
    return 2;
  }
  return run(argv[1], argv[2], std::strtoull(argv[3], nullptr, 10), std::strtoull(argv[4], nullptr, 10),
             std::strtod(argv[5], nullptr));
} catch (const std::exception& error) {
  std::fprintf(stderr, "http_load: %s\n", error.what());
  return 1;
}
