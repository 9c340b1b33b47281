// TLS as a client: what is trusted, and with which certificate one shows oneself.
#pragma once

#include <memory>
#include <string>

namespace zerver::io::net {

struct TlsOptions {
  std::string ca_file = {};           // PEM; in place of those that the system trusts
  std::string certificate_file = {};  // PEM, with its chain: shown when the server asks for one
  std::string key_file = {};          // PEM; its own
};

// TLS 1.2 or newer. A certificate must be valid, of somebody who is trusted, and for the name or address that
// is connected to; nothing turns this off. Opened once, then used by any number of loops and threads.
class TlsClient {
 public:
  TlsClient();
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  // Reads the files. Empty, or one line that says what is wrong.
  [[nodiscard]] std::string open(const TlsOptions& options);

 private:
  friend class TlsStream;
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace zerver::io::net
