// HTTP/2 for adapters with a protocol of their own over it: connections, TLS, deadlines, traces and health
// are as for the adapter `http`.
#pragma once

#include <zerver/core/message.h>
#include <zerver/effects/system.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/service.h>
#include <zerver/flow/stream/source.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace zerver {
struct HttpConfig;
}

namespace zerver::effects {

class HttpStreamReceiver;

// A `POST`. The texts stay until the operation has ended.
struct HttpCall {
  std::string_view path;  // from `/` on
  std::string_view content_type;
  std::span<const Header>
      fields;  // besides those of the trace, the key and the credentials; names in lower case
  std::string_view body;
  bool is_repeatable = false;             // sent twice it does what it does once, also without a key
  flow::Source* body_source = nullptr;    // of bytes, sent while they come, in place of `body`
  HttpStreamReceiver* streams = nullptr;  // takes the body of a success while it comes; null: the whole of it
};

struct HttpResponse {
  std::uint16_t status = 0;
  std::span<const Header> headers, trailers;  // names in lower case
  std::string_view body;
};

// Who is told what came. Outlives its channels.
class HttpReceiver {
 public:
  // Ends the operation, also from within. What it is given is gone when it returns.
  virtual void receive(flow::Operation& operation, const HttpResponse& response) = 0;

 protected:
  ~HttpReceiver() = default;
};

// A body while it comes: its parts are std::string_view. How much of it is under way follows who asks.
class HttpBody : public flow::Source {
 public:
  // Behind its end; names in lower case, valid until it is closed.
  virtual std::span<const Header> trailers() const noexcept = 0;

 protected:
  ~HttpBody() = default;
};

// The same for calls whose answers are streams. Outlives its channels, and their bodies them.
class HttpStreamReceiver {
 public:
  // The head of a success has come; the receiver closes the body, once. The operation has not ended, and its
  // channel is done with it: whoever forgets it from then on closes the body.
  virtual void open(flow::Operation& operation, const HttpResponse& head, HttpBody& body) = 0;

 protected:
  ~HttpStreamReceiver() = default;
};

// Of one worker and its thread.
class HttpChannel {
 public:
  virtual ~HttpChannel() = default;
  // A call that gets no response ends its operation as a fault. The time that is left is told as
  // `grpc-timeout`.
  virtual void start(flow::Operation& operation, const HttpCall& call) = 0;
  // The operation is forgotten, and the stream reset.
  virtual void cancel(flow::Operation& operation) noexcept = 0;
};

class HttpService : public System {
 public:
  // Before the worker runs.
  virtual std::unique_ptr<HttpChannel> channel(flow::Worker& worker, HttpReceiver& receiver) = 0;
};

struct OpenedHttp {
  std::unique_ptr<HttpService> service;
  std::string error;  // as of Opened
};
// `config` has the setting `bearer`. Calls are spread over all addresses of `base`, which may name several
// hosts. Through a proxy there is one.
OpenedHttp open_http_service(const flow::TargetInfo& target, const flow::TargetConfig& config,
                             const HttpConfig& arguments);

}  // namespace zerver::effects
