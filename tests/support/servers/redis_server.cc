#include "tests/support/servers/redis_server.h"

#include "tests/support/servers/bring_up.h"

#include <chrono>
#include <stdexcept>
#include <thread>

namespace zerver::test {

namespace {

// So many polls of a cluster that comes together, which takes seconds.
constexpr int kPolls = 600;

void wait_a_moment() { std::this_thread::sleep_for(std::chrono::milliseconds(50)); }

}  // namespace

RedisServer::RedisServer(const Options& options) : options_(options) {
  bring_up([this] {
    do {
      port_ = free_port();
    } while (options_.cluster && port_ > 55'000);  // the bus of a cluster has the port above by 10000
    start();
  });
}

void RedisServer::start() {
  std::vector<std::string> arguments = {"redis-server",
                                        "--port",
                                        std::to_string(port_),
                                        "--bind",
                                        "127.0.0.1",
                                        "--dir",
                                        directory_.path().string(),
                                        "--appendonly",
                                        "yes",
                                        "--appendfsync",
                                        "always",
                                        "--save",
                                        ""};
  if (!options_.password.empty()) {
    arguments.insert(arguments.end(), {"--requirepass", options_.password});
  }
  if (options_.cluster) {
    arguments.insert(arguments.end(), {"--cluster-enabled", "yes", "--cluster-node-timeout", "1000"});
  }
  process_ = std::make_unique<ChildProcess>(arguments,
                                            ChildProcess::Options{.log = directory_.path() / "redis.log"});
  if (!process_->wait_until_it_accepts(port_))
    throw std::runtime_error("redis-server: " + text_of(directory_.path() / "redis.log"));
}

void RedisServer::start_again() { start(); }

std::string RedisServer::url() const {
  const std::string user = options_.password.empty() ? "" : ":" + options_.password + "@";
  return "redis://" + user + "127.0.0.1:" + std::to_string(port_);
}

std::string RedisServer::command(const std::vector<std::string>& words) const {
  const std::filesystem::path out = directory_.path() / "redis-cli.out";
  std::filesystem::remove(out);
  std::vector<std::string> arguments = {"redis-cli", "-p", std::to_string(port_)};
  if (!options_.password.empty())
    arguments.insert(arguments.end(), {"-a", options_.password, "--no-auth-warning"});
  arguments.insert(arguments.end(), words.begin(), words.end());
  ChildProcess(arguments, {.log = out}).wait();
  return text_of(out);
}

RedisCluster::RedisCluster() {
  std::vector<std::string> create = {"--cluster", "create"};
  for (std::unique_ptr<RedisServer>& node : nodes_) {
    node = std::make_unique<RedisServer>(RedisServer::Options{.password = {}, .cluster = true});
    create.push_back("127.0.0.1:" + std::to_string(node->port()));
  }
  create.insert(create.end(), {"--cluster-replicas", "0", "--cluster-yes"});
  const std::string said = nodes_[0]->command(create);
  for (const std::unique_ptr<RedisServer>& node : nodes_) {
    int polls = 0;
    while (node->command({"CLUSTER", "INFO"}).find("cluster_state:ok") == std::string::npos) {
      if (++polls == kPolls) throw std::runtime_error("the cluster does not come together: " + said);
      wait_a_moment();
    }
  }
}

std::string RedisCluster::url() const {
  return "redis+cluster://127.0.0.1:" + std::to_string(nodes_[0]->port());
}

void RedisCluster::move_slot(std::uint16_t slot, std::size_t from, std::size_t to) {
  const auto id_of = [this](std::size_t position) {
    std::string id = nodes_[position]->command({"CLUSTER", "MYID"});
    id.erase(id.find_last_not_of('\n') + 1);
    return id;
  };
  const std::string number = std::to_string(slot);
  const std::string source = id_of(from);
  const std::string destination = id_of(to);
  nodes_[to]->command({"CLUSTER", "SETSLOT", number, "IMPORTING", source});
  nodes_[from]->command({"CLUSTER", "SETSLOT", number, "MIGRATING", destination});
  const std::string keys = nodes_[from]->command({"CLUSTER", "GETKEYSINSLOT", number, "1000"});
  for (std::size_t begin = 0; begin < keys.size();) {
    const std::size_t end = keys.find('\n', begin);
    const std::string key = keys.substr(begin, end - begin);
    if (!key.empty()) {
      nodes_[from]->command({"MIGRATE", "127.0.0.1", std::to_string(nodes_[to]->port()), key, "0", "5000"});
    }
    begin = end == std::string::npos ? keys.size() : end + 1;
  }
  for (const std::unique_ptr<RedisServer>& node : nodes_)
    node->command({"CLUSTER", "SETSLOT", number, "NODE", destination});
}

}  // namespace zerver::test
