// One connection through the fault gate.
#include "tests/support/faults/gate_connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace zerver::test {
namespace {

constexpr auto kNever = GateClock::time_point::max();

void send_at_once(int socket) noexcept {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void close_with_reset(int socket) noexcept {
  const linger at_once{1, 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(socket);
}

bool would_block() noexcept { return errno == EAGAIN || errno == EINTR; }

}  // namespace

GateConnection::GateConnection(int client, std::uint16_t upstream_port) : client_(client) {
  send_at_once(client_);
  server_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(upstream_port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (server_ < 0 || (connect(server_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
                      errno != EINPROGRESS)) {
    reset();
    return;
  }
  send_at_once(server_);
}

GateConnection::~GateConnection() { close(); }

void GateConnection::close() noexcept {
  if (client_ >= 0) ::close(std::exchange(client_, -1));
  if (server_ >= 0) ::close(std::exchange(server_, -1));
}

void GateConnection::reset() {
  if (client_ >= 0) close_with_reset(std::exchange(client_, -1));
  if (server_ >= 0) close_with_reset(std::exchange(server_, -1));
}

void GateConnection::obey(const GateRule& rule) {
  rule_ = rule;
  if (is_over()) return;
  if (rule.fault == GateFault::kReset || rule.fault == GateFault::kRefuse) return reset();
  if (is_cut() && !std::exchange(cut_, true)) {
    shutdown(client_, SHUT_WR);
    to_client_ = {.chunks = {}, .ended = to_client_.ended, .passed = true};
    to_server_ = {.chunks = {}, .ended = to_server_.ended, .passed = to_server_.passed};
  }
  // What was held up by a pause of another length goes on now.
  for (Chunk& chunk : to_client_.chunks)
    chunk.due = GateClock::time_point();
}

short GateConnection::events_of(const Lane& in, const Lane& out, GateClock::time_point now) const noexcept {
  int events = 0;
  if (!in.ended && in.buffered < kBuffer) events |= POLLIN;
  if (!out.chunks.empty() && out.chunks.front().due <= now) events |= POLLOUT;
  return static_cast<short>(events);
}

void GateConnection::add_to(std::vector<pollfd>& polled) const {
  if (is_over() || is_held()) return;
  const auto now = GateClock::now();
  // Without anything to wait for, poll() would still report an end, again and again.
  if (const short events = events_of(to_server_, to_client_, now); events != 0)
    polled.push_back({client_, events, 0});
  if (const short events = events_of(to_client_, to_server_, now); events != 0)
    polled.push_back({server_, events, 0});
}

GateClock::time_point GateConnection::due() const {
  if (is_over() || is_held() || to_client_.chunks.empty()) return kNever;
  return to_client_.chunks.front().due;
}

bool GateConnection::read_into(Lane& lane, int from, GateClock::time_point now, bool shaped) {
  std::array<char, 16 * 1024> buffer;
  while (!lane.ended && lane.buffered < kBuffer) {
    const ssize_t size = recv(from, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0) return would_block() || errno == ENOTCONN;
    if (size == 0) {
      lane.ended = true;
      break;
    }
    if (cut_) continue;
    const auto due = shaped && rule_.fault == GateFault::kLatency ? now + rule_.pause : now;
    lane.chunks.push_back({std::string(buffer.data(), static_cast<std::size_t>(size)), 0, due});
    lane.buffered += static_cast<std::size_t>(size);
  }
  return true;
}

bool GateConnection::write_from(Lane& lane, int to, GateClock::time_point now, bool one_by_one,
                                std::uint64_t& count) {
  while (!lane.chunks.empty() && lane.chunks.front().due <= now) {
    Chunk& chunk = lane.chunks.front();
    const std::size_t left = chunk.bytes.size() - chunk.done;
    const ssize_t size =
        send(to, chunk.bytes.data() + chunk.done, one_by_one ? 1 : left, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size < 0) return would_block() || errno == ENOTCONN;
    chunk.done += static_cast<std::size_t>(size);
    lane.buffered -= static_cast<std::size_t>(size);
    count += static_cast<std::uint64_t>(size);
    if (one_by_one) chunk.due = now + rule_.pause;
    if (chunk.done == chunk.bytes.size()) {
      const auto next = chunk.due;
      lane.chunks.pop_front();
      if (one_by_one && !lane.chunks.empty()) lane.chunks.front().due = next;
    }
  }
  if (lane.ended && lane.chunks.empty() && !std::exchange(lane.passed, true)) shutdown(to, SHUT_WR);
  return true;
}

void GateConnection::go_on(GateClock::time_point now, GateStats& stats) {
  if (is_over() || is_held()) return;
  const bool slowly = rule_.fault == GateFault::kSlowBytes;
  const bool went = read_into(to_server_, client_, now, false) && read_into(to_client_, server_, now, true) &&
                    write_from(to_server_, server_, now, false, stats.to_server) &&
                    write_from(to_client_, client_, now, slowly, stats.to_client);
  if (!went) return reset();
  if (to_server_.passed && to_client_.passed) close();
}

}  // namespace zerver::test
