#include "shell/table_printer.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace millrace::shell {
namespace {

using Rows = std::vector<std::vector<Cell>>;

const std::vector<ResultColumn> kColumns = {
    {"id", ValueKind::kNumber}, {"城市"}, {"ok", ValueKind::kBoolean}, {"note"}};
const Rows kRows = {
    {"7", "广州", "t", "a\nb"}, {"1234", std::nullopt, "f", ""}, {"-1.5", "x", std::nullopt, "q\"c,"}};

std::string Printed(OutputFormat format, const std::vector<ResultColumn>& columns, const Rows& rows) {
  std::string text;
  TablePrinter printer(columns, format, [&](std::string_view lines) {
    text += lines;
    return Status{};
  });
  for (const auto& row : rows) EXPECT_TRUE(printer.Row(row).has_value());
  EXPECT_TRUE(printer.Finish().has_value());
  return text;
}

TEST(TablePrinter, AlignsWideCharacters) {
  EXPECT_EQ(Printed(OutputFormat::kTable, kColumns, kRows),
            " id   | 城市 | ok    | note\n"
            "------+------+-------+------\n"
            "    7 | 广州 | true  | a\\nb\n"
            " 1234 | NULL | false | \n"
            " -1.5 | x    | NULL  | q\"c,\n"
            "(3 rows)\n");
  EXPECT_EQ(Printed(OutputFormat::kTable, {{"a"}}, {}), " a\n---\n(0 rows)\n");
  EXPECT_EQ(Printed(OutputFormat::kTable, {{"a"}}, {{"x"}}), " a\n---\n x\n(1 row)\n");
}

TEST(TablePrinter, ExpandsRows) {
  EXPECT_EQ(Printed(OutputFormat::kExpanded, {{"id"}, {"name"}}, {{"1", "a"}, {"2", std::nullopt}}),
            "-[ RECORD 1 ]-\nid   | 1\nname | a\n-[ RECORD 2 ]-\nid   | 2\nname | NULL\n");
  EXPECT_EQ(Printed(OutputFormat::kExpanded, {{"id"}}, {}), "(0 rows)\n");
}

TEST(TablePrinter, WritesCsv) {
  EXPECT_EQ(Printed(OutputFormat::kCsv, kColumns, kRows),
            "id,城市,ok,note\n"
            "7,广州,true,\"a\nb\"\n"
            "1234,,false,\"\"\n"
            "-1.5,x,,\"q\"\"c,\"\n");
  EXPECT_EQ(Printed(OutputFormat::kCsv, {{"a"}, {"b"}}, {}), "a,b\n");
}

TEST(TablePrinter, WritesJson) {
  EXPECT_EQ(Printed(OutputFormat::kJson,
                    {{"n", ValueKind::kNumber}, {"b", ValueKind::kBoolean}, {"j", ValueKind::kJson}, {"s"}},
                    {{"1.50", "t", "{\"a\": 1}", "x\"y"}, {"NaN", std::nullopt, std::nullopt, "1"}}),
            "{\"n\":1.50,\"b\":true,\"j\":{\"a\": 1},\"s\":\"x\\\"y\"}\n"
            "{\"n\":\"NaN\",\"b\":null,\"j\":null,\"s\":\"1\"}\n");
  EXPECT_EQ(Printed(OutputFormat::kJson, {{"a"}}, {}), "");
}

TEST(TablePrinter, ShowsControlCharactersInTablesAndKeepsThemInCsv) {
  EXPECT_EQ(Printed(OutputFormat::kTable, {{"a"}}, {{"\x1b[2J"}}), " a\n---------\n \\x1B[2J\n(1 row)\n");
  EXPECT_EQ(Printed(OutputFormat::kCsv, {{"a"}}, {{"\x1b[2J"}}), "a\n\x1b[2J\n");
}

TEST(TablePrinter, PrintsInBlocks) {
  std::vector<std::string> writes;
  TablePrinter printer({{"a"}}, OutputFormat::kTable, [&](std::string_view lines) {
    writes.emplace_back(lines);
    return Status{};
  });
  for (size_t i = 0; i < limits::kShellBlockRows; ++i) ASSERT_TRUE(printer.Row({"x"}).has_value());
  ASSERT_EQ(writes.size(), 1U);
  ASSERT_TRUE(printer.Row({"long"}).has_value());
  ASSERT_TRUE(printer.Flush().has_value());
  ASSERT_EQ(writes.size(), 2U);
  EXPECT_EQ(writes[1], " long\n") << "the header stands once";
}

TEST(TablePrinter, KnowsItsFormats) {
  EXPECT_EQ(ParseOutputFormat("csv").value(), OutputFormat::kCsv);
  EXPECT_FALSE(ParseOutputFormat("xml").has_value());
}

}  // namespace
}  // namespace millrace::shell
