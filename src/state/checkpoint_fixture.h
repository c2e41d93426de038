// For tests: random checkpoints, and a model of what must be in force after each.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "env/random.h"
#include "state/checkpoint_store.h"
#include "state/state_writer.h"

namespace millrace::state {

// What is in force, or what one must hold once a checkpoint is.
struct CheckpointModel {
  struct Entry {
    uint64_t hash = 0;
    std::string value;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  struct Shared {
    uint32_t shards = 1;
    std::map<uint32_t, std::string> values;  // by shard
    friend bool operator==(const Shared&, const Shared&) = default;
  };
  struct Chapter {
    std::map<std::pair<std::string, std::string>, Entry> entries;  // by space and key
    std::map<std::string, Shared> shared;                          // by name
    bool IsEmpty() const { return entries.empty() && shared.empty(); }
    friend bool operator==(const Chapter&, const Chapter&) = default;
  };

  uint64_t number = 0;
  std::map<std::string, Chapter> chapters;
  std::map<std::string, std::string> metadata;
  friend bool operator==(const CheckpointModel&, const CheckpointModel&) = default;
};

// The keys of "even" all hash to nothing, as those of a global aggregate do.
inline uint64_t HashOfKey(const std::string& chapter, const std::string& key) {
  return chapter == "even" ? 0 : HashBytes(key);
}

// What the owners write for one checkpoint.
struct CheckpointPlan {
  struct Buffer {
    std::string chapter;
    StateBuffer records;
  };
  std::vector<Buffer> buffers;
  std::vector<std::string> dropped;
  CommitBatch metadata;
  CheckpointModel after;
};

// Draws a checkpoint that follows `before`, by owners on `shards` shards.
class CheckpointDrawer {
 public:
  explicit CheckpointDrawer(env::Random& random, uint64_t keys = 60) : random_(random), keys_(keys) {}

  CheckpointPlan Draw(const CheckpointModel& before, uint32_t shards) {
    CheckpointPlan plan;
    plan.after = before;
    plan.after.number += 1 + random_.Below(3);
    for (const char* chapter : {"job 1/count", "job 1/rank", "even", "late"}) {
      if (random_.Chance(0.05)) {
        plan.dropped.push_back(chapter);
        plan.after.chapters.erase(chapter);
      }
      if (random_.Chance(0.7)) DrawChapter(chapter, shards, &plan);
    }
    std::erase_if(plan.after.chapters, [](const auto& chapter) { return chapter.second.IsEmpty(); });
    for (uint64_t i = random_.Below(4); i > 0; --i) {
      const std::string key = "k" + std::to_string(random_.Below(6));
      if (random_.Chance(0.3)) {
        plan.metadata.Delete(key);
        plan.after.metadata.erase(key);
      } else {
        plan.metadata.Put(key, std::to_string(plan.after.number));
        plan.after.metadata[key] = std::to_string(plan.after.number);
      }
    }
    return plan;
  }

 private:
  void DrawChapter(const std::string& name, uint32_t shards, CheckpointPlan* plan) {
    CheckpointModel::Chapter& chapter = plan->after.chapters[name];
    for (uint32_t shard = 0; shard < shards; ++shard) {
      StateWriter writer(shard, shards);
      DrawRemovals(name, &writer, &chapter);
      DrawPuts(name, &writer, &chapter);
      if (random_.Chance(0.3)) {
        const std::string shared = "watermark" + std::to_string(random_.Below(2));
        const std::string value = std::to_string(random_.Below(1000));
        writer.PutShared(shared, value);
        CheckpointModel::Shared& known = chapter.shared[shared];
        if (known.shards != shards) known = {.shards = shards, .values = {}};
        known.values[shard] = value;
      }
      plan->buffers.push_back({name, writer.Take()});
    }
  }

  void DrawRemovals(const std::string& name, StateWriter* writer, CheckpointModel::Chapter* chapter) {
    for (uint64_t i = random_.Chance(0.2) ? 1 : 0; i > 0; --i) {
      const std::string space = Space();
      writer->DropSpace(space);
      std::erase_if(chapter->entries, [&](const auto& entry) {
        return entry.first.first == space && ShardOf(entry.second.hash, writer->shards()) == writer->shard();
      });
    }
    for (uint64_t i = random_.Below(10); i > 0; --i) {
      const auto [space, key] = Key();
      if (!IsOwn(name, key, *writer)) continue;
      writer->Remove(space, HashOfKey(name, key), key);
      chapter->entries.erase({space, key});
    }
  }

  void DrawPuts(const std::string& name, StateWriter* writer, CheckpointModel::Chapter* chapter) {
    std::set<std::pair<std::string, std::string>> done;
    for (uint64_t i = random_.Below(random_.Chance(0.1) ? 200 : 15); i > 0; --i) {
      const auto place = Key();
      const auto& [space, key] = place;
      if (!IsOwn(name, key, *writer) || !done.insert(place).second) continue;
      const std::string value(random_.Below(random_.Chance(0.02) ? 2000 : 30),
                              static_cast<char>('a' + random_.Below(26)));
      writer->Put(space, HashOfKey(name, key), key, value);
      chapter->entries[place] = {HashOfKey(name, key), value};
    }
  }

  bool IsOwn(const std::string& chapter, const std::string& key, const StateWriter& writer) {
    return ShardOf(HashOfKey(chapter, key), writer.shards()) == writer.shard();
  }
  std::string Space() { return random_.Chance(0.1) ? "" : "w" + std::to_string(random_.Below(5)); }
  std::pair<std::string, std::string> Key() {
    return {Space(), random_.Chance(0.02) ? "" : "key" + std::to_string(random_.Below(keys_))};
  }

  env::Random& random_;
  const uint64_t keys_;
};

// Hands the plan to a builder and asks for its commit.
inline void Submit(CheckpointPlan& plan, CheckpointBuilder& builder, std::function<void(Status)> done) {
  for (const std::string& chapter : plan.dropped) builder.DropChapter(chapter);
  for (auto& buffer : plan.buffers) builder.Add(buffer.chapter, std::move(buffer.records));
  builder.Commit(std::move(plan.metadata), std::move(done));
}

// What the store holds, read back by owners on `shards` shards. An error if any of it cannot be read.
inline Result<CheckpointModel> ReadBack(CheckpointStore& store, uint32_t shards) {
  CheckpointModel model;
  model.number = store.number();
  for (const std::string& name : store.Chapters()) {
    CheckpointModel::Chapter chapter;
    for (uint32_t shard = 0; shard < shards; ++shard) {
      const auto source = store.ReadChapter(name, shard, shards);
      StateReader reader(source.get(), shard, shards);
      StateChunk chunk;
      while (true) {
        MR_ASSIGN(const bool has_chunk, reader.Next(&chunk));
        if (!has_chunk) break;
        for (size_t i = 0; i < chunk.size(); ++i) {
          const bool is_new =
              chapter.entries
                  .emplace(std::pair(std::string(chunk.space), std::string(chunk.keys[i])),
                           CheckpointModel::Entry{chunk.hashes[i], std::string(chunk.values[i])})
                  .second;
          EXPECT_TRUE(is_new) << "given twice: " << chunk.space << "/" << chunk.keys[i];
        }
      }
      chapter.shared.clear();
      for (const auto& value : reader.shared()) {
        chapter.shared[value.name].shards = value.shards;
        chapter.shared[value.name].values[value.shard] = value.value;
      }
    }
    if (!chapter.IsEmpty()) model.chapters[name] = std::move(chapter);
  }
  MR_TRY(store.ScanMetadata("", [&](std::string_view key, std::string_view value) {
    model.metadata[std::string(key)] = std::string(value);
    return true;
  }));
  return model;
}

}  // namespace millrace::state
