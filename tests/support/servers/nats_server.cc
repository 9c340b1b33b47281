#include "tests/support/servers/nats_server.h"

#include "tests/support/servers/bring_up.h"

#include <stdexcept>
#include <vector>

namespace zerver::test {

NatsServer::NatsServer() {
  bring_up([this] {
    port_ = free_port();
    start();
  });
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
