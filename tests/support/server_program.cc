// A real server for tests that are not written in C++, the same as tests in C++ have.
//
//   test_server postgres [SETTING...] | redis | nats | nginx FOLDER
//
// Prints its URL (of nginx that for HTTP/2, below which the folder is `/files/`), and obeys its input line by
// line, saying `done` behind each: `kill`, like a machine that fails, and `start`, again with what it has
// kept. The server ends when the input does.
#include "tests/support/servers/nats_server.h"
#include "tests/support/servers/nginx_server.h"
#include "tests/support/servers/postgres_server.h"
#include "tests/support/servers/redis_server.h"

#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::test {
namespace {

void start(PostgresServer& server) { server.start(); }
void start(RedisServer& server) { server.start_again(); }
void start(NatsServer& server) { server.start_again(); }
void start(NginxServer& server) { server.start_again(); }

template <class Server> std::string url_of(const Server& server) { return server.url(); }
std::string url_of(const NginxServer& server) { return server.http2(); }

template <class Server> int obey(Server& server) {
  std::cout << url_of(server) << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "kill") {
      server.kill();
    } else if (line == "start") {
      start(server);
    } else {
      std::cerr << "test_server: what is `" << line << "`?\n";
      return 2;
    }
    std::cout << "done" << std::endl;
  }
  return 0;
}

int run(std::string_view kind, std::vector<std::string> settings) {
  if (kind == "postgres") {
    PostgresServer server(std::move(settings));
    return obey(server);
  }
  if (kind == "redis") {
    RedisServer server;
    return obey(server);
  }
  if (kind == "nats") {
    NatsServer server;
    return obey(server);
  }
  if (kind == "nginx" && settings.size() == 1) {
    NginxServer server(settings.front());
    return obey(server);
  }
  std::cerr << "usage: test_server postgres [SETTING...] | redis | nats | nginx FOLDER\n";
  return 2;
}

}  // namespace
}  // namespace zerver::test

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    return zerver::test::run(words.empty() ? "" : words[0],
                             {words.begin() + (words.empty() ? 0 : 1), words.end()});
  } catch (const std::exception& error) {
    std::cerr << "test_server: " << error.what() << '\n';
    return 1;
  }
}
