#include "coding/decoder.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

namespace zerver::effects::http_client {

namespace {

// What zlib calls the frame around a deflated content.
constexpr int kGzipFrame = 16 + MAX_WBITS;
constexpr int kZlibFrame = MAX_WBITS;
constexpr int kNoFrame = -MAX_WBITS;

class Inflater {
 public:
  Inflater() = default;
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (is_open_) inflateEnd(&stream_);
  }

  void begin(int frame) {
    const int opened = is_open_ ? inflateReset2(&stream_, frame) : inflateInit2(&stream_, frame);
    if (opened != Z_OK) throw std::bad_alloc();
    is_open_ = true;
    is_complete_ = false;
  }
  bool decode(std::string_view& coded, std::size_t room, OutputBuffer& out, bool has_members) {
    while (room != 0) {
      if (is_complete_) {
        if (coded.empty()) return true;
        if (!has_members || inflateReset(&stream_) != Z_OK) return false;
        is_complete_ = false;
      }
      const std::size_t piece = std::min(room, kPiece);
      const std::size_t given = std::min<std::size_t>(coded.size(), std::numeric_limits<uInt>::max());
      // zlib never writes to it.
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(coded.data()));
      stream_.avail_in = static_cast<uInt>(given);
      stream_.next_out = reinterpret_cast<Bytef*>(out.reserve(piece));
      stream_.avail_out = static_cast<uInt>(piece);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      const std::size_t made = piece - stream_.avail_out;
      const std::size_t used = given - stream_.avail_in;
      out.commit(made);
      room -= made;
      coded.remove_prefix(used);
      is_complete_ = result == Z_STREAM_END;
      if (is_complete_) continue;
      if (result != Z_OK && result != Z_BUF_ERROR) return false;
      if (coded.empty() && made < piece) return true;
    }
    return true;
  }
  bool is_complete() const noexcept { return is_complete_; }

 private:
  z_stream stream_{};
  bool is_open_ = false;
  bool is_complete_ = false;
};

class GzipDecoder final : public Decoder {
 public:
  void begin() override { inflater_.begin(kGzipFrame); }
  bool decode(std::string_view& coded, std::size_t room, OutputBuffer& out) override {
    return inflater_.decode(coded, room, out, true);
  }
  bool is_complete() const noexcept override { return inflater_.is_complete(); }

 private:
  Inflater inflater_;
};

class DeflateDecoder final : public Decoder {
 public:
  void begin() override { seen_ = 0; }
  bool decode(std::string_view& coded, std::size_t room, OutputBuffer& out) override {
    while (seen_ < first_.size() && !coded.empty()) {
      first_[seen_++] = coded.front();
      coded.remove_prefix(1);
      if (seen_ == first_.size()) begin_inflating();
    }
    if (seen_ < first_.size()) return true;
    const std::size_t end = out.size() + room;
    if (!left_.empty() && !inflater_.decode(left_, room, out, false)) return false;
    return !left_.empty() || inflater_.decode(coded, end - out.size(), out, false);
  }
  bool is_complete() const noexcept override { return seen_ == first_.size() && inflater_.is_complete(); }

 private:
  // The first two bytes of RFC 1950 are a multiple of 31, and its method is 8.
  void begin_inflating() {
    const auto byte = [this](std::size_t at) {
      return static_cast<unsigned>(static_cast<unsigned char>(first_[at]));
    };
    const bool is_zlib = (byte(0) & 0x0FU) == 8 && (byte(0) * 256U + byte(1)) % 31U == 0;
    inflater_.begin(is_zlib ? kZlibFrame : kNoFrame);
    left_ = {first_.data(), first_.size()};
  }

  Inflater inflater_;
  std::array<char, 2> first_{};
  std::size_t seen_ = 0;
  std::string_view left_;  // of those
};

class BrotliDecoder final : public Decoder {
 public:
  void begin() override {
    state_.reset(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr));
    if (state_ == nullptr) throw std::bad_alloc();
  }
  bool decode(std::string_view& coded, std::size_t room, OutputBuffer& out) override {
    while (room != 0) {
      const std::size_t piece = std::min(room, kPiece);
      std::size_t left = coded.size();
      const auto* in = reinterpret_cast<const std::uint8_t*>(coded.data());
      auto* next = reinterpret_cast<std::uint8_t*>(out.reserve(piece));
      std::size_t free = piece;
      const BrotliDecoderResult result =
          BrotliDecoderDecompressStream(state_.get(), &left, &in, &free, &next, nullptr);
      out.commit(piece - free);
      room -= piece - free;
      coded.remove_prefix(coded.size() - left);
      if (result == BROTLI_DECODER_RESULT_SUCCESS) return coded.empty();
      if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT) return true;
      if (result != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) return false;
    }
    return true;
  }
  bool is_complete() const noexcept override { return BrotliDecoderIsFinished(state_.get()) != 0; }

 private:
  struct Close {
    void operator()(BrotliDecoderState* state) const noexcept { BrotliDecoderDestroyInstance(state); }
  };
  std::unique_ptr<BrotliDecoderState, Close> state_;
};

class ZstdDecoder final : public Decoder {
 public:
  void begin() override {
    constexpr int kWindowLog = 23;  // 8 MiB
    if (context_ == nullptr) context_.reset(ZSTD_createDCtx());
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLog);
    is_complete_ = false;
  }
  bool decode(std::string_view& coded, std::size_t room, OutputBuffer& out) override {
    while (room != 0) {
      const std::size_t size = std::min(room, kPiece);
      ZSTD_inBuffer in{coded.data(), coded.size(), 0};
      ZSTD_outBuffer piece{out.reserve(size), size, 0};
      // Behind the end of a frame another one would begin.
      if (is_complete_ && coded.empty()) return true;
      const std::size_t hint = ZSTD_decompressStream(context_.get(), &piece, &in);
      if (ZSTD_isError(hint) != 0) return false;
      out.commit(piece.pos);
      room -= piece.pos;
      coded.remove_prefix(in.pos);
      is_complete_ = hint == 0;
      if (coded.empty() && piece.pos < size) return true;
      if (in.pos == 0 && piece.pos == 0) return false;  // it would go on like this for ever
    }
    return true;
  }
  bool is_complete() const noexcept override { return is_complete_; }

 private:
  struct Close {
    void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_DCtx, Close> context_;
  bool is_complete_ = false;
};

}  // namespace

Decoded decode_whole(Decoder& decoder, std::string_view coded, std::size_t limit, OutputBuffer& out) {
  const std::size_t begin = out.size();
  for (;;) {
    // One byte more than there may be shows what is too long.
    const std::size_t before = out.size();
    const std::size_t left = limit - (before - begin);
    const std::size_t room = std::min(kPiece, left) + (left < kPiece ? 1 : 0);
    if (!decoder.decode(coded, room, out)) return Decoded::kMalformed;
    if (out.size() - begin > limit) {
      out.truncate(begin + limit);
      return Decoded::kTooLarge;
    }
    if (out.size() - before == room) continue;
    return coded.empty() && decoder.is_complete() ? Decoded::kWhole : Decoded::kMalformed;
  }
}

std::unique_ptr<Decoder> gzip_decoder() { return std::make_unique<GzipDecoder>(); }
std::unique_ptr<Decoder> deflate_decoder() { return std::make_unique<DeflateDecoder>(); }
std::unique_ptr<Decoder> brotli_decoder() { return std::make_unique<BrotliDecoder>(); }
std::unique_ptr<Decoder> zstd_decoder() { return std::make_unique<ZstdDecoder>(); }

}  // namespace zerver::effects::http_client
