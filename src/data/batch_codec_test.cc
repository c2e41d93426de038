#include "data/batch_codec.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/utf8.h"
#include "data/value.h"

namespace millrace::data {
namespace {

using Random = std::mt19937_64;

std::vector<DataType> ScalarTypes() {
  return {DataType::Null(),
          DataType::Boolean(),
          DataType::TinyInt(),
          DataType::SmallInt(),
          DataType::Int(),
          DataType::BigInt(),
          DataType::Decimal(9, 2),
          DataType::Decimal(38, 10),
          DataType::Float(),
          DataType::Double(),
          DataType::Char(3),
          DataType::String(),
          DataType::Binary(4),
          DataType::Bytes(),
          DataType::Date(),
          DataType::Time(3),
          DataType::Timestamp(3),
          DataType::TimestampLtz(),
          DataType::IntervalYearMonth(),
          DataType::IntervalDayTime()};
}

DataType RandomType(Random& random, int depth) {
  const auto scalars = ScalarTypes();
  if (depth == 0 || random() % 3 != 0) return scalars[random() % scalars.size()];
  switch (random() % 4) {
    case 0:
      return DataType::Array(RandomType(random, depth - 1));
    case 1:
      return DataType::Map(DataType::String().NotNull(), RandomType(random, depth - 1));
    case 2:
      return DataType::Multiset(RandomType(random, depth - 1));
    default: {
      std::vector<RowField> fields;
      for (uint64_t i = random() % 4; i > 0; --i) {
        fields.push_back({"f" + std::to_string(i), RandomType(random, depth - 1)});
      }
      return DataType::Row(std::move(fields));
    }
  }
}

int64_t RandomInteger(Random& random, int bits) {
  const int64_t limit = bits == 64 ? std::numeric_limits<int64_t>::max() : (int64_t{1} << (bits - 1)) - 1;
  switch (random() % 4) {
    case 0:
      return limit;
    case 1:
      return -limit - 1;
    default:
      return static_cast<int64_t>(random()) >> (64 - bits);
  }
}

std::string RandomText(Random& random, bool is_text) {
  std::string text;
  for (uint64_t i = random() % (random() % 8 == 0 ? 60 : 8); i > 0; --i) {
    if (is_text) {
      constexpr char32_t kPoints[] = {'a', 'z', 0, 0xE9, 0x20AC, 0x1F600};
      AppendUtf8(kPoints[random() % 6], &text);
    } else {
      text.push_back(static_cast<char>(random()));
    }
  }
  return text;
}

Value RandomValue(const DataType& type, Random& random, int nulls) {
  if (type.kind() == TypeKind::kNull || random() % 100 < static_cast<uint64_t>(nulls)) return Value::Null();
  switch (type.physical()) {
    case PhysicalType::kBool:
      return Value::Bool(random() % 2 == 0);
    case PhysicalType::kInt8:
      return Value::Int(RandomInteger(random, 8));
    case PhysicalType::kInt16:
      return Value::Int(RandomInteger(random, 16));
    case PhysicalType::kInt32:
      return Value::Int(RandomInteger(random, 32));
    case PhysicalType::kInt64: {
      const int64_t value =
          random() % 3 == 0 ? static_cast<int64_t>(random() % 1000) : RandomInteger(random, 64);
      return type.kind() == TypeKind::kDecimal ? Value::Decimal(value) : Value::Int(value);
    }
    case PhysicalType::kInt128:
      return Value::Decimal(static_cast<Int128>(RandomInteger(random, 64)) *
                            (random() % 2 == 0 ? 1 : RandomInteger(random, 60)));
    case PhysicalType::kFloat:
    case PhysicalType::kDouble: {
      const double specials[] = {0.0, -0.0, INFINITY, -INFINITY, 1.5, -0.25};
      return Value::Double(specials[random() % 6]);
    }
    case PhysicalType::kString:
      return Value::String(RandomText(random, type.IsCharacter()));
    case PhysicalType::kList: {
      Value::List items;
      const bool is_pairs = type.kind() != TypeKind::kArray;
      for (uint64_t i = random() % 4; i > 0; --i) {
        if (!is_pairs) {
          items.push_back(RandomValue(type.element(), random, nulls));
          continue;
        }
        const Value first = RandomValue(type.fields()[0].type, random, 0);
        const Value second = type.kind() == TypeKind::kMultiset
                                 ? Value::Int(2)
                                 : RandomValue(type.value_type(), random, nulls);
        items.push_back(Value::MakeList({first, second}));
      }
      return Value::MakeList(std::move(items));
    }
    case PhysicalType::kRow: {
      Value::List items;
      for (const RowField& field : type.fields()) items.push_back(RandomValue(field.type, random, nulls));
      return Value::MakeList(std::move(items));
    }
  }
  return Value::Null();
}

ColumnPtr RandomColumn(const DataType& type, size_t rows, Random& random) {
  const int nulls = random() % 2 == 0 ? 0 : 30;
  if (rows > 0 && !type.IsNested() && random() % 5 == 0) {
    return Column::Constant(type, RandomValue(type, random, nulls), rows);
  }
  auto column = Column::Make(type, rows);
  for (size_t i = 0; i < rows; ++i) column->AppendValue(RandomValue(type, random, nulls));
  return column;
}

Batch RandomBatch(const std::vector<DataType>& types, size_t rows, Random& random) {
  Batch batch;
  batch.rows = rows;
  for (const DataType& type : types) {
    ColumnPtr column = RandomColumn(type, rows + 20, random);
    // Rows picked from a longer column: lists have gaps and are out of order then.
    std::vector<uint32_t> picked(rows);
    for (auto& row : picked) row = static_cast<uint32_t>(random() % (rows + 20));
    batch.columns.push_back(random() % 2 == 0 ? Gather(column, picked) : Slice(column, 10, rows));
  }
  if (random() % 2 == 0) {
    auto kinds = std::make_shared<std::vector<RowKind>>(rows);
    for (auto& kind : *kinds) kind = static_cast<RowKind>(random() % 4);
    batch.kinds = kinds;
  }
  if (random() % 2 == 0) {
    auto watermarks = std::make_shared<std::vector<int64_t>>(rows);
    for (auto& watermark : *watermarks) watermark = RandomInteger(random, 64);
    batch.watermarks = watermarks;
  }
  return batch;
}

void ExpectSame(const Batch& a, const Batch& b) {
  ASSERT_EQ(a.rows, b.rows);
  ASSERT_EQ(a.columns.size(), b.columns.size());
  ASSERT_EQ(a.kinds == nullptr, b.kinds == nullptr);
  ASSERT_EQ(a.watermarks == nullptr, b.watermarks == nullptr);
  if (a.kinds) {
    ASSERT_EQ(*a.kinds, *b.kinds);
  }
  if (a.watermarks) {
    ASSERT_EQ(*a.watermarks, *b.watermarks);
  }
  for (size_t c = 0; c < a.columns.size(); ++c) {
    ASSERT_EQ(a.columns[c]->type(), b.columns[c]->type());
    ASSERT_EQ(b.columns[c]->size(), b.rows);
    for (size_t row = 0; row < a.rows; ++row) {
      ASSERT_EQ(a.columns[c]->GetValue(row), b.columns[c]->GetValue(row))
          << a.columns[c]->type().ToString() << " row " << row;
    }
  }
}

std::string Encoded(const Batch& batch) {
  std::string bytes;
  EncodeBatch(batch, &bytes);
  return bytes;
}

TEST(BatchCodec, GivesBackRandomBatchesOfAllTypes) {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    Random random(seed);
    std::vector<DataType> types;
    for (uint64_t i = random() % 6; i > 0; --i) types.push_back(RandomType(random, 3));
    const Batch batch = RandomBatch(types, random() % (seed % 20 == 0 ? limits::kBatchRows : 70), random);
    const auto decoded = DecodeBatch(Encoded(batch), types);
    ASSERT_TRUE(decoded.has_value()) << seed << " " << decoded.error().ToString();
    ExpectSame(batch, *decoded);
    // What was decoded can be worked on, and gives the same bytes again.
    for (const ColumnPtr& column : decoded->columns) DeepCopy(*column);
    const auto again = DecodeBatch(Encoded(*decoded), types);
    ASSERT_TRUE(again.has_value());
    ExpectSame(batch, *again);
  }
}

TEST(BatchCodec, KeepsFloatingPointBits) {
  auto column = Column::Make(DataType::Double(), 4);
  for (const uint64_t bits : {uint64_t{0x7FF8'0000'0000'1234}, uint64_t{1}, uint64_t{1} << 63}) {
    column->Append(std::bit_cast<double>(bits));
  }
  Batch batch{.columns = {column}, .rows = 3, .kinds = {}, .watermarks = {}};
  const Batch decoded = DecodeBatch(Encoded(batch), std::vector{DataType::Double()}).value();
  EXPECT_EQ(std::memcmp(decoded.columns[0]->raw_values(), column->raw_values(), 24), 0);
}

TEST(BatchCodec, ManyElementsInFewRows) {
  const DataType type = DataType::Array(DataType::Int());
  auto column = Column::Make(type, 2);
  column->AppendValue(Value::MakeList(Value::List(100'000, Value::Int(7))));
  column->AppendValue(Value::MakeList({}));
  const DataType of_rows = DataType::Array(DataType::Row({}));
  auto rows = Column::Make(of_rows, 2);
  rows->AppendValue(Value::MakeList(Value::List(5000, Value::MakeList({}))));
  rows->AppendNull();
  const Batch batch{.columns = {column, rows}, .rows = 2, .kinds = {}, .watermarks = {}};
  ExpectSame(batch, DecodeBatch(Encoded(batch), std::vector{type, of_rows}).value());
}

TEST(BatchCodec, IsNarrowWhereValuesAre) {
  auto ids = Column::Make(DataType::BigInt());
  auto times = Column::Make(DataType::Timestamp(3));
  for (int64_t i = 0; i < 2048; ++i) {
    ids->Append(int64_t{1'000'000'000'000} + i % 256);
    times->Append(int64_t{1'704'067'200'000'000} + i * 1000);
  }
  const Batch batch{.columns = {ids, times}, .rows = 2048, .kinds = {}, .watermarks = {}};
  EXPECT_LT(Encoded(batch).size(), 2048u * 5 + 100);
}

TEST(BatchCodec, WhatLiesUnderANullDoesNotWidenTheRange) {
  auto column = Column::Make(DataType::BigInt());
  for (int64_t i = 0; i < 100; ++i)
    column->Append(i % 2 == 0 ? int64_t{5} : std::numeric_limits<int64_t>::max());
  for (size_t i = 1; i < 100; i += 2) column->SetNull(i);
  const Batch batch{.columns = {column}, .rows = 100, .kinds = {}, .watermarks = {}};
  EXPECT_LT(Encoded(batch).size(), 40u);
}

std::vector<DataType> SampleTypes() {
  return {DataType::Int(),
          DataType::Boolean(),
          DataType::String(),
          DataType::Decimal(38, 2),
          DataType::Array(DataType::String()),
          DataType::Map(DataType::String().NotNull(), DataType::Double()),
          DataType::Row({{"a", DataType::SmallInt()}, {"b", DataType::Array(DataType::Date())}})};
}

Batch SampleBatch() {
  Random random(11);
  for (;;) {
    Batch batch = RandomBatch(SampleTypes(), 9, random);
    if (batch.kinds && batch.watermarks) return batch;
  }
}

TEST(BatchCodec, EveryCutIsAnError) {
  const std::string bytes = Encoded(SampleBatch());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = DecodeBatch(std::string_view(bytes).substr(0, size), SampleTypes());
    ASSERT_FALSE(decoded.has_value()) << size;
    EXPECT_EQ(decoded.error().code(), ErrorCode::kDataCorrupted);
  }
  EXPECT_FALSE(DecodeBatch(bytes + '\0', SampleTypes()).has_value());
}

// Whatever is decoded from damaged bytes can be read and copied: the sanitizers watch.
TEST(BatchCodec, DamagedBytesGiveAnErrorOrABatch) {
  const std::string bytes = Encoded(SampleBatch());
  size_t errors = 0;
  const auto try_it = [&](const std::string& bad) {
    const auto decoded = DecodeBatch(bad, SampleTypes());
    errors += decoded ? 0 : 1;
    if (!decoded) return;
    for (const ColumnPtr& column : decoded->columns) {
      ASSERT_EQ(column->size(), decoded->rows);
      DeepCopy(*column);
      for (size_t row = 0; row < decoded->rows; ++row) HashRow(*column, row);
    }
  };
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string bad = bytes;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    try_it(bad);
  }
  Random random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = bytes;
    for (uint64_t j = random() % 4; j < 4; ++j) bad[random() % bad.size()] = static_cast<char>(random());
    try_it(bad);
  }
  EXPECT_GT(errors, bytes.size());
}

TEST(BatchCodec, OtherTypesAreRefused) {
  auto column = Column::Make(DataType::Int());
  column->Append(int32_t{1});
  const std::string bytes = Encoded({.columns = {column}, .rows = 1, .kinds = {}, .watermarks = {}});
  EXPECT_TRUE(DecodeBatch(bytes, std::vector{DataType::Date()}).has_value()) << "the same layout";
  for (const DataType& type : {DataType::BigInt(), DataType::String(), DataType::Array(DataType::Int())}) {
    const auto decoded = DecodeBatch(bytes, std::vector{type});
    ASSERT_FALSE(decoded.has_value());
    EXPECT_EQ(decoded.error().code(), ErrorCode::kDataCorrupted);
  }
  EXPECT_FALSE(DecodeBatch(bytes, std::vector<DataType>()).has_value());
  EXPECT_FALSE(DecodeBatch(bytes, std::vector(2, DataType::Int())).has_value());
}

TEST(BatchCodec, ALaterVersionIsToldFromDamage) {
  std::string bytes = Encoded({.columns = {}, .rows = 0, .kinds = {}, .watermarks = {}});
  bytes[0] = 2;
  EXPECT_EQ(DecodeBatch(bytes, {}).error().code(), ErrorCode::kNotSupported);
}

TEST(BatchCodec, TextThatIsNotUtf8IsRefusedAndBytesAreNot) {
  auto column = Column::Make(DataType::Bytes());
  column->AppendString("\xC3");
  column->AppendString("\xA9");  // together they are a code point
  const std::string bytes = Encoded({.columns = {column}, .rows = 2, .kinds = {}, .watermarks = {}});
  EXPECT_TRUE(DecodeBatch(bytes, std::vector{DataType::Bytes()}).has_value());
  EXPECT_FALSE(DecodeBatch(bytes, std::vector{DataType::String()}).has_value());
}

// The bytes of version 1, kept for good, made from the grammar alone (tests/golden/README.md).
TEST(BatchCodec, ReadsTheGoldenFileOfVersion1) {
  std::string bytes;
  std::ifstream file("tests/golden/batch_v1.bin", std::ios::binary);
  bytes.assign(std::istreambuf_iterator<char>(file), {});
  const std::vector<DataType> types = {DataType::Int(),
                                       DataType::String(),
                                       DataType::BigInt(),
                                       DataType::Boolean(),
                                       DataType::Decimal(38, 0),
                                       DataType::Double(),
                                       DataType::Array(DataType::SmallInt()),
                                       DataType::Row({{"a", DataType::TinyInt()}, {"b", DataType::Float()}})};
  const auto batch = DecodeBatch(bytes, types);
  ASSERT_TRUE(batch.has_value()) << batch.error().ToString();
  ASSERT_EQ(batch->rows, 3u);
  EXPECT_EQ(*batch->kinds, (std::vector{RowKind::kInsert, RowKind::kUpdateBefore, RowKind::kUpdateAfter}));
  EXPECT_EQ(*batch->watermarks, (std::vector<int64_t>{-5, -5, 1000}));
  const auto row = [&](size_t i) {
    Value::List values;
    for (const ColumnPtr& column : batch->columns) values.push_back(column->GetValue(i));
    return Value::MakeList(std::move(values));
  };
  Int128 large = 1;
  for (int i = 0; i < 30; ++i) large *= 10;
  const Value constant = Value::Int(int64_t{1} << 40);
  EXPECT_EQ(row(0), Value::MakeList({Value::Int(-7), Value::String("x"), constant, Value::Bool(true),
                                     Value::Decimal(large), Value::Double(1.5),
                                     Value::MakeList({Value::Int(9), Value::Int(300)}), Value::Null()}));
  EXPECT_EQ(row(1),
            Value::MakeList({Value::Int(100'000), Value::Null(), constant, Value::Bool(false),
                             Value::Decimal(-1), Value::Double(-INFINITY), Value::MakeList({Value::Int(-1)}),
                             Value::MakeList({Value::Int(1), Value::Double(0.25)})}));
  EXPECT_EQ(row(2), Value::MakeList({Value::Int(0), Value::String("long \u00E9 string of 20."), constant,
                                     Value::Bool(true), Value::Decimal(0), Value::Double(0.0), Value::Null(),
                                     Value::MakeList({Value::Int(2), Value::Null()})}));
}

}  // namespace
}  // namespace millrace::data
