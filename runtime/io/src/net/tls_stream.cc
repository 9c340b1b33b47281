// TLS over a socket.
#include "net/tls_stream.h"

#include "net/faults.h"
#include <zerver/io/net/address.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace zerver::io::net {
namespace {

// RFC 7301, 3.1: each name behind its length.
std::string wire_names(const std::vector<std::string>& names) {
  std::string wire;
  for (const std::string& name : names) {
    wire += static_cast<char>(name.size());
    wire += name;
  }
  return wire;
}

}  // namespace

TlsStream::TlsStream(DescriptorPtr socket, const Endpoint& endpoint, TlsSessions& sessions)
    : SocketStream(std::move(socket)), sessions_(sessions) {
  const TlsClient::Context& context = *endpoint.tls->context_;
  const std::string& name = endpoint.server_name.empty() ? endpoint.host : endpoint.server_name;
  server_ = name + ':' + std::to_string(endpoint.port) + ':' +
            std::to_string(reinterpret_cast<std::uintptr_t>(context.ssl.get()));
  ERR_clear_error();
  ssl_.reset(SSL_new(context.ssl.get()));
  BIO* const bio = ssl_ == nullptr ? nullptr : BIO_new(context.socket_method.get());
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd())));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);

  X509_VERIFY_PARAM* const verify = SSL_get0_param(ssl_.get());
  X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  int known = 0;
  if (Address::parse(name)) {
    known = X509_VERIFY_PARAM_set1_ip_asc(verify, name.c_str());
  } else {
    known = X509_VERIFY_PARAM_set1_host(verify, name.data(), name.size());
    if (known == 1) known = static_cast<int>(SSL_set_tlsext_host_name(ssl_.get(), name.c_str()));
  }
  const std::string offered = wire_names(endpoint.alpn);
  if (!offered.empty() &&
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(offered.data()),
                          static_cast<unsigned>(offered.size())) != 0)
    known = 0;
  // Without the name that is to be verified nothing may be said.
  failed_ = known != 1 || name.empty();
  if (const SslSessionPtr session = sessions_.take(server_)) SSL_set_session(ssl_.get(), session.get());
}

TlsStream::~TlsStream() { close(); }

async::Task<Result<void>> TlsStream::shake_hands() {
  if (failed_) co_return unavailable("the name of the server cannot be verified");
  for (;;) {
    ERR_clear_error();
    const int returned = SSL_connect(ssl_.get());
    if (returned == 1) break;
    int error = 0;
    const Needs needs = needs_after(returned, error);
    if (needs == Needs::kNothing) co_return fault_after(error);
    const Result<void> ready =
        co_await descriptor().ready(needs == Needs::kReadable ? Direction::kRead : Direction::kWrite);
    if (!ready) co_return ready.error();
  }
  established_ = true;
  co_return Result<void>();
}

bool TlsStream::keep_session(SSL* ssl, SSL_SESSION* session) {
  auto* const stream = static_cast<TlsStream*>(SSL_get_app_data(ssl));
  stream->sessions_.keep(stream->server_, SslSessionPtr(session));
  return true;
}

std::string_view TlsStream::alpn() const noexcept {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

// Takes in what is no data, such as new sessions.
bool TlsStream::is_quiet() noexcept {
  if (!is_open() || failed_) return false;
  ERR_clear_error();
  char byte = 0;
  std::size_t size = 0;
  const int returned = SSL_peek_ex(ssl_.get(), &byte, 1, &size);
  int error = 0;
  return returned != 1 && needs_after(returned, error) == Needs::kReadable;
}

// --- Steps ---

SocketStream::Needs TlsStream::needs_after(int returned, int& error) noexcept {
  const int code = SSL_get_error(ssl_.get(), returned);
  error = code == SSL_ERROR_SYSCALL ? errno : 0;
  switch (code) {
    case SSL_ERROR_WANT_READ:
      return Needs::kReadable;
    case SSL_ERROR_WANT_WRITE:
      return Needs::kWritable;
    case SSL_ERROR_ZERO_RETURN:
      return Needs::kNothing;
    default:
      failed_ = true;
      return Needs::kNothing;
  }
}

Fault TlsStream::fault_after(int error) noexcept {
  if (const long verified = SSL_get_verify_result(ssl_.get()); verified != X509_V_OK) {
    ERR_clear_error();
    return unavailable(String::borrowed(X509_verify_cert_error_string(verified)));
  }
  if (error != 0) return fault_of(error);
  if (ERR_peek_error() == 0) return unavailable("the other side has closed the connection");
  return unavailable(String::borrowed(last_tls_error()));
}

SocketStream::Needs TlsStream::read_step(Read& read) {
  ERR_clear_error();
  std::size_t size = 0;
  const int returned = SSL_read_ex(ssl_.get(), read.into.data(), read.into.size(), &size);
  if (returned == 1) {
    read.outcome = size;
    return Needs::kNothing;
  }
  int error = 0;
  const Needs needs = needs_after(returned, error);
  if (needs == Needs::kNothing) {
    // An end without a word from the other side may be somebody else's doing (RFC 8446, 6.1).
    if (failed_) {
      read.outcome = fault_after(error);
    } else {
      read.outcome = std::size_t{0};
    }
  }
  return needs;
}

SocketStream::Needs TlsStream::write_step(Write& write) {
  for (;;) {
    std::string_view next(record_.data() + record_done_, record_.size() - record_done_);
    const bool gathered = !next.empty();
    if (!gathered) {
      write.advance(0);
      if (write.first.empty()) return Needs::kNothing;
      if (write.first.size() < kRecord / 2 && !write.pieces.empty()) {
        record_.clear();
        record_done_ = 0;
        while (!write.first.empty() && record_.size() < kRecord) {
          const std::string_view part = write.first.substr(0, kRecord - record_.size());
          record_.insert(record_.end(), part.begin(), part.end());
          write.advance(part.size());
        }
        continue;
      }
      next = write.first;
    }
    ERR_clear_error();
    std::size_t size = 0;
    const int returned = SSL_write_ex(ssl_.get(), next.data(), next.size(), &size);
    if (returned == 1) {
      if (gathered) {
        record_done_ += size;
      } else {
        write.advance(size);
      }
      continue;
    }
    int error = 0;
    const Needs needs = needs_after(returned, error);
    if (needs == Needs::kNothing) write.outcome = fault_after(error);
    return needs;
  }
}

SocketStream::Needs TlsStream::shut_down_step() noexcept {
  if (failed_ || !established_) return Needs::kNothing;
  ERR_clear_error();
  const int returned = SSL_shutdown(ssl_.get());
  if (returned >= 0) return Needs::kNothing;
  int error = 0;
  return needs_after(returned, error);
}

// Says farewell, unless it would have to wait for that.
void TlsStream::before_close() noexcept {
  shut_down_step();
  SSL_set_app_data(ssl_.get(), nullptr);
}

}  // namespace zerver::io::net
