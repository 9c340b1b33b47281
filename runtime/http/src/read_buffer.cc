// Moving and growing of ReadBuffer.
#include <zerver/http/read_buffer.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace zerver::http {

namespace {

// Only the padding is written to: the rest is paid for when bytes arrive.
std::unique_ptr<char[]> allocate(std::size_t capacity) {
  std::unique_ptr<char[]> bytes = std::make_unique_for_overwrite<char[]>(capacity + ReadBuffer::kPadding);
  std::memset(bytes.get() + capacity, 0, ReadBuffer::kPadding);
  return bytes;
}

}  // namespace

ReadBuffer::ReadBuffer(std::size_t capacity) : bytes_(allocate(capacity)), capacity_(capacity) {}

std::span<char> ReadBuffer::prepare(std::size_t room) {
  if (capacity_ - end_ >= room) return tail();
  const std::size_t kept = size();
  if (capacity_ - kept >= room) {
    std::memmove(bytes_.get(), data(), kept);
  } else {
    const std::size_t capacity = std::max(capacity_ * 2, kept + room);
    std::unique_ptr<char[]> bigger = allocate(capacity);
    if (kept != 0) std::memcpy(bigger.get(), data(), kept);
    bytes_ = std::move(bigger);
    capacity_ = capacity;
  }
  begin_ = 0;
  end_ = kept;
  return tail();
}

void ReadBuffer::erase(std::size_t from, std::size_t to) noexcept {
  if (from == to) return;
  std::memmove(data() + from, data() + to, size() - to);
  end_ -= to - from;
}

void ReadBuffer::reset(std::size_t capacity) {
  begin_ = end_ = 0;
  if (capacity_ <= capacity) return;
  bytes_ = allocate(capacity);
  capacity_ = capacity;
}

}  // namespace zerver::http
