#include "message_stream.h"

#include "message/status.h"
#include <zerver/flow/worker.h>

#include <memory>
#include <new>
#include <utility>

namespace zerver::effects::grpc_client {

namespace {

// So many messages at most are values at once.
constexpr std::size_t kMostOfPart = 64;

}  // namespace

// Free, or: opening for an operation, or open.
class MessageStreams::MessageStream final : public OpenedSource, private flow::Source::Reader {
 public:
  using Reader = flow::Source::Reader;

  explicit MessageStream(MessageStreams& owner)
      : owner_(owner), frames_(owner.most_), arena_(owner.worker_.limits().arena_bytes) {}

  void begin(flow::Operation& operation, const flow::Rpc& rpc, const HttpResponse& head,
             HttpBody& body) noexcept {
    operation_ = &operation;
    rpc_ = &rpc;
    fails_ = operation.fails();
    body_ = &body;
    is_gzip_ = MessageDecoder::is_gzip(head.headers);
    ready_ = Ready::kNothing;
    // Where the head says how it has ended, and where it is none of gRPC, there are no messages.
    if (head.status != 200 || find_header(head.headers, "grpc-status") != nullptr) end(status_of(head));
    go_on();
  }

  void next(Reader& reader) noexcept override {
    reader_ = &reader;
    go_on();
  }
  void close() noexcept override {
    reader_ = nullptr;
    frames_.reset();
    std::exchange(body_, nullptr)->close();
    owner_.streams_.give_back(*this);
  }

 private:
  enum class Ready : std::uint8_t { kNothing, kPart, kEnd, kFailure };

  void on_part(const void* part) noexcept override {
    try {
      frames_.append(*static_cast<const std::string_view*>(part));
    } catch (const std::bad_alloc&) {
      fail({FaultKind::kUnavailable, "there is no memory for its answer", {}});
    }
    answered();
  }
  void on_end() noexcept override {
    end(status_of({.status = 200, .headers = {}, .trailers = body_->trailers(), .body = {}}));
    answered();
  }
  void on_failure(const Fault& fault) noexcept override {
    fail(fault);
    answered();
  }
  void answered() noexcept {
    is_answered_ = true;
    if (!is_asking_) go_on();
  }

  // Until there is something to tell, or the body has nothing for now. It may be closed behind that.
  void go_on() noexcept {
    while (ready_ == Ready::kNothing) {
      make_part();
      if (ready_ != Ready::kNothing) break;
      is_answered_ = false;
      is_asking_ = true;
      body_->next(*this);
      is_asking_ = false;
      if (!is_answered_) return;
    }
    tell();
  }

  void tell() noexcept {
    if (flow::Operation* const operation = std::exchange(operation_, nullptr); operation != nullptr) {
      if (ready_ != Ready::kFailure) return flow::StreamReply(*operation).open(*this);
      operation->fail(fault_);
      return close();
    }
    Reader& reader = *std::exchange(reader_, nullptr);
    switch (ready_) {
      case Ready::kNothing:
        return;
      case Ready::kPart:
        ready_ = Ready::kNothing;
        return reader.on_part(part_);
      case Ready::kEnd:
        return reader.on_end();
      case Ready::kFailure:
        return reader.on_failure(fault_);
    }
  }

  // Of the frames that are complete, if there are any.
  void make_part() noexcept {
    try {
      arena_.reset();
      take_frames();
      if (ready_ != Ready::kNothing || owner_.frames_.empty()) return;
      const std::string_view why = owner_.decoder_.decode(owner_.frames_, is_gzip_, owner_.most_);
      if (!why.empty()) return fail({FaultKind::kUnavailable, String::borrowed(why), {}, kInternal});
      const Result<const void*> part = rpc_->part(arena_, owner_.decoder_.messages());
      if (!part) return fail(part.error());
      part_ = *part;
      ready_ = Ready::kPart;
    } catch (const std::bad_alloc&) {
      fail({FaultKind::kUnavailable, "its messages are larger than the memory of the request", {}});
    }
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
    if (status.code == kOk && frames_.is_at_end()) {
      ready_ = Ready::kEnd;
      return;
    }
    if (status.code == kOk)
      return fail({FaultKind::kUnavailable, "its answer has a malformed frame", {}, kInternal});
    arena_.reset();
    try {
      fail(fault_of(status, fails_, arena_));
    } catch (const std::bad_alloc&) {
      fail({FaultKind::kUnavailable, {}, {}, status.code});
    }
  }
  void fail(const Fault& fault) noexcept {
    fault_ = fault;
    ready_ = Ready::kFailure;
  }

  MessageStreams& owner_;
  FrameBuffer frames_;
  Arena arena_;  // of one part
  const flow::Rpc* rpc_ = nullptr;
  HttpBody* body_ = nullptr;
  Reader* reader_ = nullptr;  // waits
  const void* part_ = nullptr;
  Fault fault_;
  FaultKinds fails_;
  Ready ready_ = Ready::kNothing;
  bool is_gzip_ = false;
  bool is_asking_ = false;
  bool is_answered_ = false;  // from within
};

MessageStreams::MessageStreams(flow::Worker& worker, std::size_t most) : worker_(worker), most_(most) {}
MessageStreams::~MessageStreams() = default;

void MessageStreams::open(flow::Operation& operation, const flow::Rpc& rpc, const HttpResponse& head,
                          HttpBody& body) {
  streams_.take([this] { return std::make_unique<MessageStream>(*this); }).begin(operation, rpc, head, body);
}

bool MessageStreams::cancel(const flow::Operation& operation) noexcept { return streams_.cancel(operation); }

}  // namespace zerver::effects::grpc_client
