// Values out of MessagePack, as JSON has them: what is a string there because JSON has no better is what
// MessagePack has for it, or that string.
#include "document/document_parser.h"
#include <zerver/flow/data/json_writer.h>
#include <zerver/flow/data/text.h>

#include <bit>
#include <cmath>
#include <limits>

namespace zerver::flow {

namespace {

using Kind = PackedNode::Kind;

// The three forms of the extension.
std::optional<Timestamp> timestamp_of(const PackedNode& node) noexcept {
  const char* const at = node.bytes().data();
  std::int64_t seconds = 0;
  std::uint64_t nanoseconds = 0;
  if (node.size == 4) {
    seconds = message_pack::load<std::uint32_t>(at);
  } else if (node.size == 8) {
    const auto both = message_pack::load<std::uint64_t>(at);
    nanoseconds = both >> 34U;
    seconds = static_cast<std::int64_t>(both & ((std::uint64_t{1} << 34U) - 1));
  } else if (node.size == 12) {
    nanoseconds = message_pack::load<std::uint32_t>(at);
    seconds = static_cast<std::int64_t>(message_pack::load<std::uint64_t>(at + 4));
  } else {
    return std::nullopt;
  }
  if (nanoseconds > 999'999'999 || seconds < Timestamp::kMinSeconds || seconds > Timestamp::kMaxSeconds)
    return std::nullopt;
  return Timestamp{seconds * 1'000'000 + static_cast<std::int64_t>(nanoseconds / 1'000)};
}

bool is_timestamp(const PackedNode& node) noexcept {
  return node.kind == Kind::kExtension && node.type == message_pack::kTimestamp;
}

// As deep as documents may be. False: there is something in it that JSON has nothing for.
bool write_node(JsonWriter& out, const PackedNode& node) {
  switch (node.kind) {
    case Kind::kNil:
      out.null();
      return true;
    case Kind::kBoolean:
      out.boolean(node.value != 0);
      return true;
    case Kind::kUnsigned:
      out.integer(node.value);
      return true;
    case Kind::kNegative:
      out.integer(static_cast<std::int64_t>(node.value));
      return true;
    case Kind::kReal:
      out.real(std::bit_cast<double>(node.value));
      return true;
    case Kind::kText:
      out.string(node.bytes());
      return true;
    case Kind::kBinary:
      out.base64(node.bytes());
      return true;
    case Kind::kExtension: {
      const std::optional<Timestamp> time = is_timestamp(node) ? timestamp_of(node) : std::nullopt;
      if (time) out.timestamp(*time);
      return time.has_value();
    }
    case Kind::kArray:
      out.begin_array();
      for (const PackedNode* item = &node + 1; item != node.next(); item = item->next()) {
        out.element();
        if (!write_node(out, *item)) return false;
      }
      out.end_array();
      return true;
    case Kind::kMap:
      out.begin_object();
      for (const PackedNode* name = &node + 1; name != node.next(); name = (name + 1)->next()) {
        out.escaped_key(name->bytes());
        if (!write_node(out, *(name + 1))) return false;
      }
      out.end_object();
      return true;
  }
  return false;
}

}  // namespace

bool JsonReader::parse_packed(std::string_view bytes) {
  if (!parser_->packed) parser_->packed.emplace(parser_->parser.max_depth());
  std::string_view why;
  const PackedNode* const root = parser_->packed->parse(bytes, why);
  if (root == nullptr) {
    record(root_, nullptr, why);
    return false;
  }
  root_.place_ = {nullptr, reinterpret_cast<std::size_t>(root)};
  return true;
}

const PackedNode& JsonValue::node() const noexcept {
  return *reinterpret_cast<const PackedNode*>(place_.index);
}

bool JsonValue::read_packed(bool& out) const {
  if (node().kind != Kind::kBoolean) return reject("must be true or false");
  out = node().value != 0;
  return true;
}

bool JsonValue::read_packed(std::int64_t& out) const {
  const Kind kind = node().kind;
  if (kind != Kind::kUnsigned && kind != Kind::kNegative) return reject("must be an integer");
  if (kind == Kind::kUnsigned && node().value > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
    return reject("is out of range");
  out = static_cast<std::int64_t>(node().value);
  return true;
}

bool JsonValue::read_packed(std::uint64_t& out) const {
  const Kind kind = node().kind;
  if (kind == Kind::kNegative) return reject("is out of range");
  if (kind != Kind::kUnsigned) return reject("must be an integer");
  out = node().value;
  return true;
}

bool JsonValue::read_packed(double& out) const {
  switch (node().kind) {
    case Kind::kUnsigned:
      out = static_cast<double>(node().value);
      return true;
    case Kind::kNegative:
      out = static_cast<double>(static_cast<std::int64_t>(node().value));
      return true;
    case Kind::kReal:
      // What compares with nothing would pass every check of a range.
      out = std::bit_cast<double>(node().value);
      return std::isfinite(out) || reject("must be a finite number");
    default:
      return reject("must be a number");
  }
}

bool JsonValue::read_packed(std::string_view& out) const {
  if (node().kind != Kind::kText) return reject("must be a string");
  out = node().bytes();
  return true;
}

bool JsonValue::read_packed(Bytes& out) const {
  if (node().kind != Kind::kBinary) return reject("must be binary");
  out = Bytes::borrowed(keep(node().bytes()));
  return true;
}

bool JsonValue::read_packed(Timestamp& out) const {
  constexpr std::string_view kWhy = "must be a timestamp, or a time as in RFC 3339";
  std::optional<Timestamp> time;
  if (is_timestamp(node())) {
    time = timestamp_of(node());
  } else if (node().kind == Kind::kText) {
    time = Timestamp::parse(node().bytes());
  }
  if (!time) return reject(kWhy);
  out = *time;
  return true;
}

bool JsonValue::read_packed(Json& out) const {
  OutputBuffer& text = reader_->parser_->text;
  text.clear();
  JsonWriter writer(text);
  if (!write_node(writer, node())) return reject("has an extension that JSON has nothing for");
  out = Json::borrowed(arena().text(text.view()));
  return true;
}

}  // namespace zerver::flow
