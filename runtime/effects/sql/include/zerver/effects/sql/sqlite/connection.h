// One connection to a SQLite database, used by one thread.
#pragma once

#include <zerver/core/fault.h>
#include <zerver/flow/data/row_set.h>
#include <zerver/flow/data/value.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace zerver::effects::sqlite {

// How many rows are wanted. More than kRows are never read than are needed to tell that there are too many.
enum class Wanted : std::uint8_t { kOneRow, kRows, kCount };

// How an attempt ended; `why` is empty when it went well.
struct Outcome {
  bool failed = false;
  FaultKind kind = FaultKind::kInternal;
  std::string why;
};

// How long whoever waits for a statement does so. Waiting for another process's lock ends earlier, so that
// the answer is that the database is locked, not that it took too long.
struct Patience {
  std::atomic<bool> abandoned = false;  // set by any thread
  std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max();
};

class Connection {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{16} << 20;  // of the rows of one statement
  static constexpr std::size_t kMaxStatements = 256;               // kept prepared
  static constexpr std::chrono::milliseconds kBusyTimeout{5'000};  // to wait for another process's lock

  explicit Connection(std::chrono::milliseconds busy_timeout = kBusyTimeout) noexcept
      : busy_timeout_(busy_timeout) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Opens or creates the database; `:memory:` is one of its own. Empty, or what is wrong. A `read_only` one
  // cannot change anything.
  [[nodiscard]] std::string open(const std::string& path, bool read_only);

  // Runs one statement with its parameters bound. Waits for a lock only as long as `patience` says; ends soon
  // when it is abandoned. `needs_writer` is set, and nothing else is done, when a read-only connection got a
  // statement that writes.
  Outcome run(std::string_view text, std::span<const flow::Value> parameters, Wanted wanted,
              flow::RowSet& rows, const Patience& patience, bool& needs_writer);

  // Runs an insert for each of the rows, which it binds: for all of them, or for none. `rows` has their
  // number. `first` is that of the first one, from 0: a failure names the row that it is about.
  Outcome insert(std::string_view text, const flow::RowSource& values, std::size_t first, flow::RowSet& rows,
                 const Patience& patience);

  // A transaction that writes from its beginning; waits for the lock of another process as run() does.
  // `commit` leaves none open: what fails to commit is rolled back.
  Outcome begin(const Patience& patience);
  Outcome commit();
  void roll_back() noexcept;
  // False also when SQLite itself has rolled back what was begun.
  bool in_transaction() const noexcept;

  // From now on run() refuses statements that begin or end a transaction.
  void keep_transactions() noexcept;

  // Any number of statements, without rows. Empty, or what is wrong.
  [[nodiscard]] std::string execute(const std::string& script);

 private:
  friend class Cursor;

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
  // One that is kept, and the parameters in it that must not be rounded, from 0.
  struct Prepared {
    Statement statement;
    std::vector<std::size_t> digits;
  };

  const Prepared* prepare(std::string_view text, Outcome& outcome);
  // The same for what a flow brings, which must leave transactions alone.
  const Prepared* prepare_foreign(std::string_view text, Outcome& outcome);
  Outcome insert_each(std::string_view text, const flow::RowSource& values, std::size_t first,
                      flow::RowSet& rows);
  Outcome failure(int code) const;
  Outcome control(const char* statement);
  bool wait_for_lock(int tries) const noexcept;

  sqlite3* database_ = nullptr;
  std::chrono::milliseconds busy_timeout_;
  bool read_only_ = false;
  bool refuses_ = false;  // a statement of a flow is prepared
  std::map<std::string, Prepared, std::less<>> statements_;
  const Patience* patience_ = nullptr;  // of the statement that runs
};

// The rows of one statement that only reads, in parts, as they were when it was opened. Its connection
// outlives it, and may run other statements meanwhile; both are used by one thread at a time.
class Cursor {
 public:
  static constexpr std::size_t kPart = std::size_t{64} << 10;  // bytes of a part, and a row more at most

  // What the parameters refer to stays until it is closed.
  Outcome open(Connection& connection, std::string_view text, std::span<const flow::Value> parameters);
  // The next rows; none: there are no more.
  Outcome read(flow::RowSet& rows, const Patience& patience);
  void close() noexcept { statement_.reset(); }
  bool is_open() const noexcept { return statement_ != nullptr; }

 private:
  Connection* connection_ = nullptr;
  Connection::Statement statement_;
  bool is_done_ = false;
};

// What names the database of that path, for flow::Adapter::database(): its file, however the path is written.
// Empty for one in memory.
std::string database_name(const std::string& path);

}  // namespace zerver::effects::sqlite
