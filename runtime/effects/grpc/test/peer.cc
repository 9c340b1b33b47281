#include "peer.h"

#include "tests/support/servers/bring_up.h"
#include <zerver/effects/grpc/open_grpc.h>

#include <stdexcept>

namespace zerver::effects {

namespace {

constexpr std::string_view kFolder = ZERVER_PEER_FOLDER;

}  // namespace

PeerServer::PeerServer() {
  const std::filesystem::path& path = directory_.path();
  test::make_certificate(path);
  test::run({"protoc", "-I" + std::string(kFolder), "--python_out=" + path.string(), "peer.proto"},
            path / "protoc.log");
  test::bring_up([this] { start(); });
}

PeerServer& PeerServer::shared() {
  static PeerServer server;
  return server;
}

void PeerServer::start() {
  port_ = test::free_port();
  tls_port_ = test::free_port();
  restart();
}

void PeerServer::restart() {
  const std::filesystem::path log = directory_.path() / "peer.log";
  // Debian's interpreter, which finds Debian's packages.
  process_ = std::make_unique<test::ChildProcess>(
      std::vector<std::string>{"/usr/bin/python3", std::string(kFolder) + "/peer.py",
                               directory_.path().string(), std::to_string(port_), std::to_string(tls_port_)},
      test::ChildProcess::Options{.log = log});
  if (!process_->wait_until_it_accepts(port_)) throw std::runtime_error("peer.py: " + test::text_of(log));
}

std::unique_ptr<testing::AdapterHarness> open_peer(const std::string& url, Arguments arguments) {
  Registry registry;
  registry.add({"zerver.grpc", "1", "test"}, open_grpc());
  arguments.emplace_back("url", url);
  return std::make_unique<testing::AdapterHarness>(
      registry, "zerver.grpc",
      testing::HarnessOptions{.arguments = std::move(arguments),
                              .operations = PeerAdapter::kOperations,
                              .rpcs = PeerAdapter::kRpcs});
}

}  // namespace zerver::effects
