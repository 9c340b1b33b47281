#include "tests/support/servers/bring_up.h"

#include "tests/support/child_process.h"

namespace zerver::test {

void run(const std::vector<std::string>& command, const std::filesystem::path& log) {
  ChildProcess process(command, {.log = log});
  if (process.wait() != 0) throw std::runtime_error(command.front() + ": " + text_of(log));
}

void make_certificate(const std::filesystem::path& folder) {
  run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
       "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
       (folder / "server.key").string(), "-out", (folder / "server.pem").string()},
      folder / "openssl.log");
}

}  // namespace zerver::test
