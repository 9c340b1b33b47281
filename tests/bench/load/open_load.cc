// Load that does not wait for answers: requests come when they come, as from many independent clients.
//
// Usage: open_load HOST:PORT CONNECTIONS SECONDS [--even] [--sleep] PATH:RATE... Each stream is a Poisson
// process of its rate, in requests a second, from a fixed seed; with --even its requests come at equal
// distances. An arrival takes a connection that is free; when none is, it waits, and that wait counts,
// because latency is measured from the time at which the request was due ("coordinated omission", Tene,
// 2013). The load has a processor to itself and never sleeps, but with --sleep, for a processor that it
// shares. Prints a line for each stream: `PATH sent N late N ok N degraded N refused N failed N p50 US p95 US
// p99 US max US typical R`; late are those that were sent more than half a millisecond after they were due,
// latencies are those of answers with 200, in microseconds. R is p99 / p95 of the median second: a stall of
// the machine has the second in which it happens, where in the percentiles of the whole it has all of them.
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <map>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <random>
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
constexpr Clock::duration kLate = std::chrono::microseconds(500);

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

struct Stream {
  std::string path;
  std::string request;
  double rate = 0;
  std::mt19937_64 random;
  Clock::time_point next;
  std::vector<double> latencies;                          // microseconds, of answers with 200
  std::map<std::int64_t, std::vector<double>> by_second;  // the same, by the second in which they were due
  std::size_t sent = 0;
  std::size_t late = 0;
  std::size_t degraded = 0;  // 203
  std::size_t refused = 0;   // 429, 503
  std::size_t failed = 0;    // anything else
};

struct Arrival {
  Stream* stream = nullptr;
  Clock::time_point due;
};

struct Connection {
  explicit Connection(const sockaddr_in& address) : socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (socket < 0) fail("socket");
    const int on = 1;
    if (setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) fail("TCP_NODELAY");
    if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close(socket); }

  int socket;
  Arrival serves;
  std::string received;
};

class Load {
 public:
  Load(const sockaddr_in& address, std::size_t connections, std::deque<Stream>& streams, bool even,
       bool sleeps)
      : streams_(streams), even_(even), sleeps_(sleeps) {
    poll_ = epoll_create1(EPOLL_CLOEXEC);
    if (poll_ < 0) fail("epoll_create1");
    for (std::size_t i = 0; i < connections; ++i) {
      connections_.push_back(std::make_unique<Connection>(address));
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = connections_.back().get();
      if (epoll_ctl(poll_, EPOLL_CTL_ADD, connections_.back()->socket, &event) != 0) fail("epoll_ctl");
      free_.push_back(connections_.back().get());
    }
  }
  ~Load() { close(poll_); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  void run(double seconds) {
    begin_ = Clock::now();
    const Clock::time_point end =
        begin_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    for (Stream& stream : streams_)
      stream.next = begin_ + gap(stream);
    for (Clock::time_point now = begin_; now < end; now = Clock::now()) {
      for (Stream& stream : streams_) {
        for (; stream.next <= now; stream.next += gap(stream))
          waiting_.push_back({&stream, stream.next});
      }
      send_waiting();
      // Else busy, so that the load's own clock is not what is measured.
      take_answers(sleeps_ ? until_next(end) : Clock::duration::zero());
    }
    // What is under way may still be answered.
    const Clock::time_point last = Clock::now() + std::chrono::seconds(3);
    waiting_.clear();
    while (free_.size() < connections_.size() && Clock::now() < last)
      take_answers(std::chrono::milliseconds(100));
    for (const auto& connection : connections_) {
      if (connection->serves.stream != nullptr) ++connection->serves.stream->failed;
    }
  }

 private:
  Clock::duration gap(Stream& stream) const {
    std::exponential_distribution<double> distribution(stream.rate);
    const double seconds = even_ ? 1 / stream.rate : distribution(stream.random);
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

  Clock::duration until_next(Clock::time_point end) const {
    Clock::time_point next = end;
    for (const Stream& stream : streams_)
      next = std::min(next, stream.next);
    return std::max(Clock::duration::zero(), next - Clock::now());
  }

  void send_waiting() {
    while (!waiting_.empty() && !free_.empty()) {
      Connection& connection = *free_.front();
      free_.pop_front();
      connection.serves = waiting_.front();
      waiting_.pop_front();
      Stream& stream = *connection.serves.stream;
      ++stream.sent;
      if (Clock::now() - connection.serves.due > kLate) ++stream.late;
      const ssize_t sent =
          send(connection.socket, stream.request.data(), stream.request.size(), MSG_NOSIGNAL);
      if (sent != static_cast<ssize_t>(stream.request.size())) fail("send");
    }
  }

  void take_answers(Clock::duration longest) {
    std::array<epoll_event, 64> events;
    const std::int64_t nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(longest).count();
    const timespec timeout{.tv_sec = nanoseconds / 1'000'000'000, .tv_nsec = nanoseconds % 1'000'000'000};
    const int count = epoll_pwait2(poll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    if (count < 0 && errno != EINTR) fail("epoll_pwait2");
    for (int i = 0; i < count; ++i)
      take_answer(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr));
  }

  void take_answer(Connection& connection) {
    std::array<char, 4096> buffer;
    const ssize_t size = recv(connection.socket, buffer.data(), buffer.size(), 0);
    if (size < 0) fail("recv");
    if (size == 0) throw std::runtime_error("the server closed a connection");
    connection.received.append(buffer.data(), static_cast<std::size_t>(size));
    const std::size_t head = connection.received.find("\r\n\r\n");
    if (head == std::string::npos) return;
    const std::size_t field = connection.received.find("Content-Length: ");
    if (field > head) throw std::runtime_error("an answer without Content-Length");
    const std::size_t whole = head + 4 + std::strtoull(connection.received.c_str() + field + 16, nullptr, 10);
    if (connection.received.size() < whole) return;
    note(connection);
    connection.received.clear();
    connection.serves = {};
    free_.push_back(&connection);
  }

  void note(const Connection& connection) const {
    Stream& stream = *connection.serves.stream;
    const std::string_view status = std::string_view(connection.received).substr(9, 3);
    if (status == "200") {
      const Clock::time_point due = connection.serves.due;
      const double latency = std::chrono::duration<double, std::micro>(Clock::now() - due).count();
      stream.latencies.push_back(latency);
      stream.by_second[std::chrono::floor<std::chrono::seconds>(due - begin_).count()].push_back(latency);
    } else {
      ++(status == "203"                      ? stream.degraded
         : status == "503" || status == "429" ? stream.refused
                                              : stream.failed);
    }
  }

  std::deque<Stream>& streams_;
  const bool even_;
  const bool sleeps_;
  Clock::time_point begin_;
  int poll_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::deque<Connection*> free_;  // used in turn
  std::deque<Arrival> waiting_;
};

double percentile(const std::vector<double>& sorted, double percent) {
  if (sorted.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

// p99 / p95 of the median second; 0 when none has enough answers for a 99th percentile.
double typical_ratio(std::map<std::int64_t, std::vector<double>>& by_second) {
  constexpr std::size_t kEnough = 500;
  std::vector<double> ratios;
  for (auto& [second, times] : by_second) {
    if (times.size() < kEnough) continue;
    std::sort(times.begin(), times.end());
    ratios.push_back(percentile(times, 99) / percentile(times, 95));
  }
  std::sort(ratios.begin(), ratios.end());
  return percentile(ratios, 50);
}

int run(int argc, char** argv) {
  const char* const where = argv[1];
  const std::string host(where, std::strcspn(where, ":"));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(where + host.size() + 1)));
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) throw std::runtime_error("not HOST:PORT");

  std::deque<Stream> streams;
  bool even = false;
  bool sleeps = false;
  for (int i = 4; i < argc; ++i) {
    const std::string text = argv[i];
    if (text == "--even" || text == "--sleep") {
      (text == "--even" ? even : sleeps) = true;
      continue;
    }
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) throw std::runtime_error("not PATH:RATE: " + text);
    Stream& stream = streams.emplace_back();
    stream.path = text.substr(0, colon);
    stream.rate = std::strtod(text.c_str() + colon + 1, nullptr);
    if (!(stream.rate > 0)) throw std::runtime_error("not a rate: " + text);
    stream.request = "GET " + stream.path + " HTTP/1.1\r\nHost: " + where + "\r\n\r\n";
    stream.random.seed(streams.size());
  }
  {
    Load load(address, std::strtoull(argv[2], nullptr, 10), streams, even, sleeps);
    load.run(std::strtod(argv[3], nullptr));
  }
  for (Stream& stream : streams) {
    std::vector<double>& times = stream.latencies;
    std::sort(times.begin(), times.end());
    std::printf(
        "%s sent %zu late %zu ok %zu degraded %zu refused %zu failed %zu p50 %.0f p95 %.0f p99 %.0f max "
        "%.0f typical %.2f\n",
        stream.path.c_str(), stream.sent, stream.late, times.size(), stream.degraded, stream.refused,
        stream.failed, percentile(times, 50), percentile(times, 95), percentile(times, 99),
        percentile(times, 100), typical_ratio(stream.by_second));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 5) {
    std::fprintf(stderr, "usage: open_load HOST:PORT CONNECTIONS SECONDS [--even] [--sleep] PATH:RATE...\n");
    return 2;
  }
  return run(argc, argv);
} catch (const std::exception& error) {
  std::fprintf(stderr, "open_load: %s\n", error.what());
  return 1;
}
