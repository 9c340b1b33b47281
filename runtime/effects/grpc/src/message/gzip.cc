#include "message/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

namespace zerver::effects::grpc_client {

namespace {

constexpr int kGzipOnly = 15 + 16;  // the widest window, and the format
constexpr int kMemoryLevel = 8;
constexpr std::size_t kPiece = std::size_t{16} << 10;

void set_input(z_stream& stream, std::string_view text) noexcept {
  // zlib does not write to it.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
}

bool is_too_long(std::string_view text) noexcept { return text.size() > std::numeric_limits<uInt>::max(); }

}  // namespace

struct Gzip::Coders {
  z_stream deflating{};
  z_stream inflating{};
  bool has_deflating = false;
  bool has_inflating = false;
};

Gzip::Gzip() : coders_(std::make_unique<Coders>()) {}
Gzip::~Gzip() {
  if (coders_->has_deflating) deflateEnd(&coders_->deflating);
  if (coders_->has_inflating) inflateEnd(&coders_->inflating);
}

void Gzip::encode(std::string_view text, OutputBuffer& out) {
  z_stream& stream = coders_->deflating;
  if (!coders_->has_deflating) {
    const int made =
        deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipOnly, kMemoryLevel, Z_DEFAULT_STRATEGY);
    if (made != Z_OK) throw std::bad_alloc();
    coders_->has_deflating = true;
  } else {
    deflateReset(&stream);
  }
  if (is_too_long(text)) throw std::bad_alloc();
  set_input(stream, text);
  for (int state = Z_OK; state != Z_STREAM_END;) {
    stream.next_out = reinterpret_cast<Bytef*>(out.reserve(kPiece));
    stream.avail_out = static_cast<uInt>(kPiece);
    state = deflate(&stream, Z_FINISH);
    out.commit(kPiece - stream.avail_out);
  }
}

bool Gzip::decode(std::string_view coded, std::size_t limit, OutputBuffer& out) {
  z_stream& stream = coders_->inflating;
  if (!coders_->has_inflating) {
    if (inflateInit2(&stream, kGzipOnly) != Z_OK) throw std::bad_alloc();
    coders_->has_inflating = true;
  } else {
    inflateReset(&stream);
  }
  if (is_too_long(coded)) return false;
  set_input(stream, coded);
  for (std::size_t left = limit;;) {
    // One byte more than there may be shows what is too long.
    const std::size_t piece = std::min(kPiece, left + 1);
    stream.next_out = reinterpret_cast<Bytef*>(out.reserve(piece));
    stream.avail_out = static_cast<uInt>(piece);
    const int state = inflate(&stream, Z_NO_FLUSH);
    const std::size_t made = piece - stream.avail_out;
    if (made > left) return false;
    out.commit(made);
    left -= made;
    if (state == Z_STREAM_END) return stream.avail_in == 0;
    if (state != Z_OK) return false;
  }
}

}  // namespace zerver::effects::grpc_client
