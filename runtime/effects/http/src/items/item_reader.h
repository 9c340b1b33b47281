// The elements of a body that comes in parts: lines of JSON (jsonlines.org), or the data of events
// (server-sent events of HTML, 9.2).
#pragma once

#include <zerver/http/read_buffer.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerver::effects::http_client {

// Is given bytes, and gives texts.
class ItemReader {
 public:
  enum class Framing : std::uint8_t { kLines, kEvents };
  enum class Taken : std::uint8_t { kItem, kMore, kTooLarge };

  // So many bytes behind a text may be read.
  static constexpr std::size_t kReadable = http::ReadBuffer::kPadding;

  ItemReader() : bytes_(kCapacity) {}

  // `most`: bytes of an element, as it is sent.
  void begin(Framing framing, std::size_t most);
  // Texts that were taken are gone. Throws std::bad_alloc.
  void append(std::string_view part);
  // kMore: the next one is not complete. Behind kTooLarge nothing is to be taken.
  Taken take(std::string_view& text) noexcept;
  // There are no further bytes, and take() has said kMore. The last line counts without its end.
  Taken take_last(std::string_view& text) noexcept;
  // An event has begun, and is not complete.
  bool is_cut_off() const noexcept;

 private:
  static constexpr std::size_t kCapacity = std::size_t{32} << 10;

  Taken take_line(std::string_view& text) noexcept;
  Taken take_event(std::string_view& text) noexcept;
  void consume(std::size_t size) noexcept;
  void take_field(std::string_view line) noexcept;

  http::ReadBuffer bytes_;
  std::size_t most_ = 0;
  std::size_t line_ = 0;      // where the line begins that is not complete
  std::size_t scanned_ = 0;   // it does not end before
  std::size_t data_end_ = 0;  // of what the event has of its data, with which the bytes begin
  Framing framing_ = Framing::kLines;
  bool has_data_ = false;
  bool is_behind_return_ = false;  // a line feed that comes now belongs to the line before
  bool is_first_line_ = true;
};

}  // namespace zerver::effects::http_client
