#include "shell/prometheus_text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace millrace::shell {
namespace {

using Labels = std::map<std::string, std::string>;

TEST(PrometheusText, ReadsSamples) {
  const auto samples = ParsePrometheusText(
      "# HELP http_requests_total The total.\n"
      "# TYPE http_requests_total counter\n"
      "http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n"
      "\n"
      "metric_without_labels 12.47\n"
      "with_comma { a = \"b\" , } -3e-2\n");
  ASSERT_TRUE(samples.has_value());
  ASSERT_EQ(samples->size(), 3U);
  EXPECT_EQ((*samples)[0].name, "http_requests_total");
  EXPECT_EQ((*samples)[0].labels, (Labels{{"method", "post"}, {"code", "200"}}));
  EXPECT_EQ((*samples)[0].value, 1027);
  EXPECT_EQ((*samples)[1].value, 12.47);
  EXPECT_EQ((*samples)[2].labels, (Labels{{"a", "b"}}));
  EXPECT_EQ((*samples)[2].value, -0.03);
}

TEST(PrometheusText, UndoesEscapes) {
  const auto samples = ParsePrometheusText("m{path=\"C:\\\\D\\\"I\\nR}\"} 1\n");
  ASSERT_TRUE(samples.has_value());
  EXPECT_EQ((*samples)[0].labels.at("path"), "C:\\D\"I\nR}");
}

TEST(PrometheusText, ReadsSpecialValues) {
  const auto samples = ParsePrometheusText("a +Inf\nb -Inf\nc NaN");
  ASSERT_TRUE(samples.has_value());
  EXPECT_EQ((*samples)[0].value, INFINITY);
  EXPECT_EQ((*samples)[1].value, -INFINITY);
  EXPECT_TRUE(std::isnan((*samples)[2].value));
}

TEST(PrometheusText, NamesTheLineThatIsNoMetric) {
  for (const char* bad : {"a", "a x", "a{b} 1", "a{b=\"c} 1", "<html>", "a{b=\"c\"", "a 1x"}) {
    const auto samples = ParsePrometheusText(std::string("ok 1\n") + bad);
    ASSERT_FALSE(samples.has_value()) << bad;
    EXPECT_EQ(samples.error().message(), "line 2 is not a metric of Prometheus");
  }
}

}  // namespace
}  // namespace millrace::shell
