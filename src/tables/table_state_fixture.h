// For tests of parts that are saved and restored: tables of one or more parts, and their rows as text.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "data/batch_builder.h"
#include "state/state_record.h"
#include "tables/shard_places.h"
#include "tables/table_part.h"

namespace millrace::tables {

using data::DataType;
using data::RowKind;
using data::Value;

using Parts = std::vector<std::unique_ptr<TablePart>>;

inline data::SchemaPtr TestSchema() {
  return std::make_shared<const data::Schema>(
      std::vector<data::Field>{{"k", DataType::Int()},
                               {"s", DataType::String()},
                               {"x", DataType::Double()},
                               {"amount", DataType::Decimal(38, 2)},
                               {"small", DataType::Decimal(9, 3)},
                               {"yes", DataType::Boolean()},
                               {"xs", DataType::Array(DataType::String())},
                               {"m", DataType::Map(DataType::String(), DataType::Int())},
                               {"r", DataType::Row({{"a", DataType::TinyInt()}, {"b", DataType::Float()}})}});
}

// The row with this key and content: the same numbers give the same row.
inline Value::List RowOf(int key, int content) {
  const auto text = [](int i) {
    return Value::String(std::string(static_cast<size_t>(i % 4) * 9, 'x') + std::to_string(i));
  };
  const double doubles[] = {0.0, 1.5, std::numeric_limits<double>::quiet_NaN(), -3e300};
  const bool is_null = content % 7 == 0;
  return {
      key % 13 == 0 ? Value::Null() : Value::Int(key),
      text(key),
      key % 5 == 0 ? Value::Null() : Value::Double(doubles[key % 4]),
      is_null ? Value::Null() : Value::Decimal(static_cast<data::Int128>(content) << 80),
      Value::Decimal(-content),
      content % 3 == 0 ? Value::Null() : Value::Bool(content % 2 == 0),
      is_null ? Value::Null() : Value::MakeList({text(content), Value::Null(), text(key)}),
      Value::MakeList(content % 2 == 0 ? Value::List{}
                                       : Value::List{Value::MakeList({text(content), Value::Int(content)})}),
      content % 4 == 0 ? Value::Null() : Value::MakeList({Value::Int(content % 100), Value::Double(0.5)})};
}

inline data::Batch BatchOf(const data::Schema& schema, const std::vector<Value::List>& rows,
                           const std::vector<RowKind>& kinds = {}) {
  data::BatchBuilder builder(schema);
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t c = 0; c < schema.size(); ++c) builder.column(c).AppendValue(rows[i][c]);
    builder.FinishRow(kinds.empty() ? RowKind::kInsert : kinds[i]);
  }
  return builder.Build();
}

// The rows of a part as bytes, in their order.
inline std::vector<std::string> RowsOf(TablePart& part) {
  std::vector<std::string> rows;
  for (const ChunkPtr& chunk : part.TakeSnapshot()->chunks) {
    const std::vector<data::ColumnPtr> columns(chunk->columns.begin(), chunk->columns.end());
    for (size_t i = 0; i < chunk->rows; ++i) data::EncodeKey(columns, i, &rows.emplace_back());
  }
  EXPECT_EQ(rows.size(), part.rows());
  return rows;
}

// What one checkpoint wrote.
struct Written {
  size_t puts = 0;
  size_t removes = 0;
  size_t drops = 0;
  size_t bytes = 0;
};

struct Table {
  Table(data::SchemaPtr schema, TableMode mode, std::vector<int> key, std::vector<int> spread)
      : schema(std::move(schema)), mode(mode), key(std::move(key)), spread(std::move(spread)) {
    MakeParts(1);
  }

  void MakeParts(size_t count) {
    parts.clear();
    for (size_t i = 0; i < count; ++i) {
      parts.push_back(std::make_unique<TablePart>(schema, mode, key));
      parts.back()->SetMemory(memory);
      parts.back()->TakeSnapshot();  // the first one is taken before anything is restored
      parts.back()->TrackChanges(spread);
    }
  }

  Written Save() { return FinishSave(StartSave()); }
  // What the parts have to save, as it is now; its records are made by FinishSave.
  std::vector<state::StateWriter> StartSave() {
    std::vector<state::StateWriter> writers;
    for (size_t i = 0; i < parts.size(); ++i) {
      writers.emplace_back(static_cast<uint32_t>(i), static_cast<uint32_t>(parts.size()));
      parts[i]->Save(writers.back());
    }
    return writers;
  }
  Written FinishSave(std::vector<state::StateWriter> writers) {
    Written written;
    std::vector<state::StateBuffer> buffers;
    for (state::StateWriter& writer : writers) {
      buffers.push_back(writer.Take());
      written.bytes += buffers.back().size();
      state::StateCursor cursor(buffers.back().view());
      state::StateRecord record;
      bool has_put = false;
      while (cursor.Next(&record).value()) {
        written.puts += record.tag == state::StateTag::kPut ? 1 : 0;
        written.removes += record.tag == state::StateTag::kRemove ? 1 : 0;
        written.drops += record.tag == state::StateTag::kDrop ? 1 : 0;
        has_put = has_put || record.tag == state::StateTag::kPut;
        EXPECT_TRUE(record.tag == state::StateTag::kPut || !has_put) << "a removal behind a put";
      }
    }
    layers.Add(std::move(buffers));
    return written;
  }

  Status Restore(size_t count) {
    MakeParts(count);
    for (size_t i = 0; i < count; ++i) {
      layers.Rewind();
      state::StateReader reader(&layers, static_cast<uint32_t>(i), static_cast<uint32_t>(count));
      MR_TRY(parts[i]->Restore(reader));
    }
    return {};
  }

  void Apply(size_t part, const std::vector<Value::List>& rows, const std::vector<RowKind>& kinds = {}) {
    parts[part]->Apply(BatchOf(*schema, rows, kinds));
  }

  data::SchemaPtr schema;
  TableMode mode;
  std::vector<int> key;
  std::vector<int> spread;
  HeldMemoryPtr memory = std::make_shared<HeldMemory>();
  Parts parts;
  state::StateLayers layers;
};

// --- The property: parts and model under random changes, checkpoints, crashes and rescales. ---

inline data::SchemaPtr Numbers() {
  return std::make_shared<const data::Schema>(
      std::vector<data::Field>{{"k", DataType::BigInt()}, {"v", DataType::Int()}});
}

inline std::vector<Value::List> NumberRows(int begin, int end, int v = 0) {
  std::vector<Value::List> rows;
  for (int i = begin; i < end; ++i) rows.push_back({Value::Int(i), Value::Int(v)});
  return rows;
}

}  // namespace millrace::tables
