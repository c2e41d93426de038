#include "data/column.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/batch_builder.h"

namespace millrace::data {
namespace {

const std::string kLong = "a string longer than twelve bytes";

DataType Nested() {
  return DataType::Row({{"名", DataType::String()}, {"xs", DataType::Array(DataType::Int())}});
}

Value Row(const std::string& name, std::vector<int64_t> xs) {
  Value::List list;
  for (int64_t x : xs) list.push_back(Value::Int(x));
  return Value::MakeList({Value::String(name), Value::MakeList(list)});
}

TEST(ColumnTest, KeepsNullsAcrossGrowth) {
  Column column(DataType::BigInt(), 1);
  for (int64_t i = 0; i < 300; ++i) {
    if (i % 7 == 3) {
      column.AppendNull();
    } else {
      column.Append<int64_t>(i);
    }
  }
  for (size_t i = 0; i < 300; ++i) {
    ASSERT_EQ(column.IsNull(i), i % 7 == 3) << i;
    if (i % 7 != 3) {
      ASSERT_EQ(column.values<int64_t>()[i], static_cast<int64_t>(i));
    }
  }
}

TEST(ColumnTest, ResizeAfterNullsGivesValidRows) {
  Column column(DataType::Int(), 0);
  column.AppendNull();
  column.Resize(130);
  EXPECT_TRUE(column.IsNull(0));
  for (size_t i = 1; i < 130; ++i) EXPECT_FALSE(column.IsNull(i)) << i;
}

TEST(ColumnTest, GatherSharesBytesAndKeepsThemAlive) {
  ColumnPtr gathered;
  {
    auto column = Column::Make(DataType::String());
    column->AppendString(kLong);
    column->AppendNull();
    column->AppendString("short");
    const uint32_t rows[] = {2, 0, 1, 0};
    gathered = Gather(column, rows);
  }
  EXPECT_EQ(gathered->GetValue(0), Value::String("short"));
  EXPECT_EQ(gathered->GetValue(1), Value::String(kLong));
  EXPECT_TRUE(gathered->IsNull(2));
  EXPECT_EQ(gathered->GetValue(3), Value::String(kLong));
}

TEST(ColumnTest, NestedRowsGatherCompareAndEncode) {
  auto column = Column::Make(Nested());
  column->AppendValue(Row("北京", {1, 2, 3}));
  column->AppendNull();
  column->AppendValue(Row(kLong, {}));
  column->AppendValue(Row("北京", {1, 2, 4}));
  const uint32_t rows[] = {3, 2, 1, 0};
  const ColumnPtr gathered = Gather(column, rows);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(gathered->GetValue(i), column->GetValue(3 - i));
  EXPECT_LT(CompareRows(*column, 0, *column, 3), 0);
  EXPECT_FALSE(RowsIdentical(*column, 0, *column, 3));
  EXPECT_TRUE(RowsIdentical(*column, 0, *gathered, 3));

  auto decoded = Column::Make(Nested());
  for (size_t i = 0; i < 4; ++i) {
    std::string key;
    const ColumnPtr columns[] = {column};
    EncodeKey(columns, i, &key);
    const MutableColumnPtr targets[] = {decoded};
    DecodeKey(key, targets);
    EXPECT_EQ(decoded->GetValue(i), column->GetValue(i)) << i;
  }
  std::vector<uint64_t> a(4);
  std::vector<uint64_t> b(4);
  HashColumn(*column, a, false);
  HashColumn(*gathered, b, false);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(a[i], b[3 - i]);
  EXPECT_NE(a[0], a[3]);
}

TEST(ColumnTest, ConstantsStandForManyRows) {
  const ColumnPtr column = Column::Constant(DataType::String(), Value::String(kLong), 1000);
  EXPECT_TRUE(column->is_constant());
  EXPECT_EQ(ColumnView<StringRef>(*column)[999].view(), kLong);
  const ColumnPtr flat = Flatten(column);
  EXPECT_EQ(flat->size(), 1000u);
  EXPECT_EQ(flat->GetValue(999), Value::String(kLong));
  const ColumnPtr nulls = Flatten(Column::Nulls(DataType::Int(), 70));
  EXPECT_TRUE(nulls->IsNull(69));
  EXPECT_EQ(Slice(column, 5, 7)->size(), 7u);
}

TEST(ColumnTest, HashTreatsZeroesAndNansAlike) {
  auto column = Column::Make(DataType::Double());
  for (double v : {0.0, -0.0, std::nan("1"), -std::nan("2")}) column->Append(v);
  std::vector<uint64_t> hashes(4);
  HashColumn(*column, hashes, false);
  EXPECT_EQ(hashes[0], hashes[1]);
  EXPECT_EQ(hashes[2], hashes[3]);
  EXPECT_TRUE(RowsIdentical(*column, 0, *column, 1));
  EXPECT_TRUE(RowsIdentical(*column, 2, *column, 3));
}

TEST(ColumnTest, AssignRowReplacesInPlace) {
  auto column = Column::Make(DataType::String());
  column->AppendString("one");
  column->AppendNull();
  auto other = Column::Make(DataType::String());
  other->AppendString(kLong);
  other->AppendNull();
  column->AssignRow(1, *other, 0);
  column->AssignRow(0, *other, 1);
  EXPECT_TRUE(column->IsNull(0));
  EXPECT_EQ(column->GetValue(1), Value::String(kLong));
}

TEST(BatchTest, GatherTakesKindsAndWatermarksAlong) {
  BatchBuilder builder(std::vector<DataType>{DataType::Int()});
  for (int i = 0; i < 3; ++i) {
    builder.column(0).Append<int32_t>(i);
    builder.FinishRow(i == 1 ? RowKind::kDelete : RowKind::kInsert);
  }
  Batch batch = builder.Build();
  batch.watermarks = std::make_shared<const std::vector<int64_t>>(std::vector<int64_t>{10, 20, 30});
  const uint32_t rows[] = {2, 1};
  const Batch gathered = Gather(batch, rows);
  EXPECT_EQ(gathered.kind(0), RowKind::kInsert);
  EXPECT_EQ(gathered.kind(1), RowKind::kDelete);
  EXPECT_EQ((*gathered.watermarks)[1], 20);
  EXPECT_EQ(builder.rows(), 0u);
}

TEST(StringRefTest, OrdersByBytes) {
  EXPECT_TRUE(StringRef("abc") < StringRef("abd"));
  EXPECT_TRUE(StringRef("ab") < StringRef("abc"));
  EXPECT_TRUE(StringRef(kLong) == StringRef(std::string_view(std::string(kLong))));
  EXPECT_FALSE(StringRef(std::string_view("a\0", 2)) == StringRef("a"));
}

TEST(DataTypeTest, SpellsTypesAsFlink) {
  EXPECT_EQ(Nested().ToString(), "ROW<`名` STRING, `xs` ARRAY<INT>>");
  EXPECT_EQ(DataType::Decimal(10, 2).NotNull().ToString(), "DECIMAL(10, 2) NOT NULL");
  EXPECT_EQ(DataType::TimestampLtz(3).ToString(), "TIMESTAMP_LTZ(3)");
}

}  // namespace
}  // namespace millrace::data
