#include "shell/top_frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::shell {
namespace {

using testing::HasSubstr;

TopReading Reading(int64_t micros, std::string_view text) {
  auto samples = ParsePrometheusText(text);
  EXPECT_TRUE(samples.has_value());
  return {micros, *std::move(samples)};
}

// The line that begins with a text, with runs of blanks as one.
std::string Line(const std::string& frame, const std::string& begin) {
  const size_t at = frame.find("\n " + begin);
  if (at == std::string::npos) return "no line " + begin;
  std::string out;
  for (const char c : frame.substr(at + 2, frame.find('\n', at + 1) - at - 2)) {
    if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
  }
  return out;
}

TEST(TopFrame, ShowsRatesBetweenTwoReadings) {
  const TopReading before = Reading(1'000'000,
                                    "millrace_ingest_rows_total{table=\"ods.orders\"} 1000\n"
                                    "millrace_operator_rows_total{job=\"j1\",operator=\"a\"} 5\n"
                                    "millrace_operator_rows_total{job=\"j1\",operator=\"b\"} 5\n"
                                    "millrace_epochs_total 10\n"
                                    "millrace_epoch_duration_seconds_sum 1\n"
                                    "process_cpu_seconds_total 2\n");
  const TopReading now = Reading(3'000'000,
                                 "millrace_ingest_rows_total{table=\"ods.orders\"} 101000\n"
                                 "millrace_ingest_bytes_total{table=\"ods.orders\"} 4096\n"
                                 "millrace_ingest_queue_rows{table=\"ods.orders\"} 7\n"
                                 "millrace_table_rows{table=\"dws.sales\"} 42\n"
                                 "millrace_table_bytes{table=\"dws.sales\"} 1572864\n"
                                 "millrace_view_watermark_seconds{view=\"dws.sales\"} 1577934245\n"
                                 "millrace_view_watermark_lag_milliseconds{view=\"dws.sales\"} 2500\n"
                                 "millrace_operator_rows_total{job=\"j1\",operator=\"a\"} 10\n"
                                 "millrace_operator_rows_total{job=\"j1\",operator=\"b\"} 20\n"
                                 "millrace_queue_messages{job=\"j1\"} 3\n"
                                 "millrace_operator_state_entries{job=\"j1\",operator=\"a\"} 40\n"
                                 "millrace_operator_state_entries{job=\"j1\",operator=\"b\"} 2\n"
                                 "millrace_operator_state_bytes{job=\"j1\",operator=\"a\"} 2048\n"
                                 "millrace_jobs{state=\"running\"} 1\n"
                                 "millrace_jobs{state=\"failed\"} 0\n"
                                 "millrace_epochs_total 30\n"
                                 "millrace_epoch_duration_seconds_sum 1.1\n"
                                 "millrace_epoch_pause_microseconds 1500\n"
                                 "process_cpu_seconds_total 5\n"
                                 "process_resident_memory_bytes 1073741824\n");
  const std::string frame = TopFrame(&before, now, "127.0.0.1:8080");
  EXPECT_THAT(frame, HasSubstr("CPU 150 %   memory 1.0 GiB"));
  EXPECT_THAT(frame, HasSubstr("jobs: 1 running, 0 failed, - ended"));
  EXPECT_THAT(frame, HasSubstr("epochs: 30 (10/s, 5.0 ms each, pause 1.5 ms)"));
  // 100000 rows in 2 s; 4096 bytes since the counter began.
  EXPECT_EQ(Line(frame, "ods.orders"), "ods.orders | - | - | 50.0k | 2.0 KiB | - | 7 | - | - | - | -");
  // 1577934245 s after 1970 is 2020-01-02 03:04:05 UTC.
  EXPECT_EQ(Line(frame, "dws.sales"),
            "dws.sales | 42 | 1.5 MiB | - | - | - | - | 2020-01-02 03:04:05 | 2.5 s | - | -");
  EXPECT_EQ(Line(frame, "j1"), "j1 | 10 | 3 | 42 | 2.0 KiB");
}

TEST(TopFrame, ShowsNoRatesAtFirst) {
  const TopReading now =
      Reading(0, "millrace_ingest_rows_total{table=\"t\"} 5\nprocess_cpu_seconds_total 2\n");
  const std::string frame = TopFrame(nullptr, now, "x");
  EXPECT_THAT(frame, HasSubstr("CPU -"));
  EXPECT_EQ(Line(frame, "t |"), "no line t |");
  EXPECT_THAT(Line(frame, "t "), HasSubstr("| - | - | - | -"));
}

TEST(TopFrame, TakesACounterThatBeganAnew) {
  const TopReading before = Reading(0, "millrace_epochs_total 1000\n");
  const TopReading now = Reading(1'000'000, "millrace_epochs_total 20\n");
  EXPECT_THAT(TopFrame(&before, now, "x"), HasSubstr("epochs: 20 (20/s"));
}

}  // namespace
}  // namespace millrace::shell
