// The bytes of saved rows: damage, and those of version 1, which are kept for good.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>

#include "tables/table_state_fixture.h"

namespace millrace::tables {
namespace {

// --- Damage. ---

// Every bit of the state turned: an error, or a table that works.
void TurnEveryBit(TableMode mode, std::vector<int> key, std::vector<int> spread) {
  const auto schema = TestSchema();
  TablePart whole(schema, mode, key);
  whole.TrackChanges(spread);
  std::vector<Value::List> rows;
  for (int i = 1; i < 5; ++i) rows.push_back(RowOf(i, i));
  if (mode == TableMode::kMultiset) rows.push_back(RowOf(1, 1));
  whole.Apply(BatchOf(*schema, rows));
  state::StateWriter writer;
  whole.Save(writer);
  const std::string bytes(writer.Take().view());
  size_t errors = 0;
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    state::StateBuffer buffer;
    buffer.Append(damaged);
    std::vector<state::StateBuffer> layer;
    layer.push_back(std::move(buffer));
    state::StateLayers layers;
    layers.Add(std::move(layer));
    state::StateReader reader(&layers);
    TablePart part(schema, mode, key);
    part.TrackChanges(spread);
    const Status restored = part.Restore(reader);
    if (!restored.has_value()) {
      EXPECT_TRUE(restored.error().code() == ErrorCode::kDataCorrupted ||
                  restored.error().code() == ErrorCode::kNotSupported)
          << restored.error().ToString();
      ++errors;
      continue;
    }
    EXPECT_EQ(RowsOf(part).size(), part.rows());
    part.Apply(BatchOf(*schema, rows));
    state::StateWriter next;
    part.Save(next);
    next.Take();
  }
  EXPECT_GT(errors, bytes.size());
}

TEST(TablePartState, DamageIsAnErrorOrATable) {
  TurnEveryBit(TableMode::kKeyed, {0, 1, 2}, {0});
  TurnEveryBit(TableMode::kKeyed, {0}, {});
  TurnEveryBit(TableMode::kMultiset, {}, {0});
  TurnEveryBit(TableMode::kMultiset, {}, {});
  TurnEveryBit(TableMode::kAppend, {}, {1});
  TurnEveryBit(TableMode::kAppend, {}, {});
}

TEST(TablePartState, RowsOfAnotherKindOfTableAreRefused) {
  Table saved(Numbers(), TableMode::kKeyed, {0}, {0});
  saved.Apply(0, NumberRows(0, 3));
  saved.Save();
  for (const auto& [mode, spread] : {std::pair{TableMode::kKeyed, std::vector<int>{}},
                                     {TableMode::kMultiset, {0}},
                                     {TableMode::kAppend, {}},
                                     {TableMode::kAppend, {0}}}) {
    TablePart part(Numbers(), mode, mode == TableMode::kKeyed ? std::vector<int>{0} : std::vector<int>{});
    part.TrackChanges(spread);
    saved.layers.Rewind();
    state::StateReader reader(&saved.layers);
    EXPECT_EQ(part.Restore(reader).error().code(), ErrorCode::kDataCorrupted);
  }
}

// --- The bytes of version 1, kept for good, made from the grammar alone (tests/golden/README.md). ---

class GoldenRows : public testing::Test {
 protected:
  void SetUp() override {
    std::ifstream file("tests/golden/table_rows_v1.bin", std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    for (size_t at = 0; at < bytes.size();) {
      uint32_t size = 0;
      std::memcpy(&size, bytes.data() + at, sizeof(size));
      states_.push_back(bytes.substr(at + sizeof(size), size));
      at += sizeof(size) + size;
    }
    ASSERT_EQ(states_.size(), 4u);
  }

  std::unique_ptr<TablePart> NewPart(TableMode mode, std::vector<int> key, std::vector<int> spread) const {
    auto part = std::make_unique<TablePart>(schema_, mode, std::move(key));
    part->TrackChanges(std::move(spread));
    return part;
  }

  std::vector<Value::List> RowsOf(size_t state, TablePart& part, uint32_t shard = 0, uint32_t shards = 1) {
    state::StateBuffer buffer;
    buffer.Append(states_[state]);
    std::vector<state::StateBuffer> layer;
    layer.push_back(std::move(buffer));
    state::StateLayers layers;
    layers.Add(std::move(layer));
    state::StateReader reader(&layers, shard, shards);
    const Status restored = part.Restore(reader);
    EXPECT_TRUE(restored.has_value()) << restored.error().ToString();
    std::vector<Value::List> rows;
    for (const ChunkPtr& chunk : part.TakeSnapshot()->chunks) {
      for (size_t i = 0; i < chunk->rows; ++i) {
        rows.emplace_back();
        for (const auto& column : chunk->columns) rows.back().push_back(column->GetValue(i));
      }
    }
    return rows;
  }

  const data::SchemaPtr schema_ = std::make_shared<const data::Schema>(
      std::vector<data::Field>{{"a", DataType::Int()}, {"s", DataType::String()}, {"x", DataType::Double()}});
  std::vector<std::string> states_;
};

TEST_F(GoldenRows, KeyedVersion1) {
  const std::vector<Value::List> expected = {{Value::Int(7), Value::String("seven"), Value::Double(-0.0)},
                                             {Value::Null(), Value::Null(), Value::Double(1.5)}};
  const auto part = NewPart(TableMode::kKeyed, {0, 2}, {});
  const std::vector<Value::List> rows = RowsOf(0, *part);
  EXPECT_EQ(rows, expected);
  EXPECT_TRUE(std::signbit(rows[0][2].as_double()));
  const auto anew = NewPart(TableMode::kKeyed, {0, 2}, {});
  anew->Apply(BatchOf(*schema_, expected));
  state::StateWriter writer;
  anew->Save(writer);
  EXPECT_EQ(writer.Take().view(), states_[0]);
}

TEST_F(GoldenRows, MultisetVersion1) {
  const std::vector<Value::List> expected(300, {Value::Null(), Value::String("x"), Value::Double(2.5)});
  EXPECT_EQ(RowsOf(1, *NewPart(TableMode::kMultiset, {}, {0})), expected);
  const auto anew = NewPart(TableMode::kMultiset, {}, {0});
  anew->Apply(BatchOf(*schema_, expected));
  state::StateWriter writer;
  anew->Save(writer);
  EXPECT_EQ(writer.Take().view(), states_[1]);
}

TEST_F(GoldenRows, AppendedVersion1) {
  const auto row = [](int number) {
    return Value::List{Value::Null(), Value::String(std::to_string(number)), Value::Double(number / 2.0)};
  };
  EXPECT_EQ(RowsOf(2, *NewPart(TableMode::kAppend, {}, {}), 0, 2), std::vector<Value::List>{});
  EXPECT_EQ(RowsOf(2, *NewPart(TableMode::kAppend, {}, {}), 1, 2),
            (std::vector<Value::List>{row(10), row(20), row(30)}));
  EXPECT_EQ(RowsOf(3, *NewPart(TableMode::kAppend, {}, {0})),
            (std::vector<Value::List>{row(1), row(2), row(3)}));
}

}  // namespace
}  // namespace millrace::tables
