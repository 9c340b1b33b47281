// The connections of one worker to one server.
#pragma once

#include "backoff.h"
#include "observed.h"
#include "postgres/connection/connection.h"
#include "postgres/connection/names.h"
#include "postgres/connection/options.h"
#include "postgres/protocol/statement.h"
#include <zerver/async/loop.h>
#include <zerver/core/random.h>
#include <zerver/effects/sql/postgres/request.h>
#include <zerver/io/asio_loop.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects::postgres {

// Of one loop and its thread. Grows when nothing is idle, and shrinks to one connection, which it keeps open
// by itself, when nobody asks. Whoever waits is served in the order of coming.
class Pool final : private ConnectionOwner {
 public:
  // `part` says what is to be had of the connections of the whole process, and where it is noted how it goes.
  Pool(const Libpq& pq, io::AsioLoop& loop, Random& random, const Options& options, const Part& part = {});
  // Nobody waits any more.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // While nothing is open and the last attempt to connect has failed it fails at once.
  void start(Request& request) noexcept;
  void forget(Request& request, Connection::Stop how) noexcept;

  void lease(LeaseRequest& request) noexcept;
  void forget(LeaseRequest& request) noexcept;
  // On a connection that was leased; a transaction that is still open on it ends with it.
  void give_back(Connection& connection) noexcept;

  // Opens the first connection, if there is none.
  void warm_up() noexcept { keep_one(); }

 private:
  struct Member {
    std::unique_ptr<Connection> connection;
    bool is_leased = false;
    TimePoint goes_at;  // however much it is used
  };

  class Tick final : public async::Timer {
   public:
    using Act = void (Pool::*)() noexcept;
    Tick(Pool& pool, Act act) noexcept : Timer(fire), pool_(pool), act_(act) {}

   private:
    static void fire(Timer& timer) noexcept {
      auto& tick = static_cast<Tick&>(timer);
      (tick.pool_.*tick.act_)();
    }
    Pool& pool_;
    Act act_;
  };
  void connected(Connection& connection) noexcept override;
  void has_room(Connection& connection) noexcept override;
  void lost(Connection& connection, std::string_view why) noexcept override;
  void come_back(Request& request) noexcept override;
  void notified(std::string_view, std::string_view) noexcept override {}

  void dispatch() noexcept;
  bool place(Waiting& first) noexcept;
  Member* idle_member() noexcept;
  Member* member_for(const Request& request) noexcept;
  Member* find(const Connection& connection) noexcept;
  void grow(std::size_t wanted) noexcept;
  void keep_one() noexcept;
  void retry() noexcept;
  bool is_hopeless() const noexcept;
  void refuse_all() noexcept;
  void maintain() noexcept;
  void retire(Member& member) noexcept;
  void sweep() noexcept;
  bool is_any(Connection::State state) const noexcept;
  std::size_t size() const noexcept;
  void note() noexcept;
  void note_health() noexcept;

  const Libpq& pq_;
  io::AsioLoop& loop_;
  Random& random_;
  Options options_;
  StatementBook book_;
  Names names_;
  std::vector<Member> members_;
  std::vector<std::unique_ptr<Connection>> gone_;  // to be destroyed when nobody is in them
  WaitingQueue waiting_;
  Tick retry_;
  Tick refusal_;
  Tick maintenance_;
  Tick sweep_;  // as a timer, because it can be stopped
  Backoff backoff_;
  bool dispatching_ = false;
  bool closing_ = false;
  std::string why_;
  Part part_;
  std::optional<Renewable<std::string>::Reader> password_;
  Counted counted_;  // as it is noted
};

}  // namespace zerver::effects::postgres
