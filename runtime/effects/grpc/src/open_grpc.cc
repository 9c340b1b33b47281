#include "message/decoder.h"
#include "message/encoder.h"
#include "message/frames.h"
#include "message/status.h"
#include "message_stream.h"
#include "message_upload.h"
#include "zerver.flow.h"
#include <zerver/effects/grpc/open_grpc.h>
#include <zerver/effects/http/http_service.h>
#include <zerver/flow/rpc/rpc.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace zerver::effects {

namespace {

using namespace grpc_client;

class WorkerGrpc final : public flow::Adapter, private HttpReceiver, private HttpStreamReceiver {
 public:
  WorkerGrpc(flow::Worker& worker, HttpService& http, const flow::TargetInfo& target,
             const GrpcConfig& config)
      : target_(target),
        config_(config),
        encoder_(config.compress),
        uploads_(worker, encoder_),
        streams_(worker, config.max_body),
        channel_(http.channel(worker, *this)) {}

  void start(flow::Operation& operation) override {
    const flow::Rpc& rpc = target_.rpcs[operation.index()];
    const flow::OperationInfo& info = target_.operations[operation.index()];
    std::string_view body;
    flow::Source* requests = nullptr;
    try {
      if (rpc.requests != nullptr) {
        requests = &uploads_.open(rpc.requests(operation.arguments()));
      } else {
        body = make_body(rpc, operation);
      }
    } catch (const std::bad_alloc&) {
      return flow::ReplyBase(operation).fail(
          {FaultKind::kUnavailable, "its request is larger than the memory of the flow's", {}});
    }
    if (body.empty() && requests == nullptr)
      return flow::ReplyBase(operation).fail({FaultKind::kRejected, "its request is too large for gRPC", {}});
    channel_->start(operation,
                    {.path = rpc.path,
                     .content_type = "application/grpc+proto",
                     .fields = std::span(kFields).first(config_.compress ? 2 : 1),
                     .body = body,
                     .is_repeatable = info.access == flow::OperationInfo::Access::kRead || info.idempotent,
                     .body_source = requests,
                     .streams = rpc.part == nullptr ? nullptr : this});
  }
  void cancel(flow::Operation& operation) noexcept override {
    if (!streams_.cancel(operation)) channel_->cancel(operation);
  }

 private:
  static constexpr Header kFields[] = {{"grpc-accept-encoding", "gzip"}, {"grpc-encoding", "gzip"}};

  // One frame, in the operation's arena; nothing when its length cannot be told.
  std::string_view make_body(const flow::Rpc& rpc, const flow::Operation& operation) {
    out_.clear_and_shrink(kKeptBuffer);
    encoder_.begin(out_);
    flow::ProtobufWriter writer(out_);
    rpc.write(writer, operation.arguments());
    return encoder_.end(out_) ? operation.arena().text(out_.view()) : std::string_view();
  }

  void receive(flow::Operation& operation, const HttpResponse& response) override {
    const flow::ReplyBase reply(operation);
    const Status status = status_of(response);
    if (status.code != kOk) return reply.fail(fault_of(status, operation.fails(), operation.arena()));
    if (const std::string_view why = read_messages(response); !why.empty())
      return reply.fail({FaultKind::kUnavailable, String::borrowed(why), {}, kInternal});
    const flow::Rpc& rpc = target_.rpcs[operation.index()];
    if (rpc.answer == nullptr)
      return reply.fail({FaultKind::kUnavailable, "it does not answer as a service of gRPC", {}, kInternal});
    const Result<void> answered = rpc.answer(operation, decoder_.messages());
    if (!answered) reply.fail(answered.error());
  }

  void open(flow::Operation& operation, const HttpResponse& head, HttpBody& body) override {
    try {
      streams_.open(operation, target_.rpcs[operation.index()], head, body);
    } catch (const std::bad_alloc&) {
      body.close();
      flow::ReplyBase(operation).fail({FaultKind::kUnavailable, "there is no memory for its answer", {}});
    }
  }

  // Those of a body that is complete; why it has none, static.
  std::string_view read_messages(const HttpResponse& response) {
    frames_.clear();
    FrameReader frames(response.body);
    for (Frame frame; frames.next(frame);)
      frames_.push_back(frame);
    if (!frames.is_at_end()) return "its answer has a malformed frame";
    return decoder_.decode(frames_, MessageDecoder::is_gzip(response.headers), config_.max_body);
  }

  const flow::TargetInfo& target_;
  const GrpcConfig& config_;
  MessageEncoder encoder_;
  MessageUploads uploads_;
  OutputBuffer out_;
  std::vector<Frame> frames_;
  MessageDecoder decoder_;
  MessageStreams streams_;
  std::unique_ptr<HttpChannel> channel_;
};

class GrpcSystem final : public System {
 public:
  GrpcSystem(const flow::TargetInfo& target, GrpcConfig config, std::unique_ptr<HttpService> http)
      : target_(target), config_(std::move(config)), http_(std::move(http)) {}

  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    return std::make_unique<WorkerGrpc>(worker, *http_, target_, config_);
  }
  std::string describe() const override { return http_->describe(); }
  Health health() const override { return http_->health(); }
  std::optional<PoolState> pool() const override { return http_->pool(); }
  std::vector<AddressState> addresses() const override { return http_->addresses(); }
  void probe(flow::Worker& worker, ProbeDone done) override { http_->probe(worker, std::move(done)); }
  std::string renew(std::string_view argument, std::string_view value) override {
    return http_->renew(argument, value);
  }

 private:
  const flow::TargetInfo& target_;
  GrpcConfig config_;
  std::unique_ptr<HttpService> http_;
};

// A path would be part of none of its calls.
bool has_path(std::string_view url) noexcept {
  const std::size_t authority = url.find("://");
  if (authority == std::string_view::npos) return false;
  const std::size_t slash = url.find('/', authority + 3);
  return slash != std::string_view::npos && slash + 1 != url.size();
}

Opened open(const flow::TargetInfo& target, const GrpcConfig& config, const flow::TargetConfig& untyped) {
  if (target.rpcs.empty()) return {nullptr, "its adapter is not declared with `@grpc`"};
  if (has_path(config.url))
    return {nullptr, "its URL must be `http://host:port` or `https://...`, without a path"};
  const bool is_tls = std::string_view(config.url).starts_with("https:");
  auto [http, error] = open_http_service(target, untyped,
                                         {.base = config.url,
                                          .http2 = "always",
                                          .connect = config.connect,
                                          .idle = config.idle,
                                          .lifetime = config.lifetime,
                                          .keepalive = config.keepalive,
                                          .max_body = config.max_body,
                                          .ca = config.ca,
                                          .certificate = config.certificate,
                                          .key = config.key,
                                          // HTTP/2 without TLS goes through no proxy.
                                          .proxy = is_tls ? "environment" : "none"});
  if (http == nullptr) return {nullptr, std::move(error)};
  return {std::make_unique<GrpcSystem>(target, config, std::move(http)), {}};
}

}  // namespace

Registry::Open open_grpc() { return Registry::typed<GrpcConfig>(open); }

}  // namespace zerver::effects
