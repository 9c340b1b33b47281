// TLS over a socket.
#pragma once

#include "net/socket_stream.h"
#include "net/tls_context.h"
#include "net/tls_sessions.h"
#include <zerver/async/task.h>
#include <zerver/io/net/endpoint.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::io::net {

class TlsStream final : public SocketStream {
 public:
  // Connected. The sessions outlive it.
  TlsStream(DescriptorPtr descriptor, const Endpoint& endpoint, TlsSessions& sessions);
  ~TlsStream() override;

  // First of all.
  async::Task<Result<void>> shake_hands();

  bool is_quiet() noexcept override;
  std::string_view alpn() const noexcept override;
  // Whether the last handshake was a short one.
  bool is_resumed() const noexcept { return SSL_session_reused(ssl_.get()) != 0; }

  // What OpenSSL calls with a session that can be resumed.
  static bool keep_session(SSL* ssl, SSL_SESSION* session);

 private:
  static constexpr std::size_t kRecord = std::size_t{16} << 10;  // RFC 8446, 5.1

  Needs read_step(Read& read) override;
  Needs write_step(Write& write) override;
  Needs shut_down_step() noexcept override;
  void before_close() noexcept override;

  // What a call that failed needs; kNothing: it has failed for good, or is at its end.
  Needs needs_after(int returned, int& error) noexcept;
  Fault fault_after(int error) noexcept;

  TlsSessions& sessions_;
  std::string server_;
  SslPtr ssl_;
  std::vector<char> record_;  // of pieces that are too small for a record each
  std::size_t record_done_ = 0;
  bool established_ = false;
  bool failed_ = false;  // nothing may be said any more (SSL_get_error(3))
};

}  // namespace zerver::io::net
