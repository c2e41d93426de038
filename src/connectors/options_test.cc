#include "connectors/options.h"

#include <gtest/gtest.h>

namespace millrace::connectors {
namespace {

constexpr OptionSpec kSpecs[] = {
    {.key = "path", .type = OptionType::kString, .required = true, .doc = "a file"},
    {.key = "rows",
     .type = OptionType::kInteger,
     .default_text = "10",
     .min = 1,
     .max = 100,
     .doc = "how many"},
    {.key = "pause", .type = OptionType::kDuration, .default_text = "2 s"},
    {.key = "size", .type = OptionType::kMemorySize},
    {.key = "strict", .type = OptionType::kBoolean},
    {.key = "mode", .type = OptionType::kChoice, .choices = "slow; fast"},
    {.key = "fields.#.min", .type = OptionType::kFieldValue},
};
constexpr RefusedOption kRefused[] = {{"compaction.*", "files are not compacted"}};
constexpr OptionTable kTable = {
    .connector = "demo", .specs = kSpecs, .refused = kRefused, .takes_format = true};

Result<ParsedOptions> Parse(std::vector<std::pair<std::string, std::string>> with) {
  return ParseOptions({"t", std::move(with)}, kTable);
}

std::string ErrorOf(std::vector<std::pair<std::string, std::string>> with) {
  auto parsed = Parse(std::move(with));
  return parsed.has_value() ? "no error" : parsed.error().ToString();
}

TEST(OptionsTest, ReadsValuesAndDefaults) {
  auto parsed = Parse({{"connector", "demo"},
                       {"path", "/a"},
                       {"size", "2 kb"},
                       {"strict", "TRUE"},
                       {"mode", "fast"},
                       {"fields.a.b.min", "x"}});
  ASSERT_TRUE(parsed.has_value()) << parsed.error().ToString();
  EXPECT_EQ(parsed->GetString("path"), "/a");
  EXPECT_EQ(parsed->GetInt("rows"), 10);
  EXPECT_FALSE(parsed->IsWritten("rows"));
  EXPECT_EQ(parsed->GetMicros("pause"), 2'000'000);
  EXPECT_EQ(parsed->GetBytes("size"), 2048);
  EXPECT_TRUE(parsed->GetBool("strict"));
  EXPECT_EQ(parsed->GetInt("mode"), 1);
  EXPECT_EQ(parsed->GetString("fields.a.b.min"), "x");
  EXPECT_FALSE(parsed->Has("fields.c.min"));
}

TEST(OptionsTest, LeavesOptionsOfTheFormatAlone) {
  EXPECT_TRUE(Parse({{"path", "/a"}, {"format", "x"}, {"x.strict", "1"}})
                  .error()
                  .message()
                  .starts_with("connector 'demo' has no option 'format'"));
}

TEST(OptionsTest, NamesWhatIsWrong) {
  EXPECT_EQ(ErrorOf({{"path", "/a"}, {"row", "3"}}),
            "42704: connector 'demo' has no option 'row'\nHINT: did you mean 'rows'?");
  EXPECT_EQ(
      ErrorOf({{"rows", "3"}}),
      "42P16: connector 'demo' needs the option 'path'\nHINT: add 'path' = '…' to the WITH clause: a file");
  EXPECT_EQ(ErrorOf({{"path", "/a"}, {"rows", "three"}}),
            "22023: option 'rows': 'three' is not a whole number\nHINT: write it in digits, e.g. '100'");
  EXPECT_EQ(ErrorOf({{"path", "/a"}, {"rows", "0"}}), "22023: option 'rows': '0' is below 1\nHINT: how many");
  EXPECT_EQ(ErrorOf({{"path", "/a"}, {"rows", "101"}}),
            "22023: option 'rows': '101' is above 100\nHINT: how many");
  EXPECT_EQ(
      ErrorOf({{"path", "/a"}, {"pause", "2 parsecs"}}),
      "22023: option 'pause': '2 parsecs' is not a duration\nHINT: write a number and a unit (ms, s, min, h, "
      "d), e.g. '10 s'");
  EXPECT_EQ(ErrorOf({{"path", "/a"}, {"size", "big"}}),
            "22023: option 'size': 'big' is not a memory size\nHINT: write a number and a unit (b, kb, mb, "
            "gb, tb), "
            "e.g. '128 mb'");
  EXPECT_EQ(ErrorOf({{"path", "/a"}, {"strict", "yes"}}),
            "22023: option 'strict': 'yes' is neither true nor false");
  EXPECT_EQ(ErrorOf({{"path", "/a"}, {"mode", "fats"}}),
            "22023: option 'mode': 'fats' is none of: slow; fast\nHINT: did you mean 'fast'?");
  EXPECT_EQ(ErrorOf({{"path", "/a"}, {"compaction.size", "1"}}),
            "0A000: option 'compaction.size' of connector 'demo' is not supported: files are not compacted");
}

TEST(OptionsTest, DurationsAsFlinkWritesThem) {
  EXPECT_EQ(ParseDurationMicros("10"), 10'000);
  EXPECT_EQ(ParseDurationMicros("10 ms"), 10'000);
  EXPECT_EQ(ParseDurationMicros("7us"), std::nullopt);
  EXPECT_EQ(ParseDurationMicros("7 µs"), 7);
  EXPECT_EQ(ParseDurationMicros("3min"), 180'000'000);
  EXPECT_EQ(ParseDurationMicros(" 1 Day "), 86'400'000'000);
  EXPECT_EQ(ParseDurationMicros("2 hours"), 7'200'000'000);
  EXPECT_EQ(ParseDurationMicros("-1 s"), std::nullopt);
  EXPECT_EQ(ParseDurationMicros(""), std::nullopt);
  EXPECT_EQ(ParseDurationMicros("9223372036854775807 d"), std::nullopt);
}

TEST(OptionsTest, MemorySizes) {
  EXPECT_EQ(ParseMemorySize("128MB"), 134'217'728);
  EXPECT_EQ(ParseMemorySize("1 g"), 1'073'741'824);
  EXPECT_EQ(ParseMemorySize("12"), 12);
  EXPECT_EQ(ParseMemorySize("1.5 gb"), std::nullopt);
}

}  // namespace
}  // namespace millrace::connectors
