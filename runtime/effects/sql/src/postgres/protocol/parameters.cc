#include "parameters.h"

#include "array_literal.h"
#include "types.h"
#include <zerver/core/time.h>
#include <zerver/core/uuid.h>

#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

namespace zerver::effects::postgres {

namespace {

// Of what a number, a uuid or a time needs in kept_.
constexpr std::size_t kMaxWritten = 40;

// In the order of the network.
template <class Integer> std::array<char, sizeof(Integer)> big_endian(Integer number) noexcept {
  auto bits = static_cast<std::make_unsigned_t<Integer>>(number);
  std::array<char, sizeof(Integer)> bytes{};
  for (std::size_t i = bytes.size(); i-- > 0;) {
    bytes[i] = static_cast<char>(bits & 0xFFU);
    if constexpr (sizeof(Integer) > 1) bits = static_cast<decltype(bits)>(bits >> 8U);
  }
  return bytes;
}

template <std::size_t kSize> std::string_view view(const std::array<char, kSize>& bytes) noexcept {
  return {bytes.data(), bytes.size()};
}

}  // namespace

bool Parameters::set(std::span<const flow::Value> values, std::span<const Oid> types) {
  values_.clear();
  sizes_.clear();
  formats_.clear();
  kept_.clear();
  std::size_t size = 0;
  for (const flow::Value& value : values) {
    size += kMaxWritten + (value.has_text() ? value.text().size() : 0);
  }
  kept_.reserve(size);  // so that nothing moves below
  for (std::size_t index = 0; index < values.size(); ++index) {
    if (!add(values[index], types[index])) return false;
  }
  return true;
}

bool Parameters::add(const flow::Value& value, Oid oid) {
  switch (value.kind()) {
    case flow::Value::Kind::kNull:
      add_null();
      return true;
    case flow::Value::Kind::kBool:
      if (oid == type::kBool) return add_binary(static_cast<std::int8_t>(value.boolean()));
      if (oid == type::kInt2 || oid == type::kInt4 || oid == type::kInt8)
        return add_integer(value.integer(), oid);
      return add_written(value.boolean() ? "true" : "false");
    case flow::Value::Kind::kInteger:
      return add_integer(value.integer(), oid);
    case flow::Value::Kind::kReal:
      return add_real(value.real(), oid);
    case flow::Value::Kind::kText:
      return add_text(value.text(), oid);
    case flow::Value::Kind::kBlob:
      add_bytes(value.text());
      return true;
    case flow::Value::Kind::kList:
      return is_text(oid) || oid == type::kJsonb ? add_text(value.text(), oid) : add_array(value.text());
  }
  return false;
}

bool Parameters::add_integer(std::int64_t number, Oid oid) {
  switch (oid) {
    case type::kInt8:
      return add_binary(number);
    case type::kInt4:
      return std::in_range<std::int32_t>(number) && add_binary(static_cast<std::int32_t>(number));
    case type::kInt2:
      return std::in_range<std::int16_t>(number) && add_binary(static_cast<std::int16_t>(number));
    case type::kBool:  // as SQLite has them
      return (number | 1) == 1 && add_binary(static_cast<std::int8_t>(number));
    case type::kFloat8:
    case type::kFloat4:
      return add_real(static_cast<double>(number), oid);
    default: {
      std::array<char, 24> text{};
      const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
      return error == std::errc() && add_written({text.data(), static_cast<std::size_t>(end - text.data())});
    }
  }
}

bool Parameters::add_real(double number, Oid oid) {
  if (oid == type::kFloat8) return add_binary(std::bit_cast<std::int64_t>(number));
  if (oid == type::kFloat4) return add_binary(std::bit_cast<std::int32_t>(static_cast<float>(number)));
  std::array<char, kMaxWritten> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && add_written({text.data(), static_cast<std::size_t>(end - text.data())});
}

bool Parameters::add_text(std::string_view text, Oid oid) {
  if (is_text(oid) || oid == type::kBytea) {
    add_bytes(text);
    return true;
  }
  switch (oid) {
    case type::kUuid: {
      const std::optional<Uuid> uuid = Uuid::parse(text);
      if (!uuid) return false;
      std::array<char, 16> bytes = std::bit_cast<std::array<char, 16>>(uuid->bytes);
      add_bytes({keep(view(bytes)), bytes.size()});
      return true;
    }
    case type::kTimestamp:
    case type::kTimestamptz: {
      const std::optional<Timestamp> time = Timestamp::parse(text);
      if (time) return add_binary(time->microseconds - kEpochMicroseconds);
      return add_written(text);
    }
    case type::kInterval: {
      // Its parser wants a sign before each number, ours writes one in front.
      const std::optional<Duration> span = Duration::parse(text);
      if (!span) return add_written(text);
      const char* const begin = keep(view(big_endian(span->nanoseconds / 1000)));
      keep(std::string_view("\0\0\0\0\0\0\0\0", 8));  // no days, no months
      add_bytes({begin, 16});
      return true;
    }
    case type::kJsonb: {
      const char* const begin = keep("\x01");  // the version of its binary form
      keep(text);
      add_bytes({begin, text.size() + 1});
      return true;
    }
    default:
      return add_written(text);
  }
}

bool Parameters::add_array(std::string_view json) {
  const char* const begin = kept_.data() + kept_.size();
  if (!append_array(json, kept_)) return false;
  kept_.append('\0');
  add_text_format(begin);
  return true;
}

void Parameters::add_null() {
  values_.push_back(nullptr);
  sizes_.push_back(0);
  formats_.push_back(kTextFormat);
}

void Parameters::add_bytes(std::string_view bytes) {
  values_.push_back(bytes.data() == nullptr ? "" : bytes.data());  // a null pointer is NULL
  sizes_.push_back(static_cast<int>(bytes.size()));
  formats_.push_back(kBinaryFormat);
}

template <class Integer> bool Parameters::add_binary(Integer number) {
  const auto bytes = big_endian(number);
  add_bytes({keep(view(bytes)), bytes.size()});
  return true;
}

// As the server's parser for that type reads it. It ends with a zero byte, so it has none.
bool Parameters::add_written(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return false;
  const char* const begin = keep(text);
  keep(std::string_view("\0", 1));
  add_text_format(begin);
  return true;
}

void Parameters::add_text_format(const char* text) {
  values_.push_back(text);
  sizes_.push_back(0);
  formats_.push_back(kTextFormat);
}

const char* Parameters::keep(std::string_view bytes) {
  const std::size_t begin = kept_.size();
  kept_.append(bytes);
  return kept_.data() + begin;
}

}  // namespace zerver::effects::postgres
