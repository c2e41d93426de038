#include "state/key_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <random>
#include <string>

#include "base/hash.h"
#include "data/batch.h"

namespace millrace::state {
namespace {

using data::Column;
using data::ColumnPtr;
using data::DataType;
using data::MutableColumnPtr;
using data::Value;

using Random = std::mt19937_64;

std::string RandomText(Random& random, int domain) {
  const auto n = random() % static_cast<uint64_t>(domain);
  // Lengths on both sides of what a StringRef holds inside itself, with common prefixes.
  return std::string(n % 5 * 7, 'x') + std::to_string(n);
}

Value RandomValue(const DataType& type, Random& random, int domain) {
  if (random() % 10 == 0) return Value::Null();
  const auto n = static_cast<int64_t>(random() % static_cast<uint64_t>(domain)) - domain / 2;
  switch (type.kind()) {
    case data::TypeKind::kBoolean:
      return Value::Bool(n % 2 == 0);
    case data::TypeKind::kTinyInt:
      return Value::Int(n % 128);
    case data::TypeKind::kDecimal:
      return Value::Decimal(static_cast<data::Int128>(n) * 1'000'000'000'000 * 1'000'000'000'000);
    case data::TypeKind::kFloat:
    case data::TypeKind::kDouble: {
      const double specials[] = {0.0, -0.0, std::nan("1"), -std::nan("7"), 1.5};
      return Value::Double(n % 2 == 0 ? specials[random() % 5] : static_cast<double>(n) / 4);
    }
    case data::TypeKind::kVarchar:
    case data::TypeKind::kVarbinary:
      return Value::String(RandomText(random, domain));
    case data::TypeKind::kArray: {
      Value::List items;
      for (uint64_t i = random() % 3; i > 0; --i) {
        items.push_back(RandomValue(type.element(), random, domain / 8 + 1));
      }
      return Value::MakeList(std::move(items));
    }
    case data::TypeKind::kRow: {
      Value::List items;
      for (const auto& field : type.fields())
        items.push_back(RandomValue(field.type, random, domain / 4 + 1));
      return Value::MakeList(std::move(items));
    }
    default:
      return Value::Int(n * (n % 3 == 0 ? 1 : 100'003) % std::numeric_limits<int16_t>::max());
  }
}

// A random life of a table beside a std::map from the encoded key.
void CheckAgainstMap(const std::vector<DataType>& types, uint64_t seed, int domain) {
  Random random(seed);
  KeyTable table({types, /*payload_bytes=*/24, /*track_access=*/seed % 2 == 0});
  std::map<std::string, uint64_t> expected;  // key -> the number kept in the payload
  uint64_t next_number = 1;
  std::vector<EntryId> ids;
  std::vector<uint32_t> inserted;
  std::vector<uint64_t> hashes;
  for (int round = 0; round < 60; ++round) {
    const size_t rows = random() % 900;
    data::Batch batch;
    batch.rows = rows;
    std::vector<int> indexes;
    for (const DataType& type : types) {
      indexes.push_back(static_cast<int>(indexes.size()));
      if (!type.IsNested() && random() % 6 == 0) {
        batch.columns.push_back(Column::Constant(type, RandomValue(type, random, domain), rows));
        continue;
      }
      auto column = Column::Make(type);
      for (size_t i = 0; i < rows; ++i) column->AppendValue(RandomValue(type, random, domain));
      batch.columns.push_back(column);
    }
    data::HashRows(batch, indexes, &hashes);
    std::vector<std::string> keys(rows);
    for (size_t i = 0; i < rows; ++i) data::EncodeKey(batch.columns, i, &keys[i]);

    ids.assign(rows, 0);
    if (random() % 3 == 0) {
      table.Find(batch.columns, hashes, rows, ids.data());
      for (size_t i = 0; i < rows; ++i) {
        const auto it = expected.find(keys[i]);
        ASSERT_EQ(ids[i] != kNoEntry, it != expected.end());
        if (it == expected.end()) continue;
        uint64_t number;
        std::memcpy(&number, table.payload(ids[i]), 8);
        ASSERT_EQ(number, it->second);
      }
      continue;
    }
    table.FindOrInsert(batch.columns, hashes, rows, ids.data(), &inserted);
    ASSERT_TRUE(std::is_sorted(inserted.begin(), inserted.end()));
    for (uint32_t row : inserted) {
      std::byte* payload = table.payload(ids[row]);
      ASSERT_EQ(reinterpret_cast<uintptr_t>(payload) % 16, 0u);
      for (int b = 0; b < 24; ++b) ASSERT_EQ(payload[b], std::byte{0});
      if (table.options().track_access) {
        ASSERT_EQ(table.last_access(ids[row]), 0);
        table.SetLastAccess(ids[row], static_cast<int64_t>(next_number));
      }
      std::memcpy(payload, &next_number, 8);
      ASSERT_TRUE(expected.emplace(keys[row], next_number).second);
      ++next_number;
    }
    ASSERT_EQ(table.size(), expected.size());
    for (size_t i = 0; i < rows; ++i) {
      uint64_t number;
      std::memcpy(&number, table.payload(ids[i]), 8);
      ASSERT_EQ(number, expected.at(keys[i]));
    }
    if (random() % 2 != 0) continue;
    // Erase some while iterating; keys come back as columns.
    const uint64_t share = random() % 4;
    size_t seen = 0;
    table.ForEach([&](EntryId id) {
      ++seen;
      std::vector<MutableColumnPtr> columns;
      std::vector<ColumnPtr> read;
      for (const DataType& type : types) {
        columns.push_back(Column::Make(type));
        read.push_back(columns.back());
      }
      table.AppendKey(id, columns);
      std::string key;
      data::EncodeKey(read, 0, &key);
      uint64_t number;
      std::memcpy(&number, table.payload(id), 8);
      ASSERT_EQ(expected.at(key), number);
      if (table.options().track_access) {
        ASSERT_EQ(table.last_access(id), static_cast<int64_t>(number));
      }
      if (random() % 4 < share) {
        table.Erase(id);
        ASSERT_FALSE(table.IsLive(id));
        expected.erase(key);
      }
    });
    ASSERT_EQ(seen, expected.size() + (seen - table.size()));
    ASSERT_EQ(table.size(), expected.size());
  }
}

class KeyTableProperty : public ::testing::TestWithParam<std::vector<DataType>> {};

TEST_P(KeyTableProperty, EqualsMap) {
  const uint64_t seeds = GetParam().size() > 10 ? 1 : 6;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    CheckAgainstMap(GetParam(), seed, seed % 3 == 0 ? 20000 : 150);
    if (HasFatalFailure()) FAIL() << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Keys, KeyTableProperty,
    ::testing::Values(std::vector<DataType>{}, std::vector<DataType>{DataType::BigInt()},
                      std::vector<DataType>{DataType::Int()}, std::vector<DataType>{DataType::TinyInt()},
                      std::vector<DataType>{DataType::Boolean()}, std::vector<DataType>{DataType::Double()},
                      std::vector<DataType>{DataType::Float()}, std::vector<DataType>{DataType::String()},
                      std::vector<DataType>{DataType::Decimal(38, 2)},
                      std::vector<DataType>{DataType::Timestamp(3), DataType::String()},
                      std::vector<DataType>{DataType::Int(), DataType::Double(), DataType::BigInt()},
                      std::vector<DataType>{DataType::Decimal(30, 0), DataType::Bytes(), DataType::Date()},
                      std::vector<DataType>{DataType::Array(DataType::String())},
                      std::vector<DataType>{
                          DataType::Row({{"a", DataType::Int()}, {"b", DataType::String()}}),
                          DataType::Int()},
                      std::vector<DataType>(70, DataType::Boolean())));

void InsertRange(KeyTable& table, int64_t from, int64_t count, std::vector<EntryId>* ids) {
  auto column = Column::Make(DataType::BigInt());
  for (int64_t i = 0; i < count; ++i) column->Append<int64_t>(from + i);
  const ColumnPtr keys[] = {column};
  std::vector<uint64_t> hashes(static_cast<size_t>(count));
  data::HashColumn(*column, hashes, false);
  ids->resize(static_cast<size_t>(count));
  table.FindOrInsert(keys, hashes, static_cast<size_t>(count), ids->data(), nullptr);
}

TEST(KeyTable, GivesIdsOutDenselyAndAgain) {
  KeyTable table({{DataType::BigInt()}, 16});
  std::vector<EntryId> ids;
  InsertRange(table, 0, 5000, &ids);
  for (size_t i = 0; i < ids.size(); ++i) ASSERT_EQ(ids[i], i);
  for (EntryId id = 0; id < 5000; id += 2) table.Erase(id);
  InsertRange(table, 10000, 2500, &ids);
  EXPECT_EQ(table.size(), 5000u);
  EXPECT_EQ(table.id_limit(), 5000u);
}

TEST(KeyTable, AddressesNeverMove) {
  KeyTable table({{DataType::BigInt()}, 32});
  std::vector<EntryId> ids;
  InsertRange(table, 0, 1, &ids);
  const std::byte* first = table.payload(0);
  InsertRange(table, 1, 200000, &ids);
  EXPECT_EQ(table.payload(0), first);
}

TEST(KeyTable, MemoryStaysBoundedUnderChurn) {
  KeyTable table({{DataType::String()}, 16});
  size_t bytes_after_first = 0;
  std::vector<EntryId> ids(1000);
  std::vector<uint64_t> hashes(1000);
  for (int round = 0; round < 50; ++round) {
    auto column = Column::Make(DataType::String());
    for (int i = 0; i < 1000; ++i)
      column->AppendString("a key of some length " + std::to_string(round * 1000 + i));
    data::HashColumn(*column, hashes, false);
    const ColumnPtr keys[] = {column};
    table.FindOrInsert(keys, hashes, 1000, ids.data(), nullptr);
    if (round == 0) bytes_after_first = table.MemoryBytes();
    table.ForEach([&](EntryId id) { table.Erase(id); });
  }
  EXPECT_EQ(table.size(), 0u);
  EXPECT_LE(table.MemoryBytes(), bytes_after_first * 2);
  table.Clear();
  EXPECT_EQ(table.MemoryBytes(), 0u);
}

TEST(KeyTable, AppendsManyKeysAtOnce) {
  KeyTable table({{DataType::BigInt()}, 0});
  std::vector<EntryId> ids;
  InsertRange(table, 100, 1000, &ids);
  auto column = Column::Make(DataType::BigInt());
  const MutableColumnPtr columns[] = {column};
  table.AppendKeys(ids, columns);
  ASSERT_EQ(column->size(), 1000u);
  for (size_t i = 0; i < 1000; ++i) ASSERT_EQ(column->values<int64_t>()[i], static_cast<int64_t>(100 + i));
}

// Past some hundred thousand entries rows lie in memory that smaller slots have left, which was not zero.
TEST(KeyTableTest, NewPayloadsAreZeroHoweverTheTableGrew) {
  constexpr size_t kEntries = 1'200'000;
  constexpr size_t kWords = 3;
  KeyTable table({{DataType::BigInt()}, kWords * 8});
  std::vector<EntryId> ids(limits::kBatchRows);
  std::vector<uint64_t> hashes(limits::kBatchRows);
  std::vector<uint32_t> inserted;
  for (int round = 0; round < 2; ++round) {
    for (size_t from = 0; from < kEntries; from += ids.size()) {
      auto column = Column::Make(DataType::BigInt());
      for (size_t i = 0; i < ids.size(); ++i) column->Append(static_cast<int64_t>(from + i));
      const ColumnPtr key = column;
      data::HashColumn(*key, hashes, false);
      table.FindOrInsert({&key, 1}, hashes, ids.size(), ids.data(), &inserted);
      ASSERT_EQ(inserted.size(), ids.size());
      for (const EntryId id : ids) {
        auto* words = reinterpret_cast<uint64_t*>(table.payload(id));
        for (size_t w = 0; w < kWords; ++w) {
          ASSERT_EQ(words[w], 0u) << id;
          words[w] = ~uint64_t{0};
        }
      }
    }
    EXPECT_GE(table.MemoryBytes(), table.size() * (kWords + 1) * 8);
    table.Clear();
    EXPECT_EQ(table.size(), 0u);
  }
}

// The keys that an exchange gives to one shard lie as well spread as all of them.
TEST(KeyTable, KeysOfAShardAreNotCrowded) {
  for (const size_t shards : {1, 2, 3, 16}) {
    KeyTable table({.key_types = {DataType::BigInt()}, .payload_bytes = 8});
    std::vector<uint64_t> hash(1);
    EntryId id = 0;
    for (int64_t key = 0; table.size() < 20'000; ++key) {
      const ColumnPtr column = Column::Constant(DataType::BigInt(), Value::Int(key), 1);
      data::HashColumn(*column, hash, false);
      if (ShardOf(hash[0], shards) == shards - 1) table.FindOrInsert({&column, 1}, hash, 1, &id, nullptr);
    }
    EXPECT_LT(table.LongestRun(), 1'000u) << shards;
  }
}

// Memory of copies is kept for the next ones, unless there are none, or far fewer.
TEST(KeyTable, MemoryOfCopiesIsGivenBack) {
  KeyTable table({.key_types = {DataType::BigInt()}, .payload_bytes = 64, .track_changes = true});
  std::vector<EntryId> ids;
  const auto touch = [&](int64_t keys) {
    MutableColumnPtr column = Column::Make(DataType::BigInt());
    for (int64_t key = 0; key < keys; ++key) column->Append(key);
    std::vector<uint64_t> hashes(static_cast<size_t>(keys));
    data::HashColumn(*column, hashes, false);
    ids.resize(hashes.size());
    const ColumnPtr keys_column = column;
    table.FindOrInsert({&keys_column, 1}, hashes, hashes.size(), ids.data(), nullptr);
    table.Touch(ids);
  };
  touch(100'000);
  EXPECT_EQ(table.CopyChanged()->size(), 100'000u);
  const size_t with_spare = table.MemoryBytes();
  touch(90'000);
  const auto copies = table.CopyChanged();
  EXPECT_LT(table.MemoryBytes() + 100'000 * 64, with_spare) << "they are in the spare memory";
  touch(100);
  EXPECT_EQ(table.CopyChanged()->size(), 100u);
  EXPECT_EQ(table.CopyChanged(), nullptr);
  EXPECT_LT(table.MemoryBytes() + 100'000 * 64, with_spare);
  EXPECT_EQ(copies->size(), 90'000u);
}

}  // namespace
}  // namespace millrace::state
