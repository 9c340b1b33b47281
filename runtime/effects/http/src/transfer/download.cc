#include "transfer/download.h"

#include "transfer/transfer.h"

#include <new>
#include <utility>

namespace zerver::effects::http_client {

namespace {

const Fault kNoMemory{FaultKind::kUnavailable, "there is no memory for its answer", {}};

}  // namespace

Result<void> Download::begin(std::string_view codings, std::string_view content_type) {
  content_type_ = content_type;
  is_coded_ = !codings.empty();
  reader_ = nullptr;
  raw_ = part_ = {};
  is_opening_ = is_fed_ = has_bytes_ = is_last_ = has_failed_ = false;
  if (is_coded_) {
    if (decoder_ == nullptr) decoder_ = std::make_unique<ContentDecoder>();
    if (Result<void> begun = decoder_->begin(codings); !begun) return begun;
  }
  is_open_ = true;
  return {};
}

bool Download::feed(std::string_view raw, bool is_last) noexcept {
  raw_ = raw;
  is_fed_ = true;
  is_last_ = is_last;
  has_bytes_ = has_bytes_ || !raw.empty();
  return pump();
}

void Download::fail(const Fault& fault) noexcept {
  fault_ = fault;
  has_failed_ = true;
  is_fed_ = true;
  pump();
}

void Download::next(Reader& reader) noexcept {
  reader_ = &reader;
  if (!part_.empty()) return tell_part();
  if (pump()) transfer_.receive_on();
}

void Download::close() noexcept {
  reader_ = nullptr;
  is_open_ = is_opening_ = false;
  transfer_.close_download();
}

std::span<const Header> Download::trailers() const noexcept { return transfer_.trailers(); }

// What comes next of the content, from the bytes at hand.
Result<std::string_view> Download::next_part() {
  if (!is_coded_) return std::exchange(raw_, {});
  decoded_.clear_and_shrink(kPart);
  if (const Result<void> decoded = decoder_->decode(raw_, kPart, decoded_); !decoded) return decoded.error();
  return decoded_.view();
}

// As far as it is wanted. True: it wants more bytes.
bool Download::pump() noexcept {
  if (!is_wanted() || !is_fed_) return false;
  try {
    const Result<std::string_view> part = next_part();
    if (!part) {
      tell_end(&part.error());
      return false;
    }
    part_ = *part;
    if (!part_.empty()) {
      tell_part();
      return false;
    }
    if (has_failed_) {
      tell_end(&fault_);
      return false;
    }
    if (!is_last_) return true;
    const Result<void> ended = is_coded_ && has_bytes_ ? decoder_->end() : Result<void>();
    tell_end(ended ? nullptr : &ended.error());
  } catch (const std::bad_alloc&) {
    tell_end(&kNoMemory);
  }
  return false;
}

// It may be closed from within.
void Download::tell_part() noexcept {
  if (std::exchange(is_opening_, false)) return transfer_.open_download();
  const std::string_view part = std::exchange(part_, {});
  std::exchange(reader_, nullptr)->on_part(&part);
}

void Download::tell_end(const Fault* fault) noexcept {
  if (std::exchange(is_opening_, false)) {
    if (fault == nullptr) return transfer_.open_download();
    is_open_ = false;
    return transfer_.refuse_download(*fault);
  }
  Reader& reader = *std::exchange(reader_, nullptr);
  if (fault == nullptr) return reader.on_end();
  reader.on_failure(*fault);
}

}  // namespace zerver::effects::http_client
