#include "runtime/effects/net/test/udp_gate.h"

#include <arpa/inet.h>
#include <array>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace zerver::effects::net {

namespace {

const sockaddr* any(const sockaddr_in& address) noexcept {
  return reinterpret_cast<const sockaddr*>(&address);
}

std::string receive(int socket, sockaddr_in& from) {
  std::string data(65'536, '\0');
  socklen_t size = sizeof from;
  const ssize_t length =
      recvfrom(socket, data.data(), data.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &size);
  data.resize(static_cast<std::size_t>(length < 0 ? 0 : length));
  return data;
}

}  // namespace

UdpGate::UdpGate(std::uint16_t server_port) {
  server_address_.sin_family = front_address_.sin_family = AF_INET;
  server_address_.sin_addr.s_addr = front_address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server_address_.sin_port = htons(server_port);
  if (pipe(wake_) != 0) throw std::runtime_error("no pipe");
  open_front();
  thread_ = std::thread([this] { run(); });
}

UdpGate::~UdpGate() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  static_cast<void>(write(wake_[1], "e", 1));
  thread_.join();
  close_front();
  for (const auto& [client, back] : backs_)
    ::close(back);
  ::close(wake_[0]);
  ::close(wake_[1]);
}

// Again on the same port.
void UdpGate::open_front() {
  front_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  socklen_t size = sizeof front_address_;
  if (bind(front_, any(front_address_), size) != 0) throw std::runtime_error("the port is taken");
  getsockname(front_, reinterpret_cast<sockaddr*>(&front_address_), &size);
}

void UdpGate::close_front() {
  if (front_ >= 0) ::close(front_);
  front_ = -1;
}

std::size_t UdpGate::clients() {
  const std::lock_guard lock(mutex_);
  return backs_.size();
}

void UdpGate::set(UdpFault fault) {
  std::uint64_t order = 0;
  {
    const std::lock_guard lock(mutex_);
    order = ++orders_;
    fault_ = fault;
    if (fault == UdpFault::kRefuse) {
      close_front();
    } else if (front_ < 0) {
      open_front();
    }
    if (fault == UdpFault::kNone) {
      for (const Answer& each : late_)
        send(each);
      late_.clear();
    }
  }
  static_cast<void>(write(wake_[1], "s", 1));
  // A closed socket goes on taking datagrams for as long as the thread waits for it.
  std::unique_lock lock(mutex_);
  obeyed_changed_.wait(lock, [&] { return obeyed_ >= order; });
}

void UdpGate::run() {
  while (true) {
    std::vector<pollfd> polled = {{wake_[0], POLLIN, 0}};
    std::vector<std::uint16_t> clients;
    {
      const std::lock_guard lock(mutex_);
      if (ends_) return;
      polled.push_back({front_, POLLIN, 0});
      for (const auto& [client, back] : backs_) {
        polled.push_back({back, POLLIN, 0});
        clients.push_back(client);
      }
    }
    poll(polled.data(), polled.size(), -1);
    if (polled[0].revents != 0) {
      std::array<char, 16> orders{};
      static_cast<void>(read(wake_[0], orders.data(), orders.size()));
    }
    const std::lock_guard lock(mutex_);
    obeyed_ = orders_;
    obeyed_changed_.notify_all();
    if (front_ >= 0 && polled[1].fd == front_ && polled[1].revents != 0) take_from_client();
    for (std::size_t i = 0; i < clients.size(); ++i)
      if (polled[i + 2].revents != 0) take_from_server(clients[i]);
  }
}

void UdpGate::take_from_client() {
  sockaddr_in from{};
  const std::string data = receive(front_, from);
  if (fault_ == UdpFault::kLost || data.empty()) return;
  const auto [back, is_new] = backs_.try_emplace(from.sin_port, -1);
  if (is_new) {
    back->second = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    static_cast<void>(connect(back->second, any(server_address_), sizeof server_address_));
  }
  static_cast<void>(::send(back->second, data.data(), data.size(), MSG_DONTWAIT));
}

void UdpGate::take_from_server(std::uint16_t client) {
  sockaddr_in server{};
  Answer answer{.to = front_address_, .data = receive(backs_.at(client), server)};
  answer.to.sin_port = client;
  if (fault_ == UdpFault::kLost || answer.data.empty()) return;
  if (fault_ == UdpFault::kLate) {
    late_.push_back(std::move(answer));
    return;
  }
  send(answer);
  if (fault_ == UdpFault::kDuplicate) send(answer);
}

void UdpGate::send(const Answer& answer) const {
  if (front_ < 0) return;
  sendto(front_, answer.data.data(), answer.data.size(), MSG_DONTWAIT, any(answer.to), sizeof answer.to);
}

}  // namespace zerver::effects::net
