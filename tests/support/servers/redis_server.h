// Redis for tests: one server, or a cluster of three.
#pragma once

#include "tests/support/child_process.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace zerver::test {

// Keeps what it has acknowledged (appendonly, fsync always) in a folder of its own. Throws std::runtime_error
// when it does not start.
class RedisServer {
 public:
  struct Options {
    std::string password = {};
    bool cluster = false;
  };

  RedisServer() : RedisServer(Options()) {}
  explicit RedisServer(const Options& options);
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  std::string url() const;
  // Like a machine that fails; its data stay.
  void kill() { process_->kill(); }
  // On the same port, with what it has kept.
  void start_again();
  // What `redis-cli` prints for the command.
  std::string command(const std::vector<std::string>& words) const;

 private:
  void start();

  Options options_;
  TemporaryDirectory directory_;
  std::uint16_t port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

// Three nodes that share the slots.
class RedisCluster {
 public:
  RedisCluster();
  // Of one node; the others are found.
  std::string url() const;
  RedisServer& node(std::size_t position) { return *nodes_[position]; }
  // Moves a slot with its keys; the client that has the old map is sent on (MOVED).
  void move_slot(std::uint16_t slot, std::size_t from, std::size_t to);

 private:
  std::array<std::unique_ptr<RedisServer>, 3> nodes_;
};

}  // namespace zerver::test
