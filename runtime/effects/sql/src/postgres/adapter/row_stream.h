// Rows of a PostgreSQL database as a stream.
#pragma once

#include "postgres/pool/pool.h"
#include <zerver/effects/source_pool.h>
#include <zerver/flow/call/operation.h>

namespace zerver::effects::postgres {

// The streams of one worker: each a cursor in a transaction that only reads, on a connection of the pool that
// is its own meanwhile. Rows are fetched in parts, one ahead of what is asked for.
class RowStreams {
 public:
  static constexpr int kRows = 256;  // of a part

  explicit RowStreams(Pool& pool) noexcept;
  ~RowStreams();
  RowStreams(const RowStreams&) = delete;
  RowStreams& operator=(const RowStreams&) = delete;

  // Answers with its first rows at hand, so that what is wrong with the statement fails the operation.
  void open(const flow::Statement& statement, flow::StreamReply reply);
  // Of one that is being opened; false: it is none of those.
  bool cancel(const flow::Operation& operation) noexcept;

 private:
  class RowStream;

  Pool& pool_;
  SourcePool<RowStream> streams_;
};

}  // namespace zerver::effects::postgres
