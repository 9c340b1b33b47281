// A server that speaks TLS, and the certificates for it, made by the `openssl` command.
#pragma once

#include "tests/support/child_process.h"
#include "tests/support/servers/scripted_server.h"

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace zerver::io::net {

// An authority of its own in a folder of its own.
class TestCertificates {
 public:
  struct Wanted {
    std::string names = "DNS:localhost,IP:127.0.0.1";  // subjectAltName
    int days = 10;                                     // from now; less than 0: it has expired
  };

  TestCertificates();

  // PEM.
  std::string ca() const { return path("ca.pem"); }
  std::string path(const std::string& name) const { return (directory_.path() / name).string(); }
  // Makes NAME.pem and NAME.key, signed by the authority.
  void issue(const std::string& name, const Wanted& wanted) const;
  void issue(const std::string& name) const { issue(name, Wanted()); }

 private:
  void openssl(const std::string& command) const;

  test::TemporaryDirectory directory_;
};

// One connection with TLS, and blocking calls.
class TlsPeer {
 public:
  explicit TlsPeer(SSL* ssl) noexcept : ssl_(ssl) {}

  std::string read(std::size_t size);
  bool write(std::string_view bytes);
  // Says farewell; without it the connection is just ended.
  void end() { SSL_shutdown(ssl_); }
  // By the client's certificate; empty when it has shown none.
  std::string client_name() const;
  bool is_resumed() const { return SSL_session_reused(ssl_) != 0; }
  std::string server_name() const;

 private:
  SSL* ssl_;
};

class TlsServer {
 public:
  struct Options {
    std::string certificate;  // NAME of TestCertificates
    std::string alpn = {};    // the only protocol that it speaks
    bool wants_certificate = false;
    int most_version = 0;  // such as TLS1_1_VERSION; 0: the newest
  };
  // The script is called for connections that have shaken hands.
  using Script = std::function<void(TlsPeer&)>;

  TlsServer(const TestCertificates& certificates, const Options& options, Script script);
  std::uint16_t port() const noexcept { return server_->port(); }

 private:
  struct FreeContext {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  };

  Options options_;
  std::unique_ptr<SSL_CTX, FreeContext> context_;
  std::unique_ptr<test::ScriptedServer> server_;
};

}  // namespace zerver::io::net
