#include "message/content_coding.h"

#include <zerver/core/message.h>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <utility>

namespace zerver::effects::http_client {

namespace {

constexpr std::size_t kPiece = std::size_t{32} << 10;
constexpr std::size_t kMostCodings = 2;  // more are of no use but to a bomb

const Fault kMalformed{FaultKind::kUnavailable, "the content coding of its answer is malformed", {}};
const Fault kLarge{FaultKind::kUnavailable, "its answer is too large when it is decoded", {}};

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

// zlib takes the format of gzip or of zlib (which HTTP calls deflate); some servers send deflate without any.
constexpr int kGzipFormat = 16 + MAX_WBITS;
constexpr int kZlibFormat = MAX_WBITS;
constexpr int kRawFormat = -MAX_WBITS;

class Inflater {
 public:
  Inflater() = default;
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (is_open_) inflateEnd(&stream_);
  }

  Result<void> decode(std::string_view content, int format, std::size_t limit, OutputBuffer& out) {
    const int opened = is_open_ ? inflateReset2(&stream_, format) : inflateInit2(&stream_, format);
    if (opened != Z_OK) throw std::bad_alloc();
    is_open_ = true;
    // zlib never writes to it.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
    stream_.avail_in = static_cast<uInt>(content.size());
    for (;;) {
      const std::size_t room = std::min(kPiece, limit - out.size() + 1);
      stream_.next_out = reinterpret_cast<Bytef*>(out.reserve(room));
      stream_.avail_out = static_cast<uInt>(room);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      out.commit(room - stream_.avail_out);
      if (out.size() > limit) return kLarge;
      if (result == Z_STREAM_END) {
        // Members of gzip may follow each other (RFC 1952, 2.2); nothing else may.
        if (stream_.avail_in == 0) return {};
        if (format != kGzipFormat || inflateReset(&stream_) != Z_OK) return kMalformed;
      } else if (result != Z_OK) {
        return kMalformed;
      }
    }
  }

 private:
  z_stream stream_{};
  bool is_open_ = false;
};

Result<void> decode_deflate(Inflater& inflater, std::string_view content, std::size_t limit,
                            OutputBuffer& out) {
  // RFC 1950: the first two bytes are a multiple of 31, and the method is 8.
  const bool is_zlib =
      content.size() >= 2 && (content[0] & 0x0F) == 8 &&
      (static_cast<unsigned char>(content[0]) * 256U + static_cast<unsigned char>(content[1])) % 31U == 0;
  return inflater.decode(content, is_zlib ? kZlibFormat : kRawFormat, limit, out);
}

Result<void> decode_brotli(std::string_view content, std::size_t limit, OutputBuffer& out) {
  const auto close = [](BrotliDecoderState* state) { BrotliDecoderDestroyInstance(state); };
  const std::unique_ptr<BrotliDecoderState, decltype(close)> decoder(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), close);
  if (decoder == nullptr) throw std::bad_alloc();
  std::size_t left = content.size();
  const auto* in = reinterpret_cast<const std::uint8_t*>(content.data());
  for (;;) {
    const std::size_t room = std::min(kPiece, limit - out.size() + 1);
    auto* next = reinterpret_cast<std::uint8_t*>(out.reserve(room));
    std::size_t free = room;
    const BrotliDecoderResult result =
        BrotliDecoderDecompressStream(decoder.get(), &left, &in, &free, &next, nullptr);
    out.commit(room - free);
    if (out.size() > limit) return kLarge;
    if (result == BROTLI_DECODER_RESULT_SUCCESS) return left == 0 ? Result<void>() : kMalformed;
    if (result != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) return kMalformed;
  }
}

class ZstdDecoder {
 public:
  ZstdDecoder() = default;
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;
  ~ZstdDecoder() { ZSTD_freeDCtx(context_); }

  Result<void> decode(std::string_view content, std::size_t limit, OutputBuffer& out) {
    constexpr int kWindowLog = 23;  // RFC 9659: no more than 8 MiB in HTTP
    if (context_ == nullptr) context_ = ZSTD_createDCtx();
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_reset(context_, ZSTD_reset_session_only);
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kWindowLog);
    ZSTD_inBuffer in{content.data(), content.size(), 0};
    std::size_t hint = 1;  // 0: at the end of a frame
    while (in.pos < in.size || hint != 0) {
      const std::size_t room = std::min(kPiece, limit - out.size() + 1);
      ZSTD_outBuffer piece{out.reserve(room), room, 0};
      const std::size_t before = in.pos;
      hint = ZSTD_decompressStream(context_, &piece, &in);
      out.commit(piece.pos);
      if (out.size() > limit) return kLarge;
      if (ZSTD_isError(hint) != 0 || (hint != 0 && piece.pos == 0 && in.pos == before)) return kMalformed;
    }
    return {};
  }

 private:
  ZSTD_DCtx* context_ = nullptr;
};

}  // namespace

struct ContentDecoder::Coders {
  Inflater inflater;
  ZstdDecoder zstd;
  OutputBuffer between;  // two codings

  Result<void> decode(std::string_view coding, std::string_view content, std::size_t limit,
                      OutputBuffer& out) {
    out.clear();
    if (equals_ignoring_case(coding, "gzip") || equals_ignoring_case(coding, "x-gzip"))
      return inflater.decode(content, kGzipFormat, limit, out);
    if (equals_ignoring_case(coding, "deflate")) return decode_deflate(inflater, content, limit, out);
    if (equals_ignoring_case(coding, "br")) return decode_brotli(content, limit, out);
    if (equals_ignoring_case(coding, "zstd")) return zstd.decode(content, limit, out);
    if (equals_ignoring_case(coding, "identity")) {
      if (content.size() > limit) return kLarge;
      out.append(content);
      return {};
    }
    return Fault{FaultKind::kRejected, "it answered in a content coding that is not known here", {}};
  }
};

ContentDecoder::ContentDecoder() : coders_(std::make_unique<Coders>()) {}
ContentDecoder::~ContentDecoder() = default;

Result<void> ContentDecoder::decode(std::string_view codings, std::string_view content, std::size_t limit,
                                    OutputBuffer& out) {
  for (std::size_t coding = 0;; ++coding) {
    const std::size_t comma = codings.rfind(',');
    const std::string_view last =
        trimmed(comma == std::string_view::npos ? codings : codings.substr(comma + 1));
    if (coding == kMostCodings)
      return Fault{FaultKind::kRejected, "its answer has too many content codings", {}};
    if (coding != 0) {
      coders_->between.clear();
      coders_->between.append(out.view());
      content = coders_->between.view();
    }
    if (Result<void> decoded = coders_->decode(last, content, limit, out); !decoded) return decoded;
    if (comma == std::string_view::npos) return {};
    codings = codings.substr(0, comma);
  }
}

}  // namespace zerver::effects::http_client
