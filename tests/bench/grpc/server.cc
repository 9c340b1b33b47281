#include "server.h"

#include "echo.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <sched.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

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

// Nothing where there is one only.
void keep_to(unsigned processor) {
  if (std::thread::hardware_concurrency() < 2) return;
  cpu_set_t processors;
  CPU_ZERO(&processors);
  CPU_SET(processor, &processors);
  if (sched_setaffinity(0, sizeof processors, &processors) != 0) std::abort();
}

// Until `life` is closed by the other side; tells its port by `answer`.
[[noreturn]] void serve(int life, int answer) {
  EchoService service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const auto number = static_cast<std::uint16_t>(port);
  const bool is_told = server != nullptr && write(answer, &number, sizeof number) == sizeof number;
  char byte = 0;
  if (is_told) static_cast<void>(read(life, &byte, 1));
  _exit(is_told ? 0 : 1);
}

}  // namespace

EchoServer::EchoServer() {
  std::array<int, 2> life{};
  std::array<int, 2> answer{};
  if (pipe(life.data()) != 0 || pipe(answer.data()) != 0) std::abort();
  process_ = fork();
  if (process_ < 0) std::abort();
  if (process_ == 0) {
    keep_to(1);
    close(life[1]);
    serve(life[0], answer[1]);
  }
  keep_to(0);
  close(life[0]);
  close(answer[1]);
  life_ = life[1];
  if (read(answer[0], &port_, sizeof port_) != sizeof port_) std::abort();
  close(answer[0]);
}

EchoServer::~EchoServer() {
  close(life_);
  waitpid(process_, nullptr, 0);
}

}  // namespace bench
