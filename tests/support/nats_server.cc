#include "tests/support/nats_server.h"

#include <stdexcept>
#include <vector>

namespace zerver::test {

NatsServer::NatsServer() {
  constexpr int kAttempts = 5;
  for (int attempt = 1;; ++attempt) {
    port_ = free_port();
    try {
      start();
      break;
    } catch (const std::runtime_error&) {
      if (attempt == kAttempts) throw;
    }
  }
}

void NatsServer::start() {
  const std::vector<std::string> arguments = {"nats-server", "-js",
                                              "-a",          "127.0.0.1",
                                              "-p",          std::to_string(port_),
                                              "-sd",         directory_.path().string()};
  process_ =
      std::make_unique<ChildProcess>(arguments, ChildProcess::Options{.log = directory_.path() / "nats.log"});
  if (!process_->wait_until_it_accepts(port_))
    throw std::runtime_error("nats-server: " + text_of(directory_.path() / "nats.log"));
}

}  // namespace zerver::test
