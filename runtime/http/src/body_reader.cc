#include "chunk_line.h"
#include "field_line.h"
#include <zerver/http/body_reader.h>

#include <algorithm>
#include <cstring>

namespace zerver::http {

BodyReader::Event BodyReader::read(ReadBuffer& buffer, const Limits& limits) {
  Event event = Event::kMore;
  do {
    goes_on_ = false;
    event = advance(buffer, limits);
  } while (goes_on_);
  // What framing took up between the decoded body and the bytes to come is given back, so that a body in many
  // small chunks needs no more memory than in one.
  const bool is_in_chunks = state_ >= State::kChunkSize && state_ <= State::kChunkEnd;
  if (event == Event::kMore && is_in_chunks) {
    buffer.erase(end_, position_);
    position_ = end_;
  }
  return event;
}

BodyReader::Event BodyReader::advance(ReadBuffer& buffer, const Limits& limits) {
  switch (state_) {
    case State::kFixed: {
      const std::size_t size = std::min(left_, buffer.size() - position_);
      end_ = position_ += size;
      left_ -= size;
      if (left_ != 0) return Event::kMore;
      state_ = State::kComplete;
      return Event::kComplete;
    }
    case State::kChunkSize:
      return read_chunk_size(buffer.view(), limits);
    case State::kChunkData:
      return read_chunk_data(buffer);
    case State::kChunkEnd:
      return read_chunk_end(buffer.view());
    case State::kTrailers:
      return read_trailers(buffer.view(), limits);
    case State::kUntilClose:
      if (buffer.size() - begin_ > limits.body) return refuse(Fault::kBodyTooLarge, "the body is too large");
      end_ = position_ = buffer.size();
      return Event::kMore;
    case State::kComplete:
      return Event::kComplete;
    case State::kRefused:
      break;
  }
  return Event::kRefused;
}

bool BodyReader::end() noexcept {
  if (state_ == State::kUntilClose) state_ = State::kComplete;
  return state_ == State::kComplete;
}

void BodyReader::drop(ReadBuffer& buffer) noexcept {
  const std::size_t size = end_;
  buffer.consume(size);
  position_ -= size;
  section_begin_ -= std::min(section_begin_, size);
  begin_ = end_ = 0;
}

BodyReader::Event BodyReader::refuse(Fault fault, std::string_view why) noexcept {
  state_ = State::kRefused;
  fault_ = fault;
  why_ = why;
  return Event::kRefused;
}

BodyReader::Event BodyReader::read_chunk_size(std::string_view input, const Limits& limits) {
  const ChunkLine line = parse_chunk_line(input, position_, kMaxExtensionBytes - extension_bytes_);
  // Before its line is complete: a size that is too large will not do, whatever follows.
  if (line.has_size && line.size > limits.body - (end_ - begin_))
    return refuse(Fault::kBodyTooLarge, "the body is too large");
  if (line.state == ChunkLine::State::kPartial) return Event::kMore;
  if (line.state == ChunkLine::State::kMalformed) return refuse(Fault::kMalformed, line.why);
  extension_bytes_ += line.extension_bytes;
  position_ = line.next;
  left_ = line.size;
  section_begin_ = position_;
  state_ = line.size == 0 ? State::kTrailers : State::kChunkData;
  goes_on_ = true;
  return Event::kMore;
}

BodyReader::Event BodyReader::read_chunk_data(ReadBuffer& buffer) {
  const std::size_t size = std::min(left_, buffer.size() - position_);
  if (size == 0) return Event::kMore;
  std::memmove(buffer.data() + end_, buffer.data() + position_, size);
  end_ += size;
  position_ += size;
  left_ -= size;
  if (left_ == 0) state_ = State::kChunkEnd;
  goes_on_ = true;
  return Event::kMore;
}

BodyReader::Event BodyReader::read_chunk_end(std::string_view input) {
  const std::string_view end = input.substr(position_, 2);
  if (end != std::string_view("\r\n").substr(0, end.size()))
    return refuse(Fault::kMalformed, "a chunk is longer than its size");
  if (end.size() < 2) return Event::kMore;
  position_ += 2;
  state_ = State::kChunkSize;
  goes_on_ = true;
  return Event::kMore;
}

BodyReader::Event BodyReader::read_trailers(std::string_view input, const Limits& limits) {
  const std::string_view section = input.substr(0, std::min(input.size(), section_begin_ + limits.trailers));
  FieldLineParts parts;
  switch (parse_field_line(section, position_, parts)) {
    case FieldLine::kField:
      position_ = parts.next;
      name_ = parts.name;
      value_ = parts.value;
      return Event::kTrailer;
    case FieldLine::kEnd:
      position_ = parts.next;
      state_ = State::kComplete;
      return Event::kComplete;
    case FieldLine::kPartial:
      return section.size() < input.size()
                 ? refuse(Fault::kTrailersTooLarge, "the trailer section is too large")
                 : Event::kMore;
    case FieldLine::kMalformed:
      break;
  }
  return refuse(Fault::kMalformed, "a trailer field is malformed");
}

}  // namespace zerver::http
