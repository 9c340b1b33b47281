#include "metrics/exposition.h"

#include <zerver/core/message.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace zerver::server {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  const std::size_t end = text.find_last_not_of(" \t");
  return end == std::string_view::npos ? std::string_view() : text.substr(begin, end + 1 - begin);
}

// Takes the part up to the separator off.
std::string_view take_part(std::string_view& rest, char separator) noexcept {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = trimmed(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

// RFC 9110, 12.4.2, in thousandths; what is none is the worst.
int quality_of(std::string_view text) noexcept {
  double quality = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), quality);
  if (error != std::errc() || !(quality >= 0 && quality <= 1)) return 0;
  return static_cast<int>(std::lround(quality * 1000));
}

// One item of an `Accept`: `text/plain;version=0.0.4;q=0.3`.
struct Accepted {
  std::string_view type;
  std::string_view version;  // empty: any
  int quality = 1000;
};

Accepted parse_accepted(std::string_view item) noexcept {
  Accepted accepted;
  accepted.type = take_part(item, ';');
  while (!item.empty()) {
    std::string_view parameter = take_part(item, ';');
    const std::string_view name = take_part(parameter, '=');
    if (equals_ignoring_case(name, "q")) {
      accepted.quality = quality_of(parameter);
    } else if (equals_ignoring_case(name, "version")) {
      accepted.version = parameter;
    }
  }
  return accepted;
}

// What follows a backslash in place of a character; null: the character stands for itself.
std::optional<char> escape_of(char c, bool in_quotes) noexcept {
  if (c == '\n') return 'n';
  if (c == '\\' || (in_quotes && c == '"')) return c;
  return std::nullopt;
}

void write_escaped(OutputBuffer& out, std::string_view text, bool in_quotes) {
  for (const char c : text) {
    const std::optional<char> escape = escape_of(c, in_quotes);
    if (escape) out.append('\\');
    out.append(escape.value_or(c));
  }
}

// Room for any number: the shortest text of a double has up to 24 characters.
using NumberText = std::array<char, 32>;

std::string_view seconds_text(Duration time, ExpositionFormat format, NumberText& text) noexcept {
  char* end = std::to_chars(text.data(), text.data() + text.size(),
                            static_cast<double>(time.nanoseconds) / 1e9, std::chars_format::fixed)
                  .ptr;
  // OpenMetrics compares bounds as text, and wants them to be numbers with a fraction.
  if (format == ExpositionFormat::kOpenMetrics && std::find(text.data(), end, '.') == end) {
    *end++ = '.';
    *end++ = '0';
  }
  return {text.data(), end};
}

}  // namespace

ExpositionFormat exposition_format(std::string_view accept) noexcept {
  int text = 0, open_metrics = 0;
  while (!accept.empty()) {
    const Accepted item = parse_accepted(take_part(accept, ','));
    if (equals_ignoring_case(item.type, "application/openmetrics-text")) {
      if (item.version.empty() || item.version == "1.0.0")
        open_metrics = std::max(open_metrics, item.quality);
    } else if (equals_ignoring_case(item.type, "text/plain")) {
      if (item.version.empty() || item.version == "0.0.4") text = std::max(text, item.quality);
    }
  }
  return open_metrics > 0 && open_metrics >= text ? ExpositionFormat::kOpenMetrics : ExpositionFormat::kText;
}

std::string_view media_type_of(ExpositionFormat format) noexcept {
  return format == ExpositionFormat::kOpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

void Exposition::begin(Type type, std::string_view name, std::string_view help) noexcept {
  type_ = type;
  name_ = name;
  help_ = help;
  has_head_ = false;
}

void Exposition::write_head() {
  if (has_head_) return;
  has_head_ = true;
  const bool is_open_metrics = format_ == ExpositionFormat::kOpenMetrics;
  const auto line = [&](std::string_view what, std::string_view text) {
    out_.append("# ");
    out_.append(what);
    out_.append(' ');
    out_.append(name_);
    // A counter is the family of its samples in one format, and their name without the suffix in the other.
    if (type_ == Type::kCounter && !is_open_metrics) out_.append("_total");
    out_.append(' ');
    write_escaped(out_, text, is_open_metrics);
    out_.append('\n');
  };
  line("HELP", help_);
  line("TYPE", type_ == Type::kCounter ? "counter" : type_ == Type::kGauge ? "gauge" : "histogram");
  if (!is_open_metrics) return;
  for (const std::string_view unit : {"seconds", "bytes"}) {
    if (name_.ends_with(unit) && name_[name_.size() - unit.size() - 1] == '_') line("UNIT", unit);
  }
}

void Exposition::write_label(const Label& label, bool& is_first) {
  out_.append(is_first ? '{' : ',');
  is_first = false;
  out_.append(label.name);
  out_.append("=\"");
  write_escaped(out_, label.value, true);
  out_.append('"');
}

void Exposition::write_series(std::string_view suffix, Labels labels, const Label* bound) {
  out_.append(name_);
  out_.append(suffix);
  bool is_first = true;
  for (const Label& label : labels)
    write_label(label, is_first);
  if (bound != nullptr) write_label(*bound, is_first);
  out_.append(is_first ? " " : "} ");
}

void Exposition::write(std::uint64_t value) {
  NumberText text;
  const char* const end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out_.append({text.data(), end});
  out_.append('\n');
}

void Exposition::write(double value) {
  NumberText text;
  const char* const end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out_.append({text.data(), end});
  out_.append('\n');
}

void Exposition::sample(std::uint64_t value, std::initializer_list<Label> labels) {
  write_head();
  write_series(type_ == Type::kCounter ? "_total" : "", labels, nullptr);
  write(value);
}

void Exposition::sample(double value, std::initializer_list<Label> labels) {
  write_head();
  write_series(type_ == Type::kCounter ? "_total" : "", labels, nullptr);
  write(value);
}

void Exposition::sample(const LatencyHistogram::Counts& counts, std::initializer_list<Label> labels) {
  write_head();
  std::uint64_t count = 0;
  NumberText text;
  for (std::size_t i = 0; i < LatencyHistogram::kBuckets; ++i) {
    count += counts.buckets[i];
    const bool is_last = i == LatencyHistogram::kBounds.size();
    const Label bound{"le", is_last ? "+Inf" : seconds_text(LatencyHistogram::kBounds[i], format_, text)};
    write_series("_bucket", labels, &bound);
    write(count);
  }
  write_series("_sum", labels, nullptr);
  write(static_cast<double>(counts.nanoseconds) / 1e9);
  write_series("_count", labels, nullptr);
  write(count);
}

void Exposition::finish() {
  if (format_ == ExpositionFormat::kOpenMetrics) out_.append("# EOF\n");
}

}  // namespace zerver::server
