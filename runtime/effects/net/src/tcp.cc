// `zerver.net.tcp`.
#include "framing.h"
#include "stream_target.h"

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace zerver::effects {
namespace net {
namespace {

using ::zerver::net::TcpAdapter;
using ::zerver::net::TcpConfig;

constexpr std::size_t kReadAtOnce = std::size_t{16} << 10;

struct TcpConnection {
  static async::Task<Result<std::unique_ptr<TcpConnection>>> open(std::unique_ptr<io::net::Stream> stream,
                                                                  StreamShared&, flow::Worker&) {
    auto connection = std::make_unique<TcpConnection>();
    connection->stream = std::move(stream);
    co_return std::move(connection);
  }
  async::Task<bool> is_usable() { co_return stream->is_quiet(); }

  std::unique_ptr<io::net::Stream> stream;
  bool was_used = false;
};

struct TcpShared : StreamShared {
  Framing framing = Framing::kLine;
};

class WorkerTcp final : public TcpAdapter {
 public:
  WorkerTcp(TcpShared& shared, flow::Worker& worker)
      : shared_(shared), operations_(worker.loop()), pool_(shared, worker) {}
  ~WorkerTcp() override {
    operations_.finish();
    pool_.close();
  }

  void query(const QueryArguments& arguments, flow::Reply<Bytes> reply) override {
    operations_.start(reply, [this, message = arguments.message.view()](const Ongoing& ongoing) {
      return exchange_now(ongoing, message, true);
    });
  }
  void exchange(const ExchangeArguments& arguments, flow::Reply<Bytes> reply) override {
    operations_.start(reply, [this, message = arguments.message.view()](const Ongoing& ongoing) {
      return exchange_now(ongoing, message, false);
    });
  }
  void send(const SendArguments& arguments, flow::Reply<void> reply) override {
    operations_.start(reply, [this, message = arguments.message.view()](const Ongoing& ongoing) {
      return send_now(ongoing, message);
    });
  }
  void cancel(flow::Operation& operation) noexcept override { Operations::cancel(operation); }

  void probe(ProbeDone done) {
    operations_.run([this, done = std::move(done)]() -> async::Task<> {
      const auto lease = co_await pool_.acquire();
      shared_.note(lease, operations_.loop().now());
      done(shared_.health.health());
    });
  }

 private:
  using Lease = StreamPool<TcpConnection>::Lease;

  // A connection that was kept may have been ended by the other side in this moment: then what may be
  // repeated is, on a new one.
  async::Task<Result<std::string>> exchange_now(const Ongoing& ongoing, std::string_view message,
                                                bool may_be_repeated) {
    if (const std::string_view why = fault_of_message(shared_.framing, message); !why.empty())
      co_return Fault{FaultKind::kRejected, String::borrowed(why), {}};
    for (;;) {
      Result<Lease> lease = co_await pool_.acquire();
      if (!ongoing.is_wanted()) co_return async::cancelled();
      if (!lease) {
        shared_.note(lease, operations_.loop().now());
        co_return lease.error();
      }
      Result<std::string> answer = co_await exchange_on(***lease, message);
      const bool again = !answer && answer.error().kind == FaultKind::kUnavailable && may_be_repeated &&
                         (**lease)->was_used && ongoing.is_wanted();
      pool_.give_back(*std::move(lease), answer.has_value() && shared_.framing != Framing::kUntilClose);
      if (again) continue;
      shared_.note(answer, operations_.loop().now());
      co_return std::move(answer);
    }
  }
  async::Task<Result<std::string>> exchange_on(TcpConnection& connection, std::string_view message) {
    const Frame frame(shared_.framing, message);
    const auto pieces = frame.pieces();
    const Result<void> written = co_await connection.stream->write(pieces);
    if (!written) co_return written.error();
    if (shared_.framing == Framing::kUntilClose) connection.stream->shut_down_write();
    FrameReader reader(shared_.framing, shared_.settings.most);
    std::array<char, kReadAtOnce> buffer;
    auto progress = FrameReader::Progress::kMore;
    while (progress == FrameReader::Progress::kMore) {
      const Result<std::size_t> size = co_await connection.stream->read_some(buffer);
      if (!size) co_return size.error();
      progress = *size == 0 ? reader.end() : reader.add({buffer.data(), *size});
    }
    if (progress == FrameReader::Progress::kRefused)
      co_return Fault{FaultKind::kUnavailable, String::borrowed(reader.why()), {}};
    if (reader.has_more_than_one()) connection.stream->close();
    co_return reader.take();
  }
  async::Task<Result<void>> send_now(const Ongoing& ongoing, std::string_view message) {
    if (const std::string_view why = fault_of_message(shared_.framing, message); !why.empty())
      co_return Fault{FaultKind::kRejected, String::borrowed(why), {}};
    Result<Lease> lease = co_await pool_.acquire();
    if (!ongoing.is_wanted()) co_return async::cancelled();
    if (!lease) {
      shared_.note(lease, operations_.loop().now());
      co_return lease.error();
    }
    const Frame frame(shared_.framing, message);
    const auto pieces = frame.pieces();
    const Result<void> written = co_await (**lease)->stream->write(pieces);
    pool_.give_back(*std::move(lease), written.has_value() && shared_.framing != Framing::kUntilClose);
    shared_.note(written, operations_.loop().now());
    co_return written;
  }

  TcpShared& shared_;
  Operations operations_;
  StreamPool<TcpConnection> pool_;
};

using TcpSystem = StreamSystem<TcpShared, WorkerTcp>;

}  // namespace
}  // namespace net

Registry::Open open_tcp(ConnectorOf connector) {
  return Registry::typed<::zerver::net::TcpConfig>(
      [connector = std::move(connector)](const flow::TargetInfo& target,
                                         const net::TcpConfig& config) -> Opened {
        auto shared = std::make_unique<net::TcpShared>();
        shared->framing = config.framing;
        shared->connector = connector;
        net::StreamSettings& settings = shared->settings;
        settings = {{}, config.idle, config.connect, static_cast<std::size_t>(config.max), target.pool};
        std::string error = net::parse_target_url(config.url, {{"tcp"}, {"tls"}, {"unix"}}, settings.url);
        if (error.empty() && settings.url.scheme != "unix" && !settings.url.path.empty())
          error = "its URL has a path, which TCP does not know";
        if (error.empty())
          error = shared->set_endpoint("tls", config.ca, config.certificate, config.private_key);
        if (!error.empty()) return {nullptr, std::move(error)};
        if (settings.url.scheme == "unix") shared->endpoint.unix_path = settings.url.path;
        return {std::make_unique<net::TcpSystem>(std::move(shared)), {}};
      });
}

}  // namespace zerver::effects
