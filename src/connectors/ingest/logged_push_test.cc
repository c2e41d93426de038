// IngestPoint with a log, in a simulated world.
#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "base/limits.h"
#include "connectors/ingest/row_log_fixture.h"
#include "env/fault_points.h"

namespace millrace::connectors {
namespace {

using Push = IngestPoint::Push;
using Start = IngestPoint::Start;

class LoggedPushTest : public RowLogFixture {
 protected:
  LoggedPushTest() { OpenLog(); }

  // The nth append from now on finds no room.
  void FillDiskAt(uint64_t nth) {
    world_.faults.At("log.append.write", nth,
                     []() -> Status { return Fail(ErrorCode::kDiskFull, "no space left"); });
  }
};

TEST_F(LoggedPushTest, RowsAreThereOnceTheyAreDurable) {
  const auto point = Point();
  int wakes = 0;
  const auto reader = point->AddReader({0, 1}, [&] { ++wakes; });
  int settled = 0;
  const auto receipt = std::make_shared<PushReceipt>([&] { ++settled; });
  data::Batch batch = IdRows(0, 3);
  ASSERT_EQ(point->TryPush(&batch, {}, receipt), Push::kTaken);
  EXPECT_FALSE(receipt->is_settled());
  EXPECT_EQ(TakeIds(*reader), Ids(0, 0));
  EXPECT_EQ(point->figures().rows, 0);
  epoch_->Started(1);  // rows are of the epoch that is open when they are durable
  Run();
  EXPECT_TRUE(receipt->is_settled());
  EXPECT_TRUE(receipt->status());
  EXPECT_EQ(settled, 1);
  EXPECT_EQ(wakes, 1);
  EXPECT_EQ(TakeIds(*reader), Ids(0, 0));
  reader->TakeUpTo(2);
  EXPECT_EQ(TakeIds(*reader), Ids(0, 3));
  EXPECT_EQ(reader->position(), 3u);
}

TEST_F(LoggedPushTest, RowsThatNobodyReadsAreKept) {
  const auto point = Point();
  ASSERT_TRUE(PushAndRun(*point, IdRows(0, 5)));
  std::vector<data::Batch> two = {IdRows(5, 2), IdRows(7, 3)};
  ASSERT_EQ(point->TryPush(two, {}, nullptr), Push::kTaken);
  Run();
  const auto reader = point->AddReader({0}, {});
  EXPECT_FALSE(reader->is_backfilling()) << "so little the next epoch can wait for";
  EXPECT_EQ(reader->pending_rows(), 10u);
  EXPECT_EQ(TakeIds(*reader), Ids(0, 10));
  ASSERT_TRUE(PushAndRun(*point, IdRows(10, 1)));
  EXPECT_EQ(TakeIds(*reader), Ids(10, 11));
}

TEST_F(LoggedPushTest, AReaderCatchesUpWhileOthersPush) {
  const auto point = Point();
  const auto live = point->AddReader({0, 1}, {});
  for (int64_t first = 0; first < 5000; first += 500) ASSERT_TRUE(PushAndRun(*point, IdRows(first, 500)));
  const auto late = point->AddReader({1, 0}, {}, Start{0, /*is_backfill=*/true});
  std::vector<int64_t> ids;
  int64_t next = 5000;
  data::Batch batch;
  while (late->is_backfilling()) {
    const auto taken = late->Take(&batch);
    ASSERT_TRUE(taken) << taken.error().ToString();
    for (size_t row = 0; *taken && row < batch.rows; ++row) ids.push_back(IdAt(batch, row, 1));
    EXPECT_EQ(late->position(), ids.size());
    // The first takes find more behind the head of before.
    if (next < 6000) {
      ASSERT_TRUE(PushAndRun(*point, IdRows(next, 100)));
      next += 100;
    }
  }
  EXPECT_EQ(ids, Ids(0, next));
  EXPECT_EQ(TakeIds(*live), Ids(0, next));
  ASSERT_TRUE(PushAndRun(*point, IdRows(next, 1)));
  ASSERT_TRUE(*late->Take(&batch));
  EXPECT_EQ(IdAt(batch, 0, 1), next);
}

TEST_F(LoggedPushTest, AfterARestartAReaderGetsExactlyTheRest) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const std::string topic = fmt::format("t{}", seed);
    std::mt19937_64 random(seed);
    int64_t end = 0;
    uint64_t position = 0;
    {
      const auto point = Point(topic);
      const auto reader = point->AddReader({0, 1}, {});
      data::Batch taken;
      for (int i = 0; i < 20; ++i) {
        const auto rows = 1 + random() % 700;
        ASSERT_TRUE(PushAndRun(*point, IdRows(end, rows)));
        end += static_cast<int64_t>(rows);
        if (random() % 2 == 0) static_cast<void>(reader->Take(&taken));
      }
      position = reader->position();
    }
    CloseLog();
    OpenLog();
    const auto point = Point(topic);
    const auto reader = point->AddReader({0, 1}, {}, Start{position, false});
    EXPECT_FALSE(reader->is_backfilling()) << "the next barrier waits for it";
    ASSERT_TRUE(PushAndRun(*point, IdRows(end, 10)));
    EXPECT_EQ(TakeIds(*reader), Ids(static_cast<int64_t>(position), end + 10));
  }
}

TEST_F(LoggedPushTest, WhatIsUnderWayCountsAsQueued) {
  const auto point = Point();
  int wakes = 0;
  size_t pushed = 0;
  data::Batch batch = IdRows(0, limits::kBatchRows);
  while (point->TryPush(&batch, [&] { ++wakes; }) == Push::kTaken) {
    pushed += limits::kBatchRows;
    ASSERT_LE(pushed, limits::kIngestQueueRows) << "unbounded";
    batch = IdRows(static_cast<int64_t>(pushed), limits::kBatchRows);
  }
  EXPECT_EQ(batch.rows, limits::kBatchRows) << "what is not taken stays with the writer";
  EXPECT_EQ(wakes, 0);
  Run();
  EXPECT_EQ(wakes, 1) << "nobody reads: what is durable holds nobody up";
  const auto reader = point->AddReader({0}, {});
  EXPECT_EQ(TakeIds(*reader).size(), pushed);
  // Of a reader that has caught up the queue is bounded as ever.
  for (size_t rows = 0; rows < limits::kIngestQueueRows; rows += limits::kBatchRows) {
    batch = IdRows(0, limits::kBatchRows);
    ASSERT_EQ(point->TryPush(&batch, {}), Push::kTaken);
    Run();
  }
  batch = IdRows(0, 1);
  EXPECT_EQ(point->TryPush(&batch, {}), Push::kFull);
  EXPECT_EQ(TakeIds(*reader).size(), limits::kIngestQueueRows);
  EXPECT_EQ(point->TryPush(&batch, {}), Push::kTaken);
}

TEST_F(LoggedPushTest, AFullDiskIsToldAndPassesBy) {
  const auto point = Point();
  const auto reader = point->AddReader({0}, {});
  ASSERT_TRUE(PushAndRun(*point, IdRows(0, 2)));
  FillDiskAt(1);
  const Status failed = PushAndRun(*point, IdRows(100, 2));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::kDiskFull);
  EXPECT_NE(failed.error().message().find("public.t1"), std::string::npos);
  EXPECT_NE(failed.error().hint(), "");
  EXPECT_EQ(TakeIds(*reader), Ids(0, 2));
  ASSERT_TRUE(PushAndRun(*point, IdRows(2, 2)));
  EXPECT_EQ(TakeIds(*reader), Ids(2, 4));
  const auto late = point->AddReader({0}, {});
  EXPECT_EQ(TakeIds(*late), Ids(0, 4));
  // The room that was kept for it is there again.
  data::Batch batch;
  for (size_t rows = 0; rows < limits::kIngestQueueRows; rows += limits::kBatchRows) {
    batch = IdRows(0, limits::kBatchRows);
    ASSERT_EQ(point->TryPush(&batch, {}), Push::kTaken);
  }
}

TEST_F(LoggedPushTest, SeveralTablesTakeAPushTogetherOrNotAtAll) {
  const auto a = Point("t1");
  const auto b = Point("t2");
  const auto c = Point("t3");
  const auto of_a = a->AddReader({0}, {});
  const auto of_b = b->AddReader({0}, {});
  const auto push = [&](std::vector<IngestPoint::Part> parts) -> Status {
    const auto receipt = std::make_shared<PushReceipt>();
    const auto refused = IngestPoint::PushAll(parts, {}, receipt);
    EXPECT_EQ(refused, std::nullopt);
    Run();
    EXPECT_TRUE(receipt->is_settled());
    return receipt->status();
  };
  ASSERT_TRUE(push({{a.get(), {IdRows(0, 3), IdRows(3, 2)}}, {b.get(), {IdRows(0, 1)}}, {c.get(), {}}}));
  EXPECT_EQ(TakeIds(*of_a), Ids(0, 5));
  EXPECT_EQ(TakeIds(*of_b), Ids(0, 1));
  FillDiskAt(2);
  EXPECT_EQ(push({{a.get(), {IdRows(5, 1)}}, {b.get(), {IdRows(1, 1)}}}).error().code(),
            ErrorCode::kDiskFull);
  EXPECT_EQ(TakeIds(*of_a), Ids(0, 0));
  EXPECT_EQ(TakeIds(*of_b), Ids(0, 0));
  ASSERT_TRUE(push({{b.get(), {IdRows(1, 1)}}, {a.get(), {IdRows(5, 1)}}}));
  EXPECT_EQ(TakeIds(*of_a), Ids(5, 6));
  EXPECT_EQ(TakeIds(*of_b), Ids(1, 2));

  // Too much for one append: nothing of it anywhere.
  data::BatchBuilder builder(IdAndName());
  builder.column(0).Append(int64_t{1});
  builder.column(1).AppendString(std::string(size_t{50} << 20, 'x'));
  builder.FinishRow();
  const Status too_much =
      push({{a.get(), {IdRows(6, 1)}}, {b.get(), std::vector<data::Batch>(6, builder.Build())}});
  EXPECT_EQ(too_much.error().code(), ErrorCode::kProgramLimitExceeded);
  EXPECT_EQ(a->row_log()->end_offset(), 6u);

  c->Drop();
  std::vector<IngestPoint::Part> parts = {{a.get(), {IdRows(6, 1)}}, {c.get(), {IdRows(0, 1)}}};
  EXPECT_EQ(IngestPoint::PushAll(parts), (IngestPoint::Refusal{1, Push::kDropped}));
}

// Every order of the writers of three partitions: rows come in the order of their offsets, and those of one
// push have one stamp.
TEST(LoggedPushOrderTest, RowsComeInTheOrderOfTheirOffsetsAndTransactionsInOneEpoch) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    env::SimulatedEnv world(seed);
    telemetry::MetricsRegistry metrics;
    auto log = *log::Log::Open(world.env, {.folder = "/log", .metrics = &metrics, .on_failure = nullptr});
    const auto epoch = std::make_shared<PushEpoch>();
    std::vector<std::shared_ptr<IngestPoint>> points;
    std::vector<std::unique_ptr<IngestPoint::Reader>> readers;
    for (int i = 0; i < 3; ++i) {
      auto rows = *RowLog::Open(log.get(), fmt::format("t{}", i), "t", IdAndName());
      points.push_back(std::make_shared<IngestPoint>(IdAndName(), epoch, std::move(rows), nullptr));
      readers.push_back(points.back()->AddReader({0}, {}));
      // What is not asked for waits in the queue.
      readers.back()->TakeUpTo(0);
    }
    std::mt19937_64 random(seed);
    const auto receipt = std::make_shared<PushReceipt>();
    int64_t open = 1;
    for (int64_t push = 0; push < 40; ++push) {
      if (random() % 2 == 0) {
        data::Batch batch = IdRows(push, 1);
        ASSERT_EQ(points[random() % 3]->TryPush(&batch, {}, receipt), Push::kTaken);
      } else {
        std::vector<IngestPoint::Part> parts;
        const uint64_t left_out = random() % 4;
        for (uint64_t i = 0; i < 3; ++i) {
          if (i != left_out) parts.push_back({points[i].get(), {IdRows(push, 1)}});
        }
        ASSERT_EQ(IngestPoint::PushAll(parts, {}, receipt), std::nullopt);
      }
      for (uint64_t steps = random() % 6; steps > 0; --steps) world.executor.RunOne();
      if (random() % 3 == 0) epoch->Started(open++);
    }
    world.executor.RunUntilIdle();
    ASSERT_TRUE(receipt->is_settled());
    ASSERT_TRUE(receipt->status());
    // By push: the epoch that showed it.
    std::map<int64_t, int64_t> shown;
    for (size_t i = 0; i < 3; ++i) {
      std::vector<int64_t> ids;
      for (int64_t at = 1; at <= open; ++at) {
        readers[i]->TakeUpTo(at);
        data::Batch batch;
        while (*readers[i]->Take(&batch)) {
          for (size_t row = 0; row < batch.rows; ++row) {
            const int64_t id = IdAt(batch, row);
            ids.push_back(id);
            ASSERT_EQ(shown.try_emplace(id, at).first->second, at) << seed;
          }
        }
      }
      EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end())) << "one writer: its rows keep their order";
      const auto late = points[i]->AddReader({0}, {});
      std::vector<int64_t> kept;
      data::Batch batch;
      while (*late->Take(&batch)) {
        for (size_t row = 0; row < batch.rows; ++row) kept.push_back(IdAt(batch, row));
      }
      EXPECT_EQ(ids, kept) << seed;
    }
  }
}

// The world ends at any moment: what was settled is there, whole, and nothing waits for ever.
TEST(LoggedPushCrashTest, WhatWasSettledIsThereAfterAPowerLoss) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    env::SimulatedEnv world(seed);
    telemetry::MetricsRegistry metrics;
    std::mt19937_64 random(seed);
    std::vector<PushReceiptPtr> receipts;
    const auto open_log = [&] {
      return log::Log::Open(world.env, {.folder = "/log", .metrics = &metrics, .on_failure = nullptr});
    };
    const auto open_point = [&](log::Log* log, const char* topic) -> Result<std::shared_ptr<IngestPoint>> {
      MR_ASSIGN(auto rows, RowLog::Open(log, topic, topic, IdAndName()));
      return std::make_shared<IngestPoint>(IdAndName(), std::make_shared<PushEpoch>(), std::move(rows),
                                           nullptr);
    };
    auto log = open_log();
    ASSERT_TRUE(log);
    {
      const auto a = *open_point(log->get(), "a");
      const auto b = *open_point(log->get(), "b");
      const auto reader = a->AddReader({0}, {});
      world.CrashAtOperation(1 + random() % 60);
      for (int64_t push = 0; push < 20; ++push) {
        receipts.push_back(std::make_shared<PushReceipt>());
        std::vector<IngestPoint::Part> parts = {{a.get(), {IdRows(2 * push, 2)}},
                                                {b.get(), {IdRows(push, 1)}}};
        static_cast<void>(IngestPoint::PushAll(parts, {}, receipts.back()));
        for (uint64_t steps = random() % 5; steps > 0; --steps) world.executor.RunOne();
      }
      world.executor.RunUntilIdle();
      log->reset();
    }
    world.Restart();
    log = open_log();
    ASSERT_TRUE(log) << log.error().ToString();
    std::vector<std::set<int64_t>> found(2);
    for (size_t i = 0; i < 2; ++i) {
      const auto point = open_point(log->get(), i == 0 ? "a" : "b");
      ASSERT_TRUE(point);
      const auto reader = (*point)->AddReader({0}, {});
      data::Batch batch;
      while (true) {
        const auto taken = reader->Take(&batch);
        ASSERT_TRUE(taken) << taken.error().ToString();
        if (!*taken) break;
        for (size_t row = 0; row < batch.rows; ++row) found[i].insert(IdAt(batch, row));
      }
    }
    for (size_t push = 0; push < receipts.size(); ++push) {
      const auto id = static_cast<int64_t>(push);
      EXPECT_TRUE(receipts[push]->is_settled()) << seed;
      EXPECT_TRUE(!receipts[push]->status() || found[1].contains(id)) << seed << ": " << push;
      EXPECT_EQ(found[1].contains(id), found[0].contains(2 * id)) << "half of a push";
      EXPECT_EQ(found[1].contains(id), found[0].contains(2 * id + 1)) << "half of a push";
    }
    log->reset();
  }
}

// Pushes with an id, and what the receipts say: "taken", "repeats 3", or the error.
class RepeatedPushTest : public LoggedPushTest {
 protected:
  static PushReceiptPtr Push(IngestPoint& point, const std::string& id, data::Batch batch) {
    const auto receipt = std::make_shared<PushReceipt>();
    EXPECT_EQ(point.TryPush(std::span(&batch, 1), {}, receipt, id), Push::kTaken);
    return receipt;
  }
  static std::string Outcome(const PushReceiptPtr& receipt) {
    if (!receipt->is_settled()) return "under way";
    if (!receipt->status().has_value()) return std::string(SqlState(receipt->status().error().code()));
    const auto repeated = receipt->repeated_rows();
    return repeated.has_value() ? fmt::format("repeats {}", *repeated) : "taken";
  }
  std::string PushNow(IngestPoint& point, const std::string& id, data::Batch batch) {
    const PushReceiptPtr receipt = Push(point, id, std::move(batch));
    Run();
    return Outcome(receipt);
  }
};

TEST_F(RepeatedPushTest, ARepetitionBringsNothing) {
  const auto point = Point();
  const auto reader = point->AddReader({0}, {});
  EXPECT_EQ(PushNow(*point, "a", IdRows(0, 3)), "taken");
  EXPECT_EQ(PushNow(*point, "", IdRows(3, 1)), "taken");
  EXPECT_EQ(PushNow(*point, "a", IdRows(0, 3)), "repeats 3");
  // The id counts, not what is pushed under it.
  EXPECT_EQ(PushNow(*point, "a", IdRows(100, 7)), "repeats 3");
  EXPECT_EQ(PushNow(*point, "b", IdRows(4, 2)), "taken");
  EXPECT_EQ(TakeIds(*reader), Ids(0, 6));
  EXPECT_EQ(point->figures().rows, 6);
  EXPECT_EQ(point->row_log()->end_offset(), 6u);
  // Nor does it keep room.
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(PushNow(*point, "a", IdRows(0, limits::kBatchRows)), "repeats 3");
  }
  EXPECT_EQ(PushNow(*point, "c", IdRows(6, 1)), "taken");
  EXPECT_EQ(TakeIds(*reader), Ids(6, 7));
  // Of another table it is another id.
  EXPECT_EQ(PushNow(*Point("t2"), "a", IdRows(0, 1)), "taken");
}

TEST_F(RepeatedPushTest, TheIdIsKnownAfterARestart) {
  EXPECT_EQ(PushNow(*Point(), "a", IdRows(0, 3)), "taken");
  for (int restart = 0; restart < 3; ++restart) {
    CloseLog();
    OpenLog();
    const auto point = Point();
    const auto reader = point->AddReader({0}, {});
    EXPECT_EQ(PushNow(*point, "a", IdRows(0, 3)), "repeats 3");
    EXPECT_EQ(TakeIds(*reader), Ids(0, 3));
  }
}

TEST_F(RepeatedPushTest, AtTheSameTimeOneIsTaken) {
  const auto point = Point();
  const auto reader = point->AddReader({0}, {});
  std::vector<PushReceiptPtr> receipts;
  for (int i = 0; i < 4; ++i) receipts.push_back(Push(*point, "a", IdRows(0, 2)));
  receipts.push_back(Push(*point, "b", IdRows(2, 1)));
  Run();
  std::vector<std::string> outcomes;
  for (const PushReceiptPtr& receipt : receipts) outcomes.push_back(Outcome(receipt));
  EXPECT_EQ(outcomes, (std::vector<std::string>{"taken", "repeats 2", "repeats 2", "repeats 2", "taken"}));
  EXPECT_EQ(TakeIds(*reader), Ids(0, 3));
}

TEST_F(RepeatedPushTest, OneThatFailedIsTakenWhenItComesAgain) {
  const auto point = Point();
  const auto reader = point->AddReader({0}, {});
  FillDiskAt(1);
  const auto first = Push(*point, "a", IdRows(0, 2));
  const auto second = Push(*point, "a", IdRows(0, 2));
  Run();
  EXPECT_EQ(Outcome(first), "53100");
  EXPECT_EQ(Outcome(second), "53100") << "it waited for the same append";
  EXPECT_EQ(PushNow(*point, "a", IdRows(0, 2)), "taken");
  EXPECT_EQ(PushNow(*point, "a", IdRows(0, 2)), "repeats 2");
  EXPECT_EQ(TakeIds(*reader), Ids(0, 2));
}

// Repetitions among transactions, in every order of the writers: each id is taken once, and a receipt that
// has settled, repetition or not, has its rows in the queue.
TEST(RepeatedPushOrderTest, WhatIsSettledIsDelivered) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    env::SimulatedEnv world(seed);
    telemetry::MetricsRegistry metrics;
    auto log = *log::Log::Open(world.env, {.folder = "/log", .metrics = &metrics, .on_failure = nullptr});
    const auto epoch = std::make_shared<PushEpoch>();
    std::vector<std::shared_ptr<IngestPoint>> points;
    for (int i = 0; i < 2; ++i) {
      auto rows = *RowLog::Open(log.get(), fmt::format("t{}", i), "t", IdAndName());
      points.push_back(std::make_shared<IngestPoint>(IdAndName(), epoch, std::move(rows), nullptr));
    }
    const auto reader = points[0]->AddReader({0}, {});
    std::mt19937_64 random(seed);
    std::multiset<int64_t> seen;
    std::vector<std::pair<int64_t, PushReceiptPtr>> receipts;
    const auto look = [&] {
      std::vector<int64_t> settled;
      for (const auto& [id, receipt] : receipts) {
        if (receipt->is_settled()) settled.push_back(id);
      }
      data::Batch batch;
      while (*reader->Take(&batch)) {
        for (size_t row = 0; row < batch.rows; ++row) seen.insert(IdAt(batch, row));
      }
      for (const int64_t id : settled) EXPECT_EQ(seen.count(id), 1u) << seed;
    };
    for (int64_t push = 0; push < 60; ++push) {
      if (random() % 3 == 0) {
        std::vector<IngestPoint::Part> parts = {{points[0].get(), {IdRows(1000 + push, 1)}},
                                                {points[1].get(), {IdRows(1000 + push, 1)}}};
        ASSERT_EQ(IngestPoint::PushAll(parts), std::nullopt);
      } else {
        const auto id = static_cast<int64_t>(random() % 12);
        receipts.emplace_back(id, std::make_shared<PushReceipt>());
        data::Batch batch = IdRows(id, 1);
        ASSERT_EQ(points[0]->TryPush(std::span(&batch, 1), {}, receipts.back().second, fmt::format("{}", id)),
                  Push::kTaken);
      }
      for (uint64_t steps = random() % 6; steps > 0; --steps) {
        world.executor.RunOne();
        look();
      }
    }
    world.executor.RunUntilIdle();
    look();
    for (const auto& [id, receipt] : receipts)
      EXPECT_TRUE(receipt->is_settled() && receipt->status()) << seed;
    log.reset();
  }
}

TEST_F(LoggedPushTest, DamageIsToldToTheReaderThatComesToIt) {
  {
    const auto point = Point();
    for (int64_t first = 0; first < 300; first += 100) ASSERT_TRUE(PushAndRun(*point, IdRows(first, 100)));
  }
  ASSERT_TRUE(log_->Close());
  CloseLog();
  const std::string path = "/log/topic-0000000001/00000/00000000000000000000.log";
  std::string bytes = *world_.files.ReadAll(path);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  ASSERT_TRUE(world_.files.WriteAll(path, bytes));
  OpenLog();
  const auto point = Point();
  const auto reader = point->AddReader({0}, {});
  std::string error;
  EXPECT_EQ(TakeIds(*reader, &error), Ids(0, 100));
  EXPECT_NE(error.find("XX001"), std::string::npos) << error;
  EXPECT_NE(error.find("the rows of table 'public.t1' from 100 on"), std::string::npos) << error;
  EXPECT_NE(error.find("HINT"), std::string::npos) << error;
  // From behind it reading goes on, and new rows are taken.
  const auto behind = point->AddReader({0}, {}, Start{200, false});
  EXPECT_EQ(TakeIds(*behind), Ids(200, 300));
  ASSERT_TRUE(PushAndRun(*point, IdRows(300, 1)));
  EXPECT_EQ(TakeIds(*behind), Ids(300, 301));
  // A position that the log has never reached is of another folder.
  const auto beyond = point->AddReader({0}, {}, Start{1000, false});
  TakeIds(*beyond, &error);
  EXPECT_NE(error.find("1000 rows of table 'public.t1' have been read"), std::string::npos) << error;
}

TEST_F(LoggedPushTest, TheEndComesBehindWhatIsUnderWay) {
  const auto point = Point();
  int wakes = 0;
  const auto reader = point->AddReader({0}, [&] { ++wakes; });
  data::Batch batch = IdRows(0, 1);
  ASSERT_EQ(point->TryPush(&batch, {}), Push::kTaken);
  point->End();
  EXPECT_FALSE(reader->ended());
  EXPECT_EQ(TakeIds(*reader), Ids(0, 0));
  const int wakes_before = wakes;
  Run();
  EXPECT_GT(wakes, wakes_before);
  EXPECT_FALSE(reader->ended());
  EXPECT_EQ(TakeIds(*reader), Ids(0, 1));
  EXPECT_TRUE(reader->ended());
  batch = IdRows(0, 1);
  EXPECT_EQ(point->TryPush(&batch, {}), Push::kEnded);
}

TEST_F(LoggedPushTest, ATopicThatIsDroppedFailsWhatIsUnderWay) {
  const auto point = Point();
  const auto reader = point->AddReader({0}, {});
  const auto receipt = std::make_shared<PushReceipt>();
  data::Batch batch = IdRows(0, 1);
  ASSERT_EQ(point->TryPush(&batch, {}, receipt), Push::kTaken);
  point->Drop();
  ASSERT_TRUE(point->row_log()->Drop());
  Run();
  EXPECT_TRUE(receipt->is_settled());
  EXPECT_FALSE(receipt->status());
  EXPECT_TRUE(reader->dropped());
  EXPECT_EQ(TakeIds(*reader), Ids(0, 0));
  batch = IdRows(0, 1);
  EXPECT_EQ(point->TryPush(&batch, {}), Push::kDropped);
}

// A reader that a restart does not bring back needs what it has not read, and no more.
TEST_F(LoggedPushTest, AReaderThatIsNotKeptLetsGoOfWhatItHasRead) {
  const auto rows = Rows();
  const auto point = std::make_shared<IngestPoint>(IdAndName(), epoch_, rows, nullptr);
  for (int64_t first = 0; first < 10; ++first) ASSERT_TRUE(PushAndRun(*point, IdRows(first, 1)));
  const auto pins = [&] {
    std::vector<std::string> texts;
    for (const auto& pin : rows->partition().figures().pins) {
      texts.push_back(fmt::format("{} at {}", pin.name.substr(0, pin.name.find('#')), pin.offset));
    }
    return texts;
  };
  const auto kept = point->AddReader({0}, {}, std::nullopt, {.name = "view", .is_kept = true});
  const auto passing = point->AddReader({0}, {}, std::nullopt, {.name = "query", .is_kept = false});
  EXPECT_EQ(pins(), (std::vector<std::string>{"query at 0", "view at 0"}));
  EXPECT_EQ(TakeIds(*passing), Ids(0, 10));
  EXPECT_EQ(TakeIds(*kept), Ids(0, 10));
  EXPECT_EQ(pins(), (std::vector<std::string>{"view at 0"}));
  kept->SetKept(7);
  EXPECT_EQ(pins(), (std::vector<std::string>{"view at 7"}));
}

}  // namespace
}  // namespace millrace::connectors
