#include "rows.h"

#include "types.h"
#include <zerver/core/string.h>
#include <zerver/core/time.h>
#include <zerver/core/uuid.h>

#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>
#include <string>

namespace zerver::effects::postgres {

namespace {

template <class Integer> Integer big_endian(std::string_view bytes) noexcept {
  std::make_unsigned_t<Integer> bits = 0;
  for (const char byte : bytes.substr(0, sizeof(Integer)))
    bits = static_cast<decltype(bits)>((bits << 7U << 1U) | static_cast<unsigned char>(byte));
  return static_cast<Integer>(bits);
}

template <class Number> std::optional<Number> number(std::string_view text) noexcept {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

flow::Value text_value(std::string_view text) noexcept { return flow::Value(String::borrowed(text)); }

constexpr int digit(char c) noexcept { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

}  // namespace

bool Rows::set(const PGresult* result, ComparedNames* compared) {
  result_ = result;
  compared_ = compared;
  rows_ = static_cast<std::size_t>(pq_->rows(result));
  columns_.clear();
  const int fields = pq_->fields(result);
  for (int field = 0; field < fields; ++field) {
    const Column column{pq_->field_type(result, field), pq_->field_format(result, field) == 1};
    if (column.is_binary && !is_read_as_binary(column.type)) return false;
    columns_.push_back(column);
  }
  return true;
}

std::string_view Rows::column(std::size_t index) const noexcept {
  return pq_->field_name(result_, static_cast<int>(index));
}

// The server never changes the columns of what it has prepared.
bool Rows::has_columns(std::span<const std::string_view> names) const noexcept {
  if (compared_ != nullptr && *compared_ == names.data() && names.size() == columns_.size()) return true;
  const bool is_equal = RowSource::has_columns(names);
  if (is_equal && compared_ != nullptr) *compared_ = names.data();
  return is_equal;
}

flow::Value Rows::cell(std::size_t row, std::size_t column) const {
  const int r = static_cast<int>(row);
  const int c = static_cast<int>(column);
  if (pq_->is_null(result_, r, c) != 0) return {};
  const std::string_view bytes(pq_->value(result_, r, c),
                               static_cast<std::size_t>(pq_->value_size(result_, r, c)));
  const Column& known = columns_[column];
  return known.is_binary ? from_binary(bytes, known.type) : from_text(bytes, known.type);
}

flow::Value Rows::from_binary(std::string_view bytes, Oid oid) const {
  switch (oid) {
    case type::kBool:
      return flow::Value(bytes.starts_with('\1'));
    case type::kInt2:
      return flow::Value(std::int64_t{big_endian<std::int16_t>(bytes)});
    case type::kInt4:
      return flow::Value(std::int64_t{big_endian<std::int32_t>(bytes)});
    case type::kInt8:
      return flow::Value(big_endian<std::int64_t>(bytes));
    case type::kFloat4:
      return flow::Value(double{std::bit_cast<float>(big_endian<std::int32_t>(bytes))});
    case type::kFloat8:
      return flow::Value(std::bit_cast<double>(big_endian<std::int64_t>(bytes)));
    case type::kBytea:
      return flow::Value(Bytes::borrowed(bytes));
    case type::kUuid: {
      Uuid uuid;
      std::memcpy(uuid.bytes.data(), bytes.data(), uuid.bytes.size());
      written_.clear();
      uuid.write(written_.reserve(Uuid::kText));
      written_.commit(Uuid::kText);
      return text_value(written_.view());
    }
    case type::kTimestamp:
    case type::kTimestamptz:
      return time(big_endian<std::int64_t>(bytes));
    case type::kJsonb:
      return text_value(bytes.substr(1));  // behind its version
    default:
      return text_value(bytes);
  }
}

flow::Value Rows::from_text(std::string_view text, Oid oid) const {
  switch (oid) {
    case type::kBool:
      return flow::Value(text == "t");
    case type::kInt2:
    case type::kInt4:
    case type::kInt8:
    case type::kOid:
      if (const auto value = number<std::int64_t>(text)) return flow::Value(*value);
      return text_value(text);
    case type::kFloat4:
    case type::kFloat8:
      if (const auto value = number<double>(text)) return flow::Value(*value);
      return text_value(text);
    case type::kBytea: {  // `\x` and two digits a byte
      written_.clear();
      for (std::size_t at = 2; at + 1 < text.size(); at += 2)
        written_.append(static_cast<char>(digit(text[at]) * 16 + digit(text[at + 1])));
      return flow::Value(Bytes::borrowed(written_.view()));
    }
    case type::kTimestamp:
    case type::kTimestamptz: {
      // `2026-01-31 23:59:59.5+00`, because the session is in UTC. The year before the first is `0001 ...
      // BC`.
      std::string_view local = text;
      const bool is_year_zero = local.starts_with("0001-") && local.ends_with(" BC");
      if (is_year_zero) local.remove_suffix(3);
      if (local.ends_with("+00")) local.remove_suffix(3);
      written_.clear();
      written_.append(local);
      written_.append('Z');
      if (is_year_zero) written_.data()[3] = '0';
      if (local.size() > 10 && local[10] == ' ') written_.data()[10] = 'T';
      return text_value(written_.view());
    }
    case type::kInterval:
      return interval(text);
    default:
      return text_value(text);
  }
}

// Each number has a sign of its own, `P1DT-2H`; ours has one in front. Months and years stay as they are.
flow::Value Rows::interval(std::string_view text) const {
  if (text.find('-') == std::string_view::npos) return text_value(text);
  std::int64_t total = 0;
  std::string part;
  bool is_time = false;
  for (std::size_t at = 1; at < text.size();) {
    if (text[at] == 'T') {
      is_time = true;
      ++at;
      continue;
    }
    const bool is_negative = text[at] == '-';
    if (is_negative) ++at;
    const std::size_t end = text.find_first_not_of("0123456789.", at);
    if (end == std::string_view::npos) return text_value(text);
    part = is_time ? "PT" : "P";
    part += text.substr(at, end + 1 - at);
    const std::optional<Duration> span = Duration::parse(part);
    if (!span) return text_value(text);
    const std::int64_t nanoseconds = is_negative ? -span->nanoseconds : span->nanoseconds;
    if (__builtin_add_overflow(total, nanoseconds, &total)) return text_value(text);
    at = end + 1;
  }
  written_.clear();
  written_.commit(Duration{total}.write(written_.reserve(Duration::kMaxText)));
  return text_value(written_.view());
}

// `infinity` is no time of ours and stays a word.
flow::Value Rows::time(std::int64_t microseconds) const {
  if (microseconds == std::numeric_limits<std::int64_t>::max()) return text_value("infinity");
  if (microseconds == std::numeric_limits<std::int64_t>::min()) return text_value("-infinity");
  const Timestamp time{microseconds + kEpochMicroseconds};
  written_.clear();
  written_.commit(time.write(written_.reserve(Timestamp::kMaxText)));
  return text_value(written_.view());
}

std::int64_t Rows::affected() const noexcept {
  const std::string_view text = pq_->affected(const_cast<PGresult*>(result_));
  return number<std::int64_t>(text).value_or(0);
}

}  // namespace zerver::effects::postgres
