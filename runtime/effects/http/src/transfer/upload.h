// The body of a request that is sent while it comes.
#pragma once

#include <zerver/flow/stream/source.h>

#include <string_view>

namespace zerver::effects::http_client {

class Transfer;

// Asks a stream of bytes for its parts, one at a time. Tells the transfer by Transfer::send_on(), unless it
// has it at once.
class Upload final : private flow::Source::Reader {
 public:
  explicit Upload(Transfer& transfer) noexcept : transfer_(transfer) {}

  // Of the flow, which is not to use it any more. Null: the request has no such body.
  void begin(flow::Source* source) noexcept;
  // The source is given back; it has nothing more to say.
  void finish() noexcept;

  // There is something left to be sent.
  bool is_open() const noexcept { return source_ != nullptr; }
  // A part has been asked for: the body cannot be sent another time.
  bool has_begun() const noexcept { return has_begun_; }

  // True: there is a part, the end, or a failure.
  bool ask() noexcept;
  bool is_ready() const noexcept { return !part_.empty() || is_at_end_ || has_failed_; }
  std::string_view& part() noexcept { return part_; }
  bool is_at_end() const noexcept { return is_at_end_ && part_.empty(); }
  // The other side has all of it.
  void note_sent() noexcept { is_sent_ = true; }
  bool is_under_way() const noexcept { return is_open() && !is_sent_; }
  bool has_failed() const noexcept { return has_failed_; }
  const Fault& fault() const noexcept { return fault_; }

 private:
  void on_part(const void* part) noexcept override;
  void on_end() noexcept override;
  void on_failure(const Fault& fault) noexcept override;
  void tell() noexcept;

  Transfer& transfer_;
  flow::Source* source_ = nullptr;
  std::string_view part_;  // what is left of it
  Fault fault_;
  bool has_begun_ = false;
  bool is_asked_ = false;
  bool is_asking_ = false;  // within next()
  bool is_at_end_ = false;
  bool has_failed_ = false;
  bool is_sent_ = false;
};

}  // namespace zerver::effects::http_client
