#include "tests/support/servers/nginx_server.h"

#include "tests/support/servers/bring_up.h"

#include <fstream>
#include <stdexcept>
#include <utility>

namespace zerver::test {

namespace {

void write_file(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

}  // namespace

NginxServer::NginxServer(std::string folder) : folder_(std::move(folder)) {
  const std::filesystem::path& path = directory_.path();
  std::filesystem::create_directories(path / "files");
  std::string text;
  while (text.size() < 200'000)
    text += "line " + std::to_string(text.size()) + "\n";
  text.resize(200'000);
  write_file(path / "files" / "text", text);
  write_file(path / "files" / "zeros", std::string(std::size_t{4} << 20, '0'));
  make_certificate(path);
  bring_up([this] { start(); });
}

void NginxServer::start() {
  http1_ = free_port();
  http2_ = free_port();
  https_ = free_port();
  write_file(directory_.path() / "nginx.conf", configuration());
  start_again();
}

void NginxServer::kill() { process_->kill(); }

void NginxServer::start_again() {
  const std::filesystem::path& path = directory_.path();
  process_ = std::make_unique<ChildProcess>(
      std::vector<std::string>{"nginx", "-p", path.string(), "-c", (path / "nginx.conf").string()},
      ChildProcess::Options{.log = path / "nginx.log"});
  if (!process_->wait_until_it_accepts(https_))
    throw std::runtime_error("nginx: " + text_of(path / "nginx.log"));
}

std::string NginxServer::configuration() const {
  const auto listen = [](std::uint16_t port, const std::string& how) {
    return "    listen 127.0.0.1:" + std::to_string(port) + how + ";\n";
  };
  const std::string folder =
      folder_.empty() ? "" : "    location /files/ { alias " + folder_ + "/; gzip off; }\n";
  return "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr;\n"
         "events { worker_connections 512; }\n"
         "http {\n  access_log off;\n  client_body_temp_path body;\n  proxy_temp_path proxy;\n"
         "  fastcgi_temp_path fastcgi;\n  uwsgi_temp_path uwsgi;\n  scgi_temp_path scgi;\n"
         "  gzip on;\n  gzip_types *;\n  gzip_proxied any;\n  gzip_min_length 100;\n  default_type "
         "text/plain;\n"
         "  keepalive_requests 20;\n"
         "  server {\n" +
         listen(http1_, "") + listen(http2_, " http2") + listen(https_, " ssl http2") +
         "    ssl_certificate server.pem;\n    ssl_certificate_key server.key;\n    root files;\n"
         "    location = /version { default_type application/json; return 200 '\"$server_protocol\"'; }\n"
         "    location = /busy { add_header Retry-After 3 always; return 503; }\n"
         "    location /kept/ { dav_methods PUT; create_full_put_path on; client_max_body_size 0; }\n" +
         folder + "  }\n}\n";
}

}  // namespace zerver::test
