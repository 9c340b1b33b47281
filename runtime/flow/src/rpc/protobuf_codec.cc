#include <zerver/flow/data/utf8.h>
#include <zerver/flow/rpc/protobuf_codec.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace zerver::flow::detail {

namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;
constexpr std::int64_t kMicroseconds = 1'000'000;

// Both messages are int64 seconds = 1; int32 nanos = 2.
bool read_moment(const ProtobufReader& in, const ProtobufValue& value, std::int64_t& seconds,
                 std::int64_t& nanoseconds) {
  std::string_view bytes;
  if (!read_bytes(in, value, bytes)) return false;
  std::int32_t nanos = 0;
  ProtobufReader fields(bytes, in);
  while (fields.next()) {
    if (fields.number() == 1 && !read_field(fields, seconds)) return false;
    if (fields.number() == 2 && !read_field(fields, nanos)) return false;
  }
  nanoseconds = nanos;
  return fields.is_well();
}

}  // namespace

void write_moment(ProtobufWriter& out, std::int64_t seconds, std::int32_t nanoseconds) {
  write_field(out, 1, seconds);
  write_field(out, 2, nanoseconds);
}

void write_span(ProtobufWriter& out, Timestamp time) {
  // Nanoseconds count forwards, also before 1970.
  const std::int64_t part = ((time.microseconds % kMicroseconds) + kMicroseconds) % kMicroseconds;
  write_moment(out, (time.microseconds - part) / kMicroseconds, static_cast<std::int32_t>(part * 1'000));
}

void write_span(ProtobufWriter& out, Duration span) {
  write_moment(out, span.nanoseconds / kNanoseconds,
               static_cast<std::int32_t>(span.nanoseconds % kNanoseconds));
}

bool read_span(const ProtobufReader& in, const ProtobufValue& value, Timestamp& out) {
  constexpr std::int64_t kFirst = -62'135'596'800;  // 0001-01-01T00:00:00Z
  constexpr std::int64_t kLast = 253'402'300'799;   // 9999-12-31T23:59:59Z
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  if (!read_moment(in, value, seconds, nanoseconds)) return false;
  if (seconds < kFirst || seconds > kLast || nanoseconds < 0 || nanoseconds >= kNanoseconds)
    return in.reject("is no time");
  out.microseconds = seconds * kMicroseconds + nanoseconds / 1'000;
  return true;
}

bool read_span(const ProtobufReader& in, const ProtobufValue& value, Duration& out) {
  constexpr std::int64_t kLongest = std::numeric_limits<std::int64_t>::max() / kNanoseconds - 1;
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  if (!read_moment(in, value, seconds, nanoseconds)) return false;
  const bool is_mixed = (seconds < 0 && nanoseconds > 0) || (seconds > 0 && nanoseconds < 0);
  if (is_mixed || nanoseconds <= -kNanoseconds || nanoseconds >= kNanoseconds)
    return in.reject("is no duration");
  if (seconds < -kLongest || seconds > kLongest) return in.reject("is longer than 292 years");
  out.nanoseconds = seconds * kNanoseconds + nanoseconds;
  return true;
}

bool read_bytes(const ProtobufReader& in, const ProtobufValue& value, std::string_view& out) {
  if (value.type != WireType::kLength) return in.reject("is of another type");
  out = value.bytes;
  return true;
}

bool read_text(const ProtobufReader& in, const ProtobufValue& value, String& out) {
  std::string_view bytes;
  if (!read_bytes(in, value, bytes)) return false;
  if (!is_utf8(bytes)) return in.reject("is not UTF-8");
  out = in.arena().text(bytes);
  return true;
}

bool read_real(const ProtobufReader& in, const ProtobufValue& value, double& out) {
  switch (value.type) {
    case WireType::kI64:
      out = std::bit_cast<double>(value.number);
      return true;
    case WireType::kI32:
      out = double{std::bit_cast<float>(static_cast<std::uint32_t>(value.number))};
      return true;
    default:
      return in.reject("is of another type");
  }
}

std::size_t mark_last_of_each(std::span<const String> keys, std::span<bool> kept, Arena& arena) {
  const std::span<std::size_t> order = arena.make_array<std::size_t>(keys.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::ranges::sort(order, [&](std::size_t left, std::size_t right) {
    const int compared = keys[left].view().compare(keys[right].view());
    return compared != 0 ? compared < 0 : left < right;
  });
  std::size_t left = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool is_last = i + 1 == order.size() || keys[order[i]].view() != keys[order[i + 1]].view();
    kept[order[i]] = is_last;
    left += is_last ? 1 : 0;
  }
  return left;
}

}  // namespace zerver::flow::detail
