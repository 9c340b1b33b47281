#include "data/ascii.h"
#include "document/message_pack.h"
#include <zerver/flow/data/utf8.h>

#include <bit>

namespace zerver::flow {

using namespace message_pack;
namespace {

using Kind = PackedNode::Kind;

constexpr std::string_view kCutOff = "is cut off";
constexpr std::string_view kMalformed = "is not well-formed";

// What stands behind the byte that tells the kind.
class Input {
 public:
  Input(const char*& at, const char* end) noexcept : at_(at), end_(end) {}

  std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  template <std::unsigned_integral T> bool number(T& out) noexcept {
    if (left() < sizeof(T)) return false;
    out = load<T>(at_);
    at_ += sizeof(T);
    return true;
  }
  template <std::unsigned_integral T> bool size(std::uint32_t& out) noexcept {
    T value = 0;
    if (!number(value)) return false;
    out = value;
    return true;
  }
  bool bytes(PackedNode& node, Kind kind, std::uint32_t size) noexcept {
    if (left() < size) return false;
    node.kind = kind;
    node.value = reinterpret_cast<std::uint64_t>(at_);
    node.size = size;
    at_ += size;
    return true;
  }
  bool extension(PackedNode& node, std::uint32_t size) noexcept {
    std::uint8_t type = 0;
    if (!number(type)) return false;
    node.type = static_cast<std::int8_t>(type);
    return bytes(node, Kind::kExtension, size);
  }
  template <std::unsigned_integral T> bool unsigned_number(PackedNode& node) noexcept {
    T value = 0;
    node.kind = Kind::kUnsigned;
    if (!number(value)) return false;
    node.value = value;
    return true;
  }
  template <std::unsigned_integral T> bool signed_number(PackedNode& node) noexcept {
    T value = 0;
    if (!number(value)) return false;
    const std::int64_t wide = static_cast<std::make_signed_t<T>>(value);
    node.kind = wide < 0 ? Kind::kNegative : Kind::kUnsigned;
    node.value = static_cast<std::uint64_t>(wide);
    return true;
  }

 private:
  const char*& at_;
  const char* end_;
};

// False when the bytes end before the value does; arrays and maps are only begun.
bool read_node(std::uint8_t first, Input& in, PackedNode& node) noexcept {
  if (first < kFixMap) {
    node.kind = Kind::kUnsigned;
    node.value = first;
    return true;
  }
  if (first >= kFixNegative) {
    node.kind = Kind::kNegative;
    node.value = static_cast<std::uint64_t>(std::int64_t{static_cast<std::int8_t>(first)});
    return true;
  }
  if (first < kNil) {
    if (first >= kFixText) return in.bytes(node, Kind::kText, first & 0x1FU);
    node.kind = first >= kFixArray ? Kind::kArray : Kind::kMap;
    node.size = first & 0x0FU;
    return true;
  }
  std::uint32_t size = 0;
  switch (first) {
    case kFalse:
    case kTrue:
      node.kind = Kind::kBoolean;
      node.value = first == kTrue ? 1 : 0;
      return true;
    case kBinary8:
      return in.size<std::uint8_t>(size) && in.bytes(node, Kind::kBinary, size);
    case kBinary16:
      return in.size<std::uint16_t>(size) && in.bytes(node, Kind::kBinary, size);
    case kBinary32:
      return in.size<std::uint32_t>(size) && in.bytes(node, Kind::kBinary, size);
    case kExtension8:
      return in.size<std::uint8_t>(size) && in.extension(node, size);
    case kExtension16:
      return in.size<std::uint16_t>(size) && in.extension(node, size);
    case kExtension32:
      return in.size<std::uint32_t>(size) && in.extension(node, size);
    case kReal32: {
      std::uint32_t bits = 0;
      if (!in.number(bits)) return false;
      node.kind = Kind::kReal;
      node.value = std::bit_cast<std::uint64_t>(double{std::bit_cast<float>(bits)});
      return true;
    }
    case kReal64:
      node.kind = Kind::kReal;
      return in.number(node.value);
    case kUnsigned8:
      return in.unsigned_number<std::uint8_t>(node);
    case kUnsigned16:
      return in.unsigned_number<std::uint16_t>(node);
    case kUnsigned32:
      return in.unsigned_number<std::uint32_t>(node);
    case kUnsigned64:
      return in.unsigned_number<std::uint64_t>(node);
    case kSigned8:
      return in.signed_number<std::uint8_t>(node);
    case kSigned16:
      return in.signed_number<std::uint16_t>(node);
    case kSigned32:
      return in.signed_number<std::uint32_t>(node);
    case kSigned64:
      return in.signed_number<std::uint64_t>(node);
    case kText8:
      return in.size<std::uint8_t>(size) && in.bytes(node, Kind::kText, size);
    case kText16:
      return in.size<std::uint16_t>(size) && in.bytes(node, Kind::kText, size);
    case kText32:
      return in.size<std::uint32_t>(size) && in.bytes(node, Kind::kText, size);
    case kArray16:
    case kMap16:
      node.kind = first == kArray16 ? Kind::kArray : Kind::kMap;
      return in.size<std::uint16_t>(node.size);
    case kArray32:
    case kMap32:
      node.kind = first == kArray32 ? Kind::kArray : Kind::kMap;
      return in.size<std::uint32_t>(node.size);
    case kNil:
      return true;
    default:  // of one, two, four, eight or sixteen bytes
      return in.extension(node, 1U << (first - kFixExtension1));
  }
}

}  // namespace

MessagePackParser::MessagePackParser(std::size_t max_depth) : max_depth_(max_depth) {
  open_.reserve(max_depth);
}

bool MessagePackParser::read_value(const char*& at, const char* end, std::string_view& why) {
  if (at == end) {
    why = kCutOff;
    return false;
  }
  const auto first = static_cast<std::uint8_t>(*at++);
  PackedNode& node = nodes_.emplace_back();
  Input in(at, end);
  if (first == kNever) {
    why = kMalformed;
    return false;
  }
  if (!read_node(first, in, node)) {
    why = kCutOff;
    return false;
  }
  const bool is_name = !open_.empty() && open_.back().is_map && open_.back().left % 2 == 0;
  if (is_name && node.kind != Kind::kText) {
    why = "has a field whose name is no string";
    return false;
  }
  if (node.kind == Kind::kText && !is_ascii(node.bytes()) && !is_utf8(node.bytes())) {
    why = "is no UTF-8";
    return false;
  }
  if (node.kind != Kind::kArray && node.kind != Kind::kMap) return true;
  const bool is_map = node.kind == Kind::kMap;
  const std::uint64_t values = std::uint64_t{node.size} * (is_map ? 2U : 1U);
  node.value = 1;
  if (values == 0) return true;
  if (values > in.left()) {  // each is a byte at least
    why = kCutOff;
    return false;
  }
  if (open_.size() + 1 >= max_depth_) {
    why = "is nested too deep";
    return false;
  }
  open_.push_back({nodes_.size() - 1, values, is_map});
  return true;
}

const PackedNode* MessagePackParser::parse(std::string_view bytes, std::string_view& why) {
  nodes_.clear();
  open_.clear();
  if (bytes.empty()) {
    why = "is empty";
    return nullptr;
  }
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  do {
    const std::size_t depth = open_.size();
    if (!read_value(at, end, why)) return nullptr;
    if (open_.size() != depth) continue;
    // What is complete now may be the last of what it is in.
    while (!open_.empty() && --open_.back().left == 0) {
      const std::size_t container = open_.back().node;
      nodes_[container].value = nodes_.size() - container;
      open_.pop_back();
    }
  } while (!open_.empty());
  if (at != end) {
    why = "has more behind its end";
    return nullptr;
  }
  return nodes_.data();
}

}  // namespace zerver::flow
