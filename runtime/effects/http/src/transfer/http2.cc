// What a session of HTTP/2 tells a request about its answer.
#include "client.h"
#include "http2_session.h"
#include "transfer/transfer.h"

#include <algorithm>
#include <charconv>

namespace zerver::effects::http_client {

void Transfer::begin_http2(Http2Session& its_session) {
  state = State::kHttp2;
  session = &its_session;
  client_.prepare(*this);
  in_.reset(kKeptBuffer);
  head_.clear();
  for (OutputBuffer& buffer : arrived_)
    buffer.clear_and_shrink(kKeptBuffer);
  taken_ = 0;
  field_places_.clear();
  body_left() = request.body();
  status_ = 0;
  fields_ended_ = false;
  is_too_large_ = false;
  has_ended_ = false;
}

bool Transfer::add_field(std::string_view name, std::string_view value) {
  // A trailer, which nobody asked for.
  if (fields_ended_ && receiver == nullptr && streams == nullptr) return true;
  if (name == ":status") {
    std::from_chars(value.data(), value.data() + value.size(), status_);
    field_places_.clear();  // those of an interim response
    head_.clear();
    return true;
  }
  is_too_large_ = field_places_.size() == limits_.header_count ||
                  head_.size() + name.size() + value.size() > limits_.header_bytes;
  if (is_too_large_) return false;
  const std::size_t begin = head_.size();
  head_.append(name);
  head_.append(value);
  field_places_.push_back({begin, begin + name.size(), head_.size()});
  return true;
}

bool Transfer::add_data(std::string_view data) {
  if (hands_out()) {
    // No more than the window of the stream.
    arrived_[arriving_].append(data);
    return true;
  }
  is_too_large_ = in_.size() + data.size() > limits_.body;
  if (is_too_large_) return false;
  std::copy_n(data.data(), data.size(), in_.prepare(data.size()).data());
  in_.commit(data.size());
  return true;
}

void Transfer::make_fields() {
  received_fields_.clear();
  const std::string_view text = head_.view();
  for (const Field& field : field_places_)
    received_fields_.push_back({text.substr(field.name, field.value - field.name),
                                text.substr(field.value, field.end - field.value)});
}

void Transfer::end_http2(std::uint32_t error) noexcept {
  constexpr std::uint32_t kNoError = 0;
  constexpr std::uint32_t kRefusedStream = 7;  // it has not been looked at
  if (is_too_large_)
    return lose_http2({FaultKind::kUnavailable, "its answer is too large", {}}, Arrived::kMaybe);
  if (error == kRefusedStream) {
    session = nullptr;
    return client_.failed(*this, {FaultKind::kUnavailable, "it takes no more requests", {}}, Arrived::kNever);
  }
  if (error != kNoError || !fields_ended_)
    return lose_http2({FaultKind::kUnavailable, "it gave the request up", {}}, Arrived::kMaybe);
  session = nullptr;
  upload.finish();
  make_fields();
  if (hands_out()) {
    has_ended_ = true;
    state = State::kDrained;
    return tell_http2();
  }
  client_.responded(*this, status_, std::span(received_fields_).first(headers_), in_.view());
}

}  // namespace zerver::effects::http_client
