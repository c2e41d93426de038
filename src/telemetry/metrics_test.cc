#include "telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace millrace::telemetry {
namespace {

using testing::HasSubstr;

TEST(MetricsTest, RendersCountersAndGaugesSorted) {
  MetricsRegistry registry;
  registry.GetCounter("millrace_rows_total", "Rows read.", {{"table", "b"}}).Increment(3);
  registry.GetCounter("millrace_rows_total", "Rows read.", {{"table", "a"}}).Increment();
  registry.GetGauge("millrace_queue_rows", "Rows waiting.").Set(-2);
  EXPECT_EQ(registry.Render(),
            "# HELP millrace_queue_rows Rows waiting.\n"
            "# TYPE millrace_queue_rows gauge\n"
            "millrace_queue_rows -2\n"
            "# HELP millrace_rows_total Rows read.\n"
            "# TYPE millrace_rows_total counter\n"
            "millrace_rows_total{table=\"a\"} 1\n"
            "millrace_rows_total{table=\"b\"} 3\n");
}

TEST(MetricsTest, ScalesWhatItIsToldTo) {
  MetricsRegistry registry;
  registry.GetCounter("cpu_seconds_total", "", {}, 1e-6).Increment(1'234'567);
  registry.GetGauge("start_time_seconds", "", {}, 1e-3).Set(1'700'000'000'120);
  EXPECT_EQ(registry.Render(),
            "# HELP cpu_seconds_total \n"
            "# TYPE cpu_seconds_total counter\n"
            "cpu_seconds_total 1.234567\n"
            "# HELP start_time_seconds \n"
            "# TYPE start_time_seconds gauge\n"
            "start_time_seconds 1700000000.12\n");
  const std::vector<Sample> samples = registry.Samples();
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_DOUBLE_EQ(samples[0].value, 1.234567);
}

TEST(MetricsTest, TheSameNameAndLabelsAreTheSameMetric) {
  MetricsRegistry registry;
  Counter& counter = registry.GetCounter("a", "");
  EXPECT_EQ(&counter, &registry.GetCounter("a", "other help"));
  EXPECT_NE(&counter, &registry.GetCounter("a", "", {{"x", "1"}}));
}

TEST(MetricsTest, GaugesCanGo) {
  MetricsRegistry registry;
  registry.GetGauge("a", "", {{"x", "1"}}).Set(1);
  registry.GetGauge("a", "", {{"x", "2"}}).Set(2);
  registry.RemoveGauge("a", {{"x", "1"}});
  registry.RemoveGauge("a", {{"x", "3"}});
  registry.RemoveGauge("b", {});
  EXPECT_EQ(registry.Render(), "# HELP a \n# TYPE a gauge\na{x=\"2\"} 2\n");
  registry.RemoveGauge("a", {{"x", "2"}});
  EXPECT_EQ(registry.Render(), "");
}

TEST(MetricsTest, LabelValuesAndHelpAreEscaped) {
  MetricsRegistry registry;
  registry.GetCounter("a", "one\\two\n\"three\"", {{"x", "q\"\\\n表"}}).Increment();
  EXPECT_EQ(registry.Render(),
            "# HELP a one\\\\two\\n\"three\"\n"
            "# TYPE a counter\n"
            "a{x=\"q\\\"\\\\\\n表\"} 1\n");
}

TEST(HistogramTest, BucketsIncludeTheirUpperBound) {
  EXPECT_EQ(Histogram::BucketOf(0), 0u);
  EXPECT_EQ(Histogram::BucketOf(1), 0u);
  EXPECT_EQ(Histogram::BucketOf(2), 1u);
  EXPECT_EQ(Histogram::BucketOf(3), 2u);
  EXPECT_EQ(Histogram::BucketOf(4), 2u);
  EXPECT_EQ(Histogram::BucketOf(uint64_t{1} << 40), 40u);
  EXPECT_EQ(Histogram::BucketOf((uint64_t{1} << 40) + 1), 41u);
  EXPECT_EQ(Histogram::BucketOf(UINT64_MAX), 41u);
}

TEST(HistogramTest, QuantilesAreUpperBounds) {
  Histogram histogram;
  EXPECT_EQ(histogram.Quantile(0.5), 0u);
  for (uint64_t value = 1; value <= 100; ++value) histogram.Record(value);
  EXPECT_EQ(histogram.Sum(), 5050u);
  EXPECT_EQ(histogram.Quantile(0.5), 64u);
  EXPECT_EQ(histogram.Quantile(0.01), 1u);
  EXPECT_EQ(histogram.Quantile(1.0), 128u);
}

TEST(HistogramTest, RendersCumulativeBucketsInItsScale) {
  MetricsRegistry registry;
  Histogram& histogram = registry.GetHistogram("wait_seconds", "Waiting.", 1e-6, {{"op", "join"}});
  histogram.Record(1);
  histogram.Record(3'000'000);
  const std::string text = registry.Render();
  EXPECT_THAT(text, HasSubstr("# TYPE wait_seconds histogram\n"));
  EXPECT_THAT(text, HasSubstr("wait_seconds_bucket{op=\"join\",le=\"1e-06\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("wait_seconds_bucket{op=\"join\",le=\"2.097152\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("wait_seconds_bucket{op=\"join\",le=\"4.194304\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("wait_seconds_bucket{op=\"join\",le=\"+Inf\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("wait_seconds_sum{op=\"join\"} 3.000001\n"));
  EXPECT_THAT(text, HasSubstr("wait_seconds_count{op=\"join\"} 2\n"));
}

TEST(MetricsTest, SamplesForTables) {
  MetricsRegistry registry;
  registry.GetCounter("a", "", {{"x", "1"}}).Increment(5);
  registry.GetHistogram("h", "", 0.5).Record(4);
  const std::vector<Sample> samples = registry.Samples();
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_EQ(samples[0].name, "a");
  EXPECT_EQ(samples[0].labels, (Labels{{"x", "1"}}));
  EXPECT_EQ(samples[0].value, 5);
  EXPECT_EQ(samples[1].name, "h_count");
  EXPECT_EQ(samples[1].value, 1);
  EXPECT_EQ(samples[2].name, "h_sum");
  EXPECT_EQ(samples[2].value, 2);
}

TEST(MetricsTest, CountsFromManyThreads) {
  MetricsRegistry registry;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10'000; ++j) registry.GetCounter("a", "").Increment();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(registry.GetCounter("a", "").Value(), 40'000u);
}

TEST(MetricsDeathTest, ANameHasOneKind) {
  MetricsRegistry registry;
  registry.GetCounter("a", "");
  EXPECT_DEATH(registry.GetGauge("a", ""), "kind");
  EXPECT_DEATH(registry.GetGauge("no spaces", ""), "IsName");
}

}  // namespace
}  // namespace millrace::telemetry
