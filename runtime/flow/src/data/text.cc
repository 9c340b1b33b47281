#include "real.h"
#include <zerver/flow/data/text.h>

#include <charconv>
#include <cstring>

namespace zerver::flow {

Piece::Piece(double number) noexcept {
  size_ = static_cast<std::uint8_t>(write_real(own_.data(), number) - own_.data());
}

Piece::Piece(const Uuid& uuid) noexcept : size_(Uuid::kText) { uuid.write(own_.data()); }

Piece::Piece(Timestamp time) noexcept : size_(static_cast<std::uint8_t>(time.write(own_.data()))) {}

Piece::Piece(Duration span) noexcept : size_(static_cast<std::uint8_t>(span.write(own_.data()))) {}

Piece::Piece(const Decimal& number) noexcept : size_(static_cast<std::uint8_t>(number.write(own_.data()))) {}

void Piece::write(std::int64_t number) noexcept {
  size_ = static_cast<std::uint8_t>(std::to_chars(own_.data(), own_.data() + own_.size(), number).ptr -
                                    own_.data());
}

void Piece::write(std::uint64_t number) noexcept {
  size_ = static_cast<std::uint8_t>(std::to_chars(own_.data(), own_.data() + own_.size(), number).ptr -
                                    own_.data());
}

String concat(Arena& arena, std::initializer_list<Piece> pieces) {
  std::size_t size = 0;
  for (const Piece& piece : pieces)
    size += piece.view().size();
  if (size == 0) return {};
  char* const begin = static_cast<char*>(arena.allocate(size, 1));
  char* at = begin;
  for (const Piece& piece : pieces) {
    const std::string_view text = piece.view();
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    at += text.size();
  }
  return String::borrowed({begin, size});
}

namespace {

// RFC 3986, section 2.3.
bool is_unreserved(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

String url_encode(Arena& arena, const Piece& piece) {
  constexpr std::string_view kHexDigits = "0123456789ABCDEF";
  const std::string_view text = piece.view();
  std::size_t size = 0;
  for (const char c : text)
    size += is_unreserved(c) ? 1 : 3;
  if (size == 0) return {};
  char* const begin = static_cast<char*>(arena.allocate(size, 1));
  char* at = begin;
  for (const char c : text) {
    if (is_unreserved(c)) {
      *at++ = c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      *at++ = '%';
      *at++ = kHexDigits[byte >> 4U];
      *at++ = kHexDigits[byte & 0x0FU];
    }
  }
  return String::borrowed({begin, size});
}

}  // namespace zerver::flow
