// Single answers of aggregates, worked out by hand or taken from Flink's documented rules; overflow, null
// handling and messages.
#include "functions/aggregate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "functions/registry.h"

namespace millrace::functions {
namespace {

using data::Column;
using data::ColumnPtr;
using data::DataType;
using data::Int128;
using data::Value;
using ::testing::HasSubstr;

struct Answer {
  DataType type;
  Value value;
  std::vector<std::string> errors;
};

AggregatePtr Bind(const std::string& name, const AggregateRequest& request) {
  auto bound = Registry::Get().BindAggregate(name, request);
  EXPECT_TRUE(bound.has_value()) << bound.error().ToString();
  return *bound;
}

// All rows into one state; `columns` holds the values of each argument.
Answer Evaluate(const std::string& name, const std::vector<DataType>& types,
                const std::vector<std::vector<Value>>& columns, const std::vector<int8_t>& signs = {},
                bool distinct = false) {
  AggregateRequest request;
  request.arg_types = types;
  request.literal_args.resize(types.size());
  request.distinct = distinct;
  request.with_retractions = !signs.empty();
  const AggregatePtr aggregate = Bind(name, request);
  std::vector<ColumnPtr> args;
  for (size_t a = 0; a < types.size(); ++a) {
    auto column = Column::Make(types[a]);
    for (const Value& value : columns[a]) column->AppendValue(value);
    args.push_back(column);
  }
  const size_t rows = columns.empty() ? 0 : columns[0].size();
  std::vector<std::byte> memory(aggregate->state_bytes() + 16);
  auto* state = memory.data() + (16 - reinterpret_cast<uintptr_t>(memory.data()) % 16) % 16;
  aggregate->Init(state);
  const std::vector<std::byte*> states(rows, state);
  EvalContext context;
  aggregate->Update(states, args, signs, context);
  auto result = Column::Make(aggregate->result_type());
  std::byte* const one[] = {state};
  aggregate->Finalize(one, result.get(), context);
  aggregate->Destroy(state);
  Answer answer{aggregate->result_type().WithNullable(true), result->GetValue(0), {}};
  for (const auto& error : context.row_errors) answer.errors.push_back(error.error.ToString());
  return answer;
}

std::vector<Value> Ints(const std::vector<int64_t>& values) {
  std::vector<Value> result;
  for (int64_t v : values) result.push_back(Value::Int(v));
  return result;
}
std::vector<Value> Doubles(const std::vector<double>& values) {
  std::vector<Value> result;
  for (double v : values) result.push_back(Value::Double(v));
  return result;
}
std::vector<Value> Strings(const std::vector<std::string>& values) {
  std::vector<Value> result;
  for (const std::string& v : values) result.push_back(Value::String(v));
  return result;
}

std::string BindError(const std::string& name, const AggregateRequest& request) {
  const auto bound = Registry::Get().BindAggregate(name, request);
  EXPECT_FALSE(bound.has_value());
  return bound.has_value() ? "" : bound.error().ToString();
}

TEST(Aggregate, ResultTypesAreFlinks) {
  auto type_of = [](const std::string& name, DataType argument) {
    AggregateRequest request;
    request.arg_types = {std::move(argument)};
    request.literal_args.resize(1);
    return Bind(name, request)->result_type().ToString();
  };
  EXPECT_EQ(type_of("SUM", DataType::TinyInt()), "TINYINT");
  EXPECT_EQ(type_of("SUM", DataType::Decimal(10, 2)), "DECIMAL(38, 2)");
  EXPECT_EQ(type_of("SUM", DataType::Float()), "FLOAT");
  EXPECT_EQ(type_of("AVG", DataType::Int()), "INT");
  EXPECT_EQ(type_of("AVG", DataType::Decimal(10, 2)), "DECIMAL(38, 6)");
  EXPECT_EQ(type_of("AVG", DataType::Decimal(30, 20)), "DECIMAL(38, 20)");
  EXPECT_EQ(type_of("COUNT", DataType::String()), "BIGINT NOT NULL");
  EXPECT_EQ(type_of("STDDEV_POP", DataType::Double()), "DOUBLE");
  EXPECT_EQ(type_of("VAR_SAMP", DataType::Decimal(10, 2)), "DECIMAL(38, 6)");
  EXPECT_EQ(type_of("LISTAGG", DataType::Varchar(10)), "STRING");
  EXPECT_EQ(type_of("ARRAY_AGG", DataType::Int().NotNull()), "ARRAY<INT>");
  EXPECT_EQ(type_of("COLLECT", DataType::Int()), "MULTISET<INT>");
}

TEST(Aggregate, SumOverflowIsAnErrorAndNull) {
  const int64_t max = std::numeric_limits<int64_t>::max();
  Answer answer = Evaluate("SUM", {DataType::BigInt()}, {Ints({max, 1})});
  EXPECT_TRUE(answer.value.is_null());
  ASSERT_EQ(answer.errors.size(), 1u);
  EXPECT_THAT(answer.errors[0], HasSubstr("22003: the sum is out of the range of BIGINT"));
  // What has come back into range is exact again.
  answer = Evaluate("SUM", {DataType::BigInt()}, {Ints({max, max, max})}, {1, 1, -1});
  EXPECT_EQ(answer.value, Value::Int(max));
  EXPECT_TRUE(answer.errors.empty());
}

TEST(Aggregate, DecimalSumBeyond38Digits) {
  Int128 most = 1;
  for (int i = 0; i < 38; ++i) most *= 10;
  most -= 1;
  const DataType type = DataType::Decimal(38, 0);
  Answer answer = Evaluate("SUM", {type}, {{Value::Decimal(most), Value::Decimal(1)}});
  EXPECT_TRUE(answer.value.is_null());
  EXPECT_EQ(answer.errors.size(), 1u);
  // Three of them overflow 128 bits on the way.
  answer = Evaluate("SUM", {type}, {std::vector<Value>(5, Value::Decimal(most))}, {1, 1, 1, -1, -1});
  EXPECT_EQ(answer.value, Value::Decimal(most));
  answer = Evaluate("AVG", {type}, {std::vector<Value>(3, Value::Decimal(most / 10000000))});
  EXPECT_EQ(answer.value, Value::Decimal(most / 10000000 * 1000000));
}

TEST(Aggregate, IntegerAverageTruncatesTowardZero) {
  EXPECT_EQ(Evaluate("AVG", {DataType::Int()}, {Ints({1, 2, 2})}).value, Value::Int(1));
  EXPECT_EQ(Evaluate("AVG", {DataType::Int()}, {Ints({-1, -2, -2})}).value, Value::Int(-1));
}

TEST(Aggregate, DecimalAverageRoundsHalfUp) {
  // 0.01 / 3 = 0.003333..., 0.02 / 3 = 0.006666...
  const DataType type = DataType::Decimal(10, 2);
  EXPECT_EQ(Evaluate("AVG", {type}, {{Value::Decimal(1), Value::Decimal(0), Value::Decimal(0)}}).value,
            Value::Decimal(3333));
  EXPECT_EQ(Evaluate("AVG", {type}, {{Value::Decimal(-2), Value::Decimal(0), Value::Decimal(0)}}).value,
            Value::Decimal(-6667));
}

TEST(Aggregate, FloatSumForgetsWhatIsTakenAway) {
  EXPECT_EQ(Evaluate("SUM", {DataType::Double()}, {Doubles({1e20, 1, 1e20})}, {1, 1, -1}).value,
            Value::Double(1));
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Evaluate("SUM", {DataType::Double()}, {Doubles({infinity, 2.5, infinity})}, {1, 1, -1}).value,
            Value::Double(2.5));
  EXPECT_EQ(Evaluate("SUM", {DataType::Double()}, {Doubles({infinity, 2.5})}).value, Value::Double(infinity));
}

TEST(Aggregate, NothingButNulls) {
  const std::vector<Value> nulls(3);
  for (const char* name :
       {"SUM", "AVG", "MIN", "MAX", "STDDEV_POP", "FIRST_VALUE", "LAST_VALUE", "MEDIAN", "BIT_OR"}) {
    EXPECT_TRUE(Evaluate(name, {DataType::Int()}, {nulls}).value.is_null()) << name;
    EXPECT_TRUE(Evaluate(name, {DataType::Int()}, {nulls}, {1, 1, 1}).value.is_null()) << name;
  }
  EXPECT_EQ(Evaluate("$SUM0", {DataType::Int()}, {nulls}).value, Value::Int(0));
  EXPECT_EQ(Evaluate("COUNT", {DataType::Int()}, {nulls}).value, Value::Int(0));
  EXPECT_EQ(Evaluate("APPROX_COUNT_DISTINCT", {DataType::Int()}, {nulls}).value, Value::Int(0));
  EXPECT_EQ(Evaluate("COLLECT", {DataType::Int()}, {nulls}).value, Value::MakeList({}));
  EXPECT_EQ(Evaluate("ARRAY_AGG", {DataType::Int()}, {nulls}).value, Value::MakeList(Value::List(3)));
  EXPECT_EQ(Evaluate("ARRAY_AGG", {DataType::Int()}, {nulls}, {}, true).value,
            Value::MakeList(Value::List(1)));
}

TEST(Aggregate, VarianceIsStableFarFromZero) {
  // 4, 7, 13, 16 shifted by 10^9: sample variance 30.
  EXPECT_EQ(
      Evaluate("VAR_SAMP", {DataType::Double()}, {Doubles({1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16})}).value,
      Value::Double(30));
  EXPECT_EQ(
      Evaluate("VAR_POP", {DataType::BigInt()},
               {Ints({4000000000000000004, 4000000000000000007, 4000000000000000013, 4000000000000000016})})
          .value.as_int(),
      22);  // (36 + 9 + 9 + 36) / 4; the sum is divisible by 4
  EXPECT_TRUE(Evaluate("STDDEV_SAMP", {DataType::Double()}, {Doubles({5})}).value.is_null());
}

TEST(Aggregate, NanIsTheGreatest) {
  const double nan = std::nan("");
  EXPECT_EQ(Evaluate("MIN", {DataType::Double()}, {Doubles({nan, 3, 7})}).value, Value::Double(3));
  EXPECT_TRUE(std::isnan(Evaluate("MAX", {DataType::Double()}, {Doubles({3, nan, 7})}).value.as_double()));
  EXPECT_EQ(Evaluate("MAX", {DataType::Double()}, {Doubles({3, nan, 7, nan})}, {1, 1, 1, -1}).value,
            Value::Double(7));
}

TEST(Aggregate, DistinctKeysAreValuesNotBits) {
  EXPECT_EQ(
      Evaluate("COUNT", {DataType::Double()}, {Doubles({0.0, -0.0, std::nan("1"), -std::nan("2")})}, {}, true)
          .value,
      Value::Int(2));
}

// The value that the set uses to mark free slots is a value like any other.
TEST(Aggregate, DistinctCountsEveryWord) {
  std::vector<int64_t> values = {static_cast<int64_t>(0x8C4F3A92D17B65E1ull)};
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Evaluate("COUNT", {DataType::BigInt()}, {Ints(values)}, {}, true).value,
              Value::Int(static_cast<int64_t>(values.size())));
    for (int64_t i = 0; i < 100; ++i) values.push_back(i);
  }
  values.push_back(values[0]);
  EXPECT_EQ(Evaluate("COUNT", {DataType::BigInt()}, {Ints(values)}, {}, true).value, Value::Int(101));
}

TEST(Aggregate, ListAggDistinctKeepsFirstArrivals) {
  EXPECT_EQ(Evaluate("LISTAGG", {DataType::String()}, {Strings({"c", "a", "c", "b", "a"})}, {}, true).value,
            Value::String("c,a,b"));
  // "c" goes for good with its second copy.
  EXPECT_EQ(
      Evaluate("LISTAGG", {DataType::String()}, {Strings({"c", "a", "c", "c", "c"})}, {1, 1, 1, -1, -1}, true)
          .value,
      Value::String("a"));
}

TEST(Aggregate, PercentileInterpolates) {
  // Position 0.5 * (4 + 1) = 2.5: halfway between 2 and 4.
  EXPECT_EQ(Evaluate("MEDIAN", {DataType::Int()}, {Ints({4, 1, 2, 9})}).value, Value::Double(3));
  EXPECT_EQ(Evaluate("MEDIAN", {DataType::Decimal(10, 2)}, {{Value::Decimal(150)}}).value,
            Value::Double(1.5));
}

TEST(Aggregate, ApproximateCountIsClose) {
  AggregateRequest request;
  request.arg_types = {DataType::BigInt()};
  request.literal_args.resize(1);
  const AggregatePtr aggregate = Bind("APPROX_COUNT_DISTINCT", request);
  for (const int64_t count : {2048, 10000, 300000}) {
    std::vector<std::byte> memory(aggregate->state_bytes() + 16);
    auto* state = memory.data() + (16 - reinterpret_cast<uintptr_t>(memory.data()) % 16) % 16;
    aggregate->Init(state);
    EvalContext context;
    for (int64_t from = 0; from < count; from += 2000) {
      auto column = Column::Make(DataType::BigInt());
      for (int64_t i = from; i < std::min(from + 2000, count); ++i) column->Append<int64_t>(i * 7);
      const std::vector<std::byte*> states(column->size(), state);
      aggregate->Update(states, {column}, {}, context);
      aggregate->Update(states, {column}, {}, context);
    }
    auto result = Column::Make(DataType::BigInt());
    std::byte* const one[] = {state};
    aggregate->Finalize(one, result.get(), context);
    const auto estimate = static_cast<double>(result->values<int64_t>()[0]);
    if (count <= 2048) {
      EXPECT_EQ(estimate, static_cast<double>(count));
    } else {
      EXPECT_NEAR(estimate / static_cast<double>(count), 1.0, 0.03);
    }
    aggregate->Destroy(state);
  }
}

TEST(Aggregate, JsonText) {
  EXPECT_EQ(Evaluate("JSON_ARRAYAGG", {DataType::String()}, {Strings({"a\"b\\c\n\x01", "北京"})}).value,
            Value::String(R"(["a\"b\\c\n\u0001","北京"])"));
  EXPECT_EQ(Evaluate("JSON_ARRAYAGG", {DataType::Decimal(6, 2)}, {{Value::Decimal(150)}}).value,
            Value::String("[1.50]"));
  EXPECT_EQ(Evaluate("JSON_ARRAYAGG", {DataType::Boolean()}, {{Value::Bool(true)}}).value,
            Value::String("[true]"));
  EXPECT_EQ(Evaluate("JSON_ARRAYAGG", {DataType::Row({{"x", DataType::Int()}, {"y", DataType::String()}})},
                     {{Value::MakeList({Value::Int(1), Value::Null()})}})
                .value,
            Value::String(R"([{"x":1,"y":null}])"));
  const Answer answer = Evaluate("JSON_OBJECTAGG", {DataType::String(), DataType::Int()},
                                 {{Value::Null(), Value::String("k")}, Ints({1, 2})});
  EXPECT_EQ(answer.value, Value::String(R"({"k":2})"));
  ASSERT_EQ(answer.errors.size(), 1u);
  EXPECT_THAT(answer.errors[0], HasSubstr("22004: the key of a member in JSON_OBJECTAGG is NULL"));
}

// A state, made and destroyed.
class OneState {
 public:
  explicit OneState(AggregatePtr aggregate)
      : aggregate_(std::move(aggregate)), memory_(aggregate_->state_bytes() + 16) {
    aggregate_->Init(state());
  }
  ~OneState() { aggregate_->Destroy(state()); }
  OneState(const OneState&) = delete;
  OneState& operator=(const OneState&) = delete;
  std::byte* state() { return memory_.data() + (16 - reinterpret_cast<uintptr_t>(memory_.data()) % 16) % 16; }

 private:
  AggregatePtr aggregate_;
  std::vector<std::byte> memory_;
};

// Saved states in which a number is far out of all bounds are refused, so that what counts on cannot
// overflow.
TEST(Aggregate, CountsThatCannotBeAreRefused) {
  struct Case {
    std::string name;
    std::vector<DataType> types;
    bool distinct = false;
  };
  const std::vector<Case> cases = {
      {"COUNT", {DataType::Int()}},
      {"SUM", {DataType::Int()}},
      {"SUM", {DataType::Double()}},
      {"AVG", {DataType::Decimal(30, 2)}},
      {"VAR_POP", {DataType::BigInt()}},
      {"STDDEV_SAMP", {DataType::Double()}},
      {"REGR_COUNT", {DataType::Double(), DataType::Double()}},
      {"BIT_AND", {DataType::Int()}},
      {"BIT_XOR", {DataType::Int()}},
      {"BOOL_OR", {DataType::Boolean()}},
      {"COUNT", {DataType::Int()}, true},
      {"SUM", {DataType::Int()}, true},
      {"MAX", {DataType::String()}},
      {"MEDIAN", {DataType::Double()}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    AggregateRequest request;
    request.arg_types = c.types;
    request.literal_args.resize(c.types.size());
    request.distinct = c.distinct;
    request.with_retractions = true;
    const AggregatePtr aggregate = Bind(c.name, request);
    OneState one(aggregate);
    std::vector<ColumnPtr> args;
    for (const DataType& type : c.types) {
      auto column = Column::Make(type);
      column->AppendValue(type == DataType::String()                ? Value::String("value")
                          : type == DataType::Boolean()             ? Value::Bool(true)
                          : type == DataType::Double()              ? Value::Double(1.0)
                          : type.kind() == data::TypeKind::kDecimal ? Value::Decimal(1)
                                                                    : Value::Int(1));
      args.push_back(column);
    }
    std::byte* const states[] = {one.state()};
    EvalContext context;
    aggregate->Update(states, args, {}, context);
    std::string bytes;
    aggregate->Save(one.state(), &bytes);
    // Wherever the count lies, the byte that makes it 2^62 more is among these.
    bool is_refused = false;
    for (size_t at = 0; at + 8 <= bytes.size(); ++at) {
      std::string damaged = bytes;
      damaged[at + 7] = static_cast<char>(damaged[at + 7] ^ 0x40);
      OneState other(aggregate);
      std::string_view in = damaged;
      const Status status = aggregate->Load(&in, other.state());
      if (status.has_value()) continue;
      EXPECT_EQ(status.error().code(), ErrorCode::kDataCorrupted);
      is_refused = true;
    }
    EXPECT_TRUE(is_refused);
  }
}

// Removals that came before their rows are merged however many they are, and wait for all the rows they are
// of.
TEST(Aggregate, RemovalsAheadOfTheirRowsAreMerged) {
  AggregateRequest request;
  request.arg_types = {DataType::Int()};
  request.literal_args.resize(1);
  request.with_retractions = true;
  const AggregatePtr aggregate = Bind("ARRAY_AGG", request);
  const auto update = [&](OneState& one, const std::vector<int8_t>& signs) {
    auto column = Column::Make(DataType::Int());
    for (size_t i = 0; i < signs.size(); ++i) column->AppendValue(Value::Int(7));
    const std::vector<std::byte*> states(signs.size(), one.state());
    EvalContext context;
    aggregate->Update(states, std::vector<ColumnPtr>{column}, signs, context);
  };
  const auto result = [&](OneState& one) {
    auto column = Column::Make(aggregate->result_type());
    std::byte* const states[] = {one.state()};
    EvalContext context;
    aggregate->Finalize(states, column.get(), context);
    return column->GetValue(0);
  };
  OneState into(aggregate);
  OneState from(aggregate);
  update(into, {1, 1});
  update(from, {-1, -1, -1, -1});
  std::byte* const into_states[] = {into.state()};
  std::byte* const from_states[] = {from.state()};
  aggregate->Merge(into_states, from_states);
  EXPECT_TRUE(result(into).is_null());
  update(into, {1, 1});
  EXPECT_TRUE(result(into).is_null()) << "two were still to be taken away";
  update(into, {1});
  EXPECT_EQ(result(into), Value::MakeList({Value::Int(7)}));
}

TEST(Aggregate, RefusalsSayWhatWouldWork) {
  AggregateRequest strings;
  strings.arg_types = {DataType::String()};
  strings.literal_args.resize(1);
  EXPECT_EQ(BindError("SUM", strings), "42804: cannot apply SUM(STRING): SUM takes one numeric argument");
  strings.with_retractions = true;
  EXPECT_THAT(
      BindError("APPROX_COUNT_DISTINCT", strings),
      HasSubstr("APPROX_COUNT_DISTINCT cannot take rows away, and its input has updates or deletions"));
  AggregateRequest arrays;
  arrays.arg_types = {DataType::Array(DataType::Int())};
  arrays.literal_args.resize(1);
  EXPECT_THAT(BindError("MAX", arrays), HasSubstr("cannot apply MAX(ARRAY<INT>)"));
  AggregateRequest percentile;
  percentile.arg_types = {DataType::Int(), DataType::Double()};
  percentile.literal_args = {Value::Null(), Value::Double(1.5)};
  EXPECT_THAT(BindError("PERCENTILE", percentile),
              HasSubstr("the percentage of PERCENTILE must lie between 0 and 1, and 1.5 does not"));
  percentile.literal_args.clear();
  EXPECT_THAT(BindError("PERCENTILE", percentile), HasSubstr("must be a literal"));
  AggregateRequest listagg;
  listagg.arg_types = {DataType::String(), DataType::String()};
  EXPECT_THAT(BindError("LISTAGG", listagg), HasSubstr("the separator of LISTAGG must be a string literal"));
}

}  // namespace
}  // namespace millrace::functions
