// Rows of a SQLite database as a stream.
#pragma once

#include "pool.h"
#include <zerver/effects/source_pool.h>
#include <zerver/flow/call/operation.h>

#include <chrono>
#include <cstddef>

namespace zerver::effects::sqlite {

// The streams of one worker. Each is read by the pool's threads, a part at a time and only when it is asked
// for, so one whose client is slow costs a connection and nothing else.
class RowStreams {
 public:
  static constexpr std::size_t kMost = 64;  // open at once

  RowStreams(Pool& pool, flow::Worker& worker) noexcept;
  ~RowStreams();
  RowStreams(const RowStreams&) = delete;
  RowStreams& operator=(const RowStreams&) = delete;

  // Answers with its first rows at hand, so that what is wrong with the statement fails the operation.
  void open(const flow::Statement& statement, std::chrono::steady_clock::time_point lock_deadline,
            flow::StreamReply reply);
  // Of one that is being opened; false: it is none of those.
  bool cancel(const flow::Operation& operation) noexcept;

 private:
  class RowStream;

  Pool& pool_;
  flow::Worker& worker_;
  SourcePool<RowStream> streams_;
};

}  // namespace zerver::effects::sqlite
