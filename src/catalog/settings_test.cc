#include "catalog/settings.h"

#include <gtest/gtest.h>

namespace millrace::catalog {
namespace {

std::string ErrorOf(const Status& status) {
  return status ? "none" : status.error().ToString();
}

TEST(ParseDuration, ReadsFlinksForms) {
  const auto micros = [](std::string_view text) { return ParseDuration(text).value_or(-1); };
  EXPECT_EQ(micros("1 d"), 86'400'000'000);
  EXPECT_EQ(micros("2h"), 7'200'000'000);
  EXPECT_EQ(micros("1 min"), 60'000'000);
  EXPECT_EQ(micros("1 m"), 60'000'000);
  EXPECT_EQ(micros("5 s"), 5'000'000);
  EXPECT_EQ(micros("5 SECONDS"), 5'000'000);
  EXPECT_EQ(micros("500ms"), 500'000);
  EXPECT_EQ(micros("10"), 10'000);
  EXPECT_EQ(micros(" 7 micros "), 7);
  EXPECT_EQ(micros("2500 ns"), 2);
  EXPECT_EQ(micros("PT1H30M"), 5'400'000'000);
  EXPECT_EQ(micros("P2DT3S"), 172'803'000'000);
  for (const char* bad : {"", "d", "1 fortnight", "-5 s", "1.5 s", "P", "PT", "P1H", "99999999999999 d"}) {
    EXPECT_FALSE(ParseDuration(bad)) << bad;
  }
}

TEST(ParseMemorySize, ReadsFlinksForms) {
  EXPECT_EQ(ParseMemorySize("64 kb").value_or(-1), 65536);
  EXPECT_EQ(ParseMemorySize("1m").value_or(-1), 1048576);
  EXPECT_EQ(ParseMemorySize("100").value_or(-1), 100);
  EXPECT_FALSE(ParseMemorySize("1 x"));
}

TEST(Settings, KnowsItsKeysAndTheirValues) {
  Settings settings;
  EXPECT_EQ(settings.shards(), 1);
  EXPECT_FALSE(settings.early_fire());
  EXPECT_EQ(settings.state_ttl_micros(), 0);
  EXPECT_EQ(settings.epoch_interval_micros(), 100'000);
  ASSERT_TRUE(settings.Set("parallelism.default", "2"));
  ASSERT_TRUE(settings.Set("table.exec.emit.early-fire.enabled", "TRUE"));
  ASSERT_TRUE(settings.Set("table.exec.state.ttl", "1 h"));
  EXPECT_EQ(settings.shards(), 2);
  EXPECT_TRUE(settings.early_fire());
  EXPECT_EQ(settings.state_ttl_micros(), 3'600'000'000);
  ASSERT_TRUE(settings.Reset("parallelism.default"));
  EXPECT_EQ(settings.shards(), 1);
  settings.ResetAll();
  EXPECT_FALSE(settings.early_fire());
}

TEST(Settings, RefusesWhatItCannotDo) {
  Settings settings;
  EXPECT_EQ(ErrorOf(settings.Set("table.exec.state.tll", "1 h")),
            "42704: no setting 'table.exec.state.tll'\nHINT: did you mean 'table.exec.state.ttl'?");
  EXPECT_EQ(ErrorOf(settings.Set("table.exec.state.ttl", "soon")),
            "22023: setting 'table.exec.state.ttl': 'soon' is not a duration\nHINT: write a number and a "
            "unit, e.g. '500 "
            "ms', '5 s', '1 min', '2 h' or '1 d'");
  EXPECT_EQ(
      ErrorOf(settings.Set("parallelism.default", "0")),
      "22023: setting 'parallelism.default' cannot be '0'\nHINT: it may be a whole number from 1 to 64");
  EXPECT_EQ(ErrorOf(settings.Set("execution.runtime-mode", "batch")),
            "22023: setting 'execution.runtime-mode' cannot be 'batch'\nHINT: it may be 'streaming'");
  EXPECT_EQ(
      ErrorOf(settings.Set("state.backend.type", "rocksdb")),
      "0A000: 'state.backend.type' cannot be set to 'rocksdb': state is kept in memory\nHINT: leave it out");
  EXPECT_EQ(ErrorOf(settings.Set("table.exec.mini-batch.enabled", "true")), "none");
  EXPECT_EQ(ErrorOf(settings.Set("table.exec.sink.not-null-enforcer", "drop")),
            "0A000: 'table.exec.sink.not-null-enforcer' cannot be set to 'drop': a row with NULL in a NOT "
            "NULL column of a "
            "sink goes to sys.dead_letters\nHINT: it may be 'error'");
}

TEST(Settings, ListsAllOfThem) {
  Settings settings;
  ASSERT_TRUE(settings.Set("table.local-time-zone", "GMT+08:00"));
  bool found = false;
  for (const Setting& setting : settings.All()) {
    if (setting.key != "table.local-time-zone") continue;
    found = true;
    EXPECT_EQ(setting.value, "GMT+08:00");
    EXPECT_FALSE(setting.is_default);
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace millrace::catalog
