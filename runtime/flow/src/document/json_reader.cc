#include "data/base64.h"
#include "document/document_parser.h"
#include <zerver/flow/data/json_reader.h>
#include <zerver/flow/data/json_writer.h>
#include <zerver/flow/data/text.h>

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <new>
#include <type_traits>
#include <utility>

namespace zerver::flow {

namespace dom = simdjson::dom;

namespace {

// Digits that make a number too large for any integer, which simdjson refuses, and none of a string.
bool is_too_large(std::string_view digits, bool is_negative) noexcept {
  constexpr std::string_view kMost[] = {"18446744073709551615", "9223372036854775808"};
  const std::string_view most = kMost[is_negative ? 1 : 0];
  return digits.size() > most.size() || (digits.size() == most.size() && digits > most);
}

// The text with such numbers as what they are, of which an `f64` may have one: with an exponent. Whatever
// else is wrong with it stays.
void write_with_exponents(std::string_view text, OutputBuffer& out) {
  constexpr std::string_view kDecimalDigits = "0123456789";
  bool in_string = false;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (in_string || c < '0' || c > '9') {
      if (in_string && c == '\\' && at + 1 < text.size()) out.append(text[at++]);
      if (c == '"') in_string = !in_string;
      out.append(text[at++]);
      continue;
    }
    const std::size_t end = std::min(text.find_first_not_of(kDecimalDigits, at), text.size());
    const std::string_view digits = text.substr(at, end - at);
    const char before = at == 0 ? ' ' : text[at - 1];
    const char behind = end == text.size() ? ' ' : text[end];
    out.append(digits);
    // A fraction or an exponent is none of these.
    const bool is_whole = behind != '.' && behind != 'e' && behind != 'E' && before != '.' && before != '+' &&
                          (before != '-' || at < 2 || (text[at - 2] != 'e' && text[at - 2] != 'E'));
    if (is_whole && before != 'e' && before != 'E' && is_too_large(digits, before == '-')) out.append("e0");
    at = end;
  }
}

// simdjson's elements and iterators are a pointer and an index into its tape. The light header keeps both
// without knowing them.
template <class To, class From> To as(const From& from) noexcept {
  static_assert(std::is_trivially_copyable_v<To> && std::is_trivially_copyable_v<From>);
  return std::bit_cast<To>(from);
}

// What is iterated needs a name: the `value_unsafe` of a temporary refers into it, and a range-based `for`
// lets it end.
void write_element(JsonWriter& out, const dom::element& element) {
  switch (element.type()) {
    case dom::element_type::ARRAY: {
      const dom::array items = element.get_array().value_unsafe();
      out.begin_array();
      for (const dom::element item : items) {
        out.element();
        write_element(out, item);
      }
      return out.end_array();
    }
    case dom::element_type::OBJECT: {
      const dom::object fields = element.get_object().value_unsafe();
      out.begin_object();
      for (const dom::key_value_pair field : fields) {
        out.escaped_key(field.key);
        write_element(out, field.value);
      }
      return out.end_object();
    }
    case dom::element_type::INT64:
      return out.integer(element.get_int64().value_unsafe());
    case dom::element_type::UINT64:
      return out.integer(element.get_uint64().value_unsafe());
    case dom::element_type::DOUBLE:
      return out.real(element.get_double().value_unsafe());
    case dom::element_type::STRING:
      return out.string(element.get_string().value_unsafe());
    case dom::element_type::BOOL:
      return out.boolean(element.get_bool().value_unsafe());
    case dom::element_type::NULL_VALUE:
      return out.null();
  }
}

std::string_view why_not(simdjson::error_code error) noexcept {
  switch (error) {
    case simdjson::EMPTY:
      return "is empty";
    case simdjson::DEPTH_ERROR:
      return "is nested too deep";
    case simdjson::UTF8_ERROR:
      return "is no UTF-8";
    case simdjson::NUMBER_ERROR:
      return "has a number that is malformed or too large";
    case simdjson::STRING_ERROR:
    case simdjson::UNESCAPED_CHARS:
    case simdjson::UNCLOSED_STRING:
      return "has a malformed string";
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY:
      return "is too large";
    default:
      return "is not well-formed";
  }
}

}  // namespace

// --- JsonValue ---

Arena& JsonValue::arena() const noexcept { return *reader_->arena_; }

String JsonValue::keep(std::string_view text) const {
  return reader_->stays_ ? String::borrowed(text) : arena().text(text);
}

bool JsonValue::is_null() const noexcept {
  return is_packed() ? node().kind == PackedNode::Kind::kNil : as<dom::element>(place_).is_null();
}

bool JsonValue::reject(std::string_view why) const {
  reader_->record(*this, nullptr, why);
  return false;
}

bool JsonValue::read(bool& out) const {
  if (is_packed()) [[unlikely]]
    return read_packed(out);
  return as<dom::element>(place_).get_bool().get(out) == simdjson::SUCCESS || reject("must be true or false");
}

namespace {

constexpr double k2To63 = 9223372036854775808.0;

// Why it is no integer that is less than `beyond`: above what simdjson calls one, numbers are doubles.
std::string_view why_no_integer(const dom::element& element, simdjson::error_code error,
                                double beyond) noexcept {
  double number = 0;
  const bool is_large = error == simdjson::NUMBER_OUT_OF_RANGE ||
                        (element.is_double() && element.get_double().get(number) == simdjson::SUCCESS &&
                         (number >= beyond || number <= -k2To63));
  return is_large ? "is out of range" : "must be an integer";
}

}  // namespace

bool JsonValue::read(std::int64_t& out) const {
  if (is_packed()) [[unlikely]]
    return read_packed(out);
  const auto element = as<dom::element>(place_);
  const auto error = element.get_int64().get(out);
  return error == simdjson::SUCCESS || reject(why_no_integer(element, error, k2To63));
}

bool JsonValue::read(std::uint64_t& out) const {
  if (is_packed()) [[unlikely]]
    return read_packed(out);
  const auto element = as<dom::element>(place_);
  const auto error = element.get_uint64().get(out);
  return error == simdjson::SUCCESS || reject(why_no_integer(element, error, 2 * k2To63));
}

bool JsonValue::read(std::int32_t& out) const {
  std::int64_t wide = 0;
  if (!read(wide)) return false;
  if (!std::in_range<std::int32_t>(wide)) return reject("is out of range");
  out = static_cast<std::int32_t>(wide);
  return true;
}

bool JsonValue::read(std::uint32_t& out) const {
  std::uint64_t wide = 0;
  if (!read(wide)) return false;
  if (!std::in_range<std::uint32_t>(wide)) return reject("is out of range");
  out = static_cast<std::uint32_t>(wide);
  return true;
}

bool JsonValue::read(double& out) const {
  if (is_packed()) [[unlikely]]
    return read_packed(out);
  return as<dom::element>(place_).get_double().get(out) == simdjson::SUCCESS || reject("must be a number");
}

bool JsonValue::read_view(std::string_view& out) const {
  if (is_packed()) [[unlikely]]
    return read_packed(out);
  return as<dom::element>(place_).get_string().get(out) == simdjson::SUCCESS || reject("must be a string");
}

bool JsonValue::read(String& out) const {
  std::string_view text;
  if (!read_view(text)) return false;
  out = keep(text);
  return true;
}

bool JsonValue::read(Bytes& out) const {
  if (is_packed()) [[unlikely]]
    return read_packed(out);
  std::string_view text;
  if (!read_view(text)) return false;
  char* const bytes = static_cast<char*>(arena().allocate(base64_bytes(text.size()) + 1, 1));
  const std::optional<std::size_t> size = read_base64(text, bytes);
  if (!size) return reject("must be base64");
  out = Bytes::borrowed({bytes, *size});
  return true;
}

bool JsonValue::read(Json& out) const {
  if (is_packed()) [[unlikely]]
    return read_packed(out);
  OutputBuffer& text = reader_->parser_->text;
  text.clear();
  JsonWriter writer(text);
  write_element(writer, as<dom::element>(place_));
  out = Json::borrowed(arena().text(text.view()));
  return true;
}

namespace {

// A value that is a string in JSON, with a text of its own.
template <class T> bool read_parsed(const JsonValue& in, T& out, std::string_view why) {
  std::string_view text;
  if (!in.read_view(text)) return false;
  const std::optional<T> value = T::parse(text);
  if (!value) return in.reject(why);
  out = *value;
  return true;
}

}  // namespace

bool JsonValue::read(Uuid& out) const { return read_parsed(*this, out, "must be a UUID"); }
bool JsonValue::read(Timestamp& out) const {
  if (is_packed()) [[unlikely]]
    return read_packed(out);
  return read_parsed(*this, out, "must be a time as in RFC 3339");
}
bool JsonValue::read(Duration& out) const {
  return read_parsed(*this, out, "must be a duration as in ISO 8601");
}
bool JsonValue::read(Decimal& out) const {
  return read_parsed(*this, out, "must be a decimal number in a string");
}

// --- Objects and arrays ---

JsonObject::JsonObject(const JsonValue& object) noexcept : object_(&object) {
  field_.reader_ = object.reader_;
  field_.parent_ = &object;
  if (object.is_packed()) [[unlikely]] {
    const PackedNode& node = object.node();
    is_object_ = node.kind == PackedNode::Kind::kMap;
    if (!is_object_) {
      object.reject("must be an object");
      return;
    }
    size_ = node.size;
    at_.index = reinterpret_cast<std::size_t>(&node + 1);
    end_.index = reinterpret_cast<std::size_t>(node.next());
    return;
  }
  dom::object fields;
  if (as<dom::element>(object.place_).get_object().get(fields) != simdjson::SUCCESS) {
    object.reject("must be an object");
    return;
  }
  is_object_ = true;
  size_ = fields.size();
  at_ = as<JsonValue::Place>(fields.begin());
  end_ = as<JsonValue::Place>(fields.end());
}

bool JsonObject::next() noexcept {
  if (at_.index == end_.index) return false;
  if (at_.document == nullptr) [[unlikely]] {
    const auto* const name = reinterpret_cast<const PackedNode*>(at_.index);
    field_.name_ = name->bytes();
    field_.place_.index = reinterpret_cast<std::size_t>(name + 1);
    at_.index = reinterpret_cast<std::size_t>((name + 1)->next());
    return true;
  }
  auto iterator = as<dom::object::iterator>(at_);
  field_.name_ = iterator.key();
  field_.place_ = as<JsonValue::Place>(iterator.value());
  ++iterator;
  at_ = as<JsonValue::Place>(iterator);
  return true;
}

bool JsonObject::first(bool& seen) const {
  if (seen) return field_.reject("is there twice");
  seen = true;
  return true;
}

bool JsonObject::missing(std::string_view name) const {
  object_->reader_->record(*object_, &name, "is missing");
  return false;
}

JsonArray::JsonArray(const JsonValue& array) noexcept {
  element_.reader_ = array.reader_;
  element_.parent_ = &array;
  element_.is_element_ = true;
  if (array.is_packed()) [[unlikely]] {
    const PackedNode& node = array.node();
    is_array_ = node.kind == PackedNode::Kind::kArray;
    if (!is_array_) {
      array.reject("must be an array");
      return;
    }
    size_ = node.size;
    at_.index = reinterpret_cast<std::size_t>(&node + 1);
    end_.index = reinterpret_cast<std::size_t>(node.next());
    return;
  }
  dom::array elements;
  if (as<dom::element>(array.place_).get_array().get(elements) != simdjson::SUCCESS) {
    array.reject("must be an array");
    return;
  }
  is_array_ = true;
  size_ = elements.size();
  at_ = as<JsonValue::Place>(elements.begin());
  end_ = as<JsonValue::Place>(elements.end());
}

bool JsonArray::next() noexcept {
  if (at_.index == end_.index) return false;
  element_.position_ = next_++;
  if (at_.document == nullptr) [[unlikely]] {
    element_.place_.index = at_.index;
    at_.index = reinterpret_cast<std::size_t>(reinterpret_cast<const PackedNode*>(at_.index)->next());
    return true;
  }
  auto iterator = as<dom::array::iterator>(at_);
  element_.place_ = as<JsonValue::Place>(*iterator);
  ++iterator;
  at_ = as<JsonValue::Place>(iterator);
  return true;
}

// --- JsonReader ---

JsonReader::JsonReader(std::size_t max_depth) : parser_(std::make_unique<Parser>()) {
  constexpr std::size_t kFirstCapacity = std::size_t{16} << 10;
  if (parser_->parser.allocate(kFirstCapacity, max_depth) != simdjson::SUCCESS) throw std::bad_alloc();
}

JsonReader::~JsonReader() = default;

const JsonValue* JsonReader::parse(const Document& document, Arena& arena) {
  arena_ = &arena;
  format_ = document.format;
  // The strings of JSON are unescaped into memory of the parser.
  stays_ = document.stays && document.format == Format::kMessagePack;
  failed_ = false;
  fault_ = {};
  root_ = {};
  root_.reader_ = this;
  if (document.text.size() > kMaxText) {
    record(root_, nullptr, "is too large");
    return nullptr;
  }
  const bool is_well = document.format == Format::kJson ? parse_json(document.text, document.readable)
                                                        : parse_packed(document.text);
  return is_well ? &root_ : nullptr;
}

bool JsonReader::parse_json(std::string_view text, std::size_t readable) {
  if (readable < simdjson::SIMDJSON_PADDING) {
    parser_->padded.clear();
    char* const copy = parser_->padded.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    std::copy_n(text.data(), text.size(), copy);
    std::fill_n(copy + text.size(), simdjson::SIMDJSON_PADDING, ' ');
    text = {copy, text.size()};
  }
  dom::element root;
  const auto parse = [&root, this](std::string_view padded) {
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(padded.data());
    return parser_->parser.parse(bytes, padded.size(), false).get(root);
  };
  simdjson::error_code error = parse(text);
  if (error == simdjson::NUMBER_ERROR) [[unlikely]] {
    OutputBuffer& widened = parser_->widened;
    widened.clear();
    write_with_exponents(text, widened);
    const std::size_t size = widened.size();
    for (std::size_t i = 0; i < simdjson::SIMDJSON_PADDING; ++i)
      widened.append(' ');
    error = parse(widened.view().substr(0, size));
  }
  if (error != simdjson::SUCCESS) {
    record(root_, nullptr, why_not(error));
    return false;
  }
  root_.place_ = as<JsonValue::Place>(root);
  return true;
}

namespace {

// A reference token of RFC 6901, written from its end towards its beginning.
char* prepend_token(char* at, std::string_view name) noexcept {
  for (std::size_t index = name.size(); index-- > 0;) {
    const char c = name[index];
    if (c == '~' || c == '/') {
      *--at = c == '~' ? '0' : '1';
      *--at = '~';
    } else {
      *--at = c;
    }
  }
  *--at = '/';
  return at;
}

std::size_t token_size(std::string_view name) noexcept {
  return 1 + name.size() +
         static_cast<std::size_t>(std::ranges::count_if(name, [](char c) { return c == '~' || c == '/'; }));
}

}  // namespace

String JsonReader::pointer_to(const JsonValue& value, const std::string_view* child) {
  std::size_t size = child != nullptr ? token_size(*child) : 0;
  for (const JsonValue* at = &value; at->parent_ != nullptr; at = at->parent_) {
    size += at->is_element_ ? Piece(at->position_).view().size() + 1 : token_size(at->name_);
  }
  if (size == 0) return {};
  char* const begin = static_cast<char*>(arena_->allocate(size, 1));
  char* end = begin + size;
  if (child != nullptr) end = prepend_token(end, *child);
  for (const JsonValue* at = &value; at->parent_ != nullptr; at = at->parent_) {
    end = at->is_element_ ? prepend_token(end, Piece(at->position_).view()) : prepend_token(end, at->name_);
  }
  return String::borrowed({begin, size});
}

void JsonReader::record(const JsonValue& value, const std::string_view* child,
                        std::string_view why) noexcept {
  if (failed_) return;
  failed_ = true;
  fault_.kind = FaultKind::kInvalid;
  try {
    fault_.pointer = pointer_to(value, child);
    const std::string_view name = format_ == Format::kJson ? "the JSON " : "the MessagePack ";
    fault_.why =
        fault_.pointer.empty() ? concat(*arena_, {name, why}) : concat(*arena_, {fault_.pointer, " ", why});
  } catch (const ArenaFull&) {
    fault_.why = "the document is wrong, and the arena is too full to say where";
  }
}

}  // namespace zerver::flow
