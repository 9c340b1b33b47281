// From an endpoint to a connected socket.
#include "net/connecting.h"

#include "net/faults.h"
#include <zerver/async/combine/race.h>
#include <zerver/async/combine/select.h>
#include <zerver/async/combine/timeout.h>
#include <zerver/async/sleep.h>
#include <zerver/async/sync/event.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>
#include <vector>

namespace zerver::io::net {
namespace {

constexpr std::size_t kMostAddresses = 8;
// A peer that has vanished is noticed after about two minutes without a byte.
constexpr int kKeepAliveIdle = 60;      // s
constexpr int kKeepAliveInterval = 15;  // s
constexpr int kKeepAliveProbes = 4;

// They make a connection better, and it works without them: what fails is not looked at.
void set_tcp_options(int socket) noexcept {
  const auto set = [&](int level, int name, int value) {
    setsockopt(socket, level, name, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdle);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveInterval);
  set(IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
}

async::Task<Result<void>> until_writable(Descriptor& descriptor) {
  co_return co_await descriptor.ready(Direction::kWrite);
}

// One attempt among several, begun when the one before has had its time or has failed.
struct Attempt {
  async::Event started;
  async::Event failed;
};

async::Task<Result<DescriptorPtr>> try_in_turn(AsioLoop& loop, std::deque<Attempt>& attempts,
                                               std::size_t number, SocketAddress address,
                                               AttemptTimes times) {
  if (number > 0) {
    Attempt& before = attempts[number - 1];
    const Result<void> its_turn = co_await before.started.wait();
    if (!its_turn) co_return its_turn.error();
    const auto waited = co_await async::select(before.failed.wait(), async::sleep_for(times.next));
    if (!waited) co_return waited.error();
  }
  attempts[number].started.set();
  Result<DescriptorPtr> connected = co_await connect_socket(loop, address, times.each);
  if (!connected) attempts[number].failed.set();
  co_return std::move(connected);
}

}  // namespace

async::Task<Result<DescriptorPtr>> connect_socket(AsioLoop& loop, SocketAddress address, Duration at_most) {
  const int number = socket(address.family(), address.type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (number < 0) co_return fault_of(errno);
  Result<DescriptorPtr> opened = Descriptor::open(loop, number);
  if (!opened) co_return opened.error();
  DescriptorPtr descriptor = *std::move(opened);
  if (address.family() != AF_UNIX && address.type == SOCK_STREAM) set_tcp_options(number);
  if (connect(number, address.get(), address.size) == 0) co_return std::move(descriptor);
  if (errno != EINPROGRESS) co_return fault_of(errno);
  const Result<void> ready = co_await async::timeout(until_writable(*descriptor), at_most);
  if (!ready) {
    if (ready.error().kind == FaultKind::kTimeout) co_return fault_of(ETIMEDOUT);
    co_return ready.error();
  }
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(number, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) co_return fault_of(error);
  co_return std::move(descriptor);
}

async::Task<Result<DescriptorPtr>> connect_first(AsioLoop& loop, const Addresses& addresses,
                                                 std::uint16_t port, int type, AttemptTimes times) {
  const std::size_t count = std::min(addresses.size(), kMostAddresses);
  if (count == 1)
    co_return co_await connect_socket(loop, socket_address(addresses.front(), port, type), times.each);
  std::deque<Attempt> attempts(count);
  std::vector<async::Task<Result<DescriptorPtr>>> tasks;
  tasks.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    tasks.push_back(try_in_turn(loop, attempts, i, socket_address(addresses[i], port, type), times));
  auto winner = co_await async::any(std::move(tasks));
  co_return std::move(winner.value);
}

}  // namespace zerver::io::net
