#include "server.h"

#include "echo.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <utility>

namespace bench {

namespace {

class CountReactor final : public grpc::ServerWriteReactor<Ping> {
 public:
  explicit CountReactor(const Ping& asked) : left_(asked.n()) {
    message_.set_text(asked.text());
    OnWriteDone(true);
  }
  void OnWriteDone(bool is_well) override {
    if (!is_well || left_ == 0) return Finish(is_well ? grpc::Status::OK : grpc::Status::CANCELLED);
    message_.set_n(left_--);
    StartWrite(&message_);
  }
  void OnDone() override { delete this; }

 private:
  Ping message_;
  std::int64_t left_;
};

class EchoService final : public Echo::CallbackService {
  grpc::ServerUnaryReactor* Ask(grpc::CallbackServerContext* context, const Ping* asked,
                                Ping* answer) override {
    *answer = *asked;
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  // It deletes itself, as the library wants it.
  grpc::ServerWriteReactor<Ping>* Count(grpc::CallbackServerContext*, const Ping* asked) override {
    return std::make_unique<CountReactor>(*asked).release();
  }
};

}  // namespace

struct EchoServer::State {
  EchoService service;
  std::unique_ptr<grpc::Server> server;
};

EchoServer::EchoServer() : state_(std::make_unique<State>()) {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&state_->service);
  state_->server = builder.BuildAndStart();
  port_ = static_cast<std::uint16_t>(port);
}

EchoServer::~EchoServer() { state_->server->Shutdown(); }

}  // namespace bench
