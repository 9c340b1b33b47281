// `zerver.net.udp`.
#include "operations.h"
#include "stream_target.h"
#include "zerver/net.flow.h"

#include <memory>
#include <string>
#include <utility>

namespace zerver::effects {
namespace net {
namespace {

using ::zerver::net::UdpAdapter;
using ::zerver::net::UdpConfig;

constexpr std::size_t kLargestDatagram = std::size_t{64} << 10;
constexpr std::size_t kLargestPayload = 65'507;  // over IPv4

class WorkerUdp final : public UdpAdapter {
 public:
  WorkerUdp(StreamShared& shared, flow::Worker& worker)
      : shared_(shared), worker_(worker), operations_(worker.loop()) {}
  ~WorkerUdp() override { operations_.finish(); }

  void query(const QueryArguments& arguments, flow::Reply<Bytes> reply) override {
    operations_.start(reply, [this, message = arguments.message.view()](const Ongoing& ongoing) {
      return exchange_now(ongoing, message);
    });
  }
  void exchange(const ExchangeArguments& arguments, flow::Reply<Bytes> reply) override {
    operations_.start(reply, [this, message = arguments.message.view()](const Ongoing& ongoing) {
      return exchange_now(ongoing, message);
    });
  }
  void send(const SendArguments& arguments, flow::Reply<void> reply) override {
    operations_.start(reply, [this, message = arguments.message.view()](const Ongoing& ongoing) {
      return send_now(ongoing, message);
    });
  }
  void cancel(flow::Operation& operation) noexcept override { Operations::cancel(operation); }

 private:
  using StreamPtr = std::unique_ptr<io::net::Stream>;

  async::Task<Result<StreamPtr>> sent(const Ongoing& ongoing, std::string_view message) {
    if (message.empty()) co_return Fault{FaultKind::kRejected, "a datagram has at least one byte", {}};
    if (message.size() > kLargestPayload)
      co_return Fault{FaultKind::kRejected, "the message is too large for a datagram", {}};
    io::net::Connector* const connector = shared_.connector(worker_);
    if (connector == nullptr) co_return Fault{FaultKind::kUnavailable, "there is no network here", {}};
    const TimePoint until = worker_.loop().now() + shared_.settings.connect;
    Result<StreamPtr> socket = co_await connector->connect(shared_.endpoint, until);
    if (!ongoing.is_wanted()) co_return async::cancelled();
    if (!socket) {
      const Fault& fault = socket.error();
      co_return Fault{
          fault.kind == FaultKind::kTimeout ? FaultKind::kUnavailable : fault.kind, fault.why, {}};
    }
    const Result<void> written = co_await (*socket)->write(message);
    if (!written) co_return written.error();
    co_return std::move(socket);
  }
  async::Task<Result<std::string>> exchange_now(const Ongoing& ongoing, std::string_view message) {
    Result<std::string> answer = co_await answered(ongoing, message);
    shared_.note(answer, worker_.loop().now());
    co_return std::move(answer);
  }
  async::Task<Result<std::string>> answered(const Ongoing& ongoing, std::string_view message) {
    Result<StreamPtr> socket = co_await sent(ongoing, message);
    if (!socket) co_return socket.error();
    std::string datagram(kLargestDatagram, '\0');
    const Result<std::size_t> size = co_await (*socket)->read_some(datagram);
    if (!size) co_return size.error();
    datagram.resize(*size);
    co_return std::move(datagram);
  }
  async::Task<Result<void>> send_now(const Ongoing& ongoing, std::string_view message) {
    const Result<StreamPtr> socket = co_await sent(ongoing, message);
    if (!socket) co_return socket.error();
    co_return Result<void>();
  }

  StreamShared& shared_;
  flow::Worker& worker_;
  Operations operations_;
};

class UdpSystem final : public System {
 public:
  explicit UdpSystem(std::unique_ptr<StreamShared> shared) noexcept : shared_(std::move(shared)) {}

  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    return std::make_unique<WorkerUdp>(*shared_, worker);
  }
  std::string describe() const override { return net::describe(shared_->settings.url); }
  Health health() const override { return shared_->health.health(); }

 private:
  std::unique_ptr<StreamShared> shared_;
};

}  // namespace
}  // namespace net

Registry::Open open_udp(ConnectorOf connector) {
  return Registry::typed<::zerver::net::UdpConfig>(
      [connector = std::move(connector)](const flow::TargetInfo&,
                                         const ::zerver::net::UdpConfig& config) -> Opened {
        auto shared = std::make_unique<net::StreamShared>();
        shared->connector = connector;
        net::StreamSettings& settings = shared->settings;
        settings.connect = config.connect;
        std::string error = net::parse_target_url(config.url, {{"udp"}}, settings.url);
        if (error.empty() && !settings.url.path.empty())
          error = "its URL has a path, which UDP does not know";
        if (!error.empty()) return {nullptr, std::move(error)};
        shared->endpoint.host = settings.url.host;
        shared->endpoint.port = settings.url.port;
        shared->endpoint.datagrams = true;
        return {std::make_unique<net::UdpSystem>(std::move(shared)), {}};
      });
}

}  // namespace zerver::effects
