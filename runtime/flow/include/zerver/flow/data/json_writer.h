// Writing JSON (RFC 8259) into an output buffer.
#pragma once

#include <zerver/core/decimal.h>
#include <zerver/core/output_buffer.h>
#include <zerver/core/string.h>
#include <zerver/core/time.h>
#include <zerver/core/uuid.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerver::flow {

// Puts the commas; that the calls nest as JSON does is up to the caller:
//   json.begin_object(); json.key("title"); json.string(title); json.end_object();
class JsonWriter {
 public:
  explicit JsonWriter(OutputBuffer& out) noexcept : out_(&out) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  // A field's name of which it is known that nothing in it needs escaping, as in generated code.
  void key(std::string_view plain);
  void escaped_key(std::string_view name);
  // Before each element of an array.
  void element() {
    if (comma_) out_->append(',');
    comma_ = false;
  }

  void null() { literal("null"); }
  void boolean(bool flag) { literal(flag ? "true" : "false"); }
  void integer(std::int64_t number);
  void integer(std::uint64_t number);
  // The shortest text that reads back as the same number; null for infinities and NaN, which JSON does not
  // have.
  void real(double number);
  // UTF-8 with quotes and escapes; a byte that is no UTF-8 becomes U+FFFD.
  void string(std::string_view text);
  // Text that needs no escaping, in quotes.
  void quoted(std::string_view plain);
  void base64(std::string_view bytes);
  // A whole value that is valid JSON already.
  void literal(std::string_view json) {
    out_->append(json);
    comma_ = true;
  }

 private:
  void open(char bracket) {
    out_->append(bracket);
    comma_ = false;
  }
  void close(char bracket) {
    out_->append(bracket);
    comma_ = true;
  }

  OutputBuffer* out_;
  bool comma_ = false;
};

}  // namespace zerver::flow
