// The contiguous memory into which a connection reads and in which requests are parsed where they are.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace zerver::http {

// Bytes [data, data + size) are received and not consumed yet. Behind them kPadding more bytes are always
// readable (SIMD parsers read past the end). Only prepare() and erase() move bytes, so views last while
// nothing is read.
class ReadBuffer {
 public:
  static constexpr std::size_t kPadding = 64;

  explicit ReadBuffer(std::size_t capacity);
  ReadBuffer(const ReadBuffer&) = delete;
  ReadBuffer& operator=(const ReadBuffer&) = delete;

  char* data() noexcept { return bytes_.get() + begin_; }
  const char* data() const noexcept { return bytes_.get() + begin_; }
  std::size_t size() const noexcept { return end_ - begin_; }
  bool empty() const noexcept { return begin_ == end_; }
  std::string_view view() const noexcept { return {data(), size()}; }
  std::size_t capacity() const noexcept { return capacity_; }

  // Free space of at least `room` bytes behind what was received, by moving that to the front or into more
  // memory. Views and offsets from an earlier data() are then invalid.
  std::span<char> prepare(std::size_t room);
  // The free space that there is without moving anything; may be empty.
  std::span<char> tail() noexcept { return {bytes_.get() + end_, capacity_ - end_}; }
  // `size` bytes were written to the front of the free space.
  void commit(std::size_t size) noexcept { end_ += size; }

  // The first `size` bytes are done with. Their memory stays as it is until the next prepare().
  void consume(std::size_t size) noexcept {
    begin_ += size;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Removes bytes [from, to), offsets from data(), by moving what is behind them.
  void erase(std::size_t from, std::size_t to) noexcept;

  // Forgets everything, and gives memory beyond `capacity` back.
  void reset(std::size_t capacity);

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_;  // without the padding
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace zerver::http
