// Messages that come while a flow sends them on: what an operation with `-> stream<T>` opens.
#pragma once

#include "message/decoder.h"
#include "message/frames.h"
#include <zerver/effects/http/http_service.h>
#include <zerver/effects/source_pool.h>
#include <zerver/flow/rpc/rpc.h>

#include <cstddef>
#include <vector>

namespace zerver::effects::grpc_client {

// The streams of one worker and its thread. Each asks its body for more only when it is asked itself, so that
// the window of HTTP/2 follows who reads it.
class MessageStreams {
 public:
  // `most`: of one message, decoded. The worker outlives it, and it outlives its streams.
  MessageStreams(flow::Worker& worker, std::size_t most);
  ~MessageStreams();
  MessageStreams(const MessageStreams&) = delete;
  MessageStreams& operator=(const MessageStreams&) = delete;

  // The operation is answered when its first messages have come, or its end; what fails before that fails the
  // operation. May throw std::bad_alloc, and has done nothing then.
  void open(flow::Operation& operation, const flow::Rpc& rpc, const HttpResponse& head, HttpBody& body);
  // Of one that is being opened; false: it is none of those.
  bool cancel(const flow::Operation& operation) noexcept;

 private:
  class MessageStream;

  flow::Worker& worker_;
  std::size_t most_;
  MessageDecoder decoder_;  // of the part that is being made
  std::vector<Frame> frames_;
  SourcePool<MessageStream> streams_;
};

}  // namespace zerver::effects::grpc_client
