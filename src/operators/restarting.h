// For tests of operators: Restarting runs an operator on several shards that are saved and made anew from
// what was saved, at random points, on changing numbers of shards.
//
// It is an Operator itself, so that a test which works with one works with it: what comes out must not
// differ, but for the order of rows of different shards.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "operators/operator.h"
#include "state/state_reader.h"

namespace millrace::operators::testing {

// How a test runs its operator.
enum class Life : uint8_t {
  kStraight,   // one instance
  kRestarted,  // one shard, made anew again and again
  kRescaled,   // likewise, on 1, 2, 4 or other numbers of shards
};
inline const char* LifeName(Life life) {
  return life == Life::kStraight ? "straight" : life == Life::kRestarted ? "restarted" : "rescaled";
}
inline constexpr Life kLives[] = {Life::kStraight, Life::kRestarted, Life::kRescaled};

using OperatorMaker = std::function<std::unique_ptr<Operator>(OperatorContext)>;

class Restarting final : public Operator {
 public:
  // context.spread_columns says how rows find their shard; none: it stays one shard.
  Restarting(OperatorContext context, OperatorMaker make, Life life, uint64_t seed)
      : Operator(std::move(context)), make_(std::move(make)), life_(life), seed_(HashInt(seed + 1)) {
    context_.is_durable = true;
    Start(1);
  }

  Status OnBatch(int input, data::Batch batch) override {
    for (const auto& shard : shards_) shard->op->SetNow(context_.eval.now_micros);
    if (shards_.size() == 1) {
      MR_TRY(shards_[0]->op->OnBatch(input, std::move(batch)));
      return MayRestart();
    }
    std::vector<uint64_t> hashes;
    data::HashRows(batch, context_.spread_columns, &hashes);
    for (size_t shard = 0; shard < shards_.size(); ++shard) {
      std::vector<uint32_t> rows;
      for (size_t row = 0; row < batch.rows; ++row) {
        if (ShardOf(hashes[row], shards_.size()) == shard) rows.push_back(static_cast<uint32_t>(row));
      }
      if (!rows.empty()) MR_TRY(shards_[shard]->op->OnBatch(input, data::Gather(batch, rows)));
    }
    return MayRestart();
  }
  Status OnWatermark(int64_t watermark) override {
    for (const auto& shard : shards_) {
      shard->op->SetNow(context_.eval.now_micros);
      MR_TRY(shard->op->OnWatermark(watermark));
    }
    MR_TRY(PassOn());
    return MayRestart();
  }
  Status OnInputWatermark(int input, int64_t watermark) override {
    for (const auto& shard : shards_) MR_TRY(shard->op->OnInputWatermark(input, watermark));
    MR_TRY(PassOn());
    return MayRestart();
  }
  Status OnEpoch(int64_t now_micros) override {
    for (const auto& shard : shards_) {
      shard->op->SetNow(context_.eval.now_micros);
      MR_TRY(shard->op->OnEpoch(now_micros));
    }
    return MayRestart();
  }
  bool IsDone() const override { return shards_[0]->op->IsDone(); }
  size_t StateEntries() const override {
    size_t entries = 0;
    for (const auto& shard : shards_) entries += shard->op->StateEntries();
    return entries;
  }

 private:
  // Takes the rows of one shard on, and keeps its watermarks back.
  struct Shard final : Output {
    Status OnBatch(data::Batch batch) override { return output->OnBatch(std::move(batch)); }
    Status OnWatermark(int64_t w) override {
      watermark = w;
      return {};
    }
    Output* output = nullptr;
    int64_t watermark = data::kMinWatermark;
    std::unique_ptr<Operator> op;
  };

  uint64_t Below(uint64_t bound) { return (seed_ = HashInt(seed_ + 1)) % bound; }

  void Start(size_t shards) {
    shards_.clear();
    for (size_t i = 0; i < shards; ++i) {
      auto shard = std::make_unique<Shard>();
      shard->output = context_.output;
      OperatorContext own = context_;
      own.shard = static_cast<int>(i);
      own.output = shard.get();
      shard->op = make_(std::move(own));
      shards_.push_back(std::move(shard));
    }
  }

  // Watermarks of the shards, which are all the same, go on once.
  Status PassOn() {
    const int64_t watermark = shards_[0]->watermark;
    for (const auto& shard : shards_) EXPECT_EQ(shard->watermark, watermark);
    if (watermark <= passed_on_) return {};
    passed_on_ = watermark;
    return output().OnWatermark(watermark);
  }

  // Saves, or saves and starts anew, now and then.
  Status MayRestart() {
    MR_TRY(PassOn());
    if (life_ == Life::kStraight) return {};
    // Ever less often, so that a long stream costs little more than a short one.
    const uint64_t chance = Below(8 + calls_++ / 8);
    if (chance > 3) return {};
    std::vector<state::StateBuffer> buffers;
    for (size_t i = 0; i < shards_.size(); ++i) {
      state::StateWriter writer(static_cast<uint32_t>(i), static_cast<uint32_t>(shards_.size()));
      shards_[i]->op->Save(writer);
      buffers.push_back(writer.Take());
    }
    layers_.Add(std::move(buffers));
    if (chance > 1) return {};
    const bool is_spread = life_ == Life::kRescaled && !context_.spread_columns.empty();
    constexpr size_t kShards[] = {1, 2, 4, 1, 3};
    Start(is_spread ? kShards[Below(std::size(kShards))] : 1);
    for (size_t i = 0; i < shards_.size(); ++i) {
      layers_.Rewind();
      state::StateReader reader(&layers_, static_cast<uint32_t>(i), static_cast<uint32_t>(shards_.size()));
      const Status status = shards_[i]->op->Restore(reader);
      EXPECT_TRUE(status.has_value()) << status.error().ToString();
      shards_[i]->op->SetNow(context_.eval.now_micros);
      shards_[i]->watermark = passed_on_;
    }
    Merge();
    return {};
  }

  // Makes one layer of all, as a checkpoint's files are merged, so that the next restart reads what is alive.
  void Merge() {
    layers_.Rewind();
    state::StateReader reader(&layers_);
    state::StateWriter records;
    state::StateChunk chunk;
    for (;;) {
      const Result<bool> more = reader.Next(&chunk);
      ASSERT_TRUE(more.has_value()) << more.error().ToString();
      if (!*more) break;
      for (size_t i = 0; i < chunk.size(); ++i) {
        records.Put(chunk.space, chunk.hashes[i], chunk.keys[i], chunk.values[i]);
      }
    }
    std::vector<state::StateBuffer> buffers;
    buffers.push_back(records.Take());
    for (const state::StateReader::Shared& shared : reader.shared()) {
      state::StateWriter writer(shared.shard, shared.shards);
      writer.PutShared(shared.name, shared.value);
      buffers.push_back(writer.Take());
    }
    layers_ = {};
    layers_.Add(std::move(buffers));
  }

  OperatorMaker make_;
  Life life_;
  uint64_t seed_;
  std::vector<std::unique_ptr<Shard>> shards_;
  state::StateLayers layers_;
  uint64_t calls_ = 0;
  int64_t passed_on_ = data::kMinWatermark;
};

}  // namespace millrace::operators::testing
