#include "message_upload.h"

#include <cstddef>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace zerver::effects::grpc_client {

namespace {

constexpr std::size_t kPart = std::size_t{32} << 10;  // bytes; one message more, at most
constexpr std::size_t kKeptBytes = 2 * kPart;

}  // namespace

// Asks for the next part of messages when all of the one before has been handed out.
class MessageUploads::MessageUpload final : public flow::Source,
                                            private flow::Source::Reader,
                                            private flow::MessageSink {
 public:
  using Reader = flow::Source::Reader;

  explicit MessageUpload(MessageUploads& owner)
      : owner_(owner), writer_(bytes_), arena_(owner.worker_.limits().arena_bytes) {}

  void start(const flow::RequestStream& stream) noexcept {
    stream_ = stream;
    part_ = nullptr;
  }

  void next(Reader& reader) noexcept override {
    reader_ = &reader;
    if (part_ == nullptr) return stream_.source->next(*this);
    hand_out();
  }
  void close() noexcept override {
    stream_.source->finish();
    owner_.uploads_.give_back(*this);
  }

 private:
  void on_part(const void* part) noexcept override {
    part_ = part;
    next_ = 0;
    hand_out();
  }
  void on_end() noexcept override { std::exchange(reader_, nullptr)->on_end(); }
  void on_failure(const Fault& fault) noexcept override {
    std::exchange(reader_, nullptr)->on_failure(fault);
  }

  // What is left of the part, as far as there is room.
  void hand_out() noexcept {
    try {
      bytes_.clear_and_shrink(kKeptBytes);
      arena_.reset();
      is_too_large_ = false;
      const Result<bool> is_used_up =
          stream_.write(stream_, part_, next_, {arena_, owner_.worker_.json_reader()}, *this);
      if (!is_used_up) return on_failure(is_used_up.error());
      if (is_too_large_) return on_failure({FaultKind::kRejected, "a message is too large for gRPC", {}});
      if (*is_used_up) part_ = nullptr;
    } catch (const std::bad_alloc&) {
      return on_failure({FaultKind::kUnavailable, "there is no memory for a message", {}});
    }
    frames_ = bytes_.view();
    std::exchange(reader_, nullptr)->on_part(&frames_);
  }

  flow::ProtobufWriter& begin() override {
    owner_.encoder_.begin(bytes_);
    return writer_;
  }
  void end() override { is_too_large_ = !owner_.encoder_.end(bytes_) || is_too_large_; }
  bool has_room() const noexcept override { return bytes_.size() < kPart && !is_too_large_; }

  MessageUploads& owner_;
  flow::RequestStream stream_;
  Reader* reader_ = nullptr;    // waits
  const void* part_ = nullptr;  // of messages, from `next_` on
  std::size_t next_ = 0;
  OutputBuffer bytes_;
  flow::ProtobufWriter writer_;
  std::string_view frames_;
  Arena arena_;  // of the messages that are written
  bool is_too_large_ = false;
};

MessageUploads::MessageUploads(flow::Worker& worker, MessageEncoder& encoder)
    : worker_(worker), encoder_(encoder) {}
MessageUploads::~MessageUploads() = default;

flow::Source& MessageUploads::open(const flow::RequestStream& stream) {
  MessageUpload& upload = uploads_.take([this] { return std::make_unique<MessageUpload>(*this); });
  upload.start(stream);
  return upload;
}

}  // namespace zerver::effects::grpc_client
