// State from outside: bytes that were changed, cut or written by another operator are an error or other
// state, never a crash. And what was read back is not written again.
#include <gtest/gtest.h>

#include "operators/changelog_normalize.h"
#include "operators/deduplicate.h"
#include "operators/group_aggregate.h"
#include "operators/rank.h"
#include "operators/restore_testing.h"
#include "operators/sort_limit.h"
#include "operators/watermark_assigner.h"
#include "operators/window_assign.h"

namespace millrace::operators {
namespace {

using data::DataType;
using testing::ContextEdit;
using testing::Counted;
using testing::kSecond;
using testing::ManyCalls;
using testing::Options;
using testing::Random;
using testing::SaveAndCount;
using testing::StreamOptions;
using testing::TestRow;
using testing::WindowSpecOf;

// Every operator that keeps state, with what a run has left of it in one buffer.
struct Stateful {
  std::string name;
  testing::OperatorMaker make;
  ContextEdit edit;
};

std::vector<Stateful> AllStateful() {
  std::vector<Stateful> all;
  const auto add = [&all](std::string name, auto spec, auto make, ContextEdit edit = nullptr) {
    all.push_back({std::move(name),
                   [spec, make](OperatorContext context) { return make(spec, std::move(context)); },
                   std::move(edit)});
  };
  const ContextEdit with_ttl = [](OperatorContext& context) { context.state_ttl_micros = 3600 * kSecond; };
  const ContextEdit early = [](OperatorContext& context) { context.early_fire = true; };
  auto group = std::make_shared<GroupAggregateSpec>();
  group->input_types = testing::TestTypes();
  group->keys = {0};
  group->input_retracts = true;
  group->aggregates = ManyCalls(true);
  add("group", group, MakeGroupAggregate);
  add("group with ttl", group, MakeGroupAggregate, with_ttl);
  auto first = std::make_shared<DeduplicateSpec>();
  first->input_types = testing::TestTypes();
  first->keys = {0, 1};
  add("first arrival", first, MakeDeduplicate, with_ttl);
  auto last = std::make_shared<DeduplicateSpec>(*first);
  last->rowtime_column = 2;
  last->keep_last = true;
  add("deduplicate", last, MakeDeduplicate);
  auto upsert = std::make_shared<UpsertMaterializeSpec>();
  upsert->input_types = testing::TestTypes();
  upsert->primary_key = {0};
  add("upsert materialize", upsert, MakeUpsertMaterialize);
  for (const bool retracts : {false, true}) {
    auto rank = std::make_shared<RankSpec>();
    rank->input_types = testing::TestTypes();
    rank->partition_keys = {0};
    rank->order = {{.column = 1}};
    rank->end = 3;
    rank->input_retracts = retracts;
    add(retracts ? "rank of retractions" : "rank", rank, MakeRank, retracts ? nullptr : with_ttl);
  }
  for (const WindowKind kind :
       {WindowKind::kTumble, WindowKind::kHop, WindowKind::kCumulate, WindowKind::kSession}) {
    auto window =
        WindowSpecOf({.kind = kind, .size_micros = 40 * kSecond, .slide_micros = 20 * kSecond}, false);
    if (kind == WindowKind::kSession) window->window.size_micros = 2 * kSecond;
    add(window->window.ToString(), window, MakeWindowAggregate);
    add("early " + window->window.ToString(), window, MakeWindowAggregate, early);
  }
  auto sessions = std::make_shared<WindowAssignSpec>();
  sessions->input_types = testing::TestTypes();
  sessions->window = {.kind = WindowKind::kSession, .size_micros = 2 * kSecond};
  sessions->rowtime_column = 2;
  sessions->partition_keys = {0};
  add("sessions of rows", sessions, MakeWindowAssign);
  auto by_time = std::make_shared<TemporalSortSpec>();
  by_time->input_types = testing::TestTypes();
  by_time->rowtime_column = 2;
  add("temporal sort", by_time, MakeTemporalSort);
  auto sort = std::make_shared<BoundedSortSpec>();
  sort->input_types = testing::TestTypes();
  sort->order = {{.column = 1}};
  add("bounded sort", sort, MakeBoundedSort);
  auto limit = std::make_shared<LimitSpec>();
  limit->limit = 1000;
  add("limit", limit, MakeLimit);
  auto assigner = std::make_shared<WatermarkAssignerSpec>();
  assigner->rowtime_column = 2;
  assigner->watermark = functions::MakeColumn(2, DataType::Timestamp(3));
  add("watermark assigner", assigner, MakeWatermarkAssigner);
  return all;
}

OperatorContext ContextOf(const Stateful& stateful, Output* output, SideOutput* side) {
  OperatorContext context;
  context.output = output;
  context.side_output = side;
  context.is_durable = true;
  if (stateful.edit) stateful.edit(context);
  return context;
}

// Takes anything.
struct Ignored final : Output, SideOutput {
  Status OnBatch(data::Batch) override { return {}; }
  Status OnWatermark(int64_t) override { return {}; }
  void Late(const std::string&, const data::Batch&, size_t, const LateRow&) override {}
  void Failed(const std::string&, const data::Batch&, size_t, const Error&) override {}
};

// Whether the bytes are taken as state; if so the operator must run on, whatever they mean.
bool TakesState(const Stateful& stateful, std::string_view bytes, const std::vector<TestRow>& stream) {
  Ignored ignored;
  const auto op = stateful.make(ContextOf(stateful, &ignored, &ignored));
  std::vector<state::StateBuffer> buffers(1);
  buffers[0].Append(bytes);
  state::StateLayers layers;
  layers.Add(std::move(buffers));
  state::StateReader reader(&layers);
  const Status status = op->Restore(reader);
  if (!status.has_value()) {
    EXPECT_EQ(status.error().code(), ErrorCode::kDataCorrupted) << status.error().ToString();
    return false;
  }
  EXPECT_TRUE(op->OnBatch(0, testing::BatchOf(stream, 0, 20, true)).has_value());
  EXPECT_TRUE(op->OnEpoch(10 * kSecond).has_value());
  state::StateWriter writer;
  op->Save(writer);
  EXPECT_TRUE(op->OnWatermark(data::kMaxWatermark).has_value());
  return true;
}

// What was read back is not written again.
TEST(DamagedStateTest, NothingCountsAsChangedAfterRestoring) {
  Random random(1);
  StreamOptions options = Options(1, 0, 400);
  options.keys = 2;
  options.rows = 500;
  const auto stream = MakeStream(random, options);
  for (const Stateful& stateful : AllStateful()) {
    SCOPED_TRACE(stateful.name);
    Ignored ignored;
    const auto op = stateful.make(ContextOf(stateful, &ignored, &ignored));
    ASSERT_TRUE(op->OnBatch(0, testing::BatchOf(stream, 0, 500, true)).has_value());
    ASSERT_TRUE(op->OnEpoch(5 * kSecond).has_value());
    state::StateWriter writer;
    op->Save(writer);
    std::vector<state::StateBuffer> buffers;
    buffers.push_back(writer.Take());
    state::StateLayers layers;
    layers.Add(std::move(buffers));
    state::StateReader reader(&layers);
    const auto restored = stateful.make(ContextOf(stateful, &ignored, &ignored));
    ASSERT_TRUE(restored->Restore(reader).has_value());
    EXPECT_EQ(restored->StateEntries(), op->StateEntries());
    const Counted counted = SaveAndCount(*restored);
    EXPECT_EQ(counted.puts + counted.removes + counted.drops, 0u);
  }
}

TEST(DamagedStateTest, DamagedStateIsAnErrorOrOtherState) {
  Random random(1);
  StreamOptions options = Options(1, 0, 400);
  options.keys = 2;
  options.rows = 300;
  const auto stream = MakeStream(random, options);
  for (const Stateful& stateful : AllStateful()) {
    SCOPED_TRACE(stateful.name);
    Ignored ignored;
    const auto op = stateful.make(ContextOf(stateful, &ignored, &ignored));
    ASSERT_TRUE(op->OnBatch(0, testing::BatchOf(stream, 0, 300, true)).has_value());
    ASSERT_TRUE(op->OnEpoch(5 * kSecond).has_value());
    state::StateWriter writer;
    op->Save(writer);
    const std::string whole(writer.Take().view());
    ASSERT_FALSE(whole.empty());
    ASSERT_TRUE(TakesState(stateful, whole, stream));
    // Cuts and changed bytes, at some hundred places of each operator.
    const size_t step = 1 + whole.size() / 150;
    for (size_t at = 0; at < whole.size(); at += step) {
      (void)TakesState(stateful, std::string_view(whole).substr(0, at), stream);
      for (const int flip : {0xFF, 0x01, 0x80}) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ flip);
        (void)TakesState(stateful, damaged, stream);
      }
    }
    // State of another operator.
    for (const Stateful& other : AllStateful()) (void)TakesState(other, whole, stream);
  }
}

}  // namespace
}  // namespace millrace::operators
