// A TCP server whose behaviour a test writes down as a function.
#include "tests/support/servers/scripted_server.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <list>
#include <mutex>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace zerver::test {
namespace {

sockaddr_in loopback(std::uint16_t port) noexcept {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

template <class SocketAddress> int listen_on(int family, const SocketAddress& address) {
  const int listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0 || bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, SOMAXCONN) != 0)
    throw std::system_error(errno, std::generic_category(), "a scripted server");
  return listener;
}

int listen_on(const std::string& unix_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  unix_path.copy(address.sun_path, sizeof address.sun_path - 1);
  return listen_on(AF_UNIX, address);
}

}  // namespace

Peer::~Peer() { close(); }

void Peer::close() {
  if (const int socket = socket_.exchange(-1); socket >= 0) ::close(socket);
}

std::unique_ptr<Peer> Peer::connect(std::uint16_t port) {
  auto peer = std::make_unique<Peer>(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  static_cast<void>(::connect(peer->socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address));
  return peer;
}

std::string Peer::read_some() {
  if (!kept_.empty()) return std::exchange(kept_, {});
  std::string bytes(64 * 1024, '\0');
  const ssize_t size = recv(socket_, bytes.data(), bytes.size(), 0);
  bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return bytes;
}

std::string Peer::read(std::size_t size) {
  std::string bytes;
  while (bytes.size() < size) {
    const std::string some = read_some();
    if (some.empty()) return bytes;
    bytes += some;
  }
  kept_ = bytes.substr(size);
  bytes.resize(size);
  return bytes;
}

std::string Peer::read_until(std::string_view end) {
  std::string bytes;
  for (;;) {
    if (const std::size_t at = bytes.find(end); at != std::string::npos) {
      kept_ = bytes.substr(at + end.size());
      bytes.resize(at + end.size());
      return bytes;
    }
    const std::string some = read_some();
    if (some.empty()) return bytes;
    bytes += some;
  }
}

std::string Peer::read_to_the_end() {
  std::string bytes;
  for (std::string some = read_some(); !some.empty(); some = read_some())
    bytes += some;
  return bytes;
}

bool Peer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

void Peer::shut_down_write() { shutdown(socket_, SHUT_WR); }

void Peer::reset() {
  const linger at_once{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

class ScriptedServer::Impl {
 public:
  Impl(int listener, Script script) : listener_(listener), script_(std::move(script)) {
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~Impl() {
    shutdown(listener_, SHUT_RDWR);  // accept() returns
    acceptor_.join();
    {
      const std::scoped_lock lock(mutex_);
      for (Session& session : sessions_) {
        if (session.peer.socket() >= 0) shutdown(session.peer.socket(), SHUT_RDWR);
      }
    }
    for (Session& session : sessions_)
      session.thread.join();
    ::close(listener_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::uint16_t port() const noexcept {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }
  int accepted() const noexcept { return accepted_; }

 private:
  struct Session {
    explicit Session(int socket) : peer(socket) {}
    Peer peer;
    std::thread thread;
  };

  void accept_all() {
    for (;;) {
      const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      ++accepted_;
      const std::scoped_lock lock(mutex_);
      Session& session = sessions_.emplace_back(socket);
      session.thread = std::thread([this, &session] {
        script_(session.peer);
        const std::scoped_lock end(mutex_);
        session.peer.close();
      });
    }
  }

  const int listener_;
  const Script script_;
  std::atomic<int> accepted_ = 0;
  std::mutex mutex_;
  std::list<Session> sessions_;
  std::thread acceptor_;
};

ScriptedServer::ScriptedServer(Script script)
    : impl_(std::make_unique<Impl>(listen_on(AF_INET, loopback(0)), std::move(script))) {}
ScriptedServer::ScriptedServer(const std::string& unix_path, Script script)
    : impl_(std::make_unique<Impl>(listen_on(unix_path), std::move(script))) {}
ScriptedServer::~ScriptedServer() = default;
std::uint16_t ScriptedServer::port() const noexcept { return impl_->port(); }
int ScriptedServer::accepted() const noexcept { return impl_->accepted(); }

}  // namespace zerver::test
