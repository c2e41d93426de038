#include "query/flink_casts.h"

#include <gtest/gtest.h>

namespace millrace::query {
namespace {

// Each run of spaces as one: what is taken out leaves those around it.
std::string Translated(std::string_view sql) {
  std::string text;
  for (const char c : TranslateFlinkCasts(sql).value_or("-")) {
    if (c != ' ' || !text.ends_with(' ')) text += c;
  }
  return text;
}

TEST(FlinkCastsTest, AreInDuckDbsWords) {
  EXPECT_EQ(Translated("SELECT CAST($1 AS BYTES), a"), "SELECT CAST($1 AS BLOB), a");
  EXPECT_EQ(Translated("SELECT TRY_CAST(a AS ARRAY<INT>)"), "SELECT TRY_CAST(a AS INTEGER[])");
  EXPECT_EQ(Translated("SELECT CAST(a AS MAP<STRING,ARRAY<BIGINT>>) FROM t"),
            "SELECT CAST(a AS MAP(VARCHAR, BIGINT[])) FROM t");
  EXPECT_EQ(Translated("SELECT a::ROW<x INT,`y z` BYTES> FROM t"),
            "SELECT a::STRUCT(\"x\" INTEGER, \"y z\" BLOB) FROM t");
  EXPECT_EQ(Translated("SELECT CAST(a AS TIMESTAMP_LTZ(6))"), "SELECT CAST(a AS TIMESTAMP WITH TIME ZONE)");
  EXPECT_EQ(Translated("SELECT CAST(a AS VARBINARY(3))"), "SELECT CAST(a AS BLOB)");
}

TEST(FlinkCastsTest, CutFractionsOfSeconds) {
  EXPECT_EQ(Translated("SELECT 1, CAST(a AS TIMESTAMP_LTZ(3)) AS b"),
            "SELECT 1, time_bucket(INTERVAL 1000 MICROSECONDS, CAST(a AS TIMESTAMP WITH TIME ZONE)) AS b");
  EXPECT_EQ(
      Translated("SELECT CAST(a AS TIME(0))"),
      "SELECT CAST(time_bucket(INTERVAL 1000000 MICROSECONDS, DATE '2000-01-03' + CAST(a AS TIME)) AS TIME)");
}

TEST(FlinkCastsTest, LeaveWhatDuckDbKnows) {
  for (const char* sql :
       {"SELECT CAST(a AS INT)", "SELECT CAST(a AS STRING), b::DECIMAL(4, 2), c::INT[]",
        "SELECT CAST(a AS TIMESTAMP(3))", "SELECT 'CAST(a AS BYTES)'", "SELECT bytes AS bytes FROM t",
        "SELECT CAST(a AS MAP(INT, INT))", "SELECT CAST(a AS NOTHING<INT>)", "SELECT (CAST(a AS BYTES)"}) {
    EXPECT_EQ(Translated(sql), "-") << sql;
  }
}

}  // namespace
}  // namespace millrace::query
