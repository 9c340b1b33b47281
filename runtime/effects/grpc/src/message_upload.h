// Messages that are sent while they come: what an operation with a parameter `stream<T>` takes.
#pragma once

#include "message/encoder.h"
#include <zerver/effects/source_pool.h>
#include <zerver/flow/rpc/rpc.h>
#include <zerver/flow/worker.h>

namespace zerver::effects::grpc_client {

// Those of one worker and its thread.
class MessageUploads {
 public:
  // Both outlive it, and it outlives what it has opened.
  MessageUploads(flow::Worker& worker, MessageEncoder& encoder);
  ~MessageUploads();
  MessageUploads(const MessageUploads&) = delete;
  MessageUploads& operator=(const MessageUploads&) = delete;

  // The frames of those messages, as bytes. Closing that gives the stream of messages back as well. Throws
  // std::bad_alloc, and has done nothing then.
  flow::Source& open(const flow::RequestStream& stream);

 private:
  class MessageUpload;

  flow::Worker& worker_;
  MessageEncoder& encoder_;
  SourcePool<MessageUpload> uploads_;
};

}  // namespace zerver::effects::grpc_client
