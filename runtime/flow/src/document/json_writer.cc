#include "data/ascii.h"
#include "data/base64.h"
#include "data/real.h"
#include <zerver/flow/data/json_writer.h>
#include <zerver/flow/data/utf8.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

namespace zerver::flow {

namespace {

constexpr std::size_t kMaxNumber = 32;

// What stands behind the backslash; `u` for `\u00XX`, 0 for characters that stand for themselves.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> escapes{};
  for (std::size_t control = 0; control < 0x20; ++control)
    escapes[control] = 'u';
  escapes['\b'] = 'b';
  escapes['\t'] = 't';
  escapes['\n'] = 'n';
  escapes['\f'] = 'f';
  escapes['\r'] = 'r';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  return escapes;
}();

void append_escaped(OutputBuffer& out, unsigned char c) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  out.append('\\');
  out.append(kEscapes[c]);
  if (kEscapes[c] == 'u') {
    out.append("00");
    out.append(kHexDigits[c >> 4U]);
    out.append(kHexDigits[c & 0x0FU]);
  }
}

}  // namespace

void JsonWriter::key(std::string_view plain) {
  if (is_packed_) [[unlikely]] {
    count();
    return pack_escaped(plain);
  }
  char* at = out_->reserve(plain.size() + 4);
  const char* const begin = at;
  if (comma_) *at++ = ',';
  *at++ = '"';
  std::memcpy(at, plain.data(), plain.size());
  at += plain.size();
  *at++ = '"';
  *at++ = ':';
  out_->commit(static_cast<std::size_t>(at - begin));
  comma_ = false;
}

void JsonWriter::escaped_key(std::string_view name) {
  if (is_packed_) [[unlikely]] {
    count();
    return string(name);
  }
  if (comma_) out_->append(',');
  string(name);
  out_->append(':');
  comma_ = false;
}

void JsonWriter::integer(std::int64_t number) {
  if (is_packed_) [[unlikely]]
    return pack_integer(number);
  char* const at = out_->reserve(kMaxNumber);
  out_->commit(static_cast<std::size_t>(std::to_chars(at, at + kMaxNumber, number).ptr - at));
  comma_ = true;
}

void JsonWriter::integer(std::uint64_t number) {
  if (is_packed_) [[unlikely]]
    return pack_integer(number);
  char* const at = out_->reserve(kMaxNumber);
  out_->commit(static_cast<std::size_t>(std::to_chars(at, at + kMaxNumber, number).ptr - at));
  comma_ = true;
}

void JsonWriter::real(double number) {
  if (!std::isfinite(number)) return null();
  if (is_packed_) [[unlikely]]
    return pack_real(number);
  char* const at = out_->reserve(kMaxNumber);
  // JSON's -0 is an integer to many who read it.
  const bool is_negative_zero = number == 0 && std::signbit(number);
  const std::size_t size = is_negative_zero ? std::string_view("-0.0").copy(at, kMaxNumber)
                                            : static_cast<std::size_t>(write_real(at, number) - at);
  out_->commit(size);
  comma_ = true;
}

void JsonWriter::string(std::string_view text) {
  if (is_packed_) [[unlikely]]
    return pack_string(text);
  const unsigned char beyond_plain =
      is_ascii(text) || is_utf8(text) ? 0xFF : 0x80;  // no UTF-8 has the byte 0xFF
  out_->append('"');
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && kEscapes[static_cast<unsigned char>(text[plain])] == 0 &&
           static_cast<unsigned char>(text[plain]) < beyond_plain) {
      ++plain;
    }
    out_->append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    std::size_t size = 1;
    if (const auto next = static_cast<unsigned char>(text.front()); kEscapes[next] != 0) {
      append_escaped(*out_, next);
    } else if (size = code_point_size(text); size != 0) {
      out_->append(text.substr(0, size));
    } else {
      out_->append(kReplacementCharacter);
      size = 1;
    }
    text.remove_prefix(size);
  }
  out_->append('"');
  comma_ = true;
}

void JsonWriter::quoted(std::string_view plain) {
  if (is_packed_) [[unlikely]]
    return pack_text(plain);
  char* const at = out_->reserve(plain.size() + 2);
  at[0] = '"';
  std::memcpy(at + 1, plain.data(), plain.size());
  at[plain.size() + 1] = '"';
  out_->commit(plain.size() + 2);
  comma_ = true;
}

void JsonWriter::timestamp(Timestamp time) {
  if (is_packed_) [[unlikely]]
    return pack_timestamp(time);
  std::array<char, Timestamp::kMaxText> text;
  quoted({text.data(), time.write(text.data())});
}

void JsonWriter::base64(std::string_view bytes) {
  if (is_packed_) [[unlikely]]
    return pack_binary(bytes);
  const std::size_t size = base64_size(bytes.size());
  char* const at = out_->reserve(size + 2);
  at[0] = '"';
  write_base64(bytes, at + 1);
  at[size + 1] = '"';
  out_->commit(size + 2);
  comma_ = true;
}

}  // namespace zerver::flow
