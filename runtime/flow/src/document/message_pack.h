// The bytes of MessagePack, https://github.com/msgpack/msgpack/blob/master/spec.md.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <vector>

namespace zerver::flow {

namespace message_pack {

inline constexpr std::int8_t kTimestamp = -1;  // the one extension that has a meaning

enum Byte : std::uint8_t {
  kFixMap = 0x80,
  kFixArray = 0x90,
  kFixText = 0xA0,
  kNil = 0xC0,
  kNever = 0xC1,
  kFalse = 0xC2,
  kTrue = 0xC3,
  kBinary8 = 0xC4,
  kBinary16 = 0xC5,
  kBinary32 = 0xC6,
  kExtension8 = 0xC7,
  kExtension16 = 0xC8,
  kExtension32 = 0xC9,
  kReal32 = 0xCA,
  kReal64 = 0xCB,
  kUnsigned8 = 0xCC,
  kUnsigned16 = 0xCD,
  kUnsigned32 = 0xCE,
  kUnsigned64 = 0xCF,
  kSigned8 = 0xD0,
  kSigned16 = 0xD1,
  kSigned32 = 0xD2,
  kSigned64 = 0xD3,
  kFixExtension1 = 0xD4,
  kFixExtension16 = 0xD8,
  kText8 = 0xD9,
  kText16 = 0xDA,
  kText32 = 0xDB,
  kArray16 = 0xDC,
  kArray32 = 0xDD,
  kMap16 = 0xDE,
  kMap32 = 0xDF,
  kFixNegative = 0xE0,
};

// Big-endian.
template <std::unsigned_integral T> T load(const char* at) noexcept {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>(std::uint64_t{value} << 8U | static_cast<unsigned char>(at[i]));
  return value;
}
template <std::unsigned_integral T> char* store(char* at, T value) noexcept {
  for (std::size_t i = sizeof(T); i-- > 0;)
    *at++ = static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  return at;
}

inline constexpr std::size_t kMaxHead = 5;

// What tells the size of something, at most kMaxHead bytes: `small` for one below `limit`, else the shortest
// of the forms that follow each other from `first` on, with 8 bits where `has_8`, 16 and 32. Gives the end.
char* store_head(char* at, std::size_t size, Byte small, std::size_t limit, Byte first, bool has_8);
inline char* store_text_head(char* at, std::size_t size) {
  return store_head(at, size, kFixText, 32, kText8, true);
}

}  // namespace message_pack

// One value of a document that has been checked. An array or map is followed by all that is in it; a map has
// the name of each field, a kText, before its value.
struct PackedNode {
  enum class Kind : std::uint8_t {
    kNil,
    kBoolean,
    kUnsigned,
    kNegative,
    kReal,
    kText,
    kBinary,
    kExtension,
    kArray,
    kMap
  };

  // kUnsigned, and 0 or 1 of kBoolean; the bits of kNegative and kReal; how many nodes a kArray or kMap takes
  // with what is in it; the address of the bytes of the others.
  std::uint64_t value = 0;
  std::uint32_t size = 0;  // bytes; elements; fields
  Kind kind = Kind::kNil;
  std::int8_t type = 0;  // of kExtension

  std::string_view bytes() const noexcept { return {reinterpret_cast<const char*>(value), size}; }
  // The node behind it and all that is in it.
  const PackedNode* next() const noexcept {
    return this + (kind == Kind::kArray || kind == Kind::kMap ? value : 1);
  }
};

// Checks documents. Its memory is kept: it does not allocate once it has seen one with as many values. What a
// document says of its size is believed as far as the bytes are there.
class MessagePackParser {
 public:
  explicit MessagePackParser(std::size_t max_depth);

  // The root; null, with why, when the bytes are no document: `is cut off`. Valid until the next call, and as
  // long as the bytes.
  const PackedNode* parse(std::string_view bytes, std::string_view& why);

 private:
  struct Container {
    std::size_t node;
    std::uint64_t left;  // values that are to come, names among them
    bool is_map;
  };

  bool read_value(const char*& at, const char* end, std::string_view& why);

  std::size_t max_depth_;
  std::vector<PackedNode> nodes_;
  std::vector<Container> open_;
};

}  // namespace zerver::flow
