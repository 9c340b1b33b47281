// A growable contiguous buffer of bytes to be sent, whose memory is kept between uses.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace zerver {

// Append-only. Views into it are valid until the next append or reserve. Throws std::bad_alloc when memory is
// out; how much is written is bounded by whoever writes.
class OutputBuffer {
 public:
  OutputBuffer() = default;
  explicit OutputBuffer(std::size_t capacity) { grow(capacity); }
  OutputBuffer(const OutputBuffer&) = delete;
  OutputBuffer& operator=(const OutputBuffer&) = delete;

  // Room for `size` more bytes, to be written from the returned address on and then committed.
  char* reserve(std::size_t size) {
    if (capacity_ - size_ < size) grow(size);
    return data_.get() + size_;
  }
  // `size` of the bytes reserved last have been written.
  void commit(std::size_t size) noexcept { size_ += size; }

  void append(std::string_view text) {
    if (text.empty()) return;
    std::memcpy(reserve(text.size()), text.data(), text.size());
    size_ += text.size();
  }
  void append(char c) {
    *reserve(1) = c;
    ++size_;
  }

  std::string_view view() const noexcept { return {data_.get(), size_}; }
  const char* data() const noexcept { return data_.get(); }
  char* data() noexcept { return data_.get(); }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return size_ == 0; }

  // Forgets what comes after the first `size` bytes; keeps the memory.
  void truncate(std::size_t size) noexcept {
    if (size < size_) size_ = size;
  }
  void clear() noexcept { size_ = 0; }

  // Forgets everything, and gives memory beyond `capacity` bytes back: so one large answer does not stay paid
  // for.
  void clear_and_shrink(std::size_t capacity);

 private:
  void grow(std::size_t extra);

  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace zerver
