// Rows of a stream into a SQLite database.
#pragma once

#include "pool.h"
#include <zerver/effects/source_pool.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/worker.h>

#include <chrono>

namespace zerver::effects::sqlite {

// Those of one worker. Each is one transaction, or a part of its flow's: rows are inserted some at a time,
// and the next ones are asked for when there is room, so a source is as fast as the database. From the first
// row on, others who write wait for its end.
class StreamInserts {
 public:
  StreamInserts(Pool& pool, flow::Worker& worker) noexcept;
  // Its operations are over.
  ~StreamInserts();
  StreamInserts(const StreamInserts&) = delete;
  StreamInserts& operator=(const StreamInserts&) = delete;

  // Of a statement that inserts a stream. Null `session`: a transaction of its own; else it is part of that
  // one, which it `opens`.
  void start(const flow::Statement& statement, std::chrono::steady_clock::time_point lock_deadline,
             Session* session, bool opens, flow::Operation& operation);
  // False: it is none of those.
  bool cancel(const flow::Operation& operation) noexcept;

 private:
  class StreamInsert;

  Pool& pool_;
  flow::Worker& worker_;
  SourcePool<StreamInsert> inserts_;
};

}  // namespace zerver::effects::sqlite
