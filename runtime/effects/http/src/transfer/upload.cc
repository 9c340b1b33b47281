#include "transfer/upload.h"

#include "transfer/transfer.h"

#include <utility>

namespace zerver::effects::http_client {

void Upload::begin(flow::Source* source) noexcept {
  source_ = source;
  part_ = {};
  has_begun_ = is_asked_ = is_asking_ = is_at_end_ = has_failed_ = is_sent_ = false;
}

void Upload::finish() noexcept {
  part_ = {};
  if (source_ != nullptr) std::exchange(source_, nullptr)->finish();
}

bool Upload::ask() noexcept {
  if (is_ready()) return true;
  if (is_asked_) return false;
  has_begun_ = is_asked_ = is_asking_ = true;
  source_->next(*this);
  is_asking_ = false;
  return is_ready();
}

void Upload::on_part(const void* part) noexcept {
  part_ = *static_cast<const std::string_view*>(part);
  tell();
}

void Upload::on_end() noexcept {
  is_at_end_ = true;
  tell();
}

void Upload::on_failure(const Fault& fault) noexcept {
  fault_ = {FaultKind::kUnavailable, transfer_.kept("what it is to send has failed: ", fault.why), {}};
  has_failed_ = true;
  tell();
}

void Upload::tell() noexcept {
  is_asked_ = false;
  if (!is_asking_) transfer_.send_on();
}

}  // namespace zerver::effects::http_client
