// The network as one loop sees it.
#include "net/connecting.h"
#include "net/dns_source.h"
#include "net/faults.h"
#include "net/socket_stream.h"
#include "net/tls_sessions.h"
#include "net/tls_stream.h"
#include <zerver/async/combine/timeout.h>
#include <zerver/io/asio_loop.h>
#include <zerver/io/net/network.h>

#include <cerrno>
#include <utility>

namespace zerver::io::net {
namespace {

class SocketConnector final : public Connector {
 public:
  SocketConnector(AsioLoop& loop, Resolver& resolver, const NetworkOptions& options) noexcept
      : loop_(loop), resolver_(resolver), times_{options.next_attempt, options.attempt} {}

  async::Task<Result<std::unique_ptr<Stream>>> connect(const Endpoint& endpoint,
                                                       TimePoint deadline) override {
    return by(deadline, connect_to(endpoint));
  }
  async::Task<Result<std::unique_ptr<Stream>>> secure(std::unique_ptr<Stream> stream,
                                                      const Endpoint& endpoint, TimePoint deadline) override {
    return by(deadline, secure_one(std::move(stream), endpoint));
  }

 private:
  static Fault late() noexcept { return {FaultKind::kTimeout, "no connection in time", {}}; }

  async::Task<Result<std::unique_ptr<Stream>>> by(TimePoint deadline,
                                                  async::Task<Result<std::unique_ptr<Stream>>> task) {
    const Duration left = deadline == TimePoint::never() ? Duration::max() : deadline - loop_.now();
    if (left.nanoseconds <= 0) co_return late();
    Result<std::unique_ptr<Stream>> stream = co_await async::timeout(std::move(task), left);
    if (!stream && stream.error().kind == FaultKind::kTimeout) co_return late();
    co_return std::move(stream);
  }

  async::Task<Result<DescriptorPtr>> connect_plainly(const Endpoint& endpoint) {
    if (!endpoint.unix_path.empty()) {
      const std::optional<SocketAddress> address = socket_address(endpoint.unix_path);
      if (!address) co_return fault_of(ENAMETOOLONG);
      co_return co_await connect_socket(loop_, *address, times_.each);
    }
    const Result<Addresses> addresses = co_await resolver_.resolve(endpoint.host);
    if (!addresses) co_return addresses.error();
    const int type = endpoint.datagrams ? SOCK_DGRAM : SOCK_STREAM;
    co_return co_await connect_first(loop_, *addresses, endpoint.port, type, times_);
  }
  async::Task<Result<std::unique_ptr<Stream>>> connect_to(const Endpoint& endpoint) {
    Result<DescriptorPtr> connected = co_await connect_plainly(endpoint);
    if (!connected) co_return connected.error();
    if (endpoint.tls == nullptr) {
      co_return std::unique_ptr<Stream>(std::make_unique<SocketStream>(*std::move(connected)));
    }
    co_return co_await shake_hands(*std::move(connected), endpoint);
  }
  async::Task<Result<std::unique_ptr<Stream>>> secure_one(std::unique_ptr<Stream> stream,
                                                          const Endpoint& endpoint) {
    auto* const plain = dynamic_cast<SocketStream*>(stream.get());
    if (plain == nullptr || dynamic_cast<TlsStream*>(plain) != nullptr || !plain->is_open())
      co_return unavailable("TLS needs an open connection without TLS");
    co_return co_await shake_hands(plain->take_descriptor(), endpoint);
  }
  async::Task<Result<std::unique_ptr<Stream>>> shake_hands(DescriptorPtr connected,
                                                           const Endpoint& endpoint) {
    auto stream = std::make_unique<TlsStream>(std::move(connected), endpoint, sessions_);
    const Result<void> shaken = co_await stream->shake_hands();
    if (!shaken) co_return shaken.error();
    co_return std::unique_ptr<Stream>(std::move(stream));
  }

  AsioLoop& loop_;
  Resolver& resolver_;
  AttemptTimes times_;
  TlsSessions sessions_;
};

}  // namespace

struct Network::State {
  State(AsioLoop& its_loop, const NetworkOptions& options)
      : loop(its_loop),
        resolver(its_loop, dns_source(its_loop, options.name_servers), options.resolver),
        connector(its_loop, resolver, options) {}

  AsioLoop& loop;
  Resolver resolver;
  SocketConnector connector;
};

Network::Network(AsioLoop& loop, const NetworkOptions& options)
    : state_(std::make_unique<State>(loop, options)) {}
Network::~Network() = default;

AsioLoop& Network::loop() noexcept { return state_->loop; }
Connector& Network::connector() noexcept { return state_->connector; }
Resolver& Network::resolver() noexcept { return state_->resolver; }

Network* network_of(async::Loop& loop) {
  AsioLoop* const real = AsioLoop::of(loop);
  if (real == nullptr) return nullptr;
  if (real->network_ == nullptr) {
    real->network_ = {std::make_unique<Network>(*real).release(),
                      [](Network* network) noexcept { const std::unique_ptr<Network> owned(network); }};
  }
  return real->network_.get();
}

}  // namespace zerver::io::net
