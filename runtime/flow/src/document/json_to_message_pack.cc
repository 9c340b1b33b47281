// JSON that is there already, as MessagePack: values of the type `json`, constants of generated code.
#include "document/message_pack.h"
#include <zerver/flow/data/json_writer.h>

#include <charconv>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace zerver::flow {

namespace {

constexpr const char* kNoJson = "a value of the type `json` is no JSON";

bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Four digits; moves behind them.
std::uint32_t read_hex(const char*& at, const char* end) {
  std::uint32_t value = 0;
  if (end - at < 4 || std::from_chars(at, at + 4, value, 16).ptr != at + 4)
    throw std::invalid_argument(kNoJson);
  at += 4;
  return value;
}

char* write_utf8(char* out, std::uint32_t point) noexcept {
  const auto tail = [&](unsigned shift) { return static_cast<char>(0x80U | ((point >> shift) & 0x3FU)); };
  if (point < 0x80) {
    *out++ = static_cast<char>(point);
    return out;
  }
  if (point < 0x800) {
    *out++ = static_cast<char>(0xC0U | point >> 6U);
  } else if (point < 0x10000) {
    *out++ = static_cast<char>(0xE0U | point >> 12U);
    *out++ = tail(6);
  } else {
    *out++ = static_cast<char>(0xF0U | point >> 18U);
    *out++ = tail(12);
    *out++ = tail(6);
  }
  *out++ = tail(0);
  return out;
}

// What `\\` stands before; moves behind it. `end` is that of the string.
char* write_escaped(char* out, const char*& at, const char* end) {
  if (at == end) throw std::invalid_argument(kNoJson);
  const char c = *at++;
  constexpr std::string_view kNames = "bfnrt";
  constexpr std::string_view kMeanings = "\b\f\n\r\t";
  if (const std::size_t known = kNames.find(c); known != std::string_view::npos) {
    *out++ = kMeanings[known];
    return out;
  }
  if (c != 'u') {
    *out++ = c;
    return out;
  }
  std::uint32_t point = read_hex(at, end);
  if (point >= 0xD800 && point < 0xDC00) {
    at += 2;  // `\u`, of the second half
    if (at > end) throw std::invalid_argument(kNoJson);
    point = 0x10000 + ((point - 0xD800) << 10U) + ((read_hex(at, end) - 0xDC00) & 0x3FFU);
  }
  return write_utf8(out, point);
}

// The closing quote of a string that begins there.
const char* end_of_string(const char* at, const char* end) {
  for (; at < end && *at != '"'; ++at) {
    if (*at == '\\') ++at;
  }
  if (at >= end) throw std::invalid_argument(kNoJson);
  return at;
}

bool is_followed_by_colon(const char* at, const char* end) noexcept {
  while (at != end && is_space(*at))
    ++at;
  return at != end && *at == ':';
}

}  // namespace

// No escape is shorter than what it stands for.
void JsonWriter::pack_escaped(std::string_view raw) {
  if (raw.find('\\') == std::string_view::npos) return pack_text(raw);
  using message_pack::kMaxHead;
  char* const begin = out_->reserve(kMaxHead + raw.size());
  char* const text = begin + kMaxHead;
  char* to = text;
  const char* const end = raw.data() + raw.size();
  for (const char* at = raw.data(); at != end;) {
    if (*at == '\\') {
      to = write_escaped(to, ++at, end);
    } else {
      *to++ = *at++;
    }
  }
  const auto size = static_cast<std::size_t>(to - text);
  char* const content = message_pack::store_text_head(begin, size);
  std::memmove(content, text, size);
  out_->commit(static_cast<std::size_t>(content - begin) + size);
}

const char* JsonWriter::pack_json_word(const char* at, const char* end) {
  const char* const begin = at;
  while (at != end && *at != ',' && *at != ']' && *at != '}' && !is_space(*at))
    ++at;
  const std::string_view word(begin, static_cast<std::size_t>(at - begin));
  const auto is_read_as = [&](auto& number) {
    const auto [last, error] = std::from_chars(begin, at, number);
    return error == std::errc() && last == at;
  };
  std::int64_t number = 0;
  std::uint64_t large = 0;
  double real_number = 0;
  if (word == "null") {
    null();
  } else if (word == "true" || word == "false") {
    boolean(word == "true");
  } else if (is_read_as(number)) {
    pack_integer(number);
  } else if (is_read_as(large)) {
    pack_integer(large);
  } else if (is_read_as(real_number)) {
    pack_real(real_number);
  } else {
    throw std::invalid_argument(kNoJson);
  }
  return at;
}

void JsonWriter::pack_json(std::string_view json) {
  const char* at = json.data();
  const char* const end = at + json.size();
  const std::uint32_t around = level_;
  while (at != end) {
    const char c = *at;
    if (is_space(c) || c == ',' || c == ':') {
      ++at;
      continue;
    }
    if (c == '}' || c == ']') {
      if (level_ == around) throw std::invalid_argument(kNoJson);
      pack_close();
      ++at;
      continue;
    }
    const bool is_inside = level_ != around;
    const char* const quote = c == '"' ? end_of_string(at + 1, end) : nullptr;
    // A name counts for its field.
    if (is_inside && (open_.is_array || (quote != nullptr && is_followed_by_colon(quote + 1, end)))) count();
    if (quote != nullptr) {
      pack_escaped({at + 1, static_cast<std::size_t>(quote - at - 1)});
      at = quote + 1;
    } else if (c == '{' || c == '[') {
      pack_open(c == '[');
      ++at;
    } else {
      at = pack_json_word(at, end);
    }
  }
  if (level_ != around) throw std::invalid_argument(kNoJson);
}

}  // namespace zerver::flow
