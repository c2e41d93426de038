#include "state/state_reader.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/hash.h"
#include "base/limits.h"
#include "state/state_writer.h"

namespace millrace::state {
namespace {

using Records = std::map<std::pair<std::string, std::string>, std::string>;  // space and key: value

// What a reader gives; a key that comes twice is a failure.
Records ReadAll(StateReader* reader) {
  Records records;
  StateChunk chunk;
  while (true) {
    const auto more = reader->Next(&chunk);
    EXPECT_TRUE(more.has_value());
    if (!more.value_or(false)) return records;
    EXPECT_GT(chunk.size(), 0u);
    EXPECT_LE(chunk.size(), limits::kBatchRows);
    EXPECT_EQ(chunk.size(), chunk.values.size());
    EXPECT_EQ(chunk.size(), chunk.hashes.size());
    for (size_t i = 0; i < chunk.size(); ++i) {
      const auto key = std::pair(std::string(chunk.space), std::string(chunk.keys[i]));
      EXPECT_TRUE(records.emplace(key, chunk.values[i]).second) << key.first << " " << key.second;
    }
  }
}
Records ReadAll(StateLayers* layers, uint32_t shard = 0, uint32_t shards = 1) {
  layers->Rewind();
  StateReader reader(layers, shard, shards);
  return ReadAll(&reader);
}

void AddLayer(StateLayers* layers, StateWriter* writer) {
  std::vector<StateBuffer> buffers;
  buffers.push_back(writer->Take());
  layers->Add(std::move(buffers));
}

TEST(StateReaderTest, NothingWrittenIsNothingRead) {
  StateLayers layers;
  EXPECT_EQ(ReadAll(&layers), Records());
  StateWriter writer;
  AddLayer(&layers, &writer);
  EXPECT_EQ(ReadAll(&layers), Records());
}

TEST(StateReaderTest, TheNewestLayerCounts) {
  StateLayers layers;
  StateWriter writer;
  writer.Put("g", 1, "a", "1");
  writer.Put("g", 2, "b", "1");
  writer.Put("g", 3, "c", "1");
  writer.Put("h", 1, "a", "1");
  AddLayer(&layers, &writer);
  writer.Remove("g", 3, "c");
  writer.Put("g", 1, "a", "2");
  AddLayer(&layers, &writer);
  writer.Put("g", 3, "c", "3");
  writer.Remove("g", 2, "b");
  AddLayer(&layers, &writer);
  EXPECT_EQ(ReadAll(&layers), (Records{{{"g", "a"}, "2"}, {{"g", "c"}, "3"}, {{"h", "a"}, "1"}}));
}

TEST(StateReaderTest, RemovalsTouchOlderLayersOnly) {
  StateLayers layers;
  StateWriter writer;
  writer.Put("g", 1, "a", "1");
  AddLayer(&layers, &writer);
  writer.DropSpace("g");
  writer.Remove("g", 1, "a");
  writer.Put("g", 1, "a", "2");
  AddLayer(&layers, &writer);
  EXPECT_EQ(ReadAll(&layers), (Records{{{"g", "a"}, "2"}}));
}

TEST(StateReaderTest, ADroppedSpaceIsGoneAsFarAsItIsOfTheShard) {
  StateLayers layers;
  StateWriter writer;
  for (uint64_t hash = 0; hash < 100; ++hash) writer.Put("w", hash, std::to_string(hash), "1");
  writer.Put("v", 1, "a", "1");
  AddLayer(&layers, &writer);
  StateWriter of_shard(1, 4);
  of_shard.DropSpace("w");
  AddLayer(&layers, &of_shard);
  const Records records = ReadAll(&layers);
  size_t left = 1;
  for (uint64_t hash = 0; hash < 100; ++hash) left += ShardOf(hash, 4) == 1 ? 0 : 1;
  EXPECT_EQ(records.size(), left);
  EXPECT_LT(left, 101u);
  for (const auto& [key, value] : records) {
    EXPECT_TRUE(key.first == "v" || ShardOf(std::stoull(key.second), 4) != 1);
  }
}

TEST(StateReaderTest, EachShardGetsItsOwn) {
  StateLayers layers;
  StateWriter writer;
  for (uint64_t i = 0; i < 5000; ++i) writer.Put("g", HashInt(i), std::to_string(i), "1");
  AddLayer(&layers, &writer);
  Records all;
  for (uint32_t shard = 0; shard < 3; ++shard) {
    for (const auto& [key, value] : ReadAll(&layers, shard, 3)) {
      EXPECT_EQ(ShardOf(HashInt(std::stoull(key.second)), 3), shard);
      EXPECT_TRUE(all.emplace(key, value).second);
    }
  }
  EXPECT_EQ(all.size(), 5000u);
}

TEST(StateReaderTest, SharedValuesAreThoseOfTheNewestNumberOfShards) {
  StateLayers layers;
  for (int checkpoint = 0; checkpoint < 3; ++checkpoint) {
    std::vector<StateBuffer> buffers;
    const uint32_t shards = checkpoint == 1 ? 4 : 2;
    for (uint32_t shard = 0; shard < shards; ++shard) {
      StateWriter writer(shard, shards);
      if (checkpoint == 2 && shard == 1) writer.PutShared("late", "x");
      if (checkpoint < 2 || shard == 0)
        writer.PutShared("n", std::to_string(checkpoint * 10 + static_cast<int>(shard)));
      buffers.push_back(writer.Take());
    }
    layers.Add(std::move(buffers));
  }
  StateReader reader(&layers, 2, 3);
  EXPECT_EQ(ReadAll(&reader), Records());
  // Shard 1 of 2 wrote before there were four: its value is void.
  EXPECT_EQ(reader.shared("n"), (std::vector<std::string_view>{"20"}));
  EXPECT_EQ(reader.shared("late"), (std::vector<std::string_view>{"x"}));
  EXPECT_EQ(reader.shared("unknown"), std::vector<std::string_view>());
  ASSERT_EQ(reader.shared().size(), 2u);
  EXPECT_EQ(reader.shared()[0].name, "late");
  EXPECT_EQ(reader.shared()[0].shard, 1u);
  EXPECT_EQ(reader.shared()[0].shards, 2u);
}

TEST(StateReaderTest, SharedValuesOfSeveralShardsAndLayers) {
  StateLayers layers;
  StateWriter first(0, 2);
  first.PutShared("n", "a");
  AddLayer(&layers, &first);
  StateWriter second(1, 2);
  second.PutShared("n", "b");
  AddLayer(&layers, &second);
  first.PutShared("n", "c");
  AddLayer(&layers, &first);
  StateReader reader(&layers);
  ReadAll(&reader);
  EXPECT_EQ(reader.shared("n"), (std::vector<std::string_view>{"c", "b"}));
}

TEST(StateReaderTest, DamageIsAnError) {
  StateLayers layers;
  StateWriter writer;
  writer.Put("g", 1, "a", "1");
  std::vector<StateBuffer> buffers;
  buffers.push_back(writer.Take());
  *buffers[0].Extend(1) = 99;
  layers.Add(std::move(buffers));
  StateReader reader(&layers);
  StateChunk chunk;
  const auto more = reader.Next(&chunk);
  ASSERT_FALSE(more.has_value());
  EXPECT_EQ(more.error().code(), ErrorCode::kDataCorrupted);
}

// Random histories over changing numbers of shards, against a map to which every record is applied in order.
TEST(StateReaderTest, EqualsTheRecordsAppliedInOrder) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    uint64_t state = HashInt(seed);
    const auto below = [&state](uint64_t bound) { return (state = HashInt(state + 1)) % bound; };
    StateLayers layers;
    Records expected;
    const uint64_t checkpoints = 1 + below(6);
    for (uint64_t checkpoint = 0; checkpoint < checkpoints; ++checkpoint) {
      const auto shards = static_cast<uint32_t>(1 + below(4));
      std::vector<StateBuffer> buffers;
      for (uint32_t shard = 0; shard < shards; ++shard) {
        StateWriter writer(shard, shards);
        for (int space = 0; space < 3; ++space) {
          const std::string name = "space " + std::to_string(space);
          const bool drops = below(4) == 0;
          if (drops) writer.DropSpace(name);
          std::map<uint64_t, std::string> puts;
          for (uint64_t key = 0; key < 60; ++key) {
            const std::string text = "key " + std::to_string(key);
            if (ShardOf(HashInt(key), shards) != shard) continue;
            if (drops) expected.erase({name, text});
            if (below(4) == 0) {
              writer.Remove(name, HashInt(key), text);
              expected.erase({name, text});
            }
            if (below(3) == 0) puts[key] = std::to_string(checkpoint);
          }
          for (const auto& [key, value] : puts) {
            writer.Put(name, HashInt(key), "key " + std::to_string(key), value);
            expected[{name, "key " + std::to_string(key)}] = value;
          }
        }
        buffers.push_back(writer.Take());
      }
      layers.Add(std::move(buffers));
    }
    const auto shards = static_cast<uint32_t>(1 + below(4));
    Records got;
    for (uint32_t shard = 0; shard < shards; ++shard) got.merge(ReadAll(&layers, shard, shards));
    EXPECT_EQ(got, expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace millrace::state
