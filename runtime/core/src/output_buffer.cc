// Growth of OutputBuffer.
#include <zerver/core/output_buffer.h>

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

namespace zerver {
namespace {

constexpr std::size_t kSmallest = 256;

}  // namespace

void OutputBuffer::grow(std::size_t extra) {
  constexpr std::size_t kLimit = std::numeric_limits<std::size_t>::max() / 2;
  if (extra > kLimit - size_) throw std::bad_alloc();
  const std::size_t capacity = std::max({kSmallest, size_ + extra, capacity_ * 2});
  std::unique_ptr<char[]> bigger = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ != 0) std::memcpy(bigger.get(), data_.get(), size_);
  data_ = std::move(bigger);
  capacity_ = capacity;
}

void OutputBuffer::clear_and_shrink(std::size_t capacity) {
  size_ = 0;
  if (capacity_ <= capacity) return;
  data_.reset();
  capacity_ = 0;
}

}  // namespace zerver
