// Elements that come while a flow takes them: what `get_items` and `post_items` open.
#pragma once

#include "items/item_reader.h"
#include <zerver/effects/http/body_stream.h>
#include <zerver/flow/data/json_codec.h>

#include <cstddef>
#include <string_view>
#include <vector>

namespace zerver::effects::http_client {

// The streams of one worker and its thread.
class ItemStreams final : public HttpStreamReceiver {
 public:
  // `most`: bytes of one element. The worker outlives it, and it outlives its streams.
  ItemStreams(flow::Worker& worker, std::size_t most);
  ~ItemStreams();
  ItemStreams(const ItemStreams&) = delete;
  ItemStreams& operator=(const ItemStreams&) = delete;

  void open(flow::Operation& operation, const HttpResponse& head, HttpBody& body) override;
  // Of one that is being opened; false: it is none of those.
  bool cancel(const flow::Operation& operation) noexcept;

 private:
  class ItemStream;

  flow::Worker& worker_;
  std::size_t most_;
  std::vector<flow::Document> texts_;  // of the part that is being made
  SourcePool<ItemStream> streams_;
};

}  // namespace zerver::effects::http_client
