// The gate's thread: one poll() over all connections.
#include "tests/support/faults/fault_gate.h"

#include "tests/support/faults/gate_connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace zerver::test {
namespace {

// Bound to 127.0.0.1 and that port, 0 for any; does not listen yet. Several may be bound to one port.
int bound_socket(std::uint16_t port) {
  const int bound = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bound < 0 || setsockopt(bound, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      setsockopt(bound, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0 ||
      bind(bound, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::system_error(errno, std::generic_category(), "the gate's socket");
  return bound;
}

std::uint16_t port_of(int bound) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(bound, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

}  // namespace

const char* name_of(GateFault fault) noexcept {
  constexpr std::array<const char*, 7> kNames = {"none",       "latency",    "reset", "black_hole",
                                                 "half_close", "slow_bytes", "refuse"};
  return kNames[static_cast<std::size_t>(fault)];
}

class FaultGate::Impl {
 public:
  explicit Impl(std::uint16_t upstream)
      : listener_(bound_socket(0)),
        port_(port_of(listener_)),
        wake_(eventfd(0, EFD_CLOEXEC)),
        upstream_(upstream) {
    listen(listener_, SOMAXCONN);
    thread_ = std::thread([this] { run(); });
  }
  ~Impl() {
    order([this] { stopping_ = true; });
    thread_.join();
    connections_.clear();
    ::close(listener_);
    ::close(wake_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  void set(GateFault fault, Duration pause) {
    order([&] {
      rule_ = {fault, std::chrono::nanoseconds(pause.nanoseconds)};
      rule_is_new_ = true;
    });
  }
  void set_upstream(std::uint16_t port) {
    order([&] { upstream_ = port; });
  }
  void reset_connections() {
    order([&] { reset_is_wanted_ = true; });
  }
  GateStats stats() const {
    const std::scoped_lock lock(mutex_);
    return stats_;
  }

 private:
  // Changes what is wanted, and waits until the thread has seen it.
  template <class Change> void order(Change change) {
    std::unique_lock lock(mutex_);
    change();
    const std::uint64_t mine = ++ordered_;
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
    obeyed_now_.wait(lock, [&] { return obeyed_ >= mine; });
  }

  void run() {
    std::vector<pollfd> polled;
    for (;;) {
      polled.assign(1, {wake_, POLLIN, 0});
      if (!refusing_) polled.push_back({listener_, POLLIN, 0});
      auto due = GateClock::time_point::max();
      for (const GateConnection& connection : connections_) {
        connection.add_to(polled);
        due = std::min(due, connection.due());
      }
      wait(polled, due);
      const std::scoped_lock lock(mutex_);
      if (obeyed_ != ordered_) obey();  // also when it woke for another reason: the order is written by then
      if (stopping_) return;
      accept_all();
      const auto now = GateClock::now();
      for (GateConnection& connection : connections_)
        connection.go_on(now, stats_);
      connections_.remove_if([](const GateConnection& connection) { return connection.is_over(); });
      stats_.open = connections_.size();
    }
  }
  static void wait(std::vector<pollfd>& polled, GateClock::time_point due) {
    timespec span{};
    const timespec* limit = nullptr;
    if (due != GateClock::time_point::max()) {
      const auto left = std::max(due - GateClock::now(), GateClock::duration::zero());
      const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
      span.tv_sec = seconds.count();
      span.tv_nsec = std::chrono::nanoseconds(left - seconds).count();
      limit = &span;
    }
    ppoll(polled.data(), polled.size(), limit, nullptr);
  }
  void obey() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t size = read(wake_, &count, sizeof count);
    if (std::exchange(rule_is_new_, false)) {
      refuse(rule_.fault == GateFault::kRefuse);
      accept_all();  // those who came before it
      for (GateConnection& connection : connections_)
        connection.obey(rule_);
    }
    if (std::exchange(reset_is_wanted_, false)) {
      for (GateConnection& connection : connections_)
        connection.reset();
    }
    connections_.remove_if([](const GateConnection& connection) { return connection.is_over(); });
    stats_.open = connections_.size();
    obeyed_ = ordered_;
    obeyed_now_.notify_all();
  }
  // The port stays ours: connecting to a socket that is bound and does not listen is refused.
  void refuse(bool refused) {
    if (refused == refusing_) return;
    refusing_ = refused;
    if (refused) {
      const int silent = bound_socket(port_);
      ::close(std::exchange(listener_, silent));
    } else {
      listen(listener_, SOMAXCONN);
    }
  }
  void accept_all() {
    if (refusing_) return;
    for (;;) {
      const int client = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (client < 0) return;
      ++stats_.accepted;
      connections_.emplace_back(client, upstream_).obey(rule_);
    }
  }

  int listener_;
  const std::uint16_t port_;
  const int wake_;
  std::list<GateConnection> connections_;  // of the thread
  bool refusing_ = false;                  // of the thread

  mutable std::mutex mutex_;
  std::condition_variable obeyed_now_;
  GateRule rule_;
  bool rule_is_new_ = false;
  bool reset_is_wanted_ = false;
  bool stopping_ = false;
  std::uint64_t ordered_ = 0;
  std::uint64_t obeyed_ = 0;
  std::uint16_t upstream_;
  GateStats stats_;
  std::thread thread_;
};

FaultGate::FaultGate(std::uint16_t upstream_port) : impl_(std::make_unique<Impl>(upstream_port)) {}
FaultGate::~FaultGate() = default;
std::uint16_t FaultGate::port() const noexcept { return impl_->port(); }
void FaultGate::set(GateFault fault, Duration pause) { impl_->set(fault, pause); }
void FaultGate::set_upstream(std::uint16_t port) { impl_->set_upstream(port); }
void FaultGate::reset_connections() { impl_->reset_connections(); }
GateStats FaultGate::stats() const { return impl_->stats(); }

}  // namespace zerver::test
