#include "coding/decoder.h"
#include <zerver/effects/http/gzip.h>

#include <zlib.h>

#include <limits>
#include <new>

namespace zerver::effects {

namespace {

constexpr int kGzipOnly = 15 + 16;  // the widest window, and the format
constexpr int kMemoryLevel = 8;
constexpr std::size_t kOutputPiece = std::size_t{16} << 10;

}  // namespace

struct Gzip::Coders {
  z_stream deflating{};
  bool has_deflating = false;
  std::unique_ptr<http_client::Decoder> decoder;
};

Gzip::Gzip() : coders_(std::make_unique<Coders>()) {}
Gzip::~Gzip() {
  if (coders_->has_deflating) deflateEnd(&coders_->deflating);
}

bool Gzip::encode(std::string_view text, OutputBuffer& out) {
  if (text.size() > std::numeric_limits<uInt>::max()) return false;
  z_stream& stream = coders_->deflating;
  if (!coders_->has_deflating) {
    const int made =
        deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipOnly, kMemoryLevel, Z_DEFAULT_STRATEGY);
    if (made != Z_OK) throw std::bad_alloc();
    coders_->has_deflating = true;
  } else {
    deflateReset(&stream);
  }
  // zlib does not write to it.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  for (int state = Z_OK; state != Z_STREAM_END;) {
    stream.next_out = reinterpret_cast<Bytef*>(out.reserve(kOutputPiece));
    stream.avail_out = static_cast<uInt>(kOutputPiece);
    state = deflate(&stream, Z_FINISH);
    out.commit(kOutputPiece - stream.avail_out);
  }
  return true;
}

bool Gzip::decode(std::string_view coded, std::size_t limit, OutputBuffer& out) {
  if (coders_->decoder == nullptr) coders_->decoder = http_client::gzip_decoder();
  coders_->decoder->begin();
  return http_client::decode_whole(*coders_->decoder, coded, limit, out) == http_client::Decoded::kWhole;
}

}  // namespace zerver::effects
