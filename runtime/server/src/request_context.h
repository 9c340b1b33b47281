// What a connection needs while a client talks to it, and no longer.
#pragma once

#include <zerver/core/output_buffer.h>
#include <zerver/http/limits.h>
#include <zerver/http/read_buffer.h>
#include <zerver/http/request_parser.h>
#include <zerver/io/handler_memory.h>
#include <zerver/server/scheduling/served_exchange.h>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace zerver::server {

// About 20 KiB, more after large requests.
struct RequestContext {
  static constexpr std::size_t kInput = std::size_t{8} * 1024;
  static constexpr std::size_t kKeptOutput = std::size_t{64} * 1024;

  RequestContext(const http::Limits& limits, Scheduler& scheduler)
      : in(kInput), parser(limits), exchange(scheduler) {}

  // Ready for another connection; for one whose buffer has not grown.
  void reset() noexcept {
    in.reset(in.capacity());
    parser.reset();
    out.clear_and_shrink(kKeptOutput);
    exchange.end_request();
    exchange.owner = nullptr;
    exchange.set_part_sink(nullptr);
  }

  http::ReadBuffer in;
  http::RequestParser parser;
  OutputBuffer out;
  ServedExchange exchange;
  io::HandlerMemory write_memory;
};

// The contexts of one worker. Connections that wait for their client to say something have none, so idle ones
// cost next to nothing. Used by one thread.
class ContextPool {
 public:
  // With so many in use, connections give theirs back as soon as they are idle.
  static constexpr std::size_t kPlenty = 512;
  // So many that nobody uses are kept.
  static constexpr std::size_t kSpare = 64;

  ContextPool(const http::Limits& limits, Scheduler& scheduler) noexcept
      : limits_(limits), scheduler_(scheduler) {}

  // Throws std::bad_alloc.
  std::unique_ptr<RequestContext> take() {
    if (spare_.empty()) {
      spare_.reserve(kSpare);  // so that giving one back cannot fail
      auto context = std::make_unique<RequestContext>(limits_, scheduler_);
      ++in_use_;
      return context;
    }
    std::unique_ptr<RequestContext> context = std::move(spare_.back());
    spare_.pop_back();
    ++in_use_;
    return context;
  }
  void give_back(std::unique_ptr<RequestContext> context) noexcept {
    --in_use_;
    if (spare_.size() >= kSpare || context->in.capacity() > RequestContext::kInput) return;
    context->reset();
    spare_.push_back(std::move(context));
  }
  bool plenty_in_use() const noexcept { return in_use_ >= kPlenty; }
  std::size_t in_use() const noexcept { return in_use_; }

 private:
  const http::Limits& limits_;
  Scheduler& scheduler_;
  std::vector<std::unique_ptr<RequestContext>> spare_;
  std::size_t in_use_ = 0;
};

}  // namespace zerver::server
