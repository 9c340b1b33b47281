// Generated messages against gRPC's own library, both ways: random values, and what both sides make of them.
#include "peer.h"
#include <zerver/core/random.h>
#include <zerver/flow/rpc/protobuf_codec.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace zerver::effects {
namespace {

using peers::Everything;
using peers::Inner;
using peers::Standing;

// --- What a message holds, in the words of peer.py ---

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    text += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4U];
    text += "0123456789abcdef"[static_cast<unsigned char>(c) & 15U];
  }
  return text;
}

std::string text_of(const Inner& inner);
std::string text_of(bool flag) { return flag ? "1" : "0"; }
std::string text_of(String text) { return "'" + hex(text); }
std::string text_of(Bytes bytes) { return "#" + hex(bytes.view()); }
std::string text_of(double number) {
  std::string bytes(sizeof number, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(std::bit_cast<std::uint64_t>(number) >> (8U * (7 - i)));
  return "~" + hex(bytes);
}
std::string text_of(Standing standing) { return std::to_string(protobuf_number(standing)); }
template <std::integral Integer>
  requires(!std::is_same_v<Integer, bool>)
std::string text_of(Integer number) {
  return std::to_string(number);
}
std::string text_of(Timestamp time) {
  const std::int64_t part = (time.microseconds % 1'000'000 + 1'000'000) % 1'000'000;
  return "(" + std::to_string((time.microseconds - part) / 1'000'000) + "," + std::to_string(part * 1'000) +
         ")";
}
std::string text_of(Duration span) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  return "(" + std::to_string(span.nanoseconds / kSecond) + "," + std::to_string(span.nanoseconds % kSecond) +
         ")";
}
std::string text_of(const Decimal& number) {
  return number == Decimal{} ? "'" : "'" + hex(flow::Piece(number).view());
}
std::string text_of(const Uuid& uuid) { return uuid == Uuid{} ? "'" : "'" + hex(flow::Piece(uuid).view()); }
template <class T> std::string text_of(const std::optional<T>& value) {
  return value ? text_of(*value) : "-";
}
template <class T> std::string text_of(const List<T>& list) {
  std::string text;
  for (const T& item : list)
    text += (text.empty() ? "" : ",") + text_of(item);
  return "[" + text + "]";
}
template <class T> std::string text_of(const Map<T>& map) {
  std::vector<typename Map<T>::Entry> entries(map.begin(), map.end());
  std::ranges::sort(entries, {}, [](const auto& entry) { return entry.key.view(); });
  std::string text;
  for (const auto& [key, value] : entries)
    text += (text.empty() ? "" : ",") + hex(key.view()) + "=" + text_of(value);
  return "{" + text + "}";
}

template <class... Fields> std::string listing(const Fields&... fields) {
  std::string text;
  ((text += (text.empty() ? "" : ",") + text_of(fields)), ...);
  return "(" + text + ")";
}
std::string text_of(const Inner& inner) { return listing(inner.a, inner.b, inner.c, inner.d); }
std::string text_of(const Everything& all) {
  return listing(all.flag, all.i32, all.i64, all.u32, all.u64, all.f64, all.s32, all.s64, all.x32, all.x64,
                 all.y32, all.y64, all.f32, all.text, all.raw, all.standing, all.inner, all.at, all.span,
                 all.maybe_number, all.maybe_text, all.maybe_inner, all.maybe_standing, all.numbers,
                 all.signed_numbers, all.fixed_numbers, all.reals, all.flags, all.standings, all.texts,
                 all.blobs, all.inners, all.counts, all.names, all.inners_by, all.signed_by, all.amount,
                 all.id);
}

// --- Random messages ---

class Maker {
 public:
  Maker(std::uint64_t seed, Arena& arena) : random_(seed), arena_(arena) {}

  void make(bool& out) { out = coin(); }
  template <std::integral Integer>
    requires(!std::is_same_v<Integer, bool>)
  void make(Integer& out) {
    constexpr Integer kEdges[] = {
        0, 1, 127, 128, std::numeric_limits<Integer>::min(), std::numeric_limits<Integer>::max()};
    out = coin() ? static_cast<Integer>(random_.u64()) : kEdges[random_.below(std::size(kEdges))];
  }
  void make(double& out) {
    constexpr double kEdges[] = {0.0, -0.0, 1.5, -2.25, std::numeric_limits<double>::infinity()};
    out = kEdges[random_.below(std::size(kEdges))];
  }
  void make(String& out) {
    constexpr std::string_view kPieces[] = {"a", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                            std::string_view("\0", 1)};
    std::string text;
    for (std::uint64_t size = random_.below(8) * random_.below(25); size != 0; --size)
      text += kPieces[random_.below(std::size(kPieces))];
    out = arena_.text(text);
  }
  void make(Bytes& out) {
    std::string bytes;
    for (std::uint64_t size = random_.below(30); size != 0; --size)
      bytes += static_cast<char>(random_.u64());
    out = Bytes::borrowed(arena_.text(bytes));
  }
  void make(Standing& out) {
    constexpr Standing kAll[] = {Standing::kNone, Standing::kOpen, Standing::kClosed};
    out = kAll[random_.below(std::size(kAll))];
  }
  void make(Timestamp& out) {
    out.microseconds = static_cast<std::int64_t>(random_.below(253'402'300'800'000'000ULL)) -
                       (coin() ? 62'135'596'800'000'000 : 0);
    out.microseconds = std::min<std::int64_t>(out.microseconds, 253'402'300'799'999'999);
  }
  void make(Duration& out) { out.nanoseconds = static_cast<std::int64_t>(random_.u64()) / 2; }
  void make(Decimal& out) {
    constexpr std::string_view kTexts[] = {"0", "0.01", "-12.50", "9223372036854775807"};
    out = *Decimal::parse(kTexts[random_.below(std::size(kTexts))]);
  }
  void make(Uuid& out) {
    if (coin()) out = Uuid::generate(random_);
  }
  template <class T> void make(std::optional<T>& out) {
    if (coin()) make(out.emplace());
  }
  template <class T> void make(List<T>& out) {
    const std::span<T> items = arena_.make_array<T>(coin() ? 0 : random_.below(40));
    for (T& item : items)
      make(item);
    out = List<T>::borrowed(items);
  }
  template <class T> void make(Map<T>& out) {
    const auto entries = arena_.make_array<typename Map<T>::Entry>(random_.below(5));
    for (std::size_t i = 0; i < entries.size(); ++i) {
      entries[i].key = arena_.text("key" + std::to_string(i));
      make(entries[i].value);
    }
    out = Map<T>::borrowed(entries);
  }
  void make(Inner& out) { each(out.a, out.b, out.c, out.d); }
  void make(Everything& out) {
    each(out.flag, out.i32, out.i64, out.u32, out.u64, out.f64, out.s32, out.s64, out.x32, out.x64, out.y32,
         out.y64, out.f32, out.text, out.raw, out.standing, out.inner, out.at, out.span, out.maybe_number,
         out.maybe_text, out.maybe_inner, out.maybe_standing, out.numbers, out.signed_numbers,
         out.fixed_numbers, out.reals, out.flags, out.standings, out.texts, out.blobs, out.inners, out.counts,
         out.names, out.inners_by, out.signed_by, out.amount, out.id);
  }

 private:
  bool coin() { return random_.below(2) == 0; }
  template <class... Fields> void each(Fields&... fields) { (make(fields), ...); }

  SeededRandom random_;
  Arena& arena_;
};

constexpr std::uint64_t kRounds = 200;

TEST(GrpcCodec, WhatWeWriteIsWhatTheOtherSideReads) {
  const auto harness = open_peer(PeerServer::shared().url());
  ASSERT_EQ(harness->error(), "");
  for (std::uint64_t seed = 0; seed < kRounds; ++seed) {
    Arena arena;
    Everything value;
    Maker(seed, arena).make(value);
    const auto listed = harness->perform(PeerAdapter::ListArguments{.whole = value});
    ASSERT_TRUE(listed->ok()) << listed->why();
    ASSERT_EQ(listed->value().text, text_of(value)) << "seed " << seed;
  }
}

TEST(GrpcCodec, WhatTheOtherSideWritesIsWhatWeRead) {
  const auto harness = open_peer(PeerServer::shared().url());
  ASSERT_EQ(harness->error(), "");
  for (std::uint64_t seed = 0; seed < kRounds; ++seed) {
    const auto made = harness->perform(PeerAdapter::MakeArguments{.seed = seed});
    ASSERT_TRUE(made->ok()) << made->why() << " seed " << seed;
    ASSERT_EQ(text_of(made->value().value), made->value().listing.view()) << "seed " << seed;
  }
}

TEST(GrpcCodec, NothingIsLostOnTheWayThereAndBack) {
  const auto harness = open_peer(PeerServer::shared().url());
  for (std::uint64_t seed = 0; seed < kRounds; ++seed) {
    Arena arena;
    Everything value;
    Maker(seed + kRounds, arena).make(value);
    const auto echoed = harness->perform(PeerAdapter::EchoArguments{.whole = value});
    ASSERT_TRUE(echoed->ok()) << echoed->why();
    ASSERT_EQ(text_of(echoed->value()), text_of(value)) << "seed " << seed;
  }
}

// A message with bytes changed is understood or refused, never more than that.
TEST(GrpcCodec, DamagedMessagesAreReadOrRefused) {
  SeededRandom random(7);
  std::size_t refused = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Arena arena;
    Everything value;
    Maker(seed, arena).make(value);
    OutputBuffer out;
    flow::ProtobufWriter writer(out);
    write_protobuf(writer, value);
    std::string message(out.view());
    for (int change = 0; change < 3 && !message.empty(); ++change)
      message[random.below(message.size())] = static_cast<char>(random.u64());
    message.resize(message.size() - random.below(message.size() / 8 + 1));
    Arena readers;
    flow::ProtobufReader::Context context{readers};
    flow::ProtobufReader in(message, context);
    Everything read;
    const bool is_read = read_protobuf(in, read);
    EXPECT_EQ(is_read, context.why.empty());
    refused += is_read ? 0 : 1;
  }
  EXPECT_GT(refused, 100U);
}

}  // namespace
}  // namespace zerver::effects
