#include "metrics/exposition.h"

#include <gtest/gtest.h>

#include <string>

namespace zerver::server {
namespace {

constexpr auto kText = ExpositionFormat::kText;
constexpr auto kOpenMetrics = ExpositionFormat::kOpenMetrics;

template <class Write> std::string exposed(ExpositionFormat format, Write write) {
  OutputBuffer out;
  Exposition exposition(out, format);
  write(exposition);
  exposition.finish();
  return std::string(out.view());
}

TEST(Exposition, NamesACounterAsEachFormatWantsIt) {
  const auto write = [](Exposition& out) {
    out.counter("shop_sales", "Sales.");
    out.sample(std::uint64_t{3}, {{"kind", "book"}});
  };
  EXPECT_EQ(
      exposed(kText, write),
      "# HELP shop_sales_total Sales.\n# TYPE shop_sales_total counter\nshop_sales_total{kind=\"book\"} 3\n");
  EXPECT_EQ(
      exposed(kOpenMetrics, write),
      "# HELP shop_sales Sales.\n# TYPE shop_sales counter\nshop_sales_total{kind=\"book\"} 3\n# EOF\n");
}

TEST(Exposition, SaysTheUnitWhereTheFormatHasOne) {
  const auto write = [](Exposition& out) {
    out.gauge("shop_wait_seconds", "Wait.");
    out.sample(0.25);
    out.gauge("shop_seconds_left", "What only looks like a unit.");
    out.sample(std::uint64_t{1});
  };
  const std::string text = exposed(kOpenMetrics, write);
  EXPECT_TRUE(
      text.starts_with("# HELP shop_wait_seconds Wait.\n# TYPE shop_wait_seconds gauge\n"
                       "# UNIT shop_wait_seconds seconds\nshop_wait_seconds 0.25\n"));
  EXPECT_EQ(text.find("# UNIT shop_seconds_left"), std::string::npos);
  EXPECT_EQ(exposed(kText, write).find("# UNIT"), std::string::npos);
}

TEST(Exposition, EscapesWhateverALabelHolds) {
  const auto write = [](Exposition& out) {
    out.gauge("g", "A \\ and a\nnew line, and \"quotes\".");
    out.sample(std::uint64_t{1}, {{"a", "\"x\\y\nz\""}, {"b", "{},= ü"}});
  };
  EXPECT_EQ(exposed(kText, write),
            "# HELP g A \\\\ and a\\nnew line, and \"quotes\".\n# TYPE g gauge\n"
            "g{a=\"\\\"x\\\\y\\nz\\\"\",b=\"{},= ü\"} 1\n");
  EXPECT_TRUE(
      exposed(kOpenMetrics, write).starts_with("# HELP g A \\\\ and a\\nnew line, and \\\"quotes\\\".\n"));
}

TEST(Exposition, AFamilyWithoutSamplesLeavesNoTrace) {
  EXPECT_EQ(exposed(kText,
                    [](Exposition& out) {
                      out.counter("nothing", "Never.");
                      out.gauge("something", "Now.");
                      out.sample(std::uint64_t{1});
                      out.sample(std::uint64_t{2}, {{"a", "b"}});
                    }),
            "# HELP something Now.\n# TYPE something gauge\nsomething 1\nsomething{a=\"b\"} 2\n");
}

TEST(Exposition, BucketsOfAHistogramAddUp) {
  LatencyHistogram histogram;
  histogram.record(Duration::from_microseconds(100));  // the bound belongs to its bucket
  histogram.record(Duration::from_microseconds(101));
  histogram.record(Duration::from_milliseconds(400));
  histogram.record(Duration::from_seconds(90));
  histogram.record(Duration{-1});
  LatencyHistogram::Counts counts;
  histogram.add_to(counts);
  const auto write = [&](Exposition& out) {
    out.histogram("h_seconds", "How long.");
    out.sample(counts, {{"flow", "shop.buy"}});
  };
  const std::string text = exposed(kText, write);
  const auto has = [](const std::string& in, std::string_view line) {
    return in.find("\n" + std::string(line) + "\n") != std::string::npos;
  };
  EXPECT_TRUE(has(text, R"(h_seconds_bucket{flow="shop.buy",le="0.0001"} 2)")) << text;
  EXPECT_TRUE(has(text, R"(h_seconds_bucket{flow="shop.buy",le="0.00025"} 3)")) << text;
  EXPECT_TRUE(has(text, R"(h_seconds_bucket{flow="shop.buy",le="0.25"} 3)")) << text;
  EXPECT_TRUE(has(text, R"(h_seconds_bucket{flow="shop.buy",le="0.5"} 4)")) << text;
  EXPECT_TRUE(has(text, R"(h_seconds_bucket{flow="shop.buy",le="60"} 4)")) << text;
  EXPECT_TRUE(has(text, R"(h_seconds_bucket{flow="shop.buy",le="+Inf"} 5)")) << text;
  EXPECT_TRUE(has(text, R"(h_seconds_sum{flow="shop.buy"} 90.400201)")) << text;
  EXPECT_TRUE(has(text, R"(h_seconds_count{flow="shop.buy"} 5)")) << text;
  // OpenMetrics compares bounds as text.
  EXPECT_TRUE(has(exposed(kOpenMetrics, write), R"(h_seconds_bucket{flow="shop.buy",le="60.0"} 4)"));
}

TEST(Exposition, TheScraperChoosesTheFormat) {
  // As Prometheus 2.42 asks.
  EXPECT_EQ(exposition_format("application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
                              "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            kOpenMetrics);
  EXPECT_EQ(exposition_format(""), kText);
  EXPECT_EQ(exposition_format("*/*"), kText);
  EXPECT_EQ(exposition_format("text/plain"), kText);
  EXPECT_EQ(exposition_format("text/html, application/openmetrics-text"), kOpenMetrics);
  EXPECT_EQ(exposition_format("Application/OpenMetrics-Text ; Q=0.3 , text/plain ; q=0.4"), kText);
  EXPECT_EQ(exposition_format("application/openmetrics-text;q=0"), kText);
  EXPECT_EQ(exposition_format("application/openmetrics-text;version=0.0.1"), kText);
  EXPECT_EQ(exposition_format("application/openmetrics-text;q=much"), kText);
  EXPECT_EQ(exposition_format(",;,=;q=,"), kText);
}

}  // namespace
}  // namespace zerver::server
