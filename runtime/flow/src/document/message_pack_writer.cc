// MessagePack out of what JSON says: each value in the form that takes the fewest bytes.
#include "data/ascii.h"
#include "document/message_pack.h"
#include <zerver/flow/data/json_writer.h>
#include <zerver/flow/data/utf8.h>

#include <bit>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>

namespace zerver::flow {

using namespace message_pack;

char* message_pack::store_head(char* at, std::size_t size, Byte small, std::size_t limit, Byte first,
                               bool has_8) {
  if (size > std::numeric_limits<std::uint32_t>::max())
    throw std::length_error("a value is too large for MessagePack");
  if (size < limit) {
    *at++ = static_cast<char>(small | static_cast<unsigned>(size));
    return at;
  }
  if (has_8 && size <= 0xFF) {
    *at++ = static_cast<char>(first);
    return store(at, static_cast<std::uint8_t>(size));
  }
  const int step = has_8 ? 1 : 0;
  if (size <= 0xFFFF) {
    *at++ = static_cast<char>(first + step);
    return store(at, static_cast<std::uint16_t>(size));
  }
  *at++ = static_cast<char>(first + step + 1);
  return store(at, static_cast<std::uint32_t>(size));
}

namespace {

// A byte and the number behind it.
template <std::unsigned_integral T> void put(OutputBuffer& out, Byte first, T number) {
  char* const at = out.reserve(1 + sizeof(T));
  at[0] = static_cast<char>(first);
  store(at + 1, number);
  out.commit(1 + sizeof(T));
}

char* write_container_head(char* at, std::size_t size, bool is_array) {
  return is_array ? store_head(at, size, kFixArray, 16, kArray16, false)
                  : store_head(at, size, kFixMap, 16, kMap16, false);
}

void put_container(OutputBuffer& out, std::size_t size, bool is_array) {
  char* const at = out.reserve(kMaxHead);
  out.commit(static_cast<std::size_t>(write_container_head(at, size, is_array) - at));
}

// With U+FFFD for each byte that is no UTF-8.
std::string repaired(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t size = code_point_size(text);
    result += size != 0 ? text.substr(0, size) : kReplacementCharacter;
    text.remove_prefix(size != 0 ? size : 1);
  }
  return result;
}

}  // namespace

void JsonWriter::pack_map(std::size_t fields) {
  put_container(*out_, fields, false);
  ++level_;
}

void JsonWriter::pack_array(std::size_t elements) {
  put_container(*out_, elements, true);
  ++level_;
}

void JsonWriter::pack_open(bool is_array) {
  const Open around = open_;
  open_ = {.begin = out_->size(), .count = 0, .level = ++level_, .is_array = is_array};
  std::memcpy(out_->reserve(sizeof(Open)), &around, sizeof(Open));
  out_->commit(sizeof(Open));
}

void JsonWriter::pack_close() {
  if (level_-- != open_.level) return;
  const Open closed = open_;
  char* const begin = out_->data() + closed.begin;
  std::memcpy(&open_, begin, sizeof(Open));
  static_assert(kMaxHead <= sizeof(Open));
  char* const content = write_container_head(begin, closed.count, closed.is_array);
  const std::size_t size = out_->size() - closed.begin - sizeof(Open);
  std::memmove(content, begin + sizeof(Open), size);
  out_->truncate(static_cast<std::size_t>(content - out_->data()) + size);
}

void JsonWriter::pack_integer(std::uint64_t number) {
  if (number < kFixMap) {
    out_->append(static_cast<char>(number));
  } else if (number <= 0xFF) {
    put(*out_, kUnsigned8, static_cast<std::uint8_t>(number));
  } else if (number <= 0xFFFF) {
    put(*out_, kUnsigned16, static_cast<std::uint16_t>(number));
  } else if (number <= 0xFFFF'FFFF) {
    put(*out_, kUnsigned32, static_cast<std::uint32_t>(number));
  } else {
    put(*out_, kUnsigned64, number);
  }
}

void JsonWriter::pack_integer(std::int64_t number) {
  if (number >= 0) return pack_integer(static_cast<std::uint64_t>(number));
  if (number >= -32) {
    out_->append(static_cast<char>(number));
  } else if (number >= std::numeric_limits<std::int8_t>::min()) {
    put(*out_, kSigned8, static_cast<std::uint8_t>(number));
  } else if (number >= std::numeric_limits<std::int16_t>::min()) {
    put(*out_, kSigned16, static_cast<std::uint16_t>(number));
  } else if (number >= std::numeric_limits<std::int32_t>::min()) {
    put(*out_, kSigned32, static_cast<std::uint32_t>(number));
  } else {
    put(*out_, kSigned64, static_cast<std::uint64_t>(number));
  }
}

void JsonWriter::pack_real(double number) { put(*out_, kReal64, std::bit_cast<std::uint64_t>(number)); }

void JsonWriter::pack_string(std::string_view text) {
  if (is_ascii(text) || is_utf8(text)) [[likely]]
    return pack_text(text);
  pack_text(repaired(text));
}

void JsonWriter::pack_text(std::string_view utf8) {
  char* const begin = out_->reserve(kMaxHead + utf8.size());
  char* const at = store_text_head(begin, utf8.size());
  if (!utf8.empty()) std::memcpy(at, utf8.data(), utf8.size());
  out_->commit(static_cast<std::size_t>(at - begin) + utf8.size());
}

void JsonWriter::pack_binary(std::string_view bytes) {
  char* const begin = out_->reserve(kMaxHead + bytes.size());
  char* const at = store_head(begin, bytes.size(), kNil, 0, kBinary8, true);
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  out_->commit(static_cast<std::size_t>(at - begin) + bytes.size());
}

void JsonWriter::pack_timestamp(Timestamp time) {
  std::int64_t seconds = time.microseconds / 1'000'000;
  std::int64_t microseconds = time.microseconds % 1'000'000;
  if (microseconds < 0) {
    --seconds;
    microseconds += 1'000'000;
  }
  const auto whole = static_cast<std::uint64_t>(seconds);
  const auto nanoseconds = static_cast<std::uint32_t>(microseconds * 1'000);
  char* const at = out_->reserve(15);
  char* end = at;
  if (nanoseconds == 0 && whole >> 32U == 0) {
    *end++ = static_cast<char>(kFixExtension1 + 2);
    *end++ = static_cast<char>(kTimestamp);
    end = store(end, static_cast<std::uint32_t>(whole));
  } else if (whole >> 34U == 0) {
    *end++ = static_cast<char>(kFixExtension1 + 3);
    *end++ = static_cast<char>(kTimestamp);
    end = store(end, std::uint64_t{nanoseconds} << 34U | whole);
  } else {
    *end++ = static_cast<char>(kExtension8);
    *end++ = 12;
    *end++ = static_cast<char>(kTimestamp);
    end = store(store(end, nanoseconds), whole);
  }
  out_->commit(static_cast<std::size_t>(end - at));
}

}  // namespace zerver::flow
