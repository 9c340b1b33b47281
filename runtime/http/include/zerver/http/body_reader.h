// Bodies of messages of HTTP/1.1 where they are in a buffer: of a given length, chunked, or up to the end of
// the connection (RFC 9112, 6 and 7). No input or output of its own.
#pragma once

#include <zerver/http/read_buffer.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerver::http {

// Decodes a body in place: view() is what there is of it. Offsets are from data() of the buffer, which keeps
// the whole message unless drop() is called in between. The outcome depends on the bytes alone, not on how
// they were cut.
class BodyReader {
 public:
  enum class Event : std::uint8_t {
    kMore,      // it goes on in bytes that are not there yet
    kTrailer,   // a trailer field, see name() and value(); read() goes on behind it
    kComplete,  // position() is behind the message
    kRefused,   // fault() says why
  };
  enum class Fault : std::uint8_t { kMalformed, kBodyTooLarge, kTrailersTooLarge };
  struct Limits {
    std::size_t body = 0;      // bytes, decoded
    std::size_t trailers = 0;  // bytes of their section
  };

  // The body begins there. Without one it is complete.
  void begin_none(std::size_t at) noexcept { begin(State::kComplete, at); }
  void begin_fixed(std::size_t at, std::size_t length) noexcept {
    begin(State::kFixed, at);
    left_ = length;
  }
  void begin_chunked(std::size_t at) noexcept {
    begin(State::kChunkSize, at);
    extension_bytes_ = 0;
  }
  void begin_until_close(std::size_t at) noexcept { begin(State::kUntilClose, at); }

  // The limits are the same for the whole of a body.
  Event read(ReadBuffer& buffer, const Limits& limits);
  // The connection has been closed: true when that is where the body ends.
  bool end() noexcept;

  // What has been decoded and not been dropped.
  std::string_view view(const ReadBuffer& buffer) const noexcept {
    return {buffer.data() + begin_, end_ - begin_};
  }
  // Takes that, and whatever is in front of it, out of the buffer.
  void drop(ReadBuffer& buffer) noexcept;

  // The first byte that is not parsed yet.
  std::size_t position() const noexcept { return position_; }
  // How large the buffer has to be for what is known to come.
  std::size_t expected_size() const noexcept {
    return state_ == State::kFixed ? position_ + left_ : position_;
  }

  std::string_view name() const noexcept { return name_; }
  std::string_view value() const noexcept { return value_; }
  Fault fault() const noexcept { return fault_; }
  std::string_view why() const noexcept { return why_; }  // static

 private:
  enum class State : std::uint8_t {
    kFixed,
    kChunkSize,
    kChunkData,
    kChunkEnd,
    kTrailers,
    kUntilClose,
    kComplete,
    kRefused,
  };

  void begin(State state, std::size_t at) noexcept {
    state_ = state;
    begin_ = end_ = position_ = at;
  }
  Event advance(ReadBuffer& buffer, const Limits& limits);
  Event refuse(Fault fault, std::string_view why) noexcept;
  Event read_chunk_size(std::string_view input, const Limits& limits);
  Event read_chunk_data(ReadBuffer& buffer);
  Event read_chunk_end(std::string_view input);
  Event read_trailers(std::string_view input, const Limits& limits);

  State state_ = State::kComplete;
  Fault fault_ = Fault::kMalformed;
  bool goes_on_ = false;  // the state has changed: there may be more to do
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t position_ = 0;
  std::size_t left_ = 0;  // of a given length, or of the chunk
  std::size_t section_begin_ = 0;
  std::size_t extension_bytes_ = 0;
  std::string_view name_, value_;
  std::string_view why_;
};

}  // namespace zerver::http
