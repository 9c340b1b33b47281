// SQLite in memory, for tests and simulations.
#pragma once

#include <zerver/effects/registry.h>
#include <zerver/flow/data/row_set.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace zerver::effects {

// Implements `zerver.sql` without threads: a statement is answered before Adapter::start() returns, so a run
// depends on nothing but its inputs. Every database of a URL `sqlite:PATH` is one in memory, with the schema
// of its package; no file is touched. Outlives the systems that it opens. One thread.
class InlineSqlite {
 public:
  InlineSqlite();
  ~InlineSqlite();
  InlineSqlite(const InlineSqlite&) = delete;
  InlineSqlite& operator=(const InlineSqlite&) = delete;

  // For Registry::add("zerver.sql", ...).
  Registry::Open open();

  // For whoever wants to see what a run has left: runs one statement on the database of that URL. Throws
  // std::runtime_error with SQLite's message, or when no target has opened the URL.
  void query(std::string_view url, std::string_view statement, flow::RowSet& rows);
  // The same for a statement whose answer is one whole number, such as `select count(*) ...`.
  std::int64_t number(std::string_view url, std::string_view statement);

 private:
  struct Databases;
  std::unique_ptr<Databases> databases_;
};

}  // namespace zerver::effects
