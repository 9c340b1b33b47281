// nginx, for tests of clients: HTTP/1.1, HTTP/2 without and with TLS.
#pragma once

#include "tests/support/child_process.h"

#include <cstdint>
#include <memory>
#include <string>

namespace zerver::test {

// Serves `/version` (the protocol, as JSON), `/busy` (503 with Retry-After), `/text` (200,000 bytes,
// compressed when the client takes that) and `/zeros` (4 MiB of them, likewise), and keeps what is PUT below
// `/kept/`. After 20 requests it wants another connection.
class NginxServer {
 public:
  // What is in `folder` is below `/files/`. Throws std::runtime_error when it does not come up.
  explicit NginxServer(std::string folder = {});

  std::string http1() const { return "http://127.0.0.1:" + std::to_string(http1_); }
  std::string http2() const { return "http://127.0.0.1:" + std::to_string(http2_); }
  std::string https() const { return "https://127.0.0.1:" + std::to_string(https_); }
  std::uint16_t port() const noexcept { return http1_; }
  // That its certificate is of.
  std::string ca_file() const { return (directory_.path() / "server.pem").string(); }

  // As kill -9 does; and up again on the same ports. Throws std::runtime_error when it does not come up.
  void kill();
  void start_again();

 private:
  void start();
  std::string configuration() const;

  std::string folder_;
  TemporaryDirectory directory_;
  std::uint16_t http1_ = 0;
  std::uint16_t http2_ = 0;
  std::uint16_t https_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace zerver::test
