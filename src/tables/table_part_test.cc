#include "tables/table_part.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "data/batch_builder.h"

namespace millrace::tables {
namespace {

using data::RowKind;

data::SchemaPtr TestSchema() {
  return std::make_shared<const data::Schema>(
      std::vector<data::Field>{{"k", data::DataType::Int()},
                               {"v", data::DataType::String()},
                               {"xs", data::DataType::Array(data::DataType::Int())}});
}

std::string TextFor(int i) {
  return "value number " + std::to_string(i);
}

void Append(data::BatchBuilder* builder, int k, int v, RowKind kind) {
  builder->column(0).Append<int32_t>(k);
  builder->column(1).AppendString(TextFor(v));
  builder->column(2).AppendValue(data::Value::MakeList({data::Value::Int(v), data::Value::Int(k)}));
  builder->FinishRow(kind);
}

std::multimap<int64_t, std::string> Rows(const PartSnapshot& snapshot) {
  std::multimap<int64_t, std::string> rows;
  for (const ChunkPtr& chunk : snapshot.chunks) {
    for (size_t i = 0; i < chunk->rows; ++i) {
      const auto k = chunk->columns[0]->GetValue(i).as_int();
      const auto text = chunk->columns[1]->GetValue(i).as_string();
      EXPECT_EQ(TextFor(static_cast<int>(chunk->columns[2]->GetValue(i).as_list()[0].as_int())), text);
      rows.emplace(k, text);
    }
  }
  return rows;
}

TEST(TablePartTest, KeyedPartEqualsAMapUnderRandomChanges) {
  std::mt19937 random(7);
  const auto schema = TestSchema();
  TablePart part(schema, TableMode::kKeyed, {0});
  std::map<int64_t, std::string> expected;
  std::map<int64_t, int> values;
  for (int round = 0; round < 60; ++round) {
    data::BatchBuilder builder(*schema);
    const int rows = 1 + static_cast<int>(random() % 500);
    for (int i = 0; i < rows; ++i) {
      const int k = static_cast<int>(random() % 6000);
      const int v = static_cast<int>(random() % 1000);
      if (values.contains(k) && random() % 3 == 0) {
        Append(&builder, k, values[k], RowKind::kDelete);
        values.erase(k);
        expected.erase(k);
      } else {
        if (values.contains(k)) Append(&builder, k, values[k], RowKind::kUpdateBefore);
        Append(&builder, k, v, values.contains(k) ? RowKind::kUpdateAfter : RowKind::kInsert);
        values[k] = v;
        expected[k] = TextFor(v);
      }
    }
    part.Apply(builder.Build());
    const PartSnapshotPtr snapshot = part.TakeSnapshot();
    const auto actual = Rows(*snapshot);
    ASSERT_EQ((std::multimap<int64_t, std::string>(expected.begin(), expected.end())), actual) << round;
    Snapshot whole{schema, {0}, {snapshot}};
    for (int i = 0; i < 20; ++i) {
      const int k = static_cast<int>(random() % 6000);
      const auto found = whole.Find({data::Column::Constant(data::DataType::Int(), data::Value::Int(k), 1)});
      ASSERT_EQ(found.has_value(), expected.contains(k));
      if (found) {
        ASSERT_EQ(found->columns[1]->GetValue(0).as_string(), expected[k]);
      }
    }
  }
}

TEST(TablePartTest, SnapshotsDoNotChange) {
  const auto schema = TestSchema();
  TablePart part(schema, TableMode::kKeyed, {0});
  data::BatchBuilder builder(*schema);
  for (int i = 0; i < 5000; ++i) Append(&builder, i, i, RowKind::kInsert);
  part.Apply(builder.Build());
  const PartSnapshotPtr before = part.TakeSnapshot();
  const auto rows_before = Rows(*before);
  for (int i = 0; i < 5000; i += 2) Append(&builder, i, i, RowKind::kDelete);
  for (int i = 1; i < 5000; i += 2) Append(&builder, i, i + 1, RowKind::kUpdateAfter);
  part.Apply(builder.Build());
  const PartSnapshotPtr after = part.TakeSnapshot();
  EXPECT_EQ(Rows(*before), rows_before);
  EXPECT_EQ(after->rows, 2500u);
  Snapshot whole{schema, {0}, {before}};
  const auto found = whole.Find({data::Column::Constant(data::DataType::Int(), data::Value::Int(4), 1)});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->columns[1]->GetValue(0).as_string(), TextFor(4));
  EXPECT_EQ(part.TakeSnapshot(), after);
}

TEST(TablePartTest, ADeletionOfAnAlreadyReplacedRowIsVoid) {
  const auto schema = TestSchema();
  TablePart part(schema, TableMode::kKeyed, {0});
  data::BatchBuilder builder(*schema);
  Append(&builder, 1, 10, RowKind::kInsert);
  Append(&builder, 1, 20, RowKind::kInsert);
  Append(&builder, 1, 10, RowKind::kDelete);
  part.Apply(builder.Build());
  EXPECT_EQ(Rows(*part.TakeSnapshot()), (std::multimap<int64_t, std::string>{{1, TextFor(20)}}));
}

TEST(TablePartTest, MultisetCountsEqualRows) {
  std::mt19937 random(11);
  const auto schema = TestSchema();
  TablePart part(schema, TableMode::kMultiset, {});
  std::multimap<int64_t, std::string> expected;
  data::BatchBuilder builder(*schema);
  std::vector<std::pair<int, int>> live;
  for (int i = 0; i < 20000; ++i) {
    if (!live.empty() && random() % 5 < 2) {
      const size_t at = random() % live.size();
      Append(&builder, live[at].first, live[at].second, RowKind::kDelete);
      live.erase(live.begin() + static_cast<std::ptrdiff_t>(at));
    } else {
      live.emplace_back(random() % 10, random() % 50);
      Append(&builder, live.back().first, live.back().second, RowKind::kInsert);
    }
    if (builder.IsFull()) part.Apply(builder.Build());
  }
  part.Apply(builder.Build());
  for (const auto& [k, v] : live) expected.emplace(k, TextFor(v));
  auto actual = Rows(*part.TakeSnapshot());
  const auto sorted = [](const std::multimap<int64_t, std::string>& map) {
    std::vector<std::pair<int64_t, std::string>> rows(map.begin(), map.end());
    std::sort(rows.begin(), rows.end());
    return rows;
  };
  EXPECT_EQ(sorted(actual), sorted(expected));
}

}  // namespace
}  // namespace millrace::tables
