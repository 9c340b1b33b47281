#include "framing.h"

#include <utility>

namespace zerver::effects::net {
namespace {

std::size_t length_size_of(Framing framing) noexcept {
  return framing == Framing::kLength16 ? 2 : framing == Framing::kLength32 ? 4 : 0;
}

}  // namespace

std::string_view fault_of_message(Framing framing, std::string_view message) noexcept {
  // It would be two messages to the other side.
  if (framing == Framing::kLine && message.find('\n') != std::string_view::npos)
    return "a line has no line feed in it";
  const std::size_t size = length_size_of(framing);
  if (size != 0 && std::uint64_t{message.size()} >> (8 * size) != 0)
    return "the message is too long for its length";
  return {};
}

Frame::Frame(Framing framing, std::string_view message) noexcept
    : message_(message), length_size_(length_size_of(framing)) {
  if (framing == Framing::kLine) end_ = "\n";
  for (std::size_t i = 0; i < length_size_; ++i)
    length_[i] = static_cast<char>(message.size() >> (8 * (length_size_ - 1 - i)) & 0xff);
}

FrameReader::Progress FrameReader::refuse(std::string_view why) noexcept {
  why_ = why;
  return Progress::kRefused;
}

FrameReader::Progress FrameReader::finish(std::size_t begin, std::size_t size, std::size_t whole) {
  extra_ = bytes_.size() > whole;
  bytes_.resize(begin + size);
  bytes_.erase(0, begin);
  return Progress::kComplete;
}

FrameReader::Progress FrameReader::add(std::string_view bytes) {
  const std::size_t seen = bytes_.size();
  bytes_.append(bytes);
  if (framing_ == Framing::kLine) {
    const std::size_t end = bytes_.find('\n', seen);
    if (end != std::string::npos && end <= most_ + 1) {
      const bool has_return = end > 0 && bytes_[end - 1] == '\r';
      const std::size_t size = end - (has_return ? 1 : 0);
      if (size <= most_) return finish(0, size, end + 1);
    }
    if (bytes_.size() > most_ + 1) return refuse("the answer is too large");
    return Progress::kMore;
  }
  if (framing_ == Framing::kUntilClose)
    return bytes_.size() > most_ ? refuse("the answer is too large") : Progress::kMore;
  const std::size_t length_size = length_size_of(framing_);
  if (bytes_.size() < length_size) return Progress::kMore;
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_size; ++i)
    length = length << 8 | static_cast<unsigned char>(bytes_[i]);
  if (length > most_) return refuse("the answer is too large");
  return bytes_.size() < length_size + length ? Progress::kMore
                                              : finish(length_size, length, length_size + length);
}

FrameReader::Progress FrameReader::end() {
  return framing_ == Framing::kUntilClose ? Progress::kComplete
                                          : refuse("the other side has closed the connection");
}

std::string FrameReader::take() noexcept { return std::move(bytes_); }

}  // namespace zerver::effects::net
