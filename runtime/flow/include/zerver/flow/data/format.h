// The formats of documents: what they say is what JSON can say, the bytes differ.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerver::flow {

enum class Format : std::uint8_t {
  kJson,         // RFC 8259
  kMessagePack,  // https://github.com/msgpack/msgpack/blob/master/spec.md
};

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kMessagePackType = "application/msgpack";
// By all names that it goes by; the second one is registered.
inline constexpr std::array<std::string_view, 3> kMessagePackTypes = {
    kMessagePackType, "application/vnd.msgpack", "application/x-msgpack"};

// Whether a Content-Type names it; parameters say nothing.
bool is_message_pack(std::string_view content_type) noexcept;

// A document as somebody has sent it.
struct Document {
  std::string_view text;
  Format format = Format::kJson;
  std::size_t readable = 0;  // so many bytes behind the text may be read
  bool stays = false;        // as long as what is read from it: then texts in it need no copy
};

}  // namespace zerver::flow
