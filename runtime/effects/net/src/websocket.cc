// `zerver.net.websocket`.
#include "operations.h"
#include "stream_target.h"
#include "websocket_connection.h"
#include "zerver/net.flow.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace zerver::effects {
namespace net {
namespace {

using ::zerver::net::WebsocketAdapter;
using ::zerver::net::WebsocketConfig;

enum class Wants : std::uint8_t { kText, kAny };

class WorkerWebSocket final : public WebsocketAdapter {
 public:
  WorkerWebSocket(WebSocketShared& shared, flow::Worker& worker)
      : shared_(shared), operations_(worker.loop()), pool_(shared, worker) {}
  ~WorkerWebSocket() override {
    operations_.finish();
    pool_.close();
  }

  void query(const QueryArguments& arguments, flow::Reply<String> reply) override {
    start(reply, {arguments.text.view(), Wants::kText, true, true});
  }
  void exchange(const ExchangeArguments& arguments, flow::Reply<String> reply) override {
    start(reply, {arguments.text.view(), Wants::kText, true, false});
  }
  void exchange_bytes(const ExchangeBytesArguments& arguments, flow::Reply<Bytes> reply) override {
    start(reply, {arguments.message.view(), Wants::kAny, false, false});
  }
  void call(const CallArguments& arguments, flow::JsonReply reply) override {
    start(reply, {arguments.message.view(), Wants::kText, true, false});
  }
  void send(const SendArguments& arguments, flow::Reply<void> reply) override {
    operations_.start(reply, [this, text = arguments.text.view()](const Ongoing& ongoing) {
      return send_now(ongoing, text);
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
  using Lease = StreamPool<WebSocketConnection>::Lease;

  struct Question {
    std::string_view message;
    Wants wants;
    bool is_text;
    bool may_be_repeated;
  };

  template <class Reply> void start(Reply reply, const Question& question) {
    operations_.start(reply,
                      [this, question](const Ongoing& ongoing) { return exchange_now(ongoing, question); });
  }

  async::Task<Result<std::string>> exchange_now(const Ongoing& ongoing, Question question) {
    for (;;) {
      Result<Lease> lease = co_await pool_.acquire();
      if (!ongoing.is_wanted()) co_return async::cancelled();
      if (!lease) {
        shared_.note(lease, operations_.loop().now());
        co_return lease.error();
      }
      Result<WebSocketMessage> answer = co_await exchange_on(***lease, question);
      const bool again = !answer && answer.error().kind == FaultKind::kUnavailable &&
                         question.may_be_repeated && (**lease)->was_used && ongoing.is_wanted();
      pool_.give_back(*std::move(lease), answer.has_value());
      if (again) continue;
      shared_.note(answer, operations_.loop().now());
      if (!answer) co_return answer.error();
      if (question.wants == Wants::kText && !answer->is_text)
        co_return Fault{FaultKind::kRejected, "the answer is no text", {}};
      co_return std::move(answer->payload);
    }
  }
  async::Task<Result<WebSocketMessage>> exchange_on(WebSocketConnection& connection,
                                                    const Question& question) {
    const Result<void> sent = co_await connection.send(question.message, question.is_text);
    if (!sent) co_return sent.error();
    co_return co_await connection.receive();
  }
  async::Task<Result<void>> send_now(const Ongoing& ongoing, std::string_view text) {
    Result<Lease> lease = co_await pool_.acquire();
    if (!ongoing.is_wanted()) co_return async::cancelled();
    if (!lease) {
      shared_.note(lease, operations_.loop().now());
      co_return lease.error();
    }
    const Result<void> sent = co_await (**lease)->send(text, true);
    pool_.give_back(*std::move(lease), sent.has_value());
    shared_.note(sent, operations_.loop().now());
    co_return sent;
  }

  WebSocketShared& shared_;
  Operations operations_;
  StreamPool<WebSocketConnection> pool_;
};

// Of the `Host` field: without the port that the scheme has anyway.
std::string host_of(const TargetUrl& url) {
  const std::string whole = describe(url).substr(url.scheme.size() + 3);
  const bool is_default = url.port == (url.scheme == "wss" ? 443 : 80);
  return is_default ? whole.substr(0, whole.rfind(':')) : whole;
}

bool is_field_value(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char each) { return each >= ' ' && each != 0x7f; });
}

// Empty, or what is wrong.
std::string set_authorization(WebSocketShared& shared, std::string_view authorization) {
  if (!is_field_value(authorization)) return "its `authorization` has a control character";
  shared.authorization.set(std::string(authorization));
  return "";
}

class WebSocketSystem final : public StreamSystem<WebSocketShared, WorkerWebSocket> {
 public:
  using StreamSystem::StreamSystem;

  // Of connections that are opened from now on.
  std::string renew(std::string_view argument, std::string_view value) override {
    return argument == "authorization" ? set_authorization(shared(), value) : System::renew(argument, value);
  }
};

}  // namespace
}  // namespace net

Registry::Open open_websocket(ConnectorOf connector) {
  return Registry::typed<::zerver::net::WebsocketConfig>(
      [connector = std::move(connector)](const flow::TargetInfo& target,
                                         const ::zerver::net::WebsocketConfig& config) -> Opened {
        auto shared = std::make_unique<net::WebSocketShared>();
        shared->connector = connector;
        net::StreamSettings& settings = shared->settings;
        settings = {{}, config.idle, config.connect, static_cast<std::size_t>(config.max), target.pool};
        shared->protocol = config.protocol.value_or("");
        std::string error = net::parse_target_url(config.url, {{"ws", 80}, {"wss", 443}}, settings.url);
        if (error.empty() && !net::is_field_value(shared->protocol))
          error = "its `protocol` has a control character";
        if (error.empty()) error = net::set_authorization(*shared, config.authorization.value_or(""));
        if (error.empty())
          error = shared->set_endpoint("wss", config.ca, config.certificate, config.private_key);
        if (!error.empty()) return {nullptr, std::move(error)};
        shared->endpoint.alpn = {"http/1.1"};
        shared->host = net::host_of(settings.url);
        return {std::make_unique<net::WebSocketSystem>(std::move(shared)), {}};
      });
}

}  // namespace zerver::effects
