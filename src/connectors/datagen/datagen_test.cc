#include "connectors/datagen/datagen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "connectors/source_fixture.h"
#include "env/random.h"

namespace millrace::connectors {
namespace {

using data::DataType;
using testing::ElementsAre;
using testing::MatchesRegex;

using Options = std::vector<std::pair<std::string, std::string>>;

constexpr int64_t kNow = 1'586'937'600'123'456;  // 2020-04-15 08:00:00.123456 UTC

class DatagenTest : public testing::Test {
 protected:
  DatagenTest() : clock_(kNow), seeds_(7) {
    env_.clock = &clock_;
    env_.seeds = &seeds_;
    context_.env = &env_;
  }

  Result<std::unique_ptr<Source>> Make(Options with, const TableColumns& columns,
                                       std::vector<bool> needed = {}) {
    with.emplace_back("connector", "datagen");
    if (needed.empty()) needed = AllOf(columns);
    return MakeSource(With(std::move(with)), columns, needed, context_);
  }

  // All rows of a bounded table, at full speed.
  std::vector<std::string> Rows(Options with, const TableColumns& columns, std::vector<bool> needed = {}) {
    with.emplace_back("rows-per-second", "1000000000000");
    auto source = Make(std::move(with), columns, std::move(needed));
    EXPECT_TRUE(source.has_value()) << source.error().ToString();
    CollectingSink sink;
    EXPECT_EQ(Run(**source, sink).kind, ReadStatus::Kind::kEnd);
    return sink.rows;
  }

  ReadStatus Run(Source& source, SourceSink& sink) {
    for (;;) {
      auto status = source.Poll(sink, {});
      if (!status.has_value()) ADD_FAILURE() << status.error().ToString();
      if (!status.has_value() || status->kind == ReadStatus::Kind::kEnd) return *status;
      clock_.Advance(status->retry_micros);
    }
  }

  std::string ErrorOf(Options with, const TableColumns& columns) {
    auto source = Make(std::move(with), columns);
    return source.has_value() ? "no error" : source.error().ToString();
  }

  env::SimulatedClock clock_;
  env::FixedSeedSource seeds_;
  env::Env env_;
  SourceContext context_;
};

TEST_F(DatagenTest, SequencesBoundTheTable) {
  const TableColumns columns = Physical({{"i", DataType::Int()},
                                         {"d", DataType::Decimal(10, 2)},
                                         {"s", DataType::String()},
                                         {"f", DataType::Double()},
                                         {"m", DataType::Decimal(30, 1)},
                                         {"t", DataType::TinyInt()}});
  Options with;
  for (const auto& field : columns.physical) {
    with.emplace_back("fields." + field.name + ".kind", "sequence");
    with.emplace_back("fields." + field.name + ".start", "-1");
    with.emplace_back("fields." + field.name + ".end", field.name == "s" ? "1" : "5");
  }
  EXPECT_THAT(Rows(with, columns), ElementsAre("+I[-1, -1.00, -1, -1.0, -1.0, -1]",
                                               "+I[0, 0.00, 0, 0.0, 0.0, 0]", "+I[1, 1.00, 1, 1.0, 1.0, 1]"));
  with.emplace_back("number-of-rows", "2");
  EXPECT_EQ(Rows(with, columns).size(), 2);
}

TEST_F(DatagenTest, RandomNumbersStayWithinBoundsAndReachThem) {
  const TableColumns columns = Physical({{"i", DataType::Int()}, {"d", DataType::Decimal(5, 2)}});
  Options with = {{"number-of-rows", "10000"},
                  {"fields.i.min", "-2"},
                  {"fields.i.max", "3"},
                  {"fields.d.min", "-0.01"},
                  {"fields.d.max", "0.01"}};
  auto source = Make(with, columns);
  ASSERT_TRUE(source.has_value());
  EXPECT_TRUE((*source)->bounded());
  CollectingSink sink;
  Run(**source, sink);
  std::map<int, int> counts;
  std::set<int64_t> decimals;
  for (const data::Batch& batch : sink.batches) {
    for (size_t row = 0; row < batch.rows; ++row) {
      ++counts[batch.columns[0]->values<int32_t>()[row]];
      decimals.insert(batch.columns[1]->values<int64_t>()[row]);
    }
  }
  // Six values, each expected 1,667 times with a standard deviation of 37: six of those to each side.
  ASSERT_EQ(counts.size(), 6);
  for (const auto& [value, count] : counts) {
    EXPECT_GE(value, -2);
    EXPECT_LE(value, 3);
    EXPECT_NEAR(count, 1667, 6 * 37);
  }
  EXPECT_THAT(decimals, ElementsAre(-1, 0, 1));
}

TEST_F(DatagenTest, DefaultsCoverTheWholeType) {
  const TableColumns columns = Physical({{"b", DataType::TinyInt()},
                                         {"l", DataType::BigInt()},
                                         {"f", DataType::Float()},
                                         {"x", DataType::Double()},
                                         {"big", DataType::Decimal(38, 0)},
                                         {"y", DataType::Boolean()}});
  auto source = Make({{"number-of-rows", "20000"}}, columns);
  ASSERT_TRUE(source.has_value());
  CollectingSink sink;
  Run(**source, sink);
  std::set<int> bytes;
  int negative = 0;
  int big_negative = 0;
  int yes = 0;
  double float_max = 0;
  for (const data::Batch& batch : sink.batches) {
    for (size_t row = 0; row < batch.rows; ++row) {
      bytes.insert(batch.columns[0]->values<int8_t>()[row]);
      negative += batch.columns[1]->values<int64_t>()[row] < 0;
      float_max = std::max<double>(float_max, batch.columns[2]->values<float>()[row]);
      EXPECT_GE(batch.columns[3]->values<double>()[row], 0);
      big_negative += batch.columns[4]->values<data::Int128>()[row] < 0;
      yes += batch.columns[5]->values<uint8_t>()[row];
    }
  }
  EXPECT_EQ(bytes.size(), 256);
  // Half of 20,000, standard deviation 71.
  EXPECT_NEAR(negative, 10'000, 6 * 71);
  EXPECT_NEAR(big_negative, 10'000, 6 * 71);
  EXPECT_NEAR(yes, 10'000, 6 * 71);
  EXPECT_GT(float_max, 3.3e38);
}

TEST_F(DatagenTest, TextIsHexadecimalOfTheAskedLength) {
  const TableColumns columns = Physical({{"s", DataType::String()},
                                         {"c", DataType::Char(3)},
                                         {"v", DataType::Varchar(20)},
                                         {"d", DataType::String()}});
  for (const std::string& row :
       Rows({{"number-of-rows", "50"}, {"fields.s.length", "8"}, {"fields.v.var-len", "true"}}, columns)) {
    EXPECT_THAT(row, MatchesRegex(R"(\+I\[[0-9a-f]+, [0-9a-f]+, [0-9a-f]+, [0-9a-f]+\])"));
    EXPECT_EQ(row.find(','), 3 + 8);
    EXPECT_EQ(row.find(',', 12), 13 + 3);
    EXPECT_EQ(row.size() - 1 - (row.rfind(' ') + 1), 100);
  }
}

TEST_F(DatagenTest, VariableLengthsRunFromOneToTheLength) {
  std::set<size_t> lengths;
  for (const std::string& row : Rows({{"number-of-rows", "500"}, {"fields.v.var-len", "true"}},
                                     Physical({{"v", DataType::Varchar(16)}}))) {
    lengths.insert(row.size() - 4);
  }
  EXPECT_EQ(lengths.size(), 16);
  EXPECT_EQ(*lengths.begin(), 1);
  EXPECT_EQ(*lengths.rbegin(), 16);
}

TEST_F(DatagenTest, TimesAreNowOrAWhileBefore) {
  const TableColumns columns = Physical({{"d", DataType::Date()},
                                         {"t", DataType::Time(3)},
                                         {"ts", DataType::Timestamp(3)},
                                         {"ltz", DataType::TimestampLtz(0)}});
  EXPECT_THAT(Rows({{"number-of-rows", "1"}}, columns),
              ElementsAre("+I[2020-04-15, 08:00:00.123, 2020-04-15T08:00:00.123, 2020-04-15T08:00:00Z]"));
  auto source = Make({{"number-of-rows", "1000"}, {"fields.ts.max-past", "10 s"}}, columns,
                     {false, false, true, false});
  ASSERT_TRUE(source.has_value());
  CollectingSink sink;
  Run(**source, sink);
  std::set<int64_t> values;
  for (const data::Batch& batch : sink.batches) {
    for (size_t row = 0; row < batch.rows; ++row) {
      const int64_t value = batch.columns[0]->values<int64_t>()[row];
      EXPECT_LE(value, clock_.NowMicros());
      EXPECT_GE(value, kNow - 10'000'000 - 1'000);
      values.insert(value);
    }
  }
  EXPECT_GT(values.size(), 800);
}

TEST_F(DatagenTest, NestedTypes) {
  const TableColumns columns =
      Physical({{"a", DataType::Array(DataType::Int())},
                {"m", DataType::Map(DataType::TinyInt(), DataType::String())},
                {"r", DataType::Row({{"x", DataType::Int()}, {"y", DataType::Array(DataType::Boolean())}})},
                {"s", DataType::Multiset(DataType::TinyInt())}});
  const Options with = {
      {"number-of-rows", "3"},       {"fields.a.length", "2"},       {"fields.a.element.min", "7"},
      {"fields.a.element.max", "7"}, {"fields.m.length", "5"},       {"fields.m.key.min", "1"},
      {"fields.m.key.max", "1"},     {"fields.m.value.length", "1"}, {"fields.r.x.min", "4"},
      {"fields.r.x.max", "4"},       {"fields.r.y.length", "0"},     {"fields.s.length", "1"}};
  const auto rows = Rows(with, columns);
  ASSERT_EQ(rows.size(), 3);
  for (const std::string& row : rows) {
    EXPECT_THAT(row, MatchesRegex(R"(\+I\[\[7, 7\], \{1=[0-9a-f]\}, \+I\[4, \[\]\], \{-?[0-9]+=[0-9]+\}\])"));
  }
}

TEST_F(DatagenTest, NullRate) {
  const TableColumns columns = Physical({{"i", DataType::Int()}, {"n", DataType::Int()}});
  int nulls = 0;
  for (const std::string& row :
       Rows({{"number-of-rows", "10000"}, {"fields.i.null-rate", "0.25"}, {"fields.n.null-rate", "1"}},
            columns)) {
    nulls += row.starts_with("+I[null");
    EXPECT_TRUE(row.ends_with(", null]"));
  }
  // 2,500 expected, standard deviation 43.
  EXPECT_NEAR(nulls, 2'500, 6 * 43);
}

TEST_F(DatagenTest, TheSameSeedGivesTheSameRows) {
  const TableColumns columns = Physical(
      {{"i", DataType::Int()}, {"s", DataType::String()}, {"a", DataType::Array(DataType::Double())}});
  const Options with = {{"number-of-rows", "5000"}, {"seed", "42"}};
  const auto rows = Rows(with, columns);
  EXPECT_EQ(rows, Rows(with, columns));
  EXPECT_EQ(std::set<std::string>(rows.begin(), rows.end()).size(), 5'000);
  EXPECT_NE(rows, Rows({{"number-of-rows", "5000"}, {"seed", "43"}}, columns));
  // Without the option every run has its own.
  EXPECT_NE(Rows({{"number-of-rows", "5"}}, columns), Rows({{"number-of-rows", "5"}}, columns));
}

TEST_F(DatagenTest, GoesOnFromAPositionWithTheSameRows) {
  const TableColumns columns =
      Physical({{"i", DataType::Int()}, {"m", DataType::Map(DataType::Int(), DataType::Int())}});
  const Options with = {{"number-of-rows", "6000"}, {"rows-per-second", "1000000000000"}};
  auto first = Make(with, columns);
  ASSERT_TRUE(first.has_value());
  CollectingSink before;
  clock_.Advance(1'000);
  ASSERT_TRUE((*first)->Poll(before, {.rows_max = 1}).has_value());
  clock_.Advance(1'000);
  ASSERT_TRUE((*first)->Poll(before, {.rows_max = 2'999}).has_value());
  const std::string position = (*first)->Position();
  ASSERT_GE(before.rows.size(), 2'999);
  CollectingSink rest;
  Run(**first, rest);

  auto second = Make(with, columns);
  ASSERT_TRUE((*second)->Seek(position).has_value());
  CollectingSink again;
  Run(**second, again);
  EXPECT_EQ(again.rows, rest.rows);
  EXPECT_EQ(before.rows.size() + rest.rows.size(), 6'000);
  EXPECT_FALSE((*second)->Seek("nonsense").has_value());
}

TEST_F(DatagenTest, KeepsToTheRate) {
  auto source = Make({{"rows-per-second", "100"}}, Physical({{"i", DataType::Int()}}));
  ASSERT_TRUE(source.has_value());
  EXPECT_FALSE((*source)->bounded());
  CollectingSink sink;
  const int64_t start = clock_.MonotonicMicros();
  while (clock_.MonotonicMicros() < start + 10'000'000) {
    auto status = (*source)->Poll(sink, {});
    ASSERT_TRUE(status.has_value());
    clock_.Advance(std::max<int64_t>(status->retry_micros, 1));
  }
  EXPECT_NEAR(static_cast<double>(sink.rows.size()), 1'000, 2);
}

TEST_F(DatagenTest, NamesWrongOptions) {
  const TableColumns columns = Physical({{"id", DataType::Int().NotNull()},
                                         {"c", DataType::Char(3)},
                                         {"ok", DataType::Boolean()},
                                         {"v", DataType::Varchar(5)}});
  EXPECT_EQ(
      ErrorOf({{"fields.ids.min", "1"}}, columns),
      "42703: table 't': option 'fields.ids.min': the table has no column 'ids'\nHINT: did you mean 'id'?");
  EXPECT_EQ(ErrorOf({{"fields.id.min", "x"}}, columns),
            "22023: table 't': option 'fields.id.min': 'x' is not a whole number");
  EXPECT_EQ(ErrorOf({{"fields.id.min", "5000000000"}}, columns),
            "22023: table 't': option 'fields.id.min': '5000000000' is not from -2147483648 to 2147483647");
  EXPECT_EQ(ErrorOf({{"fields.id.min", "5"}, {"fields.id.max", "4"}}, columns),
            "22023: table 't': option 'fields.id.max': '4' is below 'fields.id.min'");
  EXPECT_EQ(ErrorOf({{"fields.id.length", "5"}}, columns),
            "22023: table 't': option 'fields.id.length': '5' does not apply to values of type INT\nHINT: "
            "these have: "
            "min, max, null-rate");
  EXPECT_EQ(ErrorOf({{"fields.id.null-rate", "0.5"}}, columns),
            "22023: table 't': option 'fields.id.null-rate': '0.5' cannot be: id is NOT NULL");
  EXPECT_EQ(
      ErrorOf({{"fields.c.length", "5"}}, columns),
      "22023: table 't': option 'fields.c.length': '5' does not apply to values of type CHAR(3)\nHINT: these "
      "have: null-rate");
  EXPECT_EQ(ErrorOf({{"fields.v.length", "6"}}, columns),
            "22023: table 't': option 'fields.v.length': '6' is not from 0 to 5");
  EXPECT_EQ(
      ErrorOf({{"fields.ok.kind", "sequence"}}, columns),
      "22023: table 't': option 'fields.ok.kind': 'sequence' is not possible for type BOOLEAN\nHINT: use "
      "'random'");
  EXPECT_EQ(ErrorOf({{"fields.id.kind", "sequence"}, {"fields.id.start", "1"}}, columns),
            "42P16: table 't': option 'fields.id.end' is missing\nHINT: a sequence needs 'start' and 'end'");
  EXPECT_EQ(ErrorOf({{"fields.id.kind", "seq"}}, columns),
            "22023: table 't': option 'fields.id.kind': 'seq' is none of: random; sequence");
  EXPECT_EQ(ErrorOf({{"fields.v.null-rate", "2"}}, columns),
            "22023: table 't': option 'fields.v.null-rate': '2' is not a number from 0 to 1");
  EXPECT_EQ(ErrorOf({{"rows-per-sec", "2"}}, columns),
            "42704: table 't': connector 'datagen' has no option 'rows-per-sec'\nHINT: did you mean "
            "'rows-per-second'?");
}

}  // namespace
}  // namespace millrace::connectors
