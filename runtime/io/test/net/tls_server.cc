// A server that speaks TLS.
#include "runtime/io/test/net/tls_server.h"

#include <openssl/x509.h>

#include <csignal>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace zerver::io::net {

TestCertificates::TestCertificates() {
  openssl(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days "
      "10 "
      "-subj '/CN=Test authority'");
}

void TestCertificates::issue(const std::string& name, const Wanted& wanted) const {
  std::ofstream(path(name + ".ext")) << "subjectAltName=" << wanted.names << '\n';
  openssl("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout " + name + ".key -out " +
          name + ".csr -subj '/CN=" + name + "'");
  openssl("openssl x509 -req -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -out " + name +
          ".pem -days " + std::to_string(wanted.days) + " -extfile " + name + ".ext");
}

void TestCertificates::openssl(const std::string& command) const {
  const std::filesystem::path log = directory_.path() / "log";
  test::ChildProcess child({"sh", "-c", command}, {.log = log, .directory = directory_.path()});
  if (child.wait() != 0) throw std::runtime_error(test::text_of(log));
}

std::string TlsPeer::read(std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const int some = SSL_read(ssl_, bytes.data() + done, static_cast<int>(size - done));
    if (some <= 0) break;
    done += static_cast<std::size_t>(some);
  }
  bytes.resize(done);
  return bytes;
}

bool TlsPeer::write(std::string_view bytes) {
  return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size());
}

std::string TlsPeer::client_name() const {
  X509* const certificate = SSL_get0_peer_certificate(ssl_);
  if (certificate == nullptr) return {};
  char name[64] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  return name;
}

std::string TlsPeer::server_name() const {
  const char* const name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}

TlsServer::TlsServer(const TestCertificates& certificates, const Options& options, Script script)
    : options_(options), context_(SSL_CTX_new(TLS_server_method())) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes with write(2) here
  SSL_CTX* const context = context_.get();
  if (SSL_CTX_use_certificate_chain_file(context, certificates.path(options.certificate + ".pem").c_str()) !=
          1 ||
      SSL_CTX_use_PrivateKey_file(context, certificates.path(options.certificate + ".key").c_str(),
                                  SSL_FILETYPE_PEM) != 1)
    throw std::runtime_error("the server's certificate");
  if (options.most_version != 0) {
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, options.most_version);
  }
  if (options.wants_certificate) {
    SSL_CTX_load_verify_file(context, certificates.ca().c_str());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  const unsigned char id[] = "test";
  SSL_CTX_set_session_id_context(context, id, sizeof id);
  SSL_CTX_set_alpn_select_cb(
      context,
      [](SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned in_size,
         void* argument) {
        const std::string& own = static_cast<const Options*>(argument)->alpn;
        const std::string wire = static_cast<char>(own.size()) + own;
        unsigned char* chosen = nullptr;
        const int found =
            SSL_select_next_proto(&chosen, size, reinterpret_cast<const unsigned char*>(wire.data()),
                                  static_cast<unsigned>(wire.size()), in, in_size);
        if (own.empty() || found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
        *out = reinterpret_cast<const unsigned char*>(own.data());
        return SSL_TLSEXT_ERR_OK;
      },
      &options_);
  server_ = std::make_unique<test::ScriptedServer>([context, script = std::move(script)](test::Peer& peer) {
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context), SSL_free);
    SSL_set_fd(ssl.get(), peer.socket());
    if (SSL_accept(ssl.get()) != 1) return;
    TlsPeer secured(ssl.get());
    script(secured);
  });
}

}  // namespace zerver::io::net
