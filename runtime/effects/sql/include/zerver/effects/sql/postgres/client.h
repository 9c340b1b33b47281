// Statements on a server of PostgreSQL for code that is no flow, such as stores of jobs.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/random.h>
#include <zerver/core/time.h>
#include <zerver/effects/sql/postgres/request.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace zerver::effects::postgres {

struct Options;
struct Libpq;

// A server, as its URL names it. Opened once for a process; any thread.
class Server {
 public:
  Server() noexcept;
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Loads libpq, connects, and runs the script, if there is one, on a database that has no tables; any other
  // must have its tables and columns. Waits. Empty, or what is wrong, without what may be a password.
  [[nodiscard]] std::string open(const std::string& url, const std::string& schema);
  // Any number of statements, one behind the other, in one transaction. Waits. Empty, or what is wrong.
  [[nodiscard]] std::string execute(const std::string& script) const;
  // `host:port/database`.
  std::string describe() const;

  const Options& options() const noexcept { return *options_; }
  const Libpq& libpq() const noexcept { return *libpq_; }

 private:
  std::unique_ptr<Libpq> libpq_;
  std::unique_ptr<Options> options_;
};

class Pool;

// The connections of one loop, with sockets, to a server. The loop's thread only; the server outlives it.
class Client {
 public:
  // So many connections at most. Throws std::invalid_argument on a loop without sockets.
  Client(const Server& server, async::Loop& loop, Random& random, std::size_t connections);
  // Nobody waits any more.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // A statement outside of transactions. It waits for a connection, first come, first served. Fails at once
  // while no connection is to be had.
  void start(Request& request) noexcept;
  // Nobody waits for it any more; it is ended on the server, too, if it has begun.
  void cancel(Request& request) noexcept;
  // The same, but what has begun goes on to its end.
  void let_go(Request& request) noexcept;

 private:
  std::unique_ptr<Pool> pool_;
};

class ListenerConnection;

// Hears what is sent by `notify`, on a connection of its own. The loop's thread only.
class Listener {
 public:
  class Heard {
   public:
    virtual void notified(std::string_view channel, std::string_view payload) noexcept = 0;
    // It listens from now on, for the first time or again: what was sent before has not been heard.
    virtual void listening() noexcept = 0;

   protected:
    ~Heard() = default;
  };

  // Throws std::invalid_argument on a loop without sockets. The name of the channel is as it was written in
  // double quotes. Comes back by itself when the connection is lost.
  Listener(const Server& server, async::Loop& loop, Random& random, std::string channel, Heard& heard);
  // Not from within what is heard.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  std::unique_ptr<ListenerConnection> connection_;
};

}  // namespace zerver::effects::postgres
