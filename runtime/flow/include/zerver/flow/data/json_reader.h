// Reading documents, in JSON (RFC 8259) or MessagePack: the whole text is checked first, then values are
// taken out of it one by one. Whoever reads them does not see which of both it was.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/decimal.h>
#include <zerver/core/result.h>
#include <zerver/core/string.h>
#include <zerver/core/time.h>
#include <zerver/core/uuid.h>
#include <zerver/flow/data/format.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace zerver::flow {

class JsonReader;
struct PackedNode;

// One value of a parsed text, on the stack of whoever reads it; children refer to their parents. Every `read`
// that does not succeed has recorded why and where in the reader, and returns false. Strings are copied into
// the arena, unless the document stays.
class JsonValue {
 public:
  bool is_null() const noexcept;
  bool read(bool& out) const;
  bool read(std::int32_t& out) const;
  bool read(std::uint32_t& out) const;
  bool read(std::int64_t& out) const;
  bool read(std::uint64_t& out) const;
  bool read(double& out) const;
  bool read(String& out) const;
  bool read(Bytes& out) const;
  bool read(Json& out) const;
  bool read(Uuid& out) const;
  bool read(Timestamp& out) const;
  bool read(Duration& out) const;
  bool read(Decimal& out) const;
  // The text of a string, valid until the reader is used again.
  bool read_view(std::string_view& out) const;

  // Records that this value is wrong: `why` is static or in the arena and goes on from "the value ...".
  // Always false.
  bool reject(std::string_view why) const;

  Arena& arena() const noexcept;
  // A text of the document, such as a name, for as long as the arena.
  String keep(std::string_view text) const;

 private:
  friend class JsonReader;
  friend class JsonObject;
  friend class JsonArray;

  // Where the value is in simdjson's tape; without a document, the address of a PackedNode.
  struct Place {
    const void* document = nullptr;
    std::size_t index = 0;
  };

  bool is_packed() const noexcept { return place_.document == nullptr; }
  const PackedNode& node() const noexcept;
  // The same of MessagePack.
  bool read_packed(bool& out) const;
  bool read_packed(std::int64_t& out) const;
  bool read_packed(std::uint64_t& out) const;
  bool read_packed(double& out) const;
  bool read_packed(std::string_view& out) const;
  bool read_packed(Bytes& out) const;
  bool read_packed(Timestamp& out) const;
  bool read_packed(Json& out) const;

  JsonReader* reader_ = nullptr;
  const JsonValue* parent_ = nullptr;
  Place place_;
  std::string_view name_;     // of the field that it is the value of
  std::size_t position_ = 0;  // in the array that it is an element of
  bool is_element_ = false;
};

// The fields of an object in their order:
//   JsonObject fields(value);
//   while (fields.next()) { if (fields.name() == "title") { ... read fields.value() ... } }
//   return fields.complete() && ...;
class JsonObject {
 public:
  // Rejects a value that is no object; there are no fields then.
  explicit JsonObject(const JsonValue& object) noexcept;

  bool next() noexcept;
  std::string_view name() const noexcept { return field_.name_; }
  const JsonValue& value() const noexcept { return field_; }
  // Whether the value was an object.
  bool complete() const noexcept { return is_object_; }

  // Rejects a field that was `seen` before; else sees it.
  bool first(bool& seen) const;
  // Rejects the object because it has no such field. Always false.
  bool missing(std::string_view name) const;

  std::size_t size() const noexcept { return size_; }

 private:
  const JsonValue* object_;
  JsonValue field_;
  JsonValue::Place at_;
  JsonValue::Place end_;
  std::size_t size_ = 0;
  bool is_object_ = false;
};

// The elements of an array, likewise.
class JsonArray {
 public:
  explicit JsonArray(const JsonValue& array) noexcept;

  bool next() noexcept;
  const JsonValue& value() const noexcept { return element_; }
  bool complete() const noexcept { return is_array_; }
  std::size_t size() const noexcept { return size_; }

 private:
  JsonValue element_;
  JsonValue::Place at_;
  JsonValue::Place end_;
  std::size_t size_ = 0;
  std::size_t next_ = 0;
  bool is_array_ = false;
};

// A parser whose memory is kept, so that it does not allocate once it has seen a text as large. One for each
// worker.
class JsonReader {
 public:
  // Larger texts are refused: simdjson counts elements only so far.
  static constexpr std::size_t kMaxText = (std::size_t{1} << 24) - 1;

  explicit JsonReader(std::size_t max_depth = 32);
  ~JsonReader();
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  // Parses the text; null, with the fault recorded, when it is none of its format or nests too deep. JSON
  // with less than 32 readable bytes behind it is copied first. What is read goes into `arena`. The root is
  // valid until the next call, in MessagePack only as long as the text.
  const JsonValue* parse(const Document& document, Arena& arena);
  const JsonValue* parse(std::string_view json, std::size_t readable, Arena& arena) {
    return parse(Document{.text = json, .readable = readable}, arena);
  }

  // The first thing that was wrong since parse().
  const Fault& fault() const noexcept { return fault_; }

 private:
  friend class JsonValue;
  friend class JsonObject;
  friend class JsonArray;

  // `child` is the name of a field that `value` should have, or null.
  String pointer_to(const JsonValue& value, const std::string_view* child);
  void record(const JsonValue& value, const std::string_view* child, std::string_view why) noexcept;

  struct Parser;
  bool parse_json(std::string_view text, std::size_t readable);
  bool parse_packed(std::string_view bytes);

  std::unique_ptr<Parser> parser_;
  Arena* arena_ = nullptr;
  JsonValue root_;
  Fault fault_;
  Format format_ = Format::kJson;
  bool stays_ = false;
  bool failed_ = false;
};

}  // namespace zerver::flow
