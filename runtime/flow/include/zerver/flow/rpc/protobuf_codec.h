// Protocol Buffers (proto3) for the types of the language. Generated messages add their own `read_protobuf`
// and `write_protobuf`, enums `from_protobuf` and `protobuf_number`, found by their argument.
//
// A value that is the zero of its type is left out and read where there is none, but in an optional.
#pragma once

#include <zerver/core/list.h>
#include <zerver/flow/data/text.h>
#include <zerver/flow/rpc/protobuf_reader.h>
#include <zerver/flow/rpc/protobuf_writer.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace zerver::flow {

// Of a number, where the type alone does not say it: `@field(3, signed)`.
enum class ProtobufForm : std::uint8_t {
  kPlain,   // int32, int64, uint32, uint64, double
  kSigned,  // sint32, sint64
  kFixed,   // fixed32, fixed64, sfixed32, sfixed64
  kFloat,   // float
};

// What a generated struct is.
template <class T>
concept ProtobufMessage = requires(ProtobufWriter& out, ProtobufReader& in, const T& value, T& read) {
  write_protobuf(out, value);
  { read_protobuf(in, read) } -> std::same_as<bool>;
};

namespace detail {

template <class T>
concept Integral = std::is_integral_v<T> && !std::is_same_v<T, bool>;

template <ProtobufForm form, class T> constexpr WireType wire_type() noexcept {
  if constexpr (StrongScalar<T>) {
    return wire_type<form, typename T::scalar_type>();
  } else if constexpr (std::is_same_v<T, double>) {
    return form == ProtobufForm::kFloat ? WireType::kI32 : WireType::kI64;
  } else if constexpr (Integral<T>) {
    if (form != ProtobufForm::kFixed) return WireType::kVarint;
    return sizeof(T) == 8 ? WireType::kI64 : WireType::kI32;
  } else {
    return std::is_same_v<T, bool> || std::is_enum_v<T> ? WireType::kVarint : WireType::kLength;
  }
}

// google.protobuf.Timestamp and Duration.
void write_moment(ProtobufWriter& out, std::int64_t seconds, std::int32_t nanoseconds);
void write_span(ProtobufWriter& out, Timestamp time);
void write_span(ProtobufWriter& out, Duration span);
bool read_span(const ProtobufReader& in, const ProtobufValue& value, Timestamp& out);
bool read_span(const ProtobufReader& in, const ProtobufValue& value, Duration& out);

bool read_bytes(const ProtobufReader& in, const ProtobufValue& value, std::string_view& out);
bool read_text(const ProtobufReader& in, const ProtobufValue& value, String& out);
bool read_real(const ProtobufReader& in, const ProtobufValue& value, double& out);

// Keeps the last one of each key, in their order; how many are left. `keys` belong to the entries.
std::size_t mark_last_of_each(std::span<const String> keys, std::span<bool> kept, Arena& arena);

}  // namespace detail

// --- Out ---

// What stands behind the tag.
template <ProtobufForm form = ProtobufForm::kPlain, class T>
void write_value(ProtobufWriter& out, const T& value) {
  if constexpr (StrongScalar<T>) {
    write_value<form>(out, value.value);
  } else if constexpr (std::is_same_v<T, bool>) {
    out.varint(value ? 1 : 0);
  } else if constexpr (std::is_enum_v<T>) {
    out.varint(static_cast<std::uint64_t>(std::int64_t{protobuf_number(value)}));
  } else if constexpr (std::is_same_v<T, double>) {
    if constexpr (form == ProtobufForm::kFloat) {
      out.fixed32(std::bit_cast<std::uint32_t>(static_cast<float>(value)));
    } else {
      out.fixed64(std::bit_cast<std::uint64_t>(value));
    }
  } else if constexpr (detail::Integral<T>) {
    if constexpr (form == ProtobufForm::kSigned) {
      const auto wide = static_cast<std::int64_t>(value);
      out.varint((static_cast<std::uint64_t>(wide) << 1U) ^ static_cast<std::uint64_t>(wide >> 63U));
    } else if constexpr (form == ProtobufForm::kFixed && sizeof(T) == 4) {
      out.fixed32(static_cast<std::uint32_t>(value));
    } else if constexpr (form == ProtobufForm::kFixed) {
      out.fixed64(static_cast<std::uint64_t>(value));
    } else {
      out.varint(static_cast<std::uint64_t>(value));  // a negative one as 64 bits
    }
  } else if constexpr (std::is_same_v<T, String> || std::is_same_v<T, Bytes>) {
    out.bytes(value.view());
  } else if constexpr (std::is_same_v<T, Timestamp> || std::is_same_v<T, Duration>) {
    const std::size_t begin = out.begin();
    detail::write_span(out, value);
    out.end(begin);
  } else if constexpr (ProtobufMessage<T>) {
    const std::size_t begin = out.begin();
    write_protobuf(out, value);
    out.end(begin);
  } else {
    out.bytes(Piece(value).view());  // uuid, decimal
  }
}

template <class T> constexpr bool is_zero(const T& value) noexcept {
  if constexpr (StrongScalar<T>) {
    return is_zero(value.value);
  } else if constexpr (std::is_enum_v<T>) {
    return protobuf_number(value) == 0;
  } else if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<std::uint64_t>(value) == 0;
  } else if constexpr (std::is_same_v<T, String> || std::is_same_v<T, Bytes>) {
    return value.view().empty();
  } else if constexpr (std::is_same_v<T, Timestamp> || std::is_same_v<T, Duration> || ProtobufMessage<T>) {
    return false;  // a message is there or not
  } else {
    return value == T{};
  }
}

template <ProtobufForm form = ProtobufForm::kPlain, class T>
void write_field(ProtobufWriter& out, std::uint32_t number, const T& value) {
  if (is_zero(value)) return;
  out.tag(number, detail::wire_type<form, T>());
  write_value<form>(out, value);
}
template <ProtobufForm form = ProtobufForm::kPlain, class T>
void write_field(ProtobufWriter& out, std::uint32_t number, const std::optional<T>& value) {
  if (!value) return;
  out.tag(number, detail::wire_type<form, T>());
  write_value<form>(out, *value);
}
template <ProtobufForm form = ProtobufForm::kPlain, class T>
void write_field(ProtobufWriter& out, std::uint32_t number, const List<T>& list) {
  if (list.empty()) return;
  if constexpr (detail::wire_type<form, T>() == WireType::kLength) {
    for (const T& item : list) {
      out.tag(number, WireType::kLength);
      write_value<form>(out, item);
    }
  } else {
    out.tag(number, WireType::kLength);
    const std::size_t begin = out.begin();
    for (const T& item : list)
      write_value<form>(out, item);
    out.end(begin);
  }
}
template <ProtobufForm form = ProtobufForm::kPlain, class T>
void write_field(ProtobufWriter& out, std::uint32_t number, const Map<T>& map) {
  for (const auto& entry : map) {
    out.tag(number, WireType::kLength);
    const std::size_t begin = out.begin();
    out.tag(1, WireType::kLength);
    out.bytes(entry.key.view());
    out.tag(2, detail::wire_type<form, T>());
    write_value<form>(out, entry.value);
    out.end(begin);
  }
}

// --- In: false, and the reader knows why, when something is wrong; throw ArenaFull ---

template <ProtobufForm form = ProtobufForm::kPlain, class T>
bool read_value(const ProtobufReader& in, const ProtobufValue& value, T& out) {
  if constexpr (StrongScalar<T>) {
    if (!read_value<form>(in, value, out.value)) return false;
    if constexpr (Constrained<T>) {
      const std::string_view why = violation(out);
      if (!why.empty()) return in.reject(why);
    }
    return true;
  } else if constexpr (std::is_same_v<T, bool> || std::is_enum_v<T>) {
    if (value.type != WireType::kVarint) return in.reject("is of another type");
    if constexpr (std::is_same_v<T, bool>) {
      out = value.number != 0;
      return true;
    } else {
      return from_protobuf(static_cast<std::int32_t>(value.number), out) ||
             in.reject("has a number that the enum does not have");
    }
  } else if constexpr (std::is_same_v<T, double>) {
    return detail::read_real(in, value, out);
  } else if constexpr (detail::Integral<T>) {
    constexpr WireType kFixed = sizeof(T) == 8 ? WireType::kI64 : WireType::kI32;
    if (value.type != WireType::kVarint && value.type != kFixed) return in.reject("is of another type");
    std::uint64_t number = value.number;
    if (form == ProtobufForm::kSigned && value.type == WireType::kVarint)
      number = (number >> 1U) ^ (~(number & 1U) + 1U);
    out = static_cast<T>(number);
    return true;
  } else if constexpr (std::is_same_v<T, String>) {
    return detail::read_text(in, value, out);
  } else if constexpr (std::is_same_v<T, Timestamp> || std::is_same_v<T, Duration>) {
    return detail::read_span(in, value, out);
  } else {
    std::string_view bytes;
    if (!detail::read_bytes(in, value, bytes)) return false;
    if constexpr (std::is_same_v<T, Bytes>) {
      out = Bytes::borrowed(in.arena().text(bytes));
      return true;
    } else if constexpr (ProtobufMessage<T>) {
      ProtobufReader inner(bytes, in);
      return read_protobuf(inner, out);
    } else {
      const std::optional<T> parsed = bytes.empty() ? T{} : T::parse(bytes);
      if (parsed) out = *parsed;
      return parsed || in.reject("is malformed text");
    }
  }
}

// Of what may come more than once, the last one counts.
template <ProtobufForm form = ProtobufForm::kPlain, class T>
bool read_field(const ProtobufReader& in, T& out) {
  return read_value<form>(in, in.value(), out);
}
template <ProtobufForm form = ProtobufForm::kPlain, class T>
bool read_field(const ProtobufReader& in, std::optional<T>& out) {
  return read_value<form>(in, in.value(), out.emplace());
}

namespace detail {

// Calls `visit(value)` for the values of the current field and of those with its number behind it, packed or
// not; false when that or the message is not well.
template <WireType element, class Visit> bool for_each_value(const ProtobufReader& in, const Visit& visit) {
  ProtobufReader rest = in;
  do {
    if (rest.number() != in.number()) continue;
    ProtobufValue value = rest.value();
    if (element == WireType::kLength || value.type != WireType::kLength) {
      if (!visit(value)) return false;
      continue;
    }
    for (std::string_view packed = value.bytes; !packed.empty();) {
      if (!take_value(packed, element, value)) return in.reject("is cut off");
      if (!visit(value)) return false;
    }
  } while (rest.next());
  return rest.is_well();
}

}  // namespace detail

// All of a field at its first occurrence; `has` is false until then.
template <ProtobufForm form = ProtobufForm::kPlain, class T>
bool read_field(const ProtobufReader& in, List<T>& out, bool& has) {
  if (std::exchange(has, true)) return true;
  constexpr WireType kElement = detail::wire_type<form, T>();
  std::size_t count = 0;
  const auto count_up = [&](const ProtobufValue&) { return ++count != 0; };
  if (!detail::for_each_value<kElement>(in, count_up)) return false;
  const std::span<T> items = in.arena().make_array<T>(count);
  std::size_t index = 0;
  const auto read = [&](const ProtobufValue& value) { return read_value<form>(in, value, items[index++]); };
  if (!detail::for_each_value<kElement>(in, read)) return false;
  out = List<T>::borrowed(items);
  return true;
}

template <ProtobufForm form = ProtobufForm::kPlain, class T>
bool read_field(const ProtobufReader& in, Map<T>& out, bool& has) {
  if (std::exchange(has, true)) return true;
  using Entry = typename Map<T>::Entry;
  std::size_t count = 0;
  const auto count_up = [&](const ProtobufValue&) { return ++count != 0; };
  if (!detail::for_each_value<WireType::kLength>(in, count_up)) return false;
  const std::span<Entry> entries = in.arena().make_array<Entry>(count);
  const std::span<String> keys = in.arena().make_array<String>(count);
  std::size_t index = 0;
  const auto read = [&](const ProtobufValue& value) {
    std::string_view bytes;
    if (!detail::read_bytes(in, value, bytes)) return false;
    ProtobufReader entry(bytes, in);
    Entry& to = entries[index];
    while (entry.next()) {
      if (entry.number() == 1 && !read_value(entry, entry.value(), to.key)) return false;
      if (entry.number() == 2 && !read_value<form>(entry, entry.value(), to.value)) return false;
    }
    keys[index++] = to.key;
    return entry.is_well();
  };
  if (!detail::for_each_value<WireType::kLength>(in, read)) return false;
  const std::span<bool> kept = in.arena().make_array<bool>(count);
  const std::size_t left = detail::mark_last_of_each(keys, kept, in.arena());
  for (std::size_t from = 0, to = 0; to < left; ++from)
    if (kept[from]) entries[to++] = entries[from];
  out = Map<T>::borrowed(entries.first(left));
  return true;
}

// Parts of a message that came in several fields are one message.
template <ProtobufMessage T> bool read_field(const ProtobufReader& in, T& out, bool& has) {
  if (std::exchange(has, true)) return true;
  std::size_t count = 0;
  std::size_t size = 0;
  const auto measure = [&](const ProtobufValue& value) {
    size += value.bytes.size();
    return ++count != 0;
  };
  if (!detail::for_each_value<WireType::kLength>(in, measure)) return false;
  if (count == 1) return read_value(in, in.value(), out);
  const std::span<char> whole = in.arena().make_array<char>(size);
  std::size_t at = 0;
  const auto join = [&](const ProtobufValue& value) {
    std::string_view bytes;
    if (!detail::read_bytes(in, value, bytes)) return false;
    std::ranges::copy(bytes, whole.subspan(at).begin());
    at += bytes.size();
    return true;
  };
  if (!detail::for_each_value<WireType::kLength>(in, join)) return false;
  return read_value(in, {.type = WireType::kLength, .bytes = {whole.data(), whole.size()}}, out);
}
template <ProtobufMessage T> bool read_field(const ProtobufReader& in, std::optional<T>& out, bool& has) {
  if (!out) out.emplace();
  return read_field(in, *out, has);
}

}  // namespace zerver::flow
