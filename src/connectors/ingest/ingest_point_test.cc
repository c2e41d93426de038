#include "connectors/ingest/ingest_point.h"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "base/limits.h"
#include "data/batch_builder.h"

namespace millrace::connectors {
namespace {

data::Schema TwoColumns() {
  data::Schema schema;
  schema.Add("id", data::DataType::BigInt());
  schema.Add("name", data::DataType::String());
  return schema;
}

// Rows first, first + 1, …
data::Batch Rows(int64_t first, size_t count) {
  data::BatchBuilder builder(TwoColumns());
  for (size_t i = 0; i < count; ++i) {
    builder.column(0).Append(first + static_cast<int64_t>(i));
    builder.column(1).AppendString("n");
    builder.FinishRow();
  }
  return builder.Build();
}

int64_t IdAt(const data::Batch& batch, size_t row, int column = 0) {
  return batch.columns[column]->values<int64_t>()[row];
}

bool Takes(IngestPoint::Reader& reader, data::Batch* batch) {
  const auto taken = reader.Take(batch);
  EXPECT_TRUE(taken) << taken.error().ToString();
  return taken.value_or(false);
}

TEST(IngestPointTest, RefusesRowsThatNobodyReads) {
  auto point = std::make_shared<IngestPoint>(TwoColumns(), std::make_shared<PushEpoch>());
  data::Batch batch = Rows(0, 3);
  EXPECT_EQ(point->TryPush(&batch, {}), IngestPoint::Push::kNobody);
  EXPECT_EQ(batch.rows, 3u) << "what is not taken stays with the writer";
  auto reader = point->AddReader({0, 1}, {});
  EXPECT_EQ(point->TryPush(&batch, {}), IngestPoint::Push::kTaken);
  reader.reset();
  batch = Rows(3, 1);
  EXPECT_EQ(point->TryPush(&batch, {}), IngestPoint::Push::kNobody);
  EXPECT_EQ(point->figures().rows, 3);
  EXPECT_EQ(point->figures().refused, 2);
}

TEST(IngestPointTest, EveryReaderGetsEveryRowInOrderOfItsOwnColumns) {
  auto point = std::make_shared<IngestPoint>(TwoColumns(), std::make_shared<PushEpoch>());
  int wakes = 0;
  auto both = point->AddReader({0, 1}, [&] { ++wakes; });
  auto name_first = point->AddReader({1, 0}, {});
  for (int64_t id = 0; id < 5; ++id) {
    data::Batch batch = Rows(id, 1);
    ASSERT_EQ(point->TryPush(&batch, {}), IngestPoint::Push::kTaken);
  }
  EXPECT_EQ(wakes, 1) << "only rows for an empty queue wake";
  data::Batch batch;
  ASSERT_TRUE(Takes(*both, &batch));
  ASSERT_EQ(batch.rows, 5u) << "small batches are merged";
  for (size_t row = 0; row < 5; ++row) EXPECT_EQ(IdAt(batch, row), static_cast<int64_t>(row));
  EXPECT_FALSE(Takes(*both, &batch));
  ASSERT_TRUE(Takes(*name_first, &batch));
  EXPECT_EQ(IdAt(batch, 4, 1), 4);
}

TEST(IngestPointTest, MergingKeepsKindsAndStopsAtFullBatches) {
  auto point = std::make_shared<IngestPoint>(TwoColumns(), std::make_shared<PushEpoch>());
  auto reader = point->AddReader({0, 1}, {});
  data::Batch deletion = Rows(7, 1);
  deletion.kinds = std::make_shared<const std::vector<data::RowKind>>(1, data::RowKind::kDelete);
  data::Batch insertion = Rows(1, 1);
  data::Batch large = Rows(100, limits::kIngestMergeRows);
  for (data::Batch* batch : {&insertion, &deletion, &large}) {
    ASSERT_EQ(point->TryPush(batch, {}), IngestPoint::Push::kTaken);
  }
  data::Batch batch;
  ASSERT_TRUE(Takes(*reader, &batch));
  ASSERT_EQ(batch.rows, 2u);
  EXPECT_EQ(batch.kind(0), data::RowKind::kInsert);
  EXPECT_EQ(batch.kind(1), data::RowKind::kDelete);
  ASSERT_TRUE(Takes(*reader, &batch));
  EXPECT_EQ(batch.rows, limits::kIngestMergeRows);
}

TEST(IngestPointTest, AFullReaderHoldsWritersUntilItHasDrainedToHalf) {
  auto point = std::make_shared<IngestPoint>(TwoColumns(), std::make_shared<PushEpoch>());
  auto slow = point->AddReader({0, 1}, {});
  auto fast = point->AddReader({0}, {});
  int wakes = 0;
  const auto wake = [&] { ++wakes; };
  size_t pushed = 0;
  data::Batch batch = Rows(0, limits::kBatchRows);
  data::Batch taken;
  while (point->TryPush(&batch, wake) == IngestPoint::Push::kTaken) {
    pushed += limits::kBatchRows;
    ASSERT_LE(pushed, limits::kIngestQueueRows) << "unbounded";
    ASSERT_TRUE(Takes(*fast, &taken));
    batch = Rows(static_cast<int64_t>(pushed), limits::kBatchRows);
  }
  EXPECT_EQ(pushed, limits::kIngestQueueRows);
  EXPECT_EQ(batch.rows, limits::kBatchRows);
  EXPECT_FALSE(Takes(*fast, &taken)) << "no reader gets rows that another has not";
  while (slow->pending_rows() > limits::kIngestQueueRows / 2) {
    EXPECT_EQ(wakes, 0);
    ASSERT_TRUE(Takes(*slow, &taken));
  }
  EXPECT_EQ(wakes, 1);
  ASSERT_TRUE(Takes(*slow, &taken));
  EXPECT_EQ(wakes, 1) << "a wake is called once";
  EXPECT_EQ(point->TryPush(&batch, wake), IngestPoint::Push::kTaken);
}

TEST(IngestPointTest, AReaderThatGoesAndADropFreeWaitingWriters) {
  auto point = std::make_shared<IngestPoint>(TwoColumns(), std::make_shared<PushEpoch>());
  auto reader = point->AddReader({0, 1}, {});
  data::Batch batch;
  do {
    batch = Rows(0, limits::kBatchRows);
  } while (point->TryPush(&batch, {}) == IngestPoint::Push::kTaken);
  int wakes = 0;
  EXPECT_EQ(point->TryPush(&batch, [&] { ++wakes; }), IngestPoint::Push::kFull);
  point->Drop();
  EXPECT_EQ(wakes, 1);
  EXPECT_TRUE(reader->dropped());
  EXPECT_FALSE(Takes(*reader, &batch)) << "what was not taken goes with the table";
  batch = Rows(0, 1);
  EXPECT_EQ(point->TryPush(&batch, {}), IngestPoint::Push::kDropped);

  auto other = std::make_shared<IngestPoint>(TwoColumns(), std::make_shared<PushEpoch>());
  auto leaving = other->AddReader({0, 1}, {});
  do {
    batch = Rows(0, limits::kBatchRows);
  } while (other->TryPush(&batch, {}) == IngestPoint::Push::kTaken);
  EXPECT_EQ(other->TryPush(&batch, [&] { ++wakes; }), IngestPoint::Push::kFull);
  leaving.reset();
  EXPECT_EQ(wakes, 2);
}

TEST(IngestPointTest, TheEndComesBehindTheRows) {
  auto point = std::make_shared<IngestPoint>(TwoColumns(), std::make_shared<PushEpoch>());
  auto reader = point->AddReader({0, 1}, {});
  data::Batch batch = Rows(0, 1);
  ASSERT_EQ(point->TryPush(&batch, {}), IngestPoint::Push::kTaken);
  point->End();
  EXPECT_FALSE(reader->ended());
  ASSERT_TRUE(Takes(*reader, &batch));
  EXPECT_TRUE(reader->ended());
  EXPECT_EQ(point->TryPush(&batch, {}), IngestPoint::Push::kEnded);
}

TEST(IngestPointTest, AReaderLeavesTheRowsOfALaterEpoch) {
  auto epoch = std::make_shared<PushEpoch>();
  auto point = std::make_shared<IngestPoint>(TwoColumns(), epoch);
  auto reader = point->AddReader({0, 1}, {});
  data::Batch batch = Rows(0, 1);
  ASSERT_EQ(point->TryPush(&batch, {}), IngestPoint::Push::kTaken);
  epoch->Started(1);
  batch = Rows(1, 1);
  ASSERT_EQ(point->TryPush(&batch, {}), IngestPoint::Push::kTaken);
  ASSERT_TRUE(Takes(*reader, &batch));
  EXPECT_EQ(batch.rows, 1u) << "not merged with rows of another epoch";
  EXPECT_FALSE(Takes(*reader, &batch));
  EXPECT_EQ(reader->pending_rows(), 1u);
  reader->TakeUpTo(2);
  ASSERT_TRUE(Takes(*reader, &batch));
  EXPECT_EQ(IdAt(batch, 0), 1);
}

TEST(IngestPointTest, AllPointsTakeTheirRowsInOneEpochOrNone) {
  auto epoch = std::make_shared<PushEpoch>();
  auto one = std::make_shared<IngestPoint>(TwoColumns(), epoch);
  auto other = std::make_shared<IngestPoint>(TwoColumns(), epoch);
  auto reader_of_one = one->AddReader({0, 1}, {});
  auto reader_of_other = other->AddReader({0, 1}, {});
  const auto parts = [&] {
    std::vector<IngestPoint::Part> made(2);
    made[0] = {other.get(), {Rows(0, limits::kBatchRows), Rows(2048, 5)}};
    made[1] = {one.get(), {Rows(7, 1)}};
    return made;
  };
  std::vector<IngestPoint::Part> first = parts();
  EXPECT_EQ(IngestPoint::PushAll(first), std::nullopt);
  EXPECT_EQ(reader_of_other->pending_rows(), limits::kBatchRows + 5);
  EXPECT_EQ(reader_of_one->pending_rows(), 1u);

  one->Drop();
  std::vector<IngestPoint::Part> second = parts();
  EXPECT_EQ(IngestPoint::PushAll(second), (IngestPoint::Refusal{1, IngestPoint::Push::kDropped}));
  EXPECT_EQ(reader_of_other->pending_rows(), limits::kBatchRows + 5);
}

TEST(IngestPointTest, WhoHasBeenToldThatThereIsRoomIsNotSentBack) {
  auto point = std::make_shared<IngestPoint>(TwoColumns(), std::make_shared<PushEpoch>());
  auto reader = point->AddReader({0, 1}, {});
  const auto fill = [&] {
    data::Batch batch;
    do {
      batch = Rows(0, limits::kBatchRows);
    } while (point->TryPush(&batch, {}) == IngestPoint::Push::kTaken);
  };
  fill();
  int wakes = 0;
  EXPECT_EQ(point->AwaitRoom([&] { ++wakes; }), IngestPoint::Push::kFull);
  data::Batch taken;
  while (Takes(*reader, &taken)) continue;
  EXPECT_EQ(wakes, 1);
  fill();  // others were faster
  std::vector<IngestPoint::Part> parts(1);
  parts[0] = {point.get(), {Rows(0, 3)}};
  EXPECT_EQ(IngestPoint::PushAll(parts), std::nullopt);
  EXPECT_EQ(reader->pending_rows(), limits::kIngestQueueRows + 3);
}

TEST(IngestPointTest, WritersOnSeveralThreadsLoseNothing) {
  auto point = std::make_shared<IngestPoint>(TwoColumns(), std::make_shared<PushEpoch>());
  auto reader = point->AddReader({0, 1}, {});
  constexpr int kWriters = 3;
  constexpr int64_t kRowsEach = 20'000;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      for (int64_t i = 0; i < kRowsEach; i += 10) {
        data::Batch batch = Rows(writer * kRowsEach + i, 10);
        while (point->TryPush(&batch, {}) != IngestPoint::Push::kTaken) std::this_thread::yield();
      }
    });
  }
  std::vector<int64_t> next(kWriters);
  for (int writer = 0; writer < kWriters; ++writer) next[writer] = writer * kRowsEach;
  int64_t taken = 0;
  while (taken < kWriters * kRowsEach) {
    data::Batch batch;
    if (!Takes(*reader, &batch)) continue;
    for (size_t row = 0; row < batch.rows; ++row) {
      const int64_t id = IdAt(batch, row);
      ASSERT_EQ(id, next[id / kRowsEach]++) << "rows of one writer keep their order";
    }
    taken += static_cast<int64_t>(batch.rows);
  }
  for (auto& writer : writers) writer.join();
}

}  // namespace
}  // namespace millrace::connectors
