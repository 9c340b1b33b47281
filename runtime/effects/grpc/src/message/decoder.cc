#include "message/decoder.h"

namespace zerver::effects::grpc_client {

bool MessageDecoder::is_gzip(std::span<const Header> headers) noexcept {
  const Header* const coding = find_header(headers, "grpc-encoding");
  return coding != nullptr && coding->value == "gzip";
}

std::string_view MessageDecoder::decode(std::span<const Frame> frames, bool is_gzip, std::size_t most) {
  messages_.clear();
  places_.clear();
  decoded_.clear_and_shrink(kKeptBuffer);
  std::size_t size = 0;
  for (const Frame& frame : frames) {
    if (!frame.is_compressed) {
      size += frame.message.size();
    } else if (!is_gzip) {
      return "its answer is in a coding that was not asked for";
    } else {
      const std::size_t begin = decoded_.size();
      if (size > most || !gzip_.decode(frame.message, most - size, decoded_))
        return "its answer is malformed or too large when it is decoded";
      size += decoded_.size() - begin;
      places_.push_back({messages_.size(), begin, decoded_.size()});
    }
    messages_.push_back(frame.message);
  }
  // The buffer moves no more.
  for (const Place& place : places_)
    messages_[place.message] = decoded_.view().substr(place.begin, place.end - place.begin);
  return {};
}

}  // namespace zerver::effects::grpc_client
