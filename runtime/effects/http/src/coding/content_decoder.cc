#include "coding/content_decoder.h"

#include <zerver/core/message.h>

#include <algorithm>
#include <utility>

namespace zerver::effects::http_client {

namespace {

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

class Identity final : public Decoder {
 public:
  void begin() override {}
  bool decode(std::string_view& coded, std::size_t room, OutputBuffer& out) override {
    const std::string_view piece = coded.substr(0, room);
    out.append(piece);
    coded.remove_prefix(piece.size());
    return true;
  }
  bool is_complete() const noexcept override { return true; }
};

std::unique_ptr<Decoder> identity_decoder() { return std::make_unique<Identity>(); }

struct Coding {
  std::string_view name;
  std::unique_ptr<Decoder> (*make)();
};
constexpr std::array<Coding, 6> kCodings = {{{"gzip", gzip_decoder},
                                             {"x-gzip", gzip_decoder},
                                             {"deflate", deflate_decoder},
                                             {"br", brotli_decoder},
                                             {"zstd", zstd_decoder},
                                             {"identity", identity_decoder}}};

}  // namespace

// One or two codings behind each other, the first of which is undone first.
class ContentDecoder::Chain final : public Decoder {
 public:
  Result<void> begin(std::string_view codings) {
    size_ = 0;
    for (;;) {
      const std::size_t comma = codings.rfind(',');
      const std::string_view last =
          trimmed(comma == std::string_view::npos ? codings : codings.substr(comma + 1));
      if (size_ == kMostCodings)
        return Fault{FaultKind::kRejected, "its answer has too many content codings", {}};
      const auto known = std::ranges::find_if(
          kCodings, [&](const Coding& coding) { return equals_ignoring_case(last, coding.name); });
      if (known == kCodings.end())
        return Fault{FaultKind::kRejected, "it answered in a content coding that is not known here", {}};
      stages_[size_++].begin(static_cast<std::size_t>(known - kCodings.begin()));
      if (comma == std::string_view::npos) break;
      codings = codings.substr(0, comma);
    }
    begin();
    return {};
  }

  void begin() override {
    between_.clear();
    left_ = {};
  }
  bool decode(std::string_view& coded, std::size_t room, OutputBuffer& out) override {
    if (size_ == 1) return stages_[0].current->decode(coded, room, out);
    const std::size_t end = out.size() + room;
    for (;;) {
      if (!stages_[1].current->decode(left_, end - out.size(), out)) return false;
      if (out.size() == end) return true;
      between_.clear();
      if (!stages_[0].current->decode(coded, kPiece, between_)) return false;
      left_ = between_.view();
      if (left_.empty()) return true;
    }
  }
  bool is_complete() const noexcept override {
    return std::all_of(stages_.begin(), stages_.begin() + static_cast<std::ptrdiff_t>(size_),
                       [](const Stage& stage) { return stage.current->is_complete(); });
  }

 private:
  // With the decoders that it has needed so far.
  struct Stage {
    void begin(std::size_t coding) {
      if (decoders[coding] == nullptr) decoders[coding] = kCodings[coding].make();
      current = decoders[coding].get();
      current->begin();
    }
    std::array<std::unique_ptr<Decoder>, kCodings.size()> decoders;
    Decoder* current = nullptr;
  };

  std::array<Stage, kMostCodings> stages_;
  std::size_t size_ = 0;
  OutputBuffer between_;
  std::string_view left_;  // of that
};

ContentDecoder::ContentDecoder() : chain_(std::make_unique<Chain>()) {}
ContentDecoder::~ContentDecoder() = default;

Result<void> ContentDecoder::decode(std::string_view codings, std::string_view content, std::size_t limit,
                                    OutputBuffer& out) {
  out.clear();
  if (Result<void> begun = begin(codings); !begun) return begun;
  switch (decode_whole(*chain_, content, limit, out)) {
    case Decoded::kWhole:
      return {};
    case Decoded::kTooLarge:
      return kLarge;
    case Decoded::kMalformed:
      break;
  }
  return kMalformed;
}

Result<void> ContentDecoder::begin(std::string_view codings) { return chain_->begin(codings); }

Result<void> ContentDecoder::decode(std::string_view& coded, std::size_t room, OutputBuffer& out) {
  if (!chain_->decode(coded, room, out)) return kMalformed;
  return {};
}

Result<void> ContentDecoder::end() const {
  if (!chain_->is_complete()) return kMalformed;
  return {};
}

}  // namespace zerver::effects::http_client
