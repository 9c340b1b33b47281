// Bytes of a WebSocket as messages (RFC 6455, 5).
#include <zerver/http/websocket.h>

#include <algorithm>

namespace zerver::http::websocket {
namespace {

// Section 7.4.2: those of the protocol that may be sent, and those of applications.
bool may_be_sent(unsigned code) noexcept {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

}  // namespace

bool Reader::Utf8::take(unsigned char byte) noexcept {
  if (left > 0) {
    if (byte < low || byte > high) return false;
    --left;
    low = 0x80;
    high = 0xbf;
    return true;
  }
  if (byte < 0x80) return true;
  if (byte < 0xc2 || byte > 0xf4) return false;
  left = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
  // Neither longer than it needs to be, nor a surrogate, nor beyond U+10FFFF.
  if (byte == 0xe0) low = 0xa0;
  if (byte == 0xed) high = 0x9f;
  if (byte == 0xf0) low = 0x90;
  if (byte == 0xf4) high = 0x8f;
  return true;
}

bool Reader::is_utf8(std::string_view bytes) noexcept {
  Utf8 utf8;
  return std::ranges::all_of(bytes, [&](char byte) { return utf8.take(static_cast<unsigned char>(byte)); }) &&
         utf8.at_end();
}

Event Reader::fail(CloseCode code, std::string_view why) noexcept {
  is_over_ = true;
  why_ = why;
  return {Event::Kind::kFailed, code, {}};
}

Event Reader::read(std::string_view& input) {
  if (is_complete_) {
    is_complete_ = false;
    message_.clear();
  }
  while (!is_over_) {
    if (!in_payload_) {
      if (!take_header(input)) {
        // What is wrong with the beginning of a header is said at once.
        if (header_size_ < 2) return {};
        if (const std::string_view why = fault_of_header(); !why.empty())
          return fail(CloseCode::kProtocolError, why);
        return {};
      }
      if (const std::string_view why = fault_of_header(); !why.empty())
        return fail(CloseCode::kProtocolError, why);
      begin_payload();
      if (!is_control(opcode_) && payload_left_ > limits_.message - message_.size())
        return fail(CloseCode::kTooLarge, "a message is too large");
    }
    if (!take_payload(input)) return fail(CloseCode::kInvalidText, "a text is not UTF-8");
    if (payload_left_ > 0) return {};
    in_payload_ = false;
    header_size_ = 0;
    header_needed_ = 2;
    if (const Event event = finish_frame(); event.kind != Event::Kind::kMore) return event;
  }
  input = {};
  return {};
}

// --- Headers ---

bool Reader::take_header(std::string_view& input) {
  while (header_size_ < header_needed_) {
    if (input.empty()) return false;
    header_[header_size_++] = static_cast<unsigned char>(input.front());
    input.remove_prefix(1);
    if (header_size_ != 2) continue;
    const unsigned length = header_[1] & 0x7fU;
    header_needed_ = 2 +
                     (length == 126   ? 2U
                      : length == 127 ? 8U
                                      : 0U) +
                     ((header_[1] & 0x80U) != 0 ? 4U : 0U);
  }
  return true;
}

std::string_view Reader::fault_of_header() const noexcept {
  const unsigned opcode = header_[0] & 0x0fU;
  const bool is_last = (header_[0] & 0x80U) != 0;
  const bool is_masked = (header_[1] & 0x80U) != 0;
  const unsigned length = header_[1] & 0x7fU;
  if ((header_[0] & 0x70U) != 0) return "a reserved bit is set";
  if (opcode > 10 || (opcode > 2 && opcode < 8)) return "an unknown kind of frame";
  if (is_masked != (role_ == Role::kServer))
    return role_ == Role::kServer ? "a frame of a client is not masked" : "a frame of a server is masked";
  if (opcode >= 8 && !is_last) return "a control frame is a fragment";
  if (opcode >= 8 && length > kMostControl) return "a control frame is too large";
  if (opcode == 0 && !in_message_) return "a fragment without a beginning";
  if ((opcode == 1 || opcode == 2) && in_message_) return "a message within another one";
  if (header_size_ < header_needed_) return {};
  const std::uint64_t size = payload_size();
  if ((length == 126 && size < 126) || (length == 127 && size <= 0xffff))
    return "a length is longer than it needs to be";
  if (size >> 63 != 0) return "a length is negative";
  return {};
}

std::uint64_t Reader::payload_size() const noexcept {
  const unsigned length = header_[1] & 0x7fU;
  if (length < 126) return length;
  std::uint64_t size = 0;
  for (std::size_t i = 2; i < (length == 126 ? 4U : 10U); ++i)
    size = size << 8 | header_[i];
  return size;
}

void Reader::begin_payload() {
  in_payload_ = true;
  opcode_ = static_cast<Opcode>(header_[0] & 0x0fU);
  is_last_ = (header_[0] & 0x80U) != 0;
  payload_left_ = payload_size();
  masked_ = 0;
  mask_ = {};
  if (role_ == Role::kServer) std::copy_n(header_.begin() + header_needed_ - 4, 4, mask_.begin());
  if (is_control(opcode_)) {
    control_.clear();
  } else if (opcode_ != Opcode::kContinuation) {
    in_message_ = true;
    is_text_ = opcode_ == Opcode::kText;
    utf8_ = {};
  }
}

// --- Payloads ---

// False when a text is none.
bool Reader::take_payload(std::string_view& input) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, input.size()));
  std::string& to = is_control(opcode_) ? control_ : message_;
  const std::size_t begin = to.size();
  to.append(input.substr(0, size));
  input.remove_prefix(size);
  payload_left_ -= size;
  if (role_ == Role::kServer) {
    for (std::size_t i = begin; i < to.size(); ++i)
      to[i] = static_cast<char>(static_cast<unsigned char>(to[i]) ^ mask_[masked_++ % 4]);
  }
  if (is_control(opcode_) || !is_text_) return true;
  for (std::size_t i = begin; i < to.size(); ++i) {
    if (!utf8_.take(static_cast<unsigned char>(to[i]))) return false;
  }
  return true;
}

Event Reader::finish_frame() {
  switch (opcode_) {
    case Opcode::kPing:
      return {Event::Kind::kPing, CloseCode::kNone, control_};
    case Opcode::kPong:
      return {Event::Kind::kPong, CloseCode::kNone, control_};
    case Opcode::kClose:
      return finish_close();
    default:
      break;
  }
  if (!is_last_) return {};
  in_message_ = false;
  if (is_text_ && !utf8_.at_end()) return fail(CloseCode::kInvalidText, "a text is not UTF-8");
  is_complete_ = true;
  return {is_text_ ? Event::Kind::kText : Event::Kind::kBinary, CloseCode::kNone, message_};
}

// Section 5.5.1.
Event Reader::finish_close() {
  if (control_.empty()) {
    is_over_ = true;
    return {Event::Kind::kClose, CloseCode::kNone, {}};
  }
  if (control_.size() == 1) return fail(CloseCode::kProtocolError, "half a code of a close");
  const auto byte = [&](std::size_t at) {
    return static_cast<unsigned>(static_cast<unsigned char>(control_[at]));
  };
  const unsigned code = byte(0) << 8 | byte(1);
  if (!may_be_sent(code)) return fail(CloseCode::kProtocolError, "a code of a close that nobody sends");
  const std::string_view reason = std::string_view(control_).substr(2);
  if (!is_utf8(reason)) return fail(CloseCode::kInvalidText, "the reason of a close is not UTF-8");
  is_over_ = true;
  return {Event::Kind::kClose, static_cast<CloseCode>(code), reason};
}

}  // namespace zerver::http::websocket
