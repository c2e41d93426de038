#include "telemetry/log.h"

#include <gtest/gtest.h>

#include "env/clock.h"

namespace millrace::telemetry {
namespace {

class LogTest : public testing::Test {
 protected:
  // 2024-02-29 23:59:59.000123 UTC.
  env::SimulatedClock clock_{int64_t{1'709'251'199} * 1'000'000 + 123};
  std::string out_;
  Logger logger_{clock_, [this](std::string_view line) { out_ += line; }};
};

TEST_F(LogTest, OneLineWithTimeLevelComponentAndFields) {
  logger_.Warning("connectors", "file was truncated",
                  {{"path", "/var/log/app.log"}, {"offset", 4096}, {"rate", 0.5}, {"again", true}});
  EXPECT_EQ(out_,
            "2024-02-29T23:59:59.000123Z WARN connectors: file was truncated path=/var/log/app.log "
            "offset=4096 rate=0.5 again=true\n");
}

TEST_F(LogTest, ValuesAreQuotedWhenTheyMust) {
  logger_.Info("a", "m", {{"x", "two words"}, {"y", "say \"hi\""}, {"z", ""}, {"u", "北京"}});
  EXPECT_EQ(out_,
            "2024-02-29T23:59:59.000123Z INFO a: m x=\"two words\" y=\"say \\\"hi\\\"\" z=\"\" u=北京\n");
}

TEST_F(LogTest, NoInputBreaksTheLine) {
  logger_.Error("a", "one\ntwo\x1b[31m", {{"x", "three\nfour"}});
  EXPECT_EQ(out_, "2024-02-29T23:59:59.000123Z ERROR a: one\\ntwo\\x1b[31m x=\"three\\nfour\"\n");
}

TEST_F(LogTest, LinesBelowTheLevelAreDropped) {
  logger_.Debug("a", "hidden");
  EXPECT_EQ(out_, "");
  logger_.SetLevel(LogLevel::kDebug);
  logger_.Debug("a", "shown");
  EXPECT_EQ(out_, "2024-02-29T23:59:59.000123Z DEBUG a: shown\n");
  logger_.SetLevel(LogLevel::kOff);
  logger_.Error("a", "hidden");
  EXPECT_EQ(out_, "2024-02-29T23:59:59.000123Z DEBUG a: shown\n");
}

}  // namespace
}  // namespace millrace::telemetry
