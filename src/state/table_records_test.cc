#include "state/table_records.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "base/hash.h"
#include "data/batch.h"
#include "state/state_reader.h"

namespace millrace::state {
namespace {

using data::Column;
using data::ColumnPtr;
using data::DataType;
using data::MutableColumnPtr;
using data::Value;

// The key with this number: nulls, short and long strings, nested values, as the types have it.
Value ValueOf(const DataType& type, int number) {
  if (number % 11 == 0) return Value::Null();
  switch (type.kind()) {
    case data::TypeKind::kVarchar:
      return Value::String(std::string(static_cast<size_t>(number % 3) * 9, 'x') + std::to_string(number));
    case data::TypeKind::kDecimal:
      return Value::Decimal(static_cast<data::Int128>(number) * 1'000'000'000'000 * 1'000'000'000);
    case data::TypeKind::kBoolean:
      return Value::Bool(number % 2 == 0);
    case data::TypeKind::kDouble:
      return Value::Double(number * 0.5);
    case data::TypeKind::kArray:
      return Value::MakeList({Value::String(std::to_string(number)), Value::Null()});
    default:
      return Value::Int(number);
  }
}

std::vector<ColumnPtr> KeyColumns(const std::vector<DataType>& types, const std::vector<int>& numbers) {
  std::vector<ColumnPtr> columns;
  for (const DataType& type : types) {
    const MutableColumnPtr column = Column::Make(type, 0);
    for (const int number : numbers) column->AppendValue(ValueOf(type, number));
    columns.push_back(column);
  }
  return columns;
}

std::vector<uint64_t> Hashes(std::span<const ColumnPtr> columns, size_t rows) {
  std::vector<uint64_t> hashes(rows, 0);
  for (size_t i = 0; i < columns.size(); ++i) data::HashColumn(*columns[i], hashes, i > 0);
  return hashes;
}

// A table with a number as payload, and its records.
struct Counts {
  Counts(const std::vector<DataType>& types, std::vector<int> spread, bool has_access = false)
      : types(types),
        table({.key_types = types, .payload_bytes = 8, .track_access = has_access, .track_changes = true}),
        records(types, std::move(spread)) {}

  void Add(const std::vector<int>& numbers, int64_t by) {
    const std::vector<ColumnPtr> columns = KeyColumns(types, numbers);
    std::vector<EntryId> ids(numbers.size());
    table.FindOrInsert(columns, Hashes(columns, numbers.size()), numbers.size(), ids.data(), nullptr);
    table.Touch(ids);
    for (const EntryId id : ids) {
      At(id) += by;
      if (table.options().track_access) table.SetLastAccess(id, by * 1000);
    }
  }
  void Erase(int number) {
    const std::vector<ColumnPtr> columns = KeyColumns(types, {number});
    EntryId id = kNoEntry;
    table.Find(columns, Hashes(columns, 1), 1, &id);
    if (id != kNoEntry) table.Erase(id);
  }
  int64_t& At(EntryId id) { return *reinterpret_cast<int64_t*>(table.payload(id)); }

  // With `later` from copies, when the writer's records are taken.
  void Save(StateWriter& writer, bool later = false) {
    const auto append = [](std::span<const EntryId> ids, std::span<const std::byte* const> payloads,
                           SavedValues& values) {
      for (size_t i = 0; i < ids.size(); ++i) {
        int64_t count = 0;
        std::memcpy(&count, payloads[i], sizeof(count));
        values.bytes() += std::to_string(count);
        values.End();
      }
    };
    later ? records.SaveLater(table, "t", writer, append) : records.Save(table, "t", writer, append);
  }
  Status Restore(StateReader& reader) {
    StateChunk chunk;
    while (true) {
      MR_ASSIGN(const bool has_chunk, reader.Next(&chunk));
      if (!has_chunk) return {};
      MR_ASSIGN(const auto* restored, records.Restore(chunk, table));
      for (size_t i = 0; i < chunk.size(); ++i)
        At(restored->ids[i]) = std::stoll(std::string(restored->values[i]));
    }
  }
  // Key in bytes: number.
  std::map<std::string, int64_t> Contents() {
    std::map<std::string, int64_t> contents;
    table.ForEach([&](EntryId id) {
      records.Describe(table, {&id, 1});
      contents[std::string(records.keys()[0])] =
          At(id) * 1'000'000 + (table.options().track_access ? table.last_access(id) : 0);
    });
    return contents;
  }

  std::vector<DataType> types;
  KeyTable table;
  TableRecords records;
};

const std::vector<std::vector<DataType>> kTypes = {
    {},
    {DataType::BigInt()},
    {DataType::String()},
    {DataType::Decimal(38, 0)},
    {DataType::Array(DataType::String())},
    {DataType::SmallInt(), DataType::String(), DataType::Double(), DataType::Decimal(38, 2),
     DataType::Array(DataType::String()), DataType::Timestamp(3), DataType::String(), DataType::Boolean(),
     DataType::Int()},
};

// One table that goes on, and shards of changing number that are made anew from what was saved.
TEST(TableRecordsTest, ShardsThatComeBackEqualTheTableThatWentOn) {
  for (const auto& types : kTypes) {
    for (uint64_t seed = 0; seed < 12; ++seed) {
      std::mt19937_64 random(seed);
      const bool has_access = seed % 2 == 0;
      std::vector<int> spread;
      for (int i = static_cast<int>(types.size()) - 1; i >= 0; i -= 1 + static_cast<int>(seed % 3))
        spread.push_back(i);
      Counts whole(types, spread, has_access);
      std::vector<std::unique_ptr<Counts>> shards;
      shards.push_back(std::make_unique<Counts>(types, spread, has_access));
      StateLayers layers;
      for (int checkpoint = 0; checkpoint < 12; ++checkpoint) {
        for (int step = 0; step < 10; ++step) {
          const auto number = static_cast<int>(random() % 200);
          const std::vector<ColumnPtr> columns = KeyColumns(types, {number});
          std::vector<ColumnPtr> spread_columns;
          for (const int place : spread) spread_columns.push_back(columns[static_cast<size_t>(place)]);
          const size_t shard = ShardOf(Hashes(spread_columns, 1)[0], shards.size());
          const bool erases = random() % 3 == 0;
          const auto by = static_cast<int64_t>(random() % 9) + 1;
          for (Counts* counts : {&whole, shards[shard].get()})
            erases ? counts->Erase(number) : counts->Add({number}, by);
        }
        const bool is_last = random() % 2 == 0;
        std::vector<StateBuffer> buffers;
        for (size_t i = 0; i < shards.size(); ++i) {
          StateWriter writer(static_cast<uint32_t>(i), static_cast<uint32_t>(shards.size()));
          shards[i]->Save(writer, random() % 2 == 0);
          // What changes behind a Save is no part of it, whenever the records are made.
          for (int number = 0; number < (is_last ? 250 : 0); ++number) {
            number % 3 == 0 ? shards[i]->Erase(number) : shards[i]->Add({number}, 1000);
          }
          if (is_last && random() % 4 == 0) shards[i] = nullptr;
          buffers.push_back(writer.Take());
        }
        layers.Add(std::move(buffers));
        if (!is_last) continue;
        const size_t number = types.empty() ? 1 : 1 + random() % 4;
        shards.clear();
        std::map<std::string, int64_t> contents;
        for (size_t i = 0; i < number; ++i) {
          shards.push_back(std::make_unique<Counts>(types, spread, has_access));
          layers.Rewind();
          StateReader reader(&layers, static_cast<uint32_t>(i), static_cast<uint32_t>(number));
          ASSERT_TRUE(shards[i]->Restore(reader).has_value());
          contents.merge(shards[i]->Contents());
        }
        ASSERT_EQ(contents, whole.Contents()) << "seed " << seed << ", checkpoint " << checkpoint;
      }
    }
  }
}

TEST(TableRecordsTest, OnlyWhatHasChangedIsWritten) {
  Counts counts({DataType::BigInt()}, {0});
  std::vector<int> numbers;
  for (int i = 1; i < 1000; ++i) numbers.push_back(i * 11 + 1);
  counts.Add(numbers, 1);
  StateWriter writer;
  counts.Save(writer);
  EXPECT_GT(writer.Take().size(), 999u * 20);
  counts.Save(writer);
  EXPECT_EQ(writer.size(), 0u);
  counts.Add({12}, 1);
  counts.Erase(23);
  counts.Erase(99999);
  counts.Save(writer);
  size_t puts = 0;
  size_t removes = 0;
  StateCursor cursor(writer.view());
  StateRecord record;
  while (cursor.Next(&record).value_or(false)) ++(record.tag == StateTag::kPut ? puts : removes);
  EXPECT_EQ(puts, 1u);
  EXPECT_EQ(removes, 1u);
}

// A new entry that is erased before it was written leaves no trace; one that takes the place of a written one
// does.
TEST(TableRecordsTest, ErasedBeforeItWasWritten) {
  Counts counts({DataType::BigInt()}, {0});
  counts.Add({1}, 1);
  counts.Erase(1);
  StateWriter writer;
  counts.Save(writer);
  EXPECT_EQ(writer.size(), 0u);
}

TEST(TableRecordsTest, WithoutTrackingNothingIsKept) {
  const std::vector<DataType> types = {DataType::BigInt()};
  KeyTable off({.key_types = types, .payload_bytes = 8});
  KeyTable on({.key_types = types, .payload_bytes = 8, .track_changes = true});
  for (KeyTable* table : {&off, &on}) {
    std::vector<int> numbers;
    for (int i = 0; i < 5000; ++i) numbers.push_back(i * 11 + 1);
    const std::vector<ColumnPtr> columns = KeyColumns(types, numbers);
    std::vector<EntryId> ids(numbers.size());
    table->FindOrInsert(columns, Hashes(columns, numbers.size()), numbers.size(), ids.data(), nullptr);
    table->Touch(ids);
    table->MarkWritten(ids);
  }
  EXPECT_LT(off.MemoryBytes(), on.MemoryBytes());
}

// Every cut of every key, and every byte of it changed: columns as they should be, or an error.
TEST(TableRecordsTest, DamagedKeysAreErrors) {
  for (const auto& types : kTypes) {
    Counts counts(types, {});
    counts.Add({7}, 1);
    const EntryId id = 0;
    counts.records.Describe(counts.table, {&id, 1});
    const std::string key(counts.records.keys()[0]);
    const auto decode = [&](const std::string& bytes) {
      std::vector<MutableColumnPtr> columns;
      for (const DataType& type : types) columns.push_back(Column::Make(type, 0));
      const std::string_view view = bytes;
      return DecodeSavedKeys({&view, 1}, columns, nullptr);
    };
    EXPECT_TRUE(decode(key).has_value());
    EXPECT_FALSE(decode(key + "x").has_value());
    for (size_t size = 0; size < key.size(); ++size) EXPECT_FALSE(decode(key.substr(0, size)).has_value());
    for (size_t i = 0; i < key.size(); ++i) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string damaged = key;
        damaged[i] = static_cast<char>(byte);
        (void)decode(damaged);
      }
    }
  }
}

// The form of keys is kept for good.
TEST(TableRecordsTest, GoldenKeys) {
  const std::vector<DataType> types = {DataType::Int(), DataType::String(),
                                       DataType::Array(DataType::String())};
  SavedKeys keys;
  keys.Encode(KeyColumns(types, {5, 11}), 2);
  using namespace std::string_literals;
  EXPECT_EQ(keys[0], "\0\5\0\0\0\x13\0\0\0xxxxxxxxxxxxxxxxxx5\x0c\0\0\0\1\2\0\0\0\1\1\0\0\0005\0"s);
  EXPECT_EQ(keys[1], "\7"s);
}

}  // namespace
}  // namespace millrace::state
