// Writing documents into an output buffer, as JSON (RFC 8259) or MessagePack.
#pragma once

#include <zerver/core/decimal.h>
#include <zerver/core/output_buffer.h>
#include <zerver/core/string.h>
#include <zerver/core/time.h>
#include <zerver/core/uuid.h>
#include <zerver/flow/data/format.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerver::flow {

// Puts the commas; that the calls nest as JSON does is up to the caller:
//   json.begin_object(1); json.key("title"); json.string(title); json.end_object();
class JsonWriter {
 public:
  explicit JsonWriter(OutputBuffer& out, Format format = Format::kJson) noexcept
      : out_(&out), is_packed_(format == Format::kMessagePack) {}

  // How many fields or elements there will be is part of what MessagePack begins with: known here, it is
  // written at once; else what follows is moved when the end is known.
  void begin_object() {
    if (is_packed_) [[unlikely]]
      return pack_open(false);
    open('{');
  }
  // `fields`, and one more for each of the `optionals` that has a value.
  template <class... Optionals> void begin_object(std::size_t fields, const Optionals&... optionals) {
    if (is_packed_) [[unlikely]]
      return pack_map(fields + (std::size_t{0} + ... + (static_cast<bool>(optionals) ? 1U : 0U)));
    open('{');
  }
  void end_object() {
    if (is_packed_) [[unlikely]]
      return pack_close();
    close('}');
  }
  void begin_array() {
    if (is_packed_) [[unlikely]]
      return pack_open(true);
    open('[');
  }
  void begin_array(std::size_t elements) {
    if (is_packed_) [[unlikely]]
      return pack_array(elements);
    open('[');
  }
  void end_array() {
    if (is_packed_) [[unlikely]]
      return pack_close();
    close(']');
  }
  // A field's name as JSON has it, with escapes where it needs them, as generated code knows it.
  void key(std::string_view plain);
  void escaped_key(std::string_view name);
  // Before each element of an array.
  void element() {
    if (is_packed_) [[unlikely]]
      return count();
    if (comma_) out_->append(',');
    comma_ = false;
  }

  void null() { constant("null", 0xC0); }
  void boolean(bool flag) { flag ? constant("true", 0xC3) : constant("false", 0xC2); }
  void integer(std::int64_t number);
  void integer(std::uint64_t number);
  // The shortest text that reads back as the same number; null for infinities and NaN, which JSON does not
  // have.
  void real(double number);
  // UTF-8 with quotes and escapes; a byte that is no UTF-8 becomes U+FFFD.
  void string(std::string_view text);
  // Text that needs no escaping, in quotes.
  void quoted(std::string_view plain);
  // base64 in JSON.
  void base64(std::string_view bytes);
  // RFC 3339 in JSON.
  void timestamp(Timestamp time);
  // A whole value that is valid JSON already.
  void literal(std::string_view json) {
    if (is_packed_) [[unlikely]]
      return pack_json(json);
    out_->append(json);
    comma_ = true;
  }

 private:
  // An array or map of MessagePack whose size is not known yet. While it is the innermost one, the one
  // around it is kept where its own beginning will be.
  struct Open {
    std::size_t begin = 0;
    std::size_t count = 0;
    std::uint32_t level = 0;  // 0: there is none
    bool is_array = false;
  };

  void open(char bracket) {
    out_->append(bracket);
    comma_ = false;
  }
  void close(char bracket) {
    out_->append(bracket);
    comma_ = true;
  }
  void constant(std::string_view json, std::uint8_t packed) {
    if (is_packed_) [[unlikely]]
      return out_->append(static_cast<char>(packed));
    out_->append(json);
    comma_ = true;
  }

  void pack_map(std::size_t fields);
  void pack_array(std::size_t elements);
  void pack_open(bool is_array);
  void pack_close();
  // One more, where that is counted.
  void count() noexcept {
    if (level_ == open_.level) ++open_.count;
  }
  void pack_integer(std::int64_t number);
  void pack_integer(std::uint64_t number);
  void pack_real(double number);
  void pack_string(std::string_view text);
  void pack_text(std::string_view utf8);
  void pack_binary(std::string_view bytes);
  void pack_timestamp(Timestamp time);
  void pack_json(std::string_view json);
  void pack_escaped(std::string_view raw);
  const char* pack_json_word(const char* at, const char* end);

  OutputBuffer* out_;
  Open open_;
  std::uint32_t level_ = 0;
  bool comma_ = false;
  bool is_packed_;
};

}  // namespace zerver::flow
