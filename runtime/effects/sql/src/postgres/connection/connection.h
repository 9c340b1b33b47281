// One connection to a server, on which statements of several flows are under way at once.
#pragma once

#include "cancel_request.h"
#include "names.h"
#include "options.h"
#include "postgres/protocol/copy_text.h"
#include "postgres/protocol/parameters.h"
#include "postgres/protocol/rows.h"
#include "postgres/protocol/statement.h"
#include <zerver/async/loop.h>
#include <zerver/core/arena.h>
#include <zerver/effects/sql/postgres/request.h>
#include <zerver/flow/stream/source.h>
#include <zerver/io/asio_loop.h>
#include <zerver/io/descriptor_watch.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace zerver::effects::postgres {

// Who has a connection. Told on the loop's thread; does not destroy the connection from within.
class ConnectionOwner {
 public:
  virtual void connected(Connection& connection) noexcept = 0;
  // A statement is over: there may be room for another one.
  virtual void has_room(Connection& connection) noexcept = 0;
  // It could not be made, or is lost. All that was sent on it has failed.
  virtual void lost(Connection& connection, std::string_view why) noexcept = 0;
  // These were not begun, or can have had no effect, and want another connection.
  virtual void come_back(Request& request) noexcept = 0;
  virtual void notified(std::string_view channel, std::string_view payload) noexcept = 0;

 protected:
  ~ConnectionOwner() = default;
};

// Of one loop and its thread. Each statement is a transaction of its own, so that one that fails leaves its
// neighbours alone, unless the connection's user has begun one.
// https://www.postgresql.org/docs/15/libpq-pipeline-mode.html
class Connection : private flow::Source::Reader {
 public:
  // So many stay prepared; the one that was used longest ago makes room.
  static constexpr std::size_t kMaxPrepared = 256;
  // Of the rows of one answer.
  static constexpr std::size_t kMaxBytes = std::size_t{16} << 20;

  enum class State : std::uint8_t { kConnecting, kReady, kLost };

  Connection(const Libpq& pq, io::AsioLoop& loop, const Options& options, StatementBook& book, Names& names,
             ConnectionOwner& owner);
  // Nobody waits for what was sent.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Begins to connect; once. connected() or lost() follows, not from within.
  void connect();
  // What Names has found.
  void resolved(const ConnectParameters& parameters);
  void unresolved(std::string why) noexcept { lose(std::move(why)); }

  State state() const noexcept { return state_; }
  std::size_t in_flight() const noexcept { return flights_.size(); }
  bool is_idle() const noexcept { return state_ == State::kReady && flights_.empty() && !is_cancelling(); }
  // When what runs now was sent, or has begun behind what ran before. Something is under way.
  TimePoint running_since() const noexcept { return std::max(head_since_, flights_.front().sent); }
  // A quick statement may be sent behind what is under way, which is quick, too.
  bool takes_behind() const noexcept;
  // In a transaction that somebody has begun.
  bool in_transaction() const noexcept;
  // Since when no statement has been under way.
  TimePoint idle_since() const noexcept { return idle_since_; }
  // Asks the kernel how far away the server is.
  void measure() noexcept;
  // When the server has said something last.
  TimePoint heard_at() const noexcept { return head_since_; }
  // 0 as long as it never was.
  TimePoint connected_at() const noexcept { return connected_at_; }

  // It is ready. The request fails from within when it cannot be sent.
  void send(Request& request) noexcept;
  // Nobody waits for it any more. With `how` kCancel the statement is ended on the server, too.
  enum class Stop : std::uint8_t { kCancel, kLetGo };
  void forget(Request& request, Stop how) noexcept;
  // It is idle. When it does not answer in time, it is lost.
  void probe() noexcept;
  // Ends the connection; lost() is not told.
  void close() noexcept;

 private:
  enum class Kind : std::uint8_t { kDescribe, kExecute, kPrepareAndExecute, kCommand, kProbe, kCopy };

  // What was sent up to one Sync.
  struct Flight {
    Kind kind = Kind::kProbe;
    Request* request = nullptr;  // null: nobody waits
    std::shared_ptr<Statement> statement;
    TimePoint sent;
    bool to_cancel = false;  // nobody wants what it does, either
    bool was_cancelled = false;
  };
  struct Prepared {
    std::shared_ptr<Statement> statement;
    std::uint64_t used = 0;
  };
  // The one copy that there may be, for which the connection leaves its pipeline.
  struct Copy {
    enum class Phase : std::uint8_t {
      kNone,
      kQueued,   // behind what was sent before
      kOpening,  // the server has not said yet that it takes rows
      kSending,  //
      kEnding,   // all that is to come has been handed to the socket
    };
    Phase phase = Phase::kNone;
    std::size_t next = 0;      // row of the list, or of the part that has come last
    std::size_t before = 0;    // rows of the parts before that
    bool has_begun = false;    // something of its stream was asked for, so it cannot begin anew
    bool is_asked = false;     // the stream, for its next part
    bool is_complete = false;  // no part comes behind this one
    CopyText text;
    std::vector<flow::Value> cells;
    Arena arena;  // of one row
  };

  class AnswerTimer final : public async::Timer {
   public:
    explicit AnswerTimer(Connection& its_connection) noexcept : Timer(fire), connection(its_connection) {}
    static void fire(Timer& timer) noexcept { static_cast<AnswerTimer&>(timer).connection.on_timer(); }
    Connection& connection;
  };

  // Connecting.
  void poll_connect() noexcept;
  void connected() noexcept;
  void read_cancel_key();

  // Sending.
  std::optional<Failure> try_send(Request& request);
  std::optional<Failure> send_command(Request* request, const char* text);
  std::optional<Failure> send_describe(Request& request, std::shared_ptr<Statement> statement);
  std::optional<Failure> send_execution(Request& request, std::shared_ptr<Statement> statement);
  void close_oldest_statement();
  void push(Kind kind, Request* request, std::shared_ptr<Statement> statement);
  Failure broken() noexcept;
  void flush() noexcept;
  void transmit(Request& request) noexcept;

  // Copying.
  std::optional<Failure> queue_copy(Request& request, std::shared_ptr<Statement> statement);
  void begin_copy() noexcept;
  void feed_copy() noexcept;
  void ask_for_rows(flow::BulkRows& rows) noexcept;
  void on_part(const void* part) noexcept override;
  void on_end() noexcept override;
  void on_failure(const Fault& fault) noexcept override;
  std::optional<Failure> write_rows(flow::BulkRows& rows, std::span<const Oid> types);
  void finish_copy(const char* why) noexcept;
  void give_up_copy(Flight& flight) noexcept;
  void fail_copy(Flight& flight, const Failure& failure) noexcept;
  bool is_copy_refused() const noexcept;
  void leave_copy() noexcept;
  void send_held() noexcept;

  // Receiving.
  void on_readable() noexcept;
  void on_writable() noexcept;
  bool has_unread() noexcept;
  bool within_bounds() noexcept;
  void end_oversized() noexcept;
  void drain() noexcept;
  void take(ResultPointer result) noexcept;
  void end_flight() noexcept;
  void end_description(Flight& flight) noexcept;
  void succeed(Flight& flight) noexcept;
  void fail(Flight& flight) noexcept;
  bool goes_again(const Flight& flight, std::string_view state) noexcept;
  void read_notifications() noexcept;
  Failure failure_of(const PGresult* error, bool is_copy = false);

  // Ending.
  bool is_cancelling() const noexcept { return cancel_.has_value(); }
  void cancel_head() noexcept;
  void cancel_next() noexcept;
  void cancelled() noexcept;
  void on_timer() noexcept;
  void lose(std::string why) noexcept;
  std::string last_error() const;

  const Libpq& pq_;
  io::AsioLoop& loop_;
  const Options& options_;
  StatementBook& book_;
  Names& names_;
  std::shared_ptr<Names::Question> question_;
  ConnectionOwner& owner_;
  PGconn* connection_ = nullptr;
  State state_ = State::kConnecting;
  io::DescriptorWatch watch_;
  AnswerTimer timer_;  // of connecting, probes and cancelled statements
  std::FILE* trace_ = nullptr;
  char* trace_text_ = nullptr;
  std::size_t trace_size_ = 0;
  CancelKey cancel_key_;
  std::optional<CancelRequest> cancel_;
  bool stray_cancel_ = false;  // one may hit a statement that it was not meant for

  std::deque<Flight> flights_;
  Copy copy_;
  std::deque<Request*> held_;  // what is sent behind the copy
  Parameters parameters_;
  std::unordered_map<std::uint32_t, Prepared> prepared_;  // by Statement::number()
  std::uint64_t uses_ = 0;
  TimePoint idle_since_;
  TimePoint connected_at_;
  Duration round_trip_;
  TimePoint head_since_;  // when the one before the first flight was over

  // Of the first flight, as far as it has been answered.
  ResultPointer answer_;
  ResultPointer error_;
  std::size_t answer_bytes_ = 0;
  Rows rows_;
  std::string why_;
  bool draining_ = false;
};

}  // namespace zerver::effects::postgres
