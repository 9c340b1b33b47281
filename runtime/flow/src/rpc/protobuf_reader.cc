#include <zerver/flow/rpc/protobuf_reader.h>

#include <array>

namespace zerver::flow {

namespace {

constexpr std::uint64_t kStartGroup = 3;
constexpr std::uint64_t kEndGroup = 4;
constexpr std::uint64_t kMaxNumber = (std::uint64_t{1} << 29U) - 1;

bool take_varint(std::string_view& rest, std::uint64_t& out) noexcept {
  constexpr std::size_t kLongest = 10;
  out = 0;
  for (std::size_t i = 0; i < rest.size() && i < kLongest; ++i) {
    const auto byte = static_cast<unsigned char>(rest[i]);
    out |= static_cast<std::uint64_t>(byte & 0x7FU) << (7U * i);
    if (byte < 0x80) {
      rest.remove_prefix(i + 1);
      return i + 1 < kLongest || byte <= 1;
    }
  }
  return false;
}

bool take_fixed(std::string_view& rest, std::size_t size, std::uint64_t& out) noexcept {
  if (rest.size() < size) return false;
  out = 0;
  for (std::size_t i = 0; i < size; ++i)
    out |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest[i])) << (8U * i);
  rest.remove_prefix(size);
  return true;
}

struct Tag {
  std::uint32_t number = 0;
  std::uint64_t type = 0;
};

bool take_tag(std::string_view& rest, Tag& out) noexcept {
  std::uint64_t tag = 0;
  if (!take_varint(rest, tag) || tag >> 3U == 0 || tag >> 3U > kMaxNumber) return false;
  out.number = static_cast<std::uint32_t>(tag >> 3U);
  out.type = tag & 7U;
  return true;
}

bool is_wire_type(std::uint64_t type) noexcept { return type == 0 || type == 1 || type == 2 || type == 5; }

}  // namespace

bool take_value(std::string_view& rest, WireType type, ProtobufValue& out) noexcept {
  out.type = type;
  switch (type) {
    case WireType::kVarint:
      return take_varint(rest, out.number);
    case WireType::kI64:
      return take_fixed(rest, 8, out.number);
    case WireType::kI32:
      return take_fixed(rest, 4, out.number);
    case WireType::kLength:
      break;
  }
  std::uint64_t size = 0;
  if (!take_varint(rest, size) || size > rest.size()) return false;
  out.bytes = rest.substr(0, static_cast<std::size_t>(size));
  rest.remove_prefix(static_cast<std::size_t>(size));
  return true;
}

bool ProtobufReader::next() noexcept {
  while (is_well() && !rest_.empty()) {
    Tag tag;
    number_ = 0;
    if (!take_tag(rest_, tag)) return reject("has a malformed field");
    number_ = tag.number;
    if (tag.type == kStartGroup) {
      if (!skip_group()) return false;
      continue;
    }
    if (!is_wire_type(tag.type)) return reject("has a wire type that there is not");
    if (!take_value(rest_, static_cast<WireType>(tag.type), value_)) return reject("is cut off");
    return true;
  }
  return false;
}

// Groups are of the days before nested messages: nothing of ours is one.
bool ProtobufReader::skip_group() noexcept {
  std::array<std::uint32_t, kMaxDepth> open;
  std::size_t depth = 0;
  open[depth++] = number_;
  while (depth != 0) {
    Tag tag;
    if (!take_tag(rest_, tag)) return reject("is cut off");
    if (tag.type == kStartGroup) {
      if (depth == open.size()) return reject("is nested too deeply");
      open[depth++] = tag.number;
    } else if (tag.type == kEndGroup) {
      if (open[--depth] != tag.number) return reject("has a malformed field");
    } else {
      ProtobufValue skipped;
      if (!is_wire_type(tag.type)) return reject("has a wire type that there is not");
      if (!take_value(rest_, static_cast<WireType>(tag.type), skipped)) return reject("is cut off");
    }
  }
  return true;
}

}  // namespace zerver::flow
