// A SQLite file that holds a journal; for one thread.
#pragma once

#include <zerver/core/uuid.h>
#include <zerver/effects/sql/sqlite/connection.h>
#include <zerver/flow/data/row_set.h>
#include <zerver/flow/data/value.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::effects {

// By what a file is known to be of that kind.
struct JournalKind {
  std::int64_t application;   // four letters
  std::int64_t version;       // the newest that is understood
  std::string_view not_ours;  // what is said of another database
};

class JournalDatabase {
 public:
  explicit JournalDatabase(const JournalKind& kind) noexcept : kind_(kind) {}

  // Each is empty, or what is wrong.

  // Opens or creates the file, for its owner only; what is written is on the disk. It may be empty yet.
  [[nodiscard]] std::string open(const std::string& path);
  // One that is there: only to look at it, or to change something beside a service that has it open.
  [[nodiscard]] std::string open_existing(const std::string& path, bool read_only, bool& is_empty);
  // Makes the tables when it is empty. In a transaction.
  [[nodiscard]] std::string create(std::string_view tables);

  using Values = std::initializer_list<flow::Value>;
  // Rows are in rows() then.
  [[nodiscard]] std::string run(std::string_view statement, Values parameters = {});
  // Runs `work` in a transaction that ends with it.
  template <class Work> [[nodiscard]] std::string in_transaction(Work work) {
    std::string error = run("begin immediate");
    if (!error.empty()) return error;
    error = work();
    if (error.empty()) error = run("commit");
    // What cannot be rolled back has been by SQLite itself.
    if (!error.empty()) static_cast<void>(run("rollback"));
    return error;
  }
  const flow::RowSet& rows() const noexcept { return rows_; }

  static flow::Value blob(const Uuid& id) noexcept;
  static flow::Value text(std::string_view view) noexcept { return flow::Value(String::borrowed(view)); }
  static bool parse_id(std::string_view bytes, Uuid& id) noexcept;

 private:
  [[nodiscard]] std::string check_kind(bool& is_empty);

  const JournalKind kind_;
  sqlite::Connection connection_;
  flow::RowSet rows_;
};

}  // namespace zerver::effects
