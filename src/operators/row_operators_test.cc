// Calc, WatermarkAssigner, Expand, Union, Unnest and WindowAssign: the operators without state of rows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operators/calc.h"
#include "operators/expand.h"
#include "operators/testing.h"
#include "operators/union.h"
#include "operators/unnest.h"
#include "operators/watermark_assigner.h"
#include "operators/window_assign.h"

namespace millrace::operators {
namespace {

using data::Column;
using data::ColumnPtr;
using data::DataType;
using data::kMinWatermark;
using data::Value;
using functions::ExprPtr;
using functions::MakeColumn;
using functions::MakeLiteral;
using ::testing::ElementsAre;
using testing::Harness;
using ::testing::IsEmpty;
using testing::kSecond;
using Lines = std::vector<std::string>;

struct RowOperatorTest : ::testing::Test, Harness {};

// 100 / x; fails for zero.
ExprPtr HundredBy(ExprPtr x) {
  auto kernel = [](const std::vector<ColumnPtr>& args, size_t rows, functions::EvalContext& context) {
    auto result = Column::Make(DataType::BigInt(), rows);
    for (size_t row = 0; row < rows; ++row) {
      const int64_t divisor = data::ColumnView<int64_t>(*args[0])[row];
      if (args[0]->IsNull(row)) {
        result->AppendNull();
      } else if (divisor == 0) {
        result->AppendNull();
        context.Fail(row, Error(ErrorCode::kDivisionByZero, "division by zero"));
      } else {
        result->Append<int64_t>(100 / divisor);
      }
    }
    return ColumnPtr(result);
  };
  return std::make_shared<functions::Call>("HUNDRED_BY", DataType::BigInt(), std::vector<ExprPtr>{x}, kernel);
}

// x - micros.
ExprPtr Minus(ExprPtr x, int64_t micros) {
  auto kernel = [micros](const std::vector<ColumnPtr>& args, size_t rows, functions::EvalContext&) {
    auto result = Column::Make(args[0]->type(), rows);
    for (size_t row = 0; row < rows; ++row) {
      result->Append<int64_t>(data::ColumnView<int64_t>(*args[0])[row] - micros);
      if (args[0]->IsNull(row)) result->SetNull(row);
    }
    return ColumnPtr(result);
  };
  return std::make_shared<functions::Call>("MINUS", x->type(), std::vector<ExprPtr>{x}, kernel);
}

TEST_F(RowOperatorTest, CalcFiltersAndProjects) {
  const std::vector<DataType> types = {DataType::Boolean(), DataType::BigInt(), DataType::String()};
  CalcSpec spec{.filter = MakeColumn(0, types[0]),
                .projections = {MakeColumn(2, types[2]), HundredBy(MakeColumn(1, types[1]))}};
  op = MakeCalc(std::make_shared<CalcSpec>(spec), Context());
  output.is_upsert = true;
  Send(types, {"@1 TRUE|5|a", "@2 FALSE|0|b", "@3 null|0|c", "@4 TRUE|0|d", "@5 -U FALSE|1|e",
               "@6 +U TRUE|2|f", "@7 TRUE|null|g"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a|20", "+U f|50", "+I g|null"));
  EXPECT_THAT(output.row_watermarks, ElementsAre(1 * kSecond, 6 * kSecond, 7 * kSecond));
  EXPECT_THAT(side.failed, ElementsAre("TRUE|0|d"));
  EXPECT_THAT(side.messages, ElementsAre("division by zero"));
  Send(types, {"FALSE|1|a"});
  EXPECT_THAT(output.Take(), IsEmpty());
}

TEST_F(RowOperatorTest, CalcWithoutFilter) {
  const std::vector<DataType> types = {DataType::BigInt()};
  CalcSpec spec{.filter = nullptr,
                .projections = {HundredBy(MakeColumn(0, types[0])),
                                MakeLiteral(DataType::String(), Value::String("x"))}};
  op = MakeCalc(std::make_shared<CalcSpec>(spec), Context());
  Send(types, {"1", "0", "4"});
  EXPECT_THAT(output.Take(), ElementsAre("+I 100|x", "+I 25|x"));
  EXPECT_THAT(side.failed, ElementsAre("0"));
}

TEST_F(RowOperatorTest, WatermarkMovesRowByRow) {
  const std::vector<DataType> types = {DataType::Timestamp(3), DataType::String()};
  WatermarkAssignerSpec spec{.rowtime_column = 0, .watermark = Minus(MakeColumn(0, types[0]), 2 * kSecond)};
  op = MakeWatermarkAssigner(std::make_shared<WatermarkAssignerSpec>(spec), Context());
  Send(types, {"5|a", "3|b", "null|c", "9|d", "1|e"});
  EXPECT_THAT(output.Take(), ElementsAre("+I 5|a", "+I 3|b", "+I 9|d", "+I 1|e", "W 7"));
  EXPECT_THAT(output.row_watermarks, ElementsAre(kMinWatermark, 3 * kSecond, 3 * kSecond, 7 * kSecond));
  EXPECT_THAT(side.failed, ElementsAre("null|c"));
  Send(types, {"2|f"});
  EXPECT_THAT(output.Take(), ElementsAre("+I 2|f"));
  Watermark(50);  // not of this operator's making, but higher
  EXPECT_THAT(output.Take(), ElementsAre("W 50"));
  Send(types, {"40|g"});
  EXPECT_THAT(output.Take(), ElementsAre("+I 40|g"));
  EXPECT_EQ(output.row_watermarks.back(), 50 * kSecond);
  Watermark(49);
  EXPECT_THAT(output.Take(), IsEmpty());
  End();
  EXPECT_THAT(output.Take(), ElementsAre("W max"));
}

TEST_F(RowOperatorTest, ExpandRepeatsRows) {
  const std::vector<DataType> types = {DataType::String(), DataType::BigInt()};
  const auto id = [](int64_t value) { return MakeLiteral(DataType::BigInt(), Value::Int(value)); };
  const auto null = MakeLiteral(DataType::String(), Value::Null());
  ExpandSpec spec{.projections = {{MakeColumn(0, types[0]), MakeColumn(1, types[1]), id(0)},
                                  {null, MakeColumn(1, types[1]), id(1)}}};
  op = MakeExpand(std::make_shared<ExpandSpec>(spec), Context());
  output.is_upsert = true;
  Send(types, {"@3 a value beyond twelve bytes|1", "@4 -D b|2"});
  EXPECT_THAT(output.Take(),
              ElementsAre("+I a value beyond twelve bytes|1|0", "+I null|1|1", "-D b|2|0", "-D null|2|1"));
  EXPECT_THAT(output.row_watermarks, ElementsAre(3 * kSecond, 3 * kSecond, 4 * kSecond, 4 * kSecond));
  Lines rows(2048, "x|1");
  Send(types, rows);
  EXPECT_EQ(output.table["x|1|0"], 2048);
}

TEST_F(RowOperatorTest, UnionWatermarkIsTheMinimum) {
  const std::vector<DataType> types = {DataType::BigInt()};
  op = MakeUnion(std::make_shared<UnionSpec>(UnionSpec{.inputs = 2}), Context());
  ASSERT_TRUE(op->OnInputWatermark(0, 10 * kSecond));
  EXPECT_THAT(output.Take(), IsEmpty());
  ASSERT_TRUE(op->OnInputWatermark(1, 4 * kSecond));
  EXPECT_THAT(output.Take(), ElementsAre("W 4"));
  Send(types, {"@10 1", "@11 2"}, 0);
  Send(types, {"@4 3", "@7 4", "@12 5"}, 1);
  EXPECT_THAT(output.row_watermarks,
              ElementsAre(4 * kSecond, 4 * kSecond, 4 * kSecond, 7 * kSecond, 10 * kSecond));
  output.Take();
  ASSERT_TRUE(op->OnInputIdle(1, true));
  EXPECT_THAT(output.Take(), ElementsAre("W 10"));
  ASSERT_TRUE(op->OnInputIdle(1, false));
  ASSERT_TRUE(op->OnInputWatermark(1, 20 * kSecond));
  EXPECT_THAT(output.Take(), IsEmpty());
  ASSERT_TRUE(op->OnInputWatermark(0, data::kMaxWatermark));
  ASSERT_TRUE(op->OnInputWatermark(1, data::kMaxWatermark));
  EXPECT_THAT(output.Take(), ElementsAre("W 20", "W max"));
}

data::Batch BatchOf(std::vector<ColumnPtr> columns) {
  data::Batch batch;
  batch.rows = columns[0]->size();
  batch.columns = std::move(columns);
  return batch;
}

ColumnPtr ColumnOf(const DataType& type, const std::vector<Value>& values) {
  auto column = Column::Make(type, 0);
  for (const Value& value : values) column->AppendValue(value);
  return column;
}

TEST_F(RowOperatorTest, UnnestArray) {
  const DataType array = DataType::Array(DataType::BigInt());
  const std::vector<Value> values = {Value::MakeList({Value::Int(7), Value::Null(), Value::Int(9)}),
                                     Value::MakeList({}), Value::Null()};
  const auto batch = BatchOf(
      {ColumnOf(array, values), ColumnOf(DataType::BigInt(), {Value::Int(1), Value::Int(2), Value::Int(3)})});
  UnnestSpec spec{.collection_column = 0,
                  .left_outer = false,
                  .with_ordinality = true,
                  .element_types = {DataType::BigInt()}};
  op = MakeUnnest(std::make_shared<UnnestSpec>(spec), Context());
  ASSERT_TRUE(op->OnBatch(0, batch));
  EXPECT_THAT(output.Take(),
              ElementsAre("+I [7, null, 9]|1|7|1", "+I [7, null, 9]|1|null|2", "+I [7, null, 9]|1|9|3"));
  spec.left_outer = true;
  op = MakeUnnest(std::make_shared<UnnestSpec>(spec), Context());
  ASSERT_TRUE(op->OnBatch(0, batch));
  EXPECT_THAT(output.Take(),
              ElementsAre("+I [7, null, 9]|1|7|1", "+I [7, null, 9]|1|null|2", "+I [7, null, 9]|1|9|3",
                          "+I []|2|null|null", "+I null|3|null|null"));
}

TEST_F(RowOperatorTest, UnnestRowsMapsAndMultisets) {
  const DataType row = DataType::Row({{"a", DataType::BigInt()}, {"b", DataType::String()}});
  UnnestSpec spec{.collection_column = 0, .element_types = {DataType::BigInt(), DataType::String()}};
  op = MakeUnnest(std::make_shared<UnnestSpec>(spec), Context());
  const Value one = Value::MakeList({Value::Int(1), Value::String("x")});
  ASSERT_TRUE(
      op->OnBatch(0, BatchOf({ColumnOf(DataType::Array(row), {Value::MakeList({one, Value::Null()})})})));
  ASSERT_EQ(output.changes.size(), 2u);
  EXPECT_TRUE(output.changes[0].ends_with("|1|x")) << output.changes[0];
  EXPECT_TRUE(output.changes[1].ends_with("|null|null")) << output.changes[1];
  output.Take();

  const Value entries = Value::MakeList({one, Value::MakeList({Value::Int(2), Value::Null()})});
  ASSERT_TRUE(
      op->OnBatch(0, BatchOf({ColumnOf(DataType::Map(DataType::BigInt(), DataType::String()), {entries})})));
  ASSERT_EQ(output.changes.size(), 2u);
  EXPECT_TRUE(output.changes[0].ends_with("|1|x")) << output.changes[0];
  EXPECT_TRUE(output.changes[1].ends_with("|2|null")) << output.changes[1];
  output.Take();

  spec.element_types = {DataType::BigInt()};
  op = MakeUnnest(std::make_shared<UnnestSpec>(spec), Context());
  const Value counts = Value::MakeList(
      {Value::MakeList({Value::Int(5), Value::Int(2)}), Value::MakeList({Value::Int(6), Value::Int(1)})});
  ASSERT_TRUE(op->OnBatch(0, BatchOf({ColumnOf(DataType::Multiset(DataType::BigInt()), {counts})})));
  EXPECT_EQ(output.changes.size(), 3u);
}

TEST_F(RowOperatorTest, WindowAssignGivesEachWindow) {
  const std::vector<DataType> types = {DataType::Timestamp(3), DataType::BigInt()};
  WindowAssignSpec spec{
      .window = {.kind = WindowKind::kHop, .size_micros = 10 * kSecond, .slide_micros = 4 * kSecond},
      .rowtime_column = 0,
      .partition_keys = {},
      .input_types = types};
  op = MakeWindowAssign(std::make_shared<WindowAssignSpec>(spec), Context());
  Send(types, {"@1 9|1", "@2 null|2"});
  EXPECT_THAT(output.Take(), ElementsAre("+I 9|1|0|10|9.999", "+I 9|1|4|14|13.999", "+I 9|1|8|18|17.999"));
  EXPECT_THAT(output.row_watermarks, ElementsAre(kSecond, kSecond, kSecond));
  EXPECT_THAT(side.failed, ElementsAre("null|2"));
  spec.window = {.kind = WindowKind::kCumulate, .size_micros = 6 * kSecond, .slide_micros = 2 * kSecond};
  op = MakeWindowAssign(std::make_shared<WindowAssignSpec>(spec), Context());
  Send(types, {"9|1"});
  EXPECT_THAT(output.Take(), ElementsAre("+I 9|1|6|10|9.999", "+I 9|1|6|12|11.999"));
}

TEST_F(RowOperatorTest, WindowAssignOfLtzAlignsInTheZone) {
  const std::vector<DataType> types = {DataType::TimestampLtz(3)};
  WindowAssignSpec spec{.window = {.kind = WindowKind::kTumble, .size_micros = 86400 * kSecond},
                        .rowtime_column = 0,
                        .partition_keys = {},
                        .input_types = types};
  OperatorContext context = Context();
  context.eval.zone = data::TimeZone::Find("GMT+08:00").value();
  op = MakeWindowAssign(std::make_shared<WindowAssignSpec>(spec), std::move(context));
  // 1970-01-01 20:00 UTC is 04:00 of the second day there, which ends at 16:00 UTC.
  Send(types, {"72000"});
  EXPECT_THAT(output.Take(), ElementsAre("+I 72000|86400|172800|143999.999"));
}

TEST_F(RowOperatorTest, WindowAssignOfSessions) {
  const std::vector<DataType> types = {DataType::Timestamp(3), DataType::String()};
  WindowAssignSpec spec{.window = {.kind = WindowKind::kSession, .size_micros = 5 * kSecond},
                        .rowtime_column = 0,
                        .partition_keys = {1},
                        .input_types = types};
  op = MakeWindowAssign(std::make_shared<WindowAssignSpec>(spec), Context());
  Send(types, {"1|a", "9|a", "2|b", "5|a"});
  Watermark(7);
  EXPECT_THAT(output.Take(), ElementsAre("+I 2|b|2|7|6.999", "W 7"));
  End();
  EXPECT_THAT(output.Take(),
              ElementsAre("+I 1|a|1|14|13.999", "+I 9|a|1|14|13.999", "+I 5|a|1|14|13.999", "W max"));
}

}  // namespace
}  // namespace millrace::operators
