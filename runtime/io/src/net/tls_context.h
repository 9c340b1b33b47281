// What OpenSSL keeps for all connections of a TlsClient.
#pragma once

#include <zerver/io/net/tls.h>

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <memory>

namespace zerver::io::net {

template <auto kFree> struct FreedBy {
  template <class T> void operator()(T* object) const noexcept { kFree(object); }
};
using SslPtr = std::unique_ptr<SSL, FreedBy<SSL_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, FreedBy<SSL_CTX_free>>;
using SslSessionPtr = std::unique_ptr<SSL_SESSION, FreedBy<SSL_SESSION_free>>;
using BioMethodPtr = std::unique_ptr<BIO_METHOD, FreedBy<BIO_meth_free>>;

struct TlsClient::Context {
  BioMethodPtr socket_method;  // reads and writes a socket without waiting and without signals
  SslContextPtr ssl;
};

// Why OpenSSL refused, as a text that never goes.
const char* last_tls_error() noexcept;

}  // namespace zerver::io::net
