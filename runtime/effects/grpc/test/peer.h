// A server of gRPC with its own library, and targets of the adapter `grpc` that talk to it.
#pragma once

#include "peer.flow.h"
#include "tests/support/child_process.h"
#include <zerver/testing/adapter_harness.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::effects {

using Arguments = std::vector<std::pair<std::string, std::string>>;
using peers::PeerAdapter;

// test/peer.py, which serves test/peer.proto. Throws std::runtime_error when it does not come up.
class PeerServer {
 public:
  PeerServer();
  // The one of this program, which its tests share.
  static PeerServer& shared();

  std::uint16_t port() const noexcept { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::string tls_url() const { return "https://127.0.0.1:" + std::to_string(tls_port_); }
  std::string ca_file() const { return (directory_.path() / "server.pem").string(); }

  // At once, like a machine that fails.
  void kill() { process_->kill(); }
  // With the same ports. Throws as well.
  void restart();

 private:
  void start();

  test::TemporaryDirectory directory_;
  std::uint16_t port_ = 0;
  std::uint16_t tls_port_ = 0;
  std::unique_ptr<test::ChildProcess> process_;
};

// Arguments with what is usual in place of what is not named.
inline PeerAdapter::FailArguments fail_with(std::uint32_t code, std::string_view why,
                                            std::string_view pushback = {}) {
  return {.code = code, .why = String::borrowed(why), .pushback = String::borrowed(pushback)};
}
inline PeerAdapter::CountArguments count_to(std::int32_t most, std::int32_t fail_behind = 0) {
  return {.most = most, .fail_behind = fail_behind};
}
inline PeerAdapter::PassArguments pass(std::int32_t most, std::int32_t fail_behind = 0) {
  return {.most = most, .fail_behind = fail_behind};
}
inline PeerAdapter::FetchManyArguments fetch_many(std::uint32_t bytes, std::uint32_t count,
                                                  bool compressed = false) {
  return {.bytes = bytes, .compressed = compressed, .count = count};
}
inline PeerAdapter::FetchArguments fetch_bytes(std::uint32_t bytes, bool compressed = false) {
  return {.bytes = bytes, .compressed = compressed};
}

std::unique_ptr<testing::AdapterHarness> open_peer(const std::string& url, Arguments arguments = {});

}  // namespace zerver::effects
