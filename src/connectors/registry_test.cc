#include "connectors/registry.h"

#include <gtest/gtest.h>

#include "connectors/source_fixture.h"

namespace millrace::connectors {
namespace {

using data::DataType;

std::string ErrorOf(std::vector<std::pair<std::string, std::string>> with,
                    std::vector<MetadataColumn> metadata = {}) {
  TableColumns columns = Physical({{"a", DataType::Int()}});
  columns.metadata = std::move(metadata);
  auto traits = DescribeTable(With(std::move(with)), columns);
  return traits.has_value() ? "no error" : traits.error().ToString();
}

TEST(RegistryTest, NamesUnknownConnectors) {
  EXPECT_EQ(ErrorOf({{"connector", "pint"}}),
            "42704: table 't': there is no connector 'pint'\nHINT: did you mean 'print'?");
  EXPECT_TRUE(
      ErrorOf({{"format", "json"}})
          .starts_with(
              "42P16: table 't': the WITH clause names no connector\nHINT: add 'connector' = one of: "));
}

TEST(RegistryTest, RefusesRepeatedOptions) {
  EXPECT_EQ(ErrorOf({{"connector", "datagen"}, {"seed", "1"}, {"seed", "2"}}),
            "42710: table 't': option 'seed' is given twice\nHINT: keep one of them");
}

TEST(RegistryTest, ChecksMetadataColumns) {
  EXPECT_EQ(ErrorOf({{"connector", "datagen"}}, {{"ts", "timestamp", DataType::TimestampLtz(3)}}),
            "42703: table 't': column 'ts': connector 'datagen' has no metadata 'timestamp'\nHINT: it has no "
            "metadata; "
            "make the column a physical or computed one");
}

TEST(RegistryTest, ReadsTheIdleTimeout) {
  auto traits = DescribeTable(With({{"connector", "datagen"}, {"scan.watermark.idle-timeout", "5 s"}}),
                              Physical({{"a", DataType::Int()}}));
  ASSERT_TRUE(traits.has_value());
  EXPECT_EQ(traits->watermark_idle_timeout_micros, 5'000'000);
  EXPECT_EQ(ErrorOf({{"connector", "print"}, {"scan.watermark.idle-timeout", "5 s"}}).substr(0, 20),
            "42704: table 't': co");
}

TEST(RegistryTest, BlackholeTakesEverything) {
  auto traits = DescribeTable(With({{"connector", "blackhole"}}), Physical({{"a", DataType::Int()}}));
  ASSERT_TRUE(traits.has_value());
  EXPECT_TRUE(traits->can_write);
  EXPECT_FALSE(traits->can_read);
  EXPECT_EQ(traits->accepts, ChangelogMode::kRetract);
  auto sink = MakeSink(With({{"connector", "blackhole"}}), Physical({{"a", DataType::Int()}}), {});
  ASSERT_TRUE(sink.has_value());
  EXPECT_TRUE((*sink)->Write({}).has_value());
  EXPECT_TRUE((*sink)->Close().has_value());
}

}  // namespace
}  // namespace millrace::connectors
