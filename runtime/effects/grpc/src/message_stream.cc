#include "message_stream.h"

#include "message/status.h"
#include <zerver/effects/http/body_stream.h>
#include <zerver/flow/worker.h>

#include <memory>
#include <new>
#include <utility>

namespace zerver::effects::grpc_client {

namespace {

// So many messages at most are values at once.
constexpr std::size_t kMostOfPart = 64;

}  // namespace

class MessageStreams::MessageStream final : public BodyStream {
 public:
  explicit MessageStream(MessageStreams& owner)
      : owner_(owner), frames_(owner.most_), arena_(owner.worker_.limits().arena_bytes) {}

  void open(flow::Operation& operation, const flow::Rpc& rpc, const HttpResponse& head,
            HttpBody& body) noexcept {
    rpc_ = &rpc;
    fails_ = operation.fails();
    is_gzip_ = MessageDecoder::is_gzip(head.headers);
    // Where the head says how it has ended, and where it is none of gRPC, there are no messages.
    if (head.status != 200 || find_header(head.headers, "grpc-status") != nullptr) end(status_of(head));
    begin(operation, body);
  }

 private:
  void append(std::string_view bytes) override { frames_.append(bytes); }
  void end_body() noexcept override {
    end(status_of({.status = 200, .headers = {}, .trailers = body().trailers(), .body = {}}));
  }
  void closed() noexcept override {
    forget();
    frames_.reset();
    owner_.streams_.give_back(*this);
  }

  // Of the frames that are complete, if there are any.
  void make_part() override {
    arena_.reset();
    take_frames();
    if (is_decided() || owner_.frames_.empty()) return;
    const std::string_view why = owner_.decoder_.decode(owner_.frames_, is_gzip_, owner_.most_);
    if (!why.empty()) return fail({FaultKind::kUnavailable, String::borrowed(why), {}, kInternal});
    const Result<const void*> part = rpc_->part(arena_, owner_.decoder_.messages());
    if (!part) return fail(part.error());
    set_part(*part);
  }
  void take_frames() {
    owner_.frames_.clear();
    Frame frame;
    while (owner_.frames_.size() < kMostOfPart) {
      switch (frames_.take(frame)) {
        case FrameBuffer::Taken::kMore:
          return;
        case FrameBuffer::Taken::kMalformed:
          return fail({FaultKind::kUnavailable, "its answer has a malformed frame", {}, kInternal});
        case FrameBuffer::Taken::kTooLarge:
          return fail({FaultKind::kUnavailable, "a message of its answer is too large", {}});
        case FrameBuffer::Taken::kFrame:
          owner_.frames_.push_back(frame);
          // The bound is that of one message.
          if (frame.is_compressed) return;
      }
    }
  }

  void end(const Status& status) noexcept {
    if (status.code == kOk && frames_.is_at_end()) return set_end();
    if (status.code == kOk)
      return fail({FaultKind::kUnavailable, "its answer has a malformed frame", {}, kInternal});
    arena_.reset();
    try {
      fail(fault_of(status, fails_, arena_));
    } catch (const std::bad_alloc&) {
      fail({FaultKind::kUnavailable, {}, {}, status.code});
    }
  }

  MessageStreams& owner_;
  FrameBuffer frames_;
  Arena arena_;  // of one part
  const flow::Rpc* rpc_ = nullptr;
  FaultKinds fails_;
  bool is_gzip_ = false;
};

MessageStreams::MessageStreams(flow::Worker& worker, std::size_t most) : worker_(worker), most_(most) {}
MessageStreams::~MessageStreams() = default;

void MessageStreams::open(flow::Operation& operation, const flow::Rpc& rpc, const HttpResponse& head,
                          HttpBody& body) {
  streams_.take([this] { return std::make_unique<MessageStream>(*this); }).open(operation, rpc, head, body);
}

bool MessageStreams::cancel(const flow::Operation& operation) noexcept { return streams_.cancel(operation); }

}  // namespace zerver::effects::grpc_client
