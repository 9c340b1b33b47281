#include "message/answers.h"

#include "coding/content_decoder.h"

#include <brotli/encode.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <optional>
#include <string>
#include <vector>

namespace zerver::effects::http_client {
namespace {

constexpr FaultKinds kRead =
    FaultKinds::of(FaultKind::kMissing, FaultKind::kRejected, FaultKind::kUnavailable, FaultKind::kTimeout);
constexpr FaultKinds kWrite =
    FaultKinds::of(FaultKind::kRejected, FaultKind::kUnavailable, FaultKind::kTimeout);

TEST(Answers, HaveAKindByTheirStatus) {
  struct Case {
    std::uint16_t status;
    FaultKind of_read;
    FaultKind of_write;
  };
  constexpr Case kCases[] = {
      {302, FaultKind::kRejected, FaultKind::kRejected},
      {400, FaultKind::kRejected, FaultKind::kRejected},
      {401, FaultKind::kRejected, FaultKind::kRejected},
      {402, FaultKind::kRejected, FaultKind::kRejected},
      {404, FaultKind::kMissing, FaultKind::kRejected},
      {408, FaultKind::kTimeout, FaultKind::kTimeout},
      {409, FaultKind::kRejected, FaultKind::kRejected},
      {410, FaultKind::kMissing, FaultKind::kRejected},
      {429, FaultKind::kUnavailable, FaultKind::kUnavailable},
      {500, FaultKind::kUnavailable, FaultKind::kUnavailable},
      {503, FaultKind::kUnavailable, FaultKind::kUnavailable},
      {504, FaultKind::kTimeout, FaultKind::kTimeout},
  };
  for (const Case& each : kCases) {
    EXPECT_EQ(kind_of_status(each.status, kRead), each.of_read) << each.status;
    EXPECT_EQ(kind_of_status(each.status, kWrite), each.of_write) << each.status;
  }
  const FaultKinds all = FaultKinds::of(FaultKind::kInvalid, FaultKind::kConflict);
  EXPECT_EQ(kind_of_status(422, all), FaultKind::kInvalid);
  EXPECT_EQ(kind_of_status(412, all), FaultKind::kConflict);
}

TEST(Answers, SayWhenToComeBack) {
  const Timestamp now = *Timestamp::parse("1994-11-06T08:49:07Z");
  EXPECT_EQ(retry_after("120", now), Duration::from_seconds(120));
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), Duration::from_seconds(30));
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:48:37 GMT", now), Duration());
  EXPECT_EQ(retry_after("99999999999999999999999", now), Duration::from_seconds(86'400));
  for (const std::string_view text : {"", "-1", "1.5", "soon", "Sun, 06 Xyz 1994 08:49:37 GMT", "1 2"})
    EXPECT_EQ(retry_after(text, now), Duration()) << text;
}

TEST(Answers, TellAReasonThatIsSafeToShow) {
  flow::JsonReader reader;
  Arena arena;
  const auto why = [&](std::string_view type, std::string_view body) {
    return std::string(reason(402, type, body, reader, arena));
  };
  EXPECT_EQ(why("application/problem+json", R"({"title":"no","detail":"the card is\r\nexpired"})"),
            "the card is  expired");
  EXPECT_EQ(why("application/json; charset=utf-8", R"({"title":"no"})"), "no");
  EXPECT_EQ(why("application/json", R"({"title":7})"), "it answered with 402 Payment Required");
  EXPECT_EQ(why("application/json", "[1,2"), "it answered with 402 Payment Required");
  EXPECT_EQ(why("text/html", R"({"detail":"x"})"), "it answered with 402 Payment Required");
  const std::string umlauts = why(
      "application/json", "{\"detail\":\"" + [] {
        std::string text = "x";
        for (int i = 0; i < 400; ++i)
          text += "\xc3\xa4";
        return text;
      }() + "\"}");
  EXPECT_EQ(umlauts.size(), 299U);
  EXPECT_EQ(umlauts.back(), '\xa4');
}

std::string deflated(std::string_view text, int format) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, format, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string brotli(std::string_view text) {
  std::size_t size = BrotliEncoderMaxCompressedSize(text.size());
  std::string out(size, '\0');
  BrotliEncoderCompress(5, 20, BROTLI_MODE_GENERIC, text.size(),
                        reinterpret_cast<const std::uint8_t*>(text.data()), &size,
                        reinterpret_cast<std::uint8_t*>(out.data()));
  out.resize(size);
  return out;
}

TEST(ContentDecoder, UndoesCodings) {
  ContentDecoder decoder;
  OutputBuffer out;
  const std::string text(100'000, 'x');
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"gzip", deflated(text, 31)},
      {"GZIP", deflated(text, 31)},
      {"x-gzip", deflated(text.substr(0, 50'000), 31) + deflated(text.substr(50'000), 31)},
      {"deflate", deflated(text, 15)},
      {"deflate", deflated(text, -15)},
      {"zstd", zstd(text)},
      {"br", brotli(text)},
      {"identity", text},
      {"gzip, zstd", zstd(deflated(text, 31))},
  };
  for (const auto& [coding, content] : cases) {
    const Result<void> decoded = decoder.decode(coding, content, text.size(), out);
    EXPECT_TRUE(decoded) << coding << ": " << decoded.error().why;
    EXPECT_EQ(out.view(), text) << coding;
    EXPECT_FALSE(decoder.decode(coding, content, text.size() - 1, out)) << coding << " past the limit";
    EXPECT_LE(out.size(), text.size() + (std::size_t{32} << 10)) << coding;
    if (coding == "identity") continue;
    EXPECT_FALSE(
        decoder.decode(coding, std::string_view(content).substr(0, content.size() - 1), text.size(), out))
        << coding << " cut off";
  }
}

// All of it, given and taken in pieces; nothing when it is malformed or cut off.
std::optional<std::string> in_pieces(ContentDecoder& decoder, std::string_view coding,
                                     std::string_view content, std::size_t piece, std::size_t room) {
  std::string text;
  OutputBuffer out;
  if (!decoder.begin(coding)) return std::nullopt;
  while (!content.empty()) {
    std::string_view given = content.substr(0, piece);
    content.remove_prefix(given.size());
    for (bool goes_on = true; goes_on;) {
      out.clear();
      if (!decoder.decode(given, room, out)) return std::nullopt;
      EXPECT_LE(out.size(), room) << coding;
      goes_on = out.size() == room;
      EXPECT_TRUE(goes_on || given.empty()) << coding;
      text += out.view();
    }
  }
  if (!decoder.end()) return std::nullopt;
  return text;
}

TEST(ContentDecoder, UndoesThemPieceByPiece) {
  ContentDecoder decoder;
  std::string text;
  for (int i = 0; text.size() < 40'000; ++i)
    text += "line " + std::to_string(i * i) + "\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"gzip", deflated(text.substr(0, 7), 31) + deflated(text.substr(7), 31)},
      {"deflate", deflated(text, 15)},
      {"deflate", deflated(text, -15)},
      {"zstd", zstd(text)},
      {"br", brotli(text)},
      {"identity", text},
      {"br, gzip", deflated(brotli(text), 31)},
  };
  for (const auto& [coding, content] : cases) {
    for (const auto& [piece, room] :
         {std::pair<std::size_t, std::size_t>{1, 1}, {1, 100'000}, {7, 13}, {100'000, 1}})
      EXPECT_EQ(in_pieces(decoder, coding, content, piece, room), text)
          << coding << ' ' << piece << ' ' << room;
    if (coding == "identity") continue;
    const std::string_view cut = std::string_view(content).substr(0, content.size() - 1);
    EXPECT_EQ(in_pieces(decoder, coding, cut, 5, 1000), std::nullopt) << coding << " cut off";
  }
  EXPECT_EQ(in_pieces(decoder, "gzip", deflated("x", 31) + "garbage", 3, 100), std::nullopt);
}

TEST(ContentDecoder, RefusesWhatItDoesNotKnow) {
  ContentDecoder decoder;
  OutputBuffer out;
  EXPECT_EQ(decoder.decode("compress", "x", 10, out).error().kind, FaultKind::kRejected);
  EXPECT_EQ(decoder.decode("gzip, gzip, gzip", deflated("x", 31), 10, out).has_value(), false);
  EXPECT_EQ(decoder.decode("br", "no brotli at all", 1000, out).error().kind, FaultKind::kUnavailable);
  EXPECT_FALSE(decoder.decode("gzip", deflated("x", 31) + "garbage", 10, out));
}

}  // namespace
}  // namespace zerver::effects::http_client
