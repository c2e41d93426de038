#include "tables/held_memory.h"

#include <gtest/gtest.h>

#include "data/batch_builder.h"
#include "tables/table_part.h"

namespace millrace::tables {
namespace {

data::SchemaPtr Pairs() {
  auto schema = std::make_shared<data::Schema>();
  schema->Add("k", data::DataType::BigInt());
  schema->Add("v", data::DataType::BigInt());
  return schema;
}

data::Batch Rows(int64_t first, size_t count, int64_t v, data::RowKind kind = data::RowKind::kInsert) {
  data::BatchBuilder builder(*Pairs());
  for (size_t i = 0; i < count; ++i) {
    builder.column(0).Append(first + static_cast<int64_t>(i));
    builder.column(1).Append(v);
    builder.FinishRow(kind);
  }
  return builder.Build();
}

class TestHolder final : public HeldMemory::Holder {
 public:
  bool EndHold(const Error& reason) override {
    ended = true;
    message = reason.message();
    if (lets_go) snapshot = nullptr;
    return lets_go;
  }
  PartSnapshotPtr snapshot;
  bool lets_go = true;
  bool ended = false;
  std::string message;
};

TEST(HeldMemoryTest, CountsWhatOnlySnapshotsHave) {
  auto memory = std::make_shared<HeldMemory>();
  auto part = std::make_unique<TablePart>(Pairs(), TableMode::kKeyed, std::vector<int>{0});
  part->SetMemory(memory);
  constexpr size_t kRows = 3 * limits::kBatchRows;
  for (size_t at = 0; at < kRows; at += limits::kBatchRows) {
    part->Apply(Rows(static_cast<int64_t>(at), limits::kBatchRows, 1));
  }
  PartSnapshotPtr old = part->TakeSnapshot();
  EXPECT_EQ(memory->bytes(), 0u) << "nothing has been replaced";
  const size_t first_bytes = old->chunks[0]->MemoryBytes();

  part->Apply(Rows(5, 1, 2));
  part->Apply(Rows(6, 1, 2));
  EXPECT_EQ(memory->bytes(), first_bytes) << "one chunk, once";
  PartSnapshotPtr newer = part->TakeSnapshot();
  part->Apply(Rows(5, 1, 3));
  EXPECT_EQ(memory->bytes(), first_bytes + newer->chunks[0]->MemoryBytes());
  newer = nullptr;
  part->TakeSnapshot();
  EXPECT_EQ(memory->bytes(), first_bytes) << "the snapshot between them has gone";

  part->Apply(Rows(static_cast<int64_t>(kRows) - 1, 1, 1, data::RowKind::kDelete));
  const size_t last_bytes = old->chunks[2]->MemoryBytes();
  EXPECT_GT(memory->bytes(), first_bytes + last_bytes) << "the last chunk, and a page of the index";
  part = nullptr;
  EXPECT_GT(memory->bytes(), first_bytes + last_bytes + old->chunks[1]->MemoryBytes())
      << "the table has gone, the snapshot not";
  old = nullptr;
  EXPECT_EQ(memory->bytes(), 0u);
}

TEST(HeldMemoryTest, WhatNobodyHoldsIsNotCounted) {
  auto memory = std::make_shared<HeldMemory>();
  TablePart part(Pairs(), TableMode::kKeyed, {0});
  part.SetMemory(memory);
  for (int64_t epoch = 0; epoch < 20; ++epoch) {
    part.Apply(Rows(0, limits::kBatchRows, epoch));
    part.Apply(Rows(epoch * 5000, 1000, epoch));
    part.TakeSnapshot();
  }
  EXPECT_EQ(memory->bytes(), 0u);
}

TEST(HeldMemoryTest, TheOldestReadersAreEndedUntilItFits) {
  auto memory = std::make_shared<HeldMemory>();
  TablePart part(Pairs(), TableMode::kKeyed, {0});
  part.SetMemory(memory);
  TestHolder holders[4];
  for (int64_t epoch = 0; epoch < 4; ++epoch) {
    part.Apply(Rows(0, limits::kBatchRows, epoch));
    holders[epoch].snapshot = part.TakeSnapshot();
    memory->Add(&holders[epoch], epoch);
  }
  size_t bytes[3];
  for (int i = 0; i < 3; ++i) bytes[i] = holders[i].snapshot->chunks[0]->MemoryBytes();
  EXPECT_EQ(memory->bytes(), bytes[0] + bytes[1] + bytes[2]);
  memory->Enforce(3);
  EXPECT_FALSE(holders[0].ended) << "there is no limit";

  memory->SetLimit(bytes[1] + bytes[2]);
  memory->Enforce(3);
  EXPECT_TRUE(holders[0].ended);
  EXPECT_NE(holders[0].message.find("epoch 0"), std::string::npos) << holders[0].message;
  EXPECT_FALSE(holders[1].ended) << "it fits";

  // While one is on its way no other is ended in its stead.
  holders[1].lets_go = false;
  memory->SetLimit(0);
  memory->Enforce(3);
  EXPECT_TRUE(holders[1].ended);
  EXPECT_FALSE(holders[2].ended);
  holders[1].snapshot = nullptr;
  memory->Remove(&holders[1]);
  memory->Enforce(3);
  EXPECT_TRUE(holders[2].ended);
  EXPECT_FALSE(holders[3].ended) << "the newest holds nothing that has been replaced";
  EXPECT_EQ(memory->ended(), 3);
  for (TestHolder& holder : holders) memory->Remove(&holder);
}

}  // namespace
}  // namespace millrace::tables
