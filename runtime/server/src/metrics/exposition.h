// Figures as Prometheus reads them: https://prometheus.io/docs/instrumenting/exposition_formats and
// OpenMetrics 1.0.
#pragma once

#include <zerver/core/latency_histogram.h>
#include <zerver/core/output_buffer.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

namespace zerver::server {

// What a scraper has asked for. An `Accept` without OpenMetrics, or that likes text better, gets text.
enum class ExpositionFormat : std::uint8_t { kText, kOpenMetrics };
ExpositionFormat exposition_format(std::string_view accept) noexcept;
std::string_view media_type_of(ExpositionFormat format) noexcept;

struct Label {
  std::string_view name;
  std::string_view value;  // any text
};
using Labels = std::span<const Label>;

// Writes families one behind the other; those without samples leave no trace. Names and help are static.
class Exposition {
 public:
  Exposition(OutputBuffer& out, ExpositionFormat format) noexcept : out_(out), format_(format) {}

  // The next samples are of this family. A counter is named without its `_total`.
  void counter(std::string_view name, std::string_view help) { begin(Type::kCounter, name, help); }
  void gauge(std::string_view name, std::string_view help) { begin(Type::kGauge, name, help); }
  void histogram(std::string_view name, std::string_view help) { begin(Type::kHistogram, name, help); }

  void sample(std::uint64_t value, std::initializer_list<Label> labels = {});
  void sample(double value, std::initializer_list<Label> labels = {});
  void sample(const LatencyHistogram::Counts& counts, std::initializer_list<Label> labels = {});

  // Behind the last sample.
  void finish();

 private:
  enum class Type : std::uint8_t { kCounter, kGauge, kHistogram };

  void begin(Type type, std::string_view name, std::string_view help) noexcept;
  void write_head();
  void write_series(std::string_view suffix, Labels labels, const Label* bound);
  void write_label(const Label& label, bool& is_first);
  void write(std::uint64_t value);
  void write(double value);

  OutputBuffer& out_;
  ExpositionFormat format_;
  Type type_ = Type::kGauge;
  std::string_view name_;
  std::string_view help_;
  bool has_head_ = true;  // of this family, or there is none
};

}  // namespace zerver::server
