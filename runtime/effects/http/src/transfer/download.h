// The body of an answer that a flow takes while it comes.
#pragma once

#include "coding/content_decoder.h"
#include <zerver/core/output_buffer.h>
#include <zerver/effects/http/http_service.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace zerver::effects::http_client {

class Transfer;

// Of a transfer, from the head of its answer until it is closed. Its bytes come from the transfer, which is
// asked for more by Transfer::receive_on() when they have been used up.
class Download final : public HttpBody {
 public:
  explicit Download(Transfer& transfer) noexcept : transfer_(transfer) {}

  // The head has come. `codings` may be empty.
  Result<void> begin(std::string_view codings, std::string_view content_type);
  // From now on somebody waits for the first part, who is told by Transfer::first_part().
  void expect_first_part() noexcept { is_opening_ = true; }
  bool is_open() const noexcept { return is_open_; }

  // More of the body; whatever it was given before has been used up. `is_last`: there will be no more.
  // True: it wants more. When it returns false it may have been closed.
  [[nodiscard]] bool feed(std::string_view raw, bool is_last) noexcept;
  bool wants_more() const noexcept { return is_open_ && is_wanted() && raw_.empty() && !is_last_; }
  // It will not come to its end.
  void fail(const Fault& fault) noexcept;

  // --- flow::Source ---
  void next(Reader& reader) noexcept override;
  void close() noexcept override;
  flow::BodyInfo info() const noexcept override { return {.content_type = content_type_, .file = {}}; }
  std::span<const Header> trailers() const noexcept override;

 private:
  static constexpr std::size_t kPart = std::size_t{64} << 10;  // bytes

  bool is_wanted() const noexcept { return reader_ != nullptr || is_opening_; }
  bool pump() noexcept;
  Result<std::string_view> next_part();
  void tell_part() noexcept;
  void tell_end(const Fault* fault) noexcept;

  Transfer& transfer_;
  std::unique_ptr<ContentDecoder> decoder_;  // made when there is a coding for the first time
  OutputBuffer decoded_;
  std::string content_type_;
  Reader* reader_ = nullptr;
  std::string_view raw_;   // what is left of the bytes that have come
  std::string_view part_;  // that nobody has asked for yet
  Fault fault_;
  bool is_open_ = false;
  bool is_opening_ = false;
  bool is_coded_ = false;
  bool is_fed_ = false;     // what came with the head is there: more may be asked for
  bool has_bytes_ = false;  // that were to be decoded
  bool is_last_ = false;
  bool has_failed_ = false;
};

}  // namespace zerver::effects::http_client
