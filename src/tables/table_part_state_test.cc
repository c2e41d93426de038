// Parts that are saved and restored: random changes against a plain model, across numbers of parts.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "base/hash.h"
#include "data/batch_codec.h"
#include "state/state_record.h"
#include "tables/table_state_fixture.h"

namespace millrace::tables {
namespace {

struct ModelRow {
  int key;
  int content;
  friend auto operator<=>(const ModelRow&, const ModelRow&) = default;
};
using ModelPart = std::vector<ModelRow>;  // in order for append parts, sorted otherwise

class Model {
 public:
  Model(TableMode mode, std::vector<int> spread, unsigned seed)
      : table_(TestSchema(), mode, mode == TableMode::kKeyed ? std::vector<int>{0, 1, 2} : std::vector<int>{},
               std::move(spread)),
        random_(seed) {
    now_.resize(1);
    saved_ = now_;
    before_ = now_;
  }

  void Run(int steps) {
    for (int step = 0; step < steps && !testing::Test::HasFatalFailure(); ++step) {
      SCOPED_TRACE(step);
      switch (random_() % 8) {
        case 0:
          Restart(now_.size());
          break;
        case 1:
          Restart(1 + random_() % 4);
          break;
        case 2:
        case 3:
          Save();
          break;
        default:
          Change();
      }
      Compare();
      if (random_() % 4 == 0) held_.push_back(table_.parts[0]->TakeSnapshot());
    }
  }

 private:
  size_t PartOf(const ModelRow& row) {
    if (table_.spread.empty()) return random_() % now_.size();
    std::vector<uint64_t> hashes;
    data::HashRows(BatchOf(*table_.schema, {RowOf(row.key, row.content)}), table_.spread, &hashes);
    return ShardOf(hashes[0], now_.size());
  }

  void Change() {
    const size_t count = random_() % 10 == 0 ? 3000 : random_() % 40;
    std::vector<std::vector<Value::List>> rows(now_.size());
    std::vector<std::vector<RowKind>> kinds(now_.size());
    for (size_t i = 0; i < count; ++i) {
      switch (table_.mode) {
        case TableMode::kAppend:
          AddRow(rows, kinds, {static_cast<int>(next_++), static_cast<int>(random_() % 50)});
          break;
        case TableMode::kKeyed:
          ChangeKey(rows, kinds);
          break;
        case TableMode::kMultiset:
          random_() % 2 == 0
              ? TakeRow(rows, kinds)
              : AddRow(rows, kinds, {static_cast<int>(random_() % 30), static_cast<int>(random_() % 12)});
      }
    }
    for (size_t part = 0; part < now_.size(); ++part) {
      for (size_t begin = 0; begin < rows[part].size(); begin += limits::kBatchRows) {
        const size_t end = std::min(begin + limits::kBatchRows, rows[part].size());
        const auto from = static_cast<std::ptrdiff_t>(begin);
        const auto to = static_cast<std::ptrdiff_t>(end);
        if (table_.mode == TableMode::kAppend) {
          table_.Apply(part, {rows[part].begin() + from, rows[part].begin() + to});
        } else {
          table_.Apply(part, {rows[part].begin() + from, rows[part].begin() + to},
                       {kinds[part].begin() + from, kinds[part].begin() + to});
        }
      }
    }
    if (table_.mode == TableMode::kAppend && table_.spread.empty() && random_() % 2 == 0) {
      const size_t part = random_() % now_.size();
      const size_t bytes = 10'000 << random_() % 10;
      const size_t gone = table_.parts[part]->KeepYoungest(1000 + random_() % 3000, bytes);
      now_[part].erase(now_[part].begin(), now_[part].begin() + static_cast<std::ptrdiff_t>(gone));
    }
  }

  void AddRow(std::vector<std::vector<Value::List>>& rows, std::vector<std::vector<RowKind>>& kinds,
              ModelRow row) {
    const size_t part = PartOf(row);
    now_[part].push_back(row);
    rows[part].push_back(RowOf(row.key, row.content));
    kinds[part].push_back(RowKind::kInsert);
  }

  void TakeRow(std::vector<std::vector<Value::List>>& rows, std::vector<std::vector<RowKind>>& kinds) {
    const size_t part = random_() % now_.size();
    if (now_[part].empty()) return;
    const size_t at = random_() % now_[part].size();
    rows[part].push_back(RowOf(now_[part][at].key, now_[part][at].content));
    kinds[part].push_back(RowKind::kDelete);
    now_[part].erase(now_[part].begin() + static_cast<std::ptrdiff_t>(at));
  }

  void ChangeKey(std::vector<std::vector<Value::List>>& rows, std::vector<std::vector<RowKind>>& kinds) {
    const ModelRow row{static_cast<int>(random_() % 4000), static_cast<int>(random_() % 50)};
    for (size_t part = 0; part < now_.size(); ++part) {
      const auto found = std::ranges::find(now_[part], row.key, &ModelRow::key);
      if (found == now_[part].end()) continue;
      if (random_() % 2 == 0) {
        rows[part].push_back(RowOf(row.key, found->content));
        kinds[part].push_back(RowKind::kDelete);
        now_[part].erase(found);
        return;
      }
      touched_.insert(row.key);
      rows[part].push_back(RowOf(row.key, found->content));
      kinds[part].push_back(RowKind::kUpdateBefore);
      rows[part].push_back(RowOf(row.key, row.content));
      kinds[part].push_back(RowKind::kUpdateAfter);
      found->content = row.content;
      return;
    }
    touched_.insert(row.key);
    AddRow(rows, kinds, row);
  }

  void Save() {
    std::vector<state::StateWriter> writers = table_.StartSave();
    const std::vector<ModelPart> now = now_;
    const std::set<int> touched = std::exchange(touched_, {});
    const bool has_moved = std::exchange(has_moved_, false);
    // What changes from here on is no part of it.
    const bool changes_meanwhile = random_() % 2 == 0;
    if (changes_meanwhile) Change();
    const Written written = table_.FinishSave(std::move(writers));
    if (!has_moved) Check(written, now, touched);
    saved_ = now;
    before_ = now;
    if (changes_meanwhile) return;
    const Written again = table_.Save();
    EXPECT_EQ(again.bytes, 0u) << "something is written although nothing has changed";
  }

  // The records that were written are those of what has changed, and no more.
  void Check(const Written& written, const std::vector<ModelPart>& parts, const std::set<int>& touched) {
    EXPECT_EQ(written.drops, 0u);
    if (table_.mode == TableMode::kAppend) return;
    size_t puts = 0;
    size_t removes = 0;
    for (size_t part = 0; part < parts.size(); ++part) {
      std::map<std::pair<int, int>, int> now;
      std::map<std::pair<int, int>, int> before;
      const bool is_keyed = table_.mode == TableMode::kKeyed;
      for (const ModelRow& row : parts[part]) ++now[{row.key, is_keyed ? 0 : row.content}];
      for (const ModelRow& row : before_[part]) ++before[{row.key, is_keyed ? 0 : row.content}];
      for (const auto& [row, count] : now) {
        puts += is_keyed ? touched.contains(row.first) : !before.contains(row) || before[row] != count;
      }
      for (const auto& [row, count] : before) removes += now.contains(row) ? 0 : 1;
    }
    EXPECT_EQ(written.puts, puts);
    EXPECT_EQ(written.removes, removes);
  }

  // As after a crash: what was not saved is lost.
  void Restart(size_t count) {
    const Status restored = table_.Restore(count);
    ASSERT_TRUE(restored.has_value()) << restored.error().ToString();
    has_moved_ = count != saved_.size() && table_.spread.empty();
    now_.assign(count, {});
    for (size_t part = 0; part < saved_.size(); ++part) {
      for (const ModelRow& row : saved_[part]) {
        now_[table_.spread.empty() ? part * count / saved_.size() : PartOf(row)].push_back(row);
      }
    }
    if (table_.mode == TableMode::kAppend && count != saved_.size()) TakeOrder();
    before_ = now_;
    touched_.clear();
  }

  // Rows of one part keep their order; how those of several lie is the parts' business.
  void TakeOrder() {
    std::map<std::string, std::pair<size_t, size_t>> places;
    std::map<std::string, ModelRow> rows;
    for (size_t part = 0; part < saved_.size(); ++part) {
      for (size_t i = 0; i < saved_[part].size(); ++i) {
        places[Bytes(saved_[part][i])] = {part, i};
        rows.emplace(Bytes(saved_[part][i]), saved_[part][i]);
      }
    }
    size_t count = 0;
    for (size_t part = 0; part < now_.size(); ++part) {
      const std::vector<std::string> actual = RowsOf(*table_.parts[part]);
      count += actual.size();
      if (!table_.spread.empty()) {
        std::multiset<std::string> expected;
        for (const ModelRow& row : now_[part]) expected.insert(Bytes(row));
        ASSERT_TRUE(std::multiset<std::string>(actual.begin(), actual.end()) == expected);
      }
      now_[part].clear();
      std::map<size_t, size_t> last;
      for (const std::string& row : actual) {
        ASSERT_TRUE(places.contains(row));
        const auto [from, at] = places.at(row);
        places.erase(row);  // each comes once
        const auto row_before = last.find(from);
        ASSERT_TRUE(row_before == last.end() || row_before->second < at);
        last[from] = at;
        now_[part].push_back(rows.at(row));
      }
    }
    ASSERT_EQ(count, rows.size());
  }

  const std::string& Bytes(const ModelRow& row) {
    std::string& bytes = bytes_[row];
    if (bytes.empty()) {
      data::EncodeKey(BatchOf(*table_.schema, {RowOf(row.key, row.content)}).columns, 0, &bytes);
    }
    return bytes;
  }

  void Compare() {
    for (size_t part = 0; part < now_.size(); ++part) {
      std::vector<std::string> expected;
      for (const ModelRow& row : now_[part]) expected.push_back(Bytes(row));
      std::vector<std::string> actual = RowsOf(*table_.parts[part]);
      if (table_.mode != TableMode::kAppend) {
        std::ranges::sort(expected);
        std::ranges::sort(actual);
      }
      ASSERT_EQ(actual.size(), expected.size()) << part;
      ASSERT_TRUE(actual == expected) << part;
    }
  }

  Table table_;
  std::mt19937 random_;
  std::vector<ModelPart> now_;
  std::vector<ModelPart> saved_;   // by the parts that saved it
  std::vector<ModelPart> before_;  // what is saved, by the parts that are there now
  std::set<int> touched_;          // keys that were set since
  bool has_moved_ = false;
  size_t next_ = 1;
  std::vector<PartSnapshotPtr> held_;
  std::map<ModelRow, std::string> bytes_;
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr unsigned kSeeds = 1;  // each step takes many times as long
#else
constexpr unsigned kSeeds = 4;
#endif

TEST(TablePartState, KeyedPartsComeBack) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Model(TableMode::kKeyed, {2, 0}, seed).Run(60);
    Model(TableMode::kKeyed, {}, seed).Run(60);
  }
}

TEST(TablePartState, MultisetsComeBack) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Model(TableMode::kMultiset, {1}, seed).Run(80);
    Model(TableMode::kMultiset, {}, seed).Run(80);
  }
}

TEST(TablePartState, AppendPartsComeBack) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Model(TableMode::kAppend, {1}, seed).Run(60);
    Model(TableMode::kAppend, {}, seed).Run(60);
  }
}

// --- What is written. ---

TEST(TablePartState, AFewChangesOfAManyRowsAreAFewRecords) {
  Table table(Numbers(), TableMode::kKeyed, {0}, {0});
  for (int i = 0; i < 100'000; i += 2000) table.Apply(0, NumberRows(i, i + 2000));
  EXPECT_EQ(table.Save().puts, 100'000u);
  std::vector<Value::List> changed;
  for (int i = 0; i < 1000; ++i) changed.push_back({Value::Int(i * 97), Value::Int(1)});
  table.Apply(0, changed, std::vector<RowKind>(changed.size(), RowKind::kUpdateAfter));
  table.Apply(0, NumberRows(1, 3), {RowKind::kDelete, RowKind::kDelete});
  // Comes and goes between two checkpoints.
  table.Apply(0, NumberRows(200'000, 200'001));
  table.Apply(0, NumberRows(200'000, 200'001), {RowKind::kDelete});
  const Written written = table.Save();
  EXPECT_EQ(written.puts, 1000u);
  EXPECT_EQ(written.removes, 2u);
}

TEST(TablePartState, ATableThatGrowsByARowACheckpointHasFewRecords) {
  Table table(Numbers(), TableMode::kAppend, {}, {});
  size_t bytes = 0;
  for (int i = 0; i < 4096; ++i) {
    table.Apply(0, NumberRows(i, i + 1));
    const Written written = table.Save();
    EXPECT_EQ(written.puts, 1u);
    bytes += written.bytes;
  }
  ASSERT_TRUE(table.Restore(1).has_value());
  EXPECT_EQ(table.parts[0]->rows(), 4096u);
  size_t records = 0;
  table.layers.Rewind();
  state::StateReader reader(&table.layers);
  state::StateChunk chunk;
  while (reader.Next(&chunk).value()) records += chunk.size();
  EXPECT_LE(records, 13u);
  // A row is written once for each doubling up to 2,048, at most: at 3 bytes a row, and 50 a record.
  EXPECT_LE(bytes, size_t{4096} * (12 * 3 + 60));
}

// The k of each row, in order.
std::vector<int64_t> NumbersOf(TablePart& part) {
  std::vector<int64_t> numbers;
  for (const ChunkPtr& chunk : part.TakeSnapshot()->chunks) {
    for (size_t i = 0; i < chunk->rows; ++i) numbers.push_back(chunk->columns[0]->GetValue(i).as_int());
  }
  return numbers;
}

std::vector<int64_t> NumbersFrom(int64_t begin, int64_t end) {
  std::vector<int64_t> numbers;
  for (int64_t i = begin; i < end; ++i) numbers.push_back(i);
  return numbers;
}

TEST(TablePartState, ARecordOfWhichSomeRowsAreGoneIsPutAgain) {
  Table table(Numbers(), TableMode::kAppend, {}, {});
  table.Apply(0, NumberRows(0, 500));
  table.Save();
  table.Apply(0, NumberRows(500, 2500));
  table.Apply(0, NumberRows(2500, 3500));
  EXPECT_EQ(table.Save().puts, 2u);  // rows 500 to 2547, and the rest
  EXPECT_EQ(table.parts[0]->KeepYoungest(2000, size_t{1} << 40), 2048u);
  const Written written = table.Save();
  EXPECT_EQ(written.puts, 1u);
  EXPECT_EQ(written.removes, 1u);
  ASSERT_TRUE(table.Restore(1).has_value());
  EXPECT_EQ(NumbersOf(*table.parts[0]), NumbersFrom(2048, 3500));
}

TEST(TablePartState, ACutRecordThatIsJoinedIsPutOnce) {
  Table table(Numbers(), TableMode::kAppend, {}, {});
  table.Apply(0, NumberRows(0, 10));
  table.Save();
  table.parts[0]->KeepYoungest(1000, 1);  // closes the chunk
  table.Apply(0, NumberRows(10, 20));
  EXPECT_EQ(table.Save().puts, 1u);
  EXPECT_EQ(table.parts[0]->KeepYoungest(10, size_t{1} << 40), 10u);
  table.Apply(0, NumberRows(20, 30));
  EXPECT_EQ(table.Save().puts, 1u);
  ASSERT_TRUE(table.Restore(1).has_value());
  EXPECT_EQ(NumbersOf(*table.parts[0]), NumbersFrom(10, 30));
}

TEST(TablePartState, ChangedRowsFromTheMiddleOfAChunkOn) {
  Table table(Numbers(), TableMode::kKeyed, {0}, {0});
  for (int i = 0; i < 6000; i += 2000) table.Apply(0, NumberRows(i, i + 2000));
  table.Save();
  for (int i = 1000; i < 5000; i += 2000) table.Apply(0, NumberRows(i, i + 2000, 1));
  EXPECT_EQ(table.Save().puts, 4000u);
  ASSERT_TRUE(table.Restore(1).has_value());
  for (const ChunkPtr& chunk : table.parts[0]->TakeSnapshot()->chunks) {
    for (size_t i = 0; i < chunk->rows; ++i) {
      const int64_t k = chunk->columns[0]->GetValue(i).as_int();
      ASSERT_EQ(chunk->columns[1]->GetValue(i).as_int(), k >= 1000 && k < 5000 ? 1 : 0) << k;
    }
  }
}

TEST(TablePartState, SpreadAppendPartsWriteOnlyNewRows) {
  Table table(Numbers(), TableMode::kAppend, {}, {0});
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 10; ++i) {
      table.Apply(0, NumberRows(round * 20'000 + i * 2000, round * 20'000 + i * 2000 + 2000));
    }
    EXPECT_LE(table.Save().puts, StretchCount());
  }
  table.Apply(0, NumberRows(-5, 0));
  EXPECT_LE(table.Save().puts, 5u);
  for (const size_t count : {1, 2, 3, 7, 64}) {
    ASSERT_TRUE(table.Restore(count).has_value()) << count;
    size_t rows = 0;
    for (const auto& part : table.parts) rows += part->rows();
    EXPECT_EQ(rows, 60'005u);
  }
}

TEST(TablePartState, FloatsThatAreAlikeAreOneKeyAndComeBackAsTheyWere) {
  const auto schema = std::make_shared<const data::Schema>(
      std::vector<data::Field>{{"x", DataType::Double()}, {"v", DataType::Int()}});
  Table table(schema, TableMode::kKeyed, {0}, {0});
  table.Apply(0, {{Value::Double(0.0), Value::Int(1)}});
  table.Save();
  table.Apply(0, {{Value::Double(-0.0), Value::Int(2)}}, {RowKind::kUpdateAfter});
  table.Save();
  ASSERT_TRUE(table.Restore(1).has_value());
  const PartSnapshotPtr snapshot = table.parts[0]->TakeSnapshot();
  ASSERT_EQ(snapshot->rows, 1u);
  EXPECT_TRUE(std::signbit(snapshot->chunks[0]->columns[0]->GetValue(0).as_double()));
  EXPECT_EQ(snapshot->chunks[0]->columns[1]->GetValue(0).as_int(), 2);
}

TEST(TablePartState, DeletionsByKeyAndTheIndexWorkBehindARestore) {
  Table table(Numbers(), TableMode::kKeyed, {0}, {0});
  for (int i = 0; i < 20'000; i += 2000) table.Apply(0, NumberRows(i, i + 2000, i));
  table.Save();
  ASSERT_TRUE(table.Restore(1).has_value());
  TablePart& part = *table.parts[0];
  const Snapshot snapshot{table.schema, {0}, {part.TakeSnapshot()}};
  for (const int k : {0, 4321, 19'999}) {
    const auto found = snapshot.Find({data::Column::Constant(DataType::BigInt(), Value::Int(k), 1)});
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->columns[1]->GetValue(0).as_int(), k / 2000 * 2000);
  }
  part.set_deletes_by_key(true);
  table.Apply(0, NumberRows(0, 2000, -1), std::vector<RowKind>(2000, RowKind::kDelete));
  EXPECT_EQ(part.rows(), 18'000u);
  EXPECT_EQ(snapshot.rows(), 20'000u);
  const Written written = table.Save();
  EXPECT_EQ(written.puts, 0u);
  EXPECT_EQ(written.removes, 2000u);
}

TEST(TablePartState, ManyIdenticalRowsAreOneRecord) {
  Table table(Numbers(), TableMode::kMultiset, {}, {0, 1});
  for (int i = 0; i < 3; ++i) table.Apply(0, std::vector<Value::List>(2000, {Value::Int(7), Value::Int(7)}));
  EXPECT_EQ(table.Save().puts, 1u);
  ASSERT_TRUE(table.Restore(2).has_value());
  EXPECT_EQ(table.parts[0]->rows() + table.parts[1]->rows(), 6000u);
  const size_t part = table.parts[0]->rows() == 0 ? 1 : 0;
  // Away and back again is no change.
  table.Apply(part, std::vector<Value::List>(2, {Value::Int(7), Value::Int(7)}),
              {RowKind::kDelete, RowKind::kInsert});
  EXPECT_EQ(table.Save().bytes, 0u);
  table.Apply(part, std::vector<Value::List>(2000, {Value::Int(7), Value::Int(7)}),
              std::vector<RowKind>(2000, RowKind::kDelete));
  EXPECT_EQ(table.Save().puts, 1u);
  ASSERT_TRUE(table.Restore(1).has_value());
  EXPECT_EQ(table.parts[0]->rows(), 4000u);
}

TEST(TablePartState, TrackingIsCountedAsMemory) {
  Table table(Numbers(), TableMode::kKeyed, {0}, {0});
  table.Apply(0, NumberRows(0, 2000));
  table.Save();
  const size_t before = table.parts[0]->MemoryBytes();
  table.Apply(0, NumberRows(0, 1999), std::vector<RowKind>(1999, RowKind::kDelete));
  EXPECT_GE(table.parts[0]->MemoryBytes(), before + 1999 * sizeof(int64_t));
}

// --- Places. ---

TEST(ShardPlaces, AStretchBelongsToOneShardOfHoweverMany) {
  ASSERT_EQ(StretchCount(), 1260u);
  for (size_t stretch = 0; stretch < StretchCount(); ++stretch) {
    const uint64_t first = FirstPlaceOfStretch(stretch);
    const uint64_t last = stretch + 1 < StretchCount() ? FirstPlaceOfStretch(stretch + 1) - 1 : ~uint64_t{0};
    ASSERT_EQ(StretchOf(first), stretch);
    ASSERT_EQ(StretchOf(last), stretch);
    ASSERT_EQ(PlaceOf(HashAtPlace(first)), first);
    for (size_t shards = 1; shards <= limits::kShardsMax; ++shards) {
      ASSERT_EQ(ShardOf(HashAtPlace(first), shards), ShardOf(HashAtPlace(last), shards)) << shards;
    }
  }
  for (uint32_t shards = 1; shards <= limits::kShardsMax; ++shards) {
    for (uint32_t shard = 0; shard < shards; ++shard) {
      const uint64_t first = FirstPlace(shard, shards);
      ASSERT_EQ(ShardOf(HashAtPlace(first), shards), shard);
      ASSERT_EQ(ShardOf(HashAtPlace(first - 1), shards), (shard + shards - 1) % shards);
    }
  }
}

}  // namespace
}  // namespace millrace::tables
