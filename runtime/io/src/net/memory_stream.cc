// A connection within a process.
#include "net/faults.h"
#include <zerver/io/net/memory_stream.h>

#include <algorithm>
#include <utility>

namespace zerver::io::net {
namespace {

Fault lost() noexcept { return unavailable("the other side has closed the connection"); }

}  // namespace

MemoryStream::Pair MemoryStream::make(std::string_view alpn, std::size_t buffer) {
  Pair pair{std::make_unique<MemoryStream>(alpn, buffer), std::make_unique<MemoryStream>(alpn, buffer)};
  pair.first->other_ = pair.second.get();
  pair.second->other_ = pair.first.get();
  return pair;
}

MemoryStream::~MemoryStream() { close(); }

void MemoryStream::shut_down_write() noexcept {
  if (std::exchange(shut_down_, true) || other_ == nullptr) return;
  other_->ended_ = true;
  other_->go_on();
}

void MemoryStream::close() noexcept {
  if (!std::exchange(open_, false)) return;
  if (MemoryStream* const other = std::exchange(other_, nullptr)) other->lose(false);
  go_on();
}

void MemoryStream::reset() noexcept {
  if (MemoryStream* const other = std::exchange(other_, nullptr)) other->lose(true);
  lose(true);
}

void MemoryStream::lose(bool is_reset) noexcept {
  other_ = nullptr;
  ended_ = true;
  reset_ = is_reset;
  go_on();
}

bool MemoryStream::try_read(Read& read) {
  if (!open_) {
    read.outcome = closed_here();
  } else if (reset_) {
    read.outcome = lost();
  } else if (const std::size_t size = std::min(read.into.size(), incoming_.size() - taken_); size > 0) {
    incoming_.copy(read.into.data(), size, taken_);
    taken_ += size;
    if (taken_ == incoming_.size()) {
      incoming_.clear();
      taken_ = 0;
    }
    read.outcome = size;
    if (other_ != nullptr) other_->go_on();
  } else if (ended_) {
    read.outcome = std::size_t{0};
  } else {
    return false;
  }
  return true;
}

bool MemoryStream::try_write(Write& write) {
  for (write.advance(0); !write.first.empty();) {
    if (!open_ || shut_down_ || other_ == nullptr) {
      write.outcome = open_ && !shut_down_ ? lost() : closed_here();
      return true;
    }
    const std::size_t on_the_way = other_->incoming_.size() - other_->taken_;
    const std::size_t size = std::min(write.first.size(), buffer_ - std::min(buffer_, on_the_way));
    if (size == 0) return false;
    other_->incoming_ += write.first.substr(0, size);
    write.advance(size);
    other_->go_on();
  }
  return true;
}

void MemoryStream::go_on() noexcept {
  if (reading_ != nullptr) {
    if (Read& read = *std::exchange(reading_, nullptr); try_read(read)) {
      read.waiter->complete();
    } else {
      reading_ = &read;
    }
  }
  if (writing_ != nullptr) {
    if (Write& write = *std::exchange(writing_, nullptr); try_write(write)) {
      write.waiter->complete();
    } else {
      writing_ = &write;
    }
  }
}

}  // namespace zerver::io::net
