#include "client.h"
#include "items/item_stream.h"
#include "zerver.flow.h"
#include <zerver/effects/http/http_service.h>
#include <zerver/effects/http/open_http.h>
#include <zerver/io/net/network.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace zerver::effects {

namespace {

using namespace http_client;

// A server that has no MessagePack answers with JSON.
constexpr std::string_view kAcceptsMessagePack = "application/msgpack, application/json;q=0.5";
constexpr std::string_view kAcceptsItems =
    "application/jsonl, application/x-ndjson, text/event-stream, */*;q=0.5";
constexpr Fault kNoNetwork{FaultKind::kUnavailable, "there is no network under a simulated loop", {}};

// `GET` and so on; kOther for another one.
Method method_of(std::string_view name) noexcept {
  for (const Method method : {Method::kGet, Method::kHead, Method::kPost, Method::kPut, Method::kPatch,
                              Method::kDelete, Method::kOptions, Method::kTrace, Method::kConnect})
    if (method_name(method) == name) return method;
  return Method::kOther;
}

class WorkerHttp final : public HttpAdapter {
 public:
  // Without a network under a simulated loop.
  WorkerHttp(flow::Worker& worker, io::net::Network* network, const Settings& settings, Shared& shared)
      : items_(worker, settings.max_body), is_packed_(settings.format == flow::Format::kMessagePack) {
    if (network != nullptr) client_ = std::make_unique<Client>(worker, *network, settings, shared);
  }

  void get(const GetArguments& arguments, flow::JsonReply reply) override {
    read(Method::kGet, Form::kJson, arguments, reply, accepted_document());
  }
  void post(const PostArguments& arguments, flow::JsonReply reply) override {
    write(Method::kPost, Form::kJson, arguments, arguments.body.view(), document_type(), reply);
  }
  void put(const PutArguments& arguments, flow::JsonReply reply) override {
    write(Method::kPut, Form::kJson, arguments, arguments.body.view(), document_type(), reply);
  }
  void patch(const PatchArguments& arguments, flow::JsonReply reply) override {
    write(Method::kPatch, Form::kJson, arguments, arguments.body.view(), document_type(), reply);
  }
  void delete_(const DeleteArguments& arguments, flow::Reply<void> reply) override {
    write(Method::kDelete, Form::kNothing, arguments, {}, {}, reply);
  }
  void get_text(const GetTextArguments& arguments, flow::Reply<String> reply) override {
    read(Method::kGet, Form::kText, arguments, reply, "text/*, */*;q=0.5");
  }
  void get_bytes(const GetBytesArguments& arguments, flow::Reply<Bytes> reply) override {
    read(Method::kGet, Form::kBytes, arguments, reply, "*/*");
  }
  void post_text(const PostTextArguments& arguments, flow::Reply<String> reply) override {
    write(Method::kPost, Form::kText, arguments, arguments.body, arguments.type, reply);
  }
  void post_bytes(const PostBytesArguments& arguments, flow::Reply<Bytes> reply) override {
    write(Method::kPost, Form::kBytes, arguments, arguments.body.view(), arguments.type, reply);
  }
  void put_bytes(const PutBytesArguments& arguments, flow::Reply<Bytes> reply) override {
    write(Method::kPut, Form::kBytes, arguments, arguments.body.view(), arguments.type, reply);
  }
  void get_stream(const GetStreamArguments& arguments, flow::StreamReply reply) override {
    read(Method::kGet, Form::kStream, arguments, reply, "*/*");
  }
  void post_stream(const PostStreamArguments& arguments, flow::JsonReply reply) override {
    send_stream(Method::kPost, arguments, reply);
  }
  void put_stream(const PutStreamArguments& arguments, flow::JsonReply reply) override {
    send_stream(Method::kPut, arguments, reply);
  }
  void get_items(const GetItemsArguments& arguments, flow::StreamReply reply) override {
    begin(reply, Form::kNothing,
          {.method = Method::kGet,
           .path = arguments.path,
           .query = &arguments.query,
           .headers = &arguments.headers,
           .accept = kAcceptsItems,
           .streams = &items_});
  }
  void post_items(const PostItemsArguments& arguments, flow::StreamReply reply) override {
    begin(reply, Form::kNothing,
          {.method = Method::kPost,
           .path = arguments.path,
           .headers = &arguments.headers,
           .body = arguments.body.view(),
           .content_type = document_type(),
           .accept = kAcceptsItems,
           .streams = &items_});
  }
  void head(const HeadArguments& arguments, flow::Reply<HttpAnswer> reply) override {
    read(Method::kHead, Form::kAnswer, arguments, reply, "*/*");
  }
  void options(const OptionsArguments& arguments, flow::Reply<HttpAnswer> reply) override {
    write(Method::kOptions, Form::kAnswer, arguments, {}, {}, reply);
  }
  void fetch(const FetchArguments& arguments, flow::Reply<HttpAnswer> reply) override {
    read(Method::kGet, Form::kAnswer, arguments, reply, "*/*");
  }
  void send(const SendArguments& arguments, flow::Reply<HttpAnswer> reply) override {
    begin(reply, Form::kAnswer,
          {.method = method_of(arguments.method),
           .method_name = arguments.method,
           .path = arguments.path,
           .headers = &arguments.headers,
           .body = arguments.body,
           .content_type = arguments.body.empty() ? std::string_view() : arguments.type});
  }
  void cancel(flow::Operation& operation) noexcept override {
    if (client_ != nullptr && !items_.cancel(operation)) client_->cancel(operation);
  }

 private:
  std::string_view document_type() const noexcept {
    return is_packed_ ? flow::kMessagePackType : flow::kJsonType;
  }
  std::string_view accepted_document() const noexcept {
    return is_packed_ ? kAcceptsMessagePack : flow::kJsonType;
  }
  template <class Arguments>
  void read(Method method, Form form, const Arguments& arguments, const flow::ReplyBase& reply,
            std::string_view accept) {
    begin(reply, form,
          {.method = method,
           .path = arguments.path,
           .query = &arguments.query,
           .headers = &arguments.headers,
           .accept = accept});
  }
  template <class Arguments>
  void write(Method method, Form form, const Arguments& arguments, std::string_view body,
             std::string_view type, const flow::ReplyBase& reply) {
    begin(reply, form,
          {.method = method,
           .path = arguments.path,
           .headers = &arguments.headers,
           .body = body,
           .content_type = type,
           .accept = form == Form::kJson ? accepted_document() : "*/*"});
  }
  template <class Arguments>
  void send_stream(Method method, const Arguments& arguments, const flow::ReplyBase& reply) {
    begin(reply, Form::kJson,
          {.method = method,
           .path = arguments.path,
           .headers = &arguments.headers,
           .content_type = arguments.type,
           .accept = accepted_document(),
           .body_source = arguments.body.source});
  }
  void begin(const flow::ReplyBase& reply, Form form, const Wanted& wanted) {
    if (client_ == nullptr) return reply.fail(kNoNetwork);
    client_->start(reply.operation(), form, wanted);
  }

  ItemStreams items_;
  std::unique_ptr<Client> client_;  // whose bodies those streams read
  bool is_packed_;
};

class WorkerChannel final : public HttpChannel {
 public:
  WorkerChannel(flow::Worker& worker, io::net::Network* network, const Settings& settings, Shared& shared,
                HttpReceiver& receiver)
      : receiver_(receiver) {
    if (network != nullptr) client_ = std::make_unique<Client>(worker, *network, settings, shared);
  }

  void start(flow::Operation& operation, const HttpCall& call) override {
    if (client_ == nullptr) return flow::ReplyBase(operation).fail(kNoNetwork);
    client_->start(operation, Form::kNothing,
                   {.method = Method::kPost,
                    .path = call.path,
                    .body = call.body,
                    .content_type = call.content_type,
                    .accept = {},
                    .fields = call.fields,
                    .is_repeatable = call.is_repeatable,
                    .time_field = "grpc-timeout",
                    .time_unit = "m",
                    .receiver = &receiver_,
                    .streams = call.streams,
                    .body_source = call.body_source});
  }
  void cancel(flow::Operation& operation) noexcept override {
    if (client_ != nullptr) client_->cancel(operation);
  }

 private:
  HttpReceiver& receiver_;
  std::unique_ptr<Client> client_;
};

// To the first of them that answers.
async::Task<void> connect_once(io::net::Connector* connector, std::vector<Route> routes, ProbeDone done) {
  Health health;
  for (const Route& route : routes) {
    const Result<std::unique_ptr<io::net::Stream>> stream = co_await dial(*connector, route);
    health =
        stream ? Health{} : Health{.state = Health::State::kDown, .why = std::string(stream.error().why)};
    if (stream) break;
  }
  done(health);
}

class HttpSystem final : public HttpService {
 public:
  explicit HttpSystem(Settings settings) : settings_(std::move(settings)) {
    shared_.authorization.set(settings_.authorization);
  }

  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    ++shared_.workers;
    return std::make_unique<WorkerHttp>(worker, io::net::network_of(worker.loop()), settings_, shared_);
  }
  std::unique_ptr<HttpChannel> channel(flow::Worker& worker, HttpReceiver& receiver) override {
    ++shared_.workers;
    return std::make_unique<WorkerChannel>(worker, io::net::network_of(worker.loop()), settings_, shared_,
                                           receiver);
  }
  std::string describe() const override {
    std::string text =
        (settings_.base.origin.tls ? "https://" : "http://") + settings_.base.origin.authority();
    for (std::size_t i = 1; i < settings_.origins.size(); ++i)
      text += "," + settings_.origins[i].authority();
    return text + settings_.base.target;
  }
  Health health() const override { return shared_.health.health(); }
  // Whether a connection can be made: what it would be asked is not known here.
  void probe(flow::Worker& worker, ProbeDone done) override {
    io::net::Network* const network = io::net::network_of(worker.loop());
    if (network == nullptr) return done(health());
    std::vector<Route> routes;
    for (const Origin& origin : settings_.origins)
      routes.push_back(make_route(origin, settings_));
    async::spawn(worker.loop(), connect_once, &network->connector(), std::move(routes), std::move(done))
        .detach();
  }
  std::vector<AddressState> addresses() const override { return shared_.addresses.states(); }
  std::string renew(std::string_view argument, std::string_view value) override {
    if (argument != "bearer") return System::renew(argument, value);
    std::string authorization;
    std::string why = read_authorization(value, authorization);
    if (why.empty()) shared_.authorization.set(std::move(authorization));
    return why;
  }
  std::optional<PoolState> pool() const override {
    const std::uint32_t workers = std::max(1U, shared_.workers.load());
    return PoolState{
        .open = shared_.open,
        .idle = shared_.idle,
        .waiting = shared_.waiting,
        .most = settings_.pool != 0 ? std::max(settings_.pool, workers) : Settings::kConnections * workers};
  }

 private:
  Settings settings_;
  Shared shared_;
};

Opened open(const flow::TargetInfo& target, const flow::TargetConfig& config) {
  Settings settings;
  if (std::string error = read_settings(target, config, process_environment, settings); !error.empty())
    return {nullptr, std::move(error)};
  return {std::make_unique<HttpSystem>(std::move(settings)), {}};
}

}  // namespace

Registry::Open open_http() { return open; }

OpenedHttp open_http_service(const flow::TargetInfo& target, const flow::TargetConfig& config,
                             const HttpConfig& arguments) {
  Settings settings;
  if (std::string error = make_settings(target, config, arguments, process_environment, settings);
      !error.empty())
    return {nullptr, std::move(error)};
  return {std::make_unique<HttpSystem>(std::move(settings)), {}};
}

}  // namespace zerver::effects
