// What is trusted, and with which certificate one shows oneself.
#include "net/tls_context.h"
#include "net/tls_stream.h"
#include <zerver/io/net/tls.h>

#include <openssl/err.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <sys/socket.h>
#include <sys/types.h>
#include <utility>

namespace zerver::io::net {
namespace {

int socket_of(BIO* bio) noexcept {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int read_socket(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t read = recv(socket_of(bio), into, static_cast<std::size_t>(size), MSG_DONTWAIT);
  if (read < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  if (read == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(read);
}

int write_socket(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t written =
      send(socket_of(bio), bytes, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (written < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(written);
}

long control_socket(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return 0;
}

BioMethodPtr socket_method() {
  BioMethodPtr method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "zerver socket"));
  BIO_meth_set_read(method.get(), read_socket);
  BIO_meth_set_write(method.get(), write_socket);
  BIO_meth_set_ctrl(method.get(), control_socket);
  return method;
}

// A key with a password is refused: nobody is there to be asked.
int no_password(char*, int, int, void*) { return 0; }

int keep_session(SSL* ssl, SSL_SESSION* session) { return TlsStream::keep_session(ssl, session) ? 1 : 0; }

std::string failed(const std::string& what, const std::string& file) {
  return what + " `" + file + "`: " + last_tls_error();
}

}  // namespace

const char* last_tls_error() noexcept {
  // The first one is the cause.
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  const char* const reason =
      ERR_SYSTEM_ERROR(error) ? strerrordesc_np(ERR_GET_REASON(error)) : ERR_reason_error_string(error);
  return reason != nullptr ? reason : "TLS failed";
}

TlsClient::TlsClient() = default;
TlsClient::~TlsClient() = default;

std::string TlsClient::open(const TlsOptions& options) {
  ERR_clear_error();
  auto context = std::make_unique<Context>();
  context->socket_method = socket_method();
  context->ssl.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const ssl = context->ssl.get();
  if (ssl == nullptr) return std::string("TLS: ") + last_tls_error();
  SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
  SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_options(ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(
      ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_default_passwd_cb(ssl, no_password);
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ssl, keep_session);

  if (options.ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(ssl) != 1)
      return std::string("the system's CAs: ") + last_tls_error();
  } else if (SSL_CTX_load_verify_file(ssl, options.ca_file.c_str()) != 1) {
    return failed("CA file", options.ca_file);
  }
  if (options.certificate_file.empty() != options.key_file.empty())
    return "a certificate needs a key, and a key a certificate";
  if (!options.certificate_file.empty()) {
    if (SSL_CTX_use_certificate_chain_file(ssl, options.certificate_file.c_str()) != 1)
      return failed("certificate", options.certificate_file);
    if (SSL_CTX_use_PrivateKey_file(ssl, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
      return failed("key", options.key_file);
  }
  context_ = std::move(context);
  return {};
}

}  // namespace zerver::io::net
