#include "catalog/parameters.h"

#include <gtest/gtest.h>

namespace millrace::catalog {
namespace {

using Values = std::vector<std::string>;

std::string SetAndShow(std::string_view name, const Values& values) {
  Parameters parameters;
  if (const Status set = parameters.Set(name, values); !set) return set.error().ToString();
  return parameters.Get(name).value_or("no value");
}

TEST(Parameters, ShowsValuesAsPostgresqlDoes) {
  EXPECT_EQ(SetAndShow("statement_timeout", {"5s"}), "5s");
  EXPECT_EQ(SetAndShow("statement_timeout", {"500"}), "500ms");
  EXPECT_EQ(SetAndShow("statement_timeout", {"60000"}), "1min");
  EXPECT_EQ(SetAndShow("statement_timeout", {"90 s"}), "90s");
  EXPECT_EQ(SetAndShow("statement_timeout", {"1.5h"}), "90min");
  EXPECT_EQ(SetAndShow("statement_timeout", {"2000us"}), "2ms");
  EXPECT_EQ(SetAndShow("statement_timeout", {"0"}), "0");
  EXPECT_EQ(SetAndShow("work_mem", {"65536"}), "64MB");
  EXPECT_EQ(SetAndShow("work_mem", {"1GB"}), "1GB");
  EXPECT_EQ(SetAndShow("default_transaction_read_only", {"t"}), "on");
  EXPECT_EQ(SetAndShow("row_security", {"of"}), "off");
  EXPECT_EQ(SetAndShow("CLIENT_ENCODING", {"utf-8"}), "UTF8");
  EXPECT_EQ(SetAndShow("datestyle", {"iso", "dmy"}), "ISO, DMY");
  EXPECT_EQ(SetAndShow("DateStyle", {"ISO"}), "ISO, MDY");
  EXPECT_EQ(SetAndShow("timezone", {"Asia/Shanghai"}), "Asia/Shanghai");
  EXPECT_EQ(SetAndShow("standard_conforming_strings", {"true"}), "on");
  EXPECT_EQ(SetAndShow("default_transaction_isolation", {"REPEATABLE READ"}), "repeatable read");
  EXPECT_EQ(SetAndShow("myapp.Tenant", {"Seven"}), "Seven");
  EXPECT_EQ(SetAndShow("search_path", {"$user", "ods", "A b"}), "\"$user\", ods, \"A b\"");
  EXPECT_EQ(SetAndShow("search_path", {"ods, dwd"}), "ods, dwd");
}

TEST(Parameters, RefusesWhatDoesNotHold) {
  EXPECT_EQ(SetAndShow("statement_timeout", {"5 parsecs"}),
            "22023: parameter 'statement_timeout' cannot be '5 parsecs'\n"
            "HINT: it is milliseconds, or a number with us, ms, s, min, h or d, and at most 24 days");
  EXPECT_EQ(SetAndShow("statement_timeout", {"-1"}).substr(0, 5), "22023");
  EXPECT_EQ(SetAndShow("statement_timeout", {"30d"}).substr(0, 5), "22023");
  EXPECT_EQ(SetAndShow("client_encoding", {"latin1"}),
            "22023: parameter 'client_encoding' cannot be 'latin1'\nHINT: it can be 'UTF8'");
  EXPECT_EQ(SetAndShow("DateStyle", {"German"}),
            "22023: parameter 'DateStyle' cannot be 'German'\n"
            "HINT: dates are written as ISO 8601 says: ISO, with MDY, DMY or YMD");
  EXPECT_EQ(SetAndShow("standard_conforming_strings", {"off"}),
            "22023: parameter 'standard_conforming_strings' cannot be 'off'\nHINT: it can be 'on'");
  EXPECT_EQ(SetAndShow("extra_float_digits", {"-15"}),
            "22023: parameter 'extra_float_digits' cannot be '-15'\n"
            "HINT: it is a whole number from 1 to 3");
  EXPECT_EQ(SetAndShow("statement_timout", {"5s"}),
            "42704: there is no parameter 'statement_timout'\nHINT: did you mean 'statement_timeout'?");
  EXPECT_EQ(SetAndShow("server_version", {"9"}), "55P02: parameter 'server_version' cannot be changed");
  EXPECT_EQ(SetAndShow("is_superuser", {"on"}), "55P02: parameter 'is_superuser' cannot be changed");
  EXPECT_EQ(SetAndShow("statement_timeout", {"1", "2"}),
            "22023: parameter 'statement_timeout' takes one value");
  EXPECT_EQ(SetAndShow("timezone", {"Mars/Olympus"}).substr(0, 52),
            "22023: parameter 'TimeZone' cannot be 'Mars/Olympus'");
  Parameters parameters;
  EXPECT_FALSE(parameters.Reset("server_version"));
  EXPECT_FALSE(parameters.Get("myapp.tenant"));
}

TEST(Parameters, LivesAsLongAsItsTransaction) {
  Parameters parameters;
  ASSERT_TRUE(parameters.Set("statement_timeout", Values{"1s"}));
  parameters.Begin();
  ASSERT_TRUE(parameters.Set("statement_timeout", Values{"2s"}, /*local=*/true));
  EXPECT_EQ(parameters.DurationMicros("statement_timeout"), 2'000'000);
  ASSERT_TRUE(parameters.Set("application_name", Values{"x"}));
  parameters.Commit();
  EXPECT_EQ(parameters.Get("statement_timeout").value(), "1s");
  EXPECT_EQ(parameters.Get("application_name").value(), "x");
  parameters.Begin();
  ASSERT_TRUE(parameters.Set("application_name", Values{"y"}));
  parameters.Rollback();
  EXPECT_EQ(parameters.Get("application_name").value(), "x");
  // Outside a transaction a local value ends with its statement.
  ASSERT_TRUE(parameters.Set("statement_timeout", Values{"9s"}, /*local=*/true));
  EXPECT_EQ(parameters.Get("statement_timeout").value(), "1s");
}

TEST(Parameters, ResetsToTheDefaultsOfTheSession) {
  Parameters parameters;
  ASSERT_TRUE(parameters.SetDefault("TimeZone", Values{"Asia/Tokyo"}));
  ASSERT_TRUE(parameters.Set("TimeZone", Values{"UTC"}));
  EXPECT_EQ(parameters.time_zone(), "UTC");
  ASSERT_TRUE(parameters.Reset("timezone"));
  EXPECT_EQ(parameters.time_zone(), "Asia/Tokyo");
  ASSERT_TRUE(parameters.Set("application_name", Values{"x"}));
  parameters.ResetAll();
  EXPECT_EQ(parameters.Get("application_name").value(), "");
  EXPECT_EQ(parameters.time_zone(), "Asia/Tokyo");
  EXPECT_EQ(parameters.search_path(), (Values{"$user", "public"}));
}

TEST(Parameters, TellsOfChangesOnce) {
  Parameters parameters;
  parameters.SetFixed("session_authorization", "alice");
  const auto first = parameters.TakeChanges();
  // What PostgreSQL 15 reports.
  const Values expected = {"application_name",
                           "client_encoding",
                           "DateStyle",
                           "default_transaction_read_only",
                           "in_hot_standby",
                           "integer_datetimes",
                           "IntervalStyle",
                           "is_superuser",
                           "server_encoding",
                           "server_version",
                           "session_authorization",
                           "standard_conforming_strings",
                           "TimeZone"};
  Values names;
  for (const auto& [name, value] : first) names.push_back(name);
  EXPECT_EQ(names, expected);
  EXPECT_TRUE(parameters.TakeChanges().empty());
  ASSERT_TRUE(parameters.Set("statement_timeout", Values{"1s"}));
  ASSERT_TRUE(parameters.Set("application_name", Values{"psql"}));
  const auto second = parameters.TakeChanges();
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0], (std::pair<std::string, std::string>("application_name", "psql")));
}

TEST(Parameters, ListsAllInOrderOfName) {
  Parameters parameters;
  ASSERT_TRUE(parameters.Set("b.c", Values{"1"}));
  const auto rows = parameters.All();
  ASSERT_GT(rows.size(), 30u);
  EXPECT_EQ(rows[0].name, "application_name");
  EXPECT_EQ(rows[1].name, "b.c");
  for (const ParameterRow& row : rows) EXPECT_FALSE(row.description.empty()) << row.name;
  EXPECT_EQ(Parameters::CanonicalName("TIMEZONE"), "TimeZone");
}

}  // namespace
}  // namespace millrace::catalog
