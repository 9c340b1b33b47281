// Commands of one worker to a Redis server, or to the nodes of a cluster.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/async/operation.h>
#include <zerver/core/counter.h>
#include <zerver/core/random.h>
#include <zerver/effects/redis/command.h>
#include <zerver/effects/redis/options.h>
#include <zerver/effects/redis/reply.h>
#include <zerver/io/net/network.h>
#include <zerver/io/net/tls.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects::redis {

// Read by any thread.
struct ClientCounts {
  Counter connections;  // that there are to be
  Counter open;         // of those
  Counter in_flight;    // commands
  Counter reconnects;
  Counter redirects;  // in a cluster
};

// A reply that is kept.
struct OwnedReply {
  Reply::Kind kind = Reply::Kind::kNull;
  std::string text;
  std::int64_t integer = 0;
  std::vector<OwnedReply> items;
};

// All commands that flows send share one connection, or a few, and are answered in order: they are written
// together and wait for nothing (pipelining). A connection that is lost is made anew, with growing pauses;
// what was sent on it fails as `unavailable`, and so does at once what is sent while there is none. In a
// cluster a command goes to the node that has its key, by the map of slots that the cluster gives, and where
// it points to (MOVED, ASK).
//
// Of one loop with sockets and its thread. Goes when its loop does not run (it then runs what is left of it),
// with no command in flight.
class Client {
 public:
  // `tls` is null unless the options ask for it; it and `random` outlive this.
  Client(io::net::Network& network, Random& random, const Options& options,
         const io::net::TlsClient* tls = nullptr);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // May answer before it returns.
  void start(Command& command) noexcept;
  // Nobody waits for it any more; harmless when it is not in flight. What was sent may be carried out.
  void abandon(Command& command) noexcept;

  // `const Result<OwnedReply> reply = co_await client.run({"LLEN", "jobs"});` An error of the server is a
  // fault.
  class Run;
  async::Awaiting<Run> run(std::initializer_list<std::string_view> words, std::size_t key = 1);
  async::Awaiting<Run> run(std::span<const std::string_view> words, std::size_t key = 1);
  async::Awaiting<Run> run(const Script& script, std::string_view key,
                           std::initializer_list<std::string_view> arguments);

  bool is_cluster() const noexcept { return options_.cluster; }
  // Any thread.
  const ClientCounts& counts() const noexcept { return counts_; }

 private:
  friend class Link;
  class Cluster;

  void on_reply(Command& command, const Reply& reply) noexcept;
  void on_failure(Command& command, const Fault& fault) noexcept;
  std::unique_ptr<Link> make_link(const Server& server);

  io::net::Network& network_;
  async::Loop& loop_;
  Random& random_;
  const Options options_;
  const io::net::TlsClient* tls_;
  ClientCounts counts_;
  std::vector<std::unique_ptr<Link>> links_;  // to the one server
  std::size_t next_link_ = 0;
  std::unique_ptr<Cluster> cluster_;
};

// A command as something to await.
class Client::Run {
 public:
  using Value = OwnedReply;

  Run(Run&& other) noexcept;
  ~Run();
  bool try_complete() const noexcept { return false; }
  void enqueue(async::Waiter& waiter);
  void cancel() noexcept;
  Result<OwnedReply> result();

 private:
  friend class Client;
  class Awaited;
  explicit Run(Client& client);

  Client* client_;
  std::unique_ptr<Awaited> awaited_;
};

}  // namespace zerver::effects::redis
