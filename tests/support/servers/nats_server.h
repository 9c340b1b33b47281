// A server of NATS with JetStream for a test: in a temporary folder, on a free port, gone at the end.
#pragma once

#include "tests/support/child_process.h"

#include <cstdint>
#include <memory>
#include <string>

namespace zerver::test {

class NatsServer {
 public:
  // Throws std::runtime_error with the log when it does not start.
  NatsServer();
  NatsServer(const NatsServer&) = delete;
  NatsServer& operator=(const NatsServer&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  std::string url() const { return "nats://127.0.0.1:" + std::to_string(port_); }
  // Like a machine that fails; its data stay.
  void kill() { process_->kill(); }
  // On the same port, with what it has kept.
  void start_again() { start(); }

 private:
  void start();

  TemporaryDirectory directory_;
  std::uint16_t port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace zerver::test
