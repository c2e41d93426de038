// A log in a simulated world, and tables of it, for tests of what is pushed through the log.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "connectors/ingest/ingest_point.h"
#include "data/batch_builder.h"
#include "env/simulated_env.h"
#include "log/log.h"
#include "telemetry/metrics.h"

namespace millrace::connectors {

inline data::Schema IdAndName() {
  data::Schema schema;
  schema.Add("id", data::DataType::BigInt());
  schema.Add("name", data::DataType::String());
  return schema;
}

// Rows first, first + 1, …
inline data::Batch IdRows(int64_t first, size_t count) {
  data::BatchBuilder builder(IdAndName());
  for (size_t i = 0; i < count; ++i) {
    const int64_t id = first + static_cast<int64_t>(i);
    builder.column(0).Append(id);
    builder.column(1).AppendString(fmt::format("name {}", id));
    builder.FinishRow();
  }
  return builder.Build();
}

inline int64_t IdAt(const data::Batch& batch, size_t row, int column = 0) {
  return batch.columns[column]->values<int64_t>()[row];
}

class RowLogFixture : public testing::Test {
 protected:
  ~RowLogFixture() override { CloseLog(); }

  void OpenLog() {
    auto opened = log::Log::Open(world_.env, {.folder = "/log", .metrics = &metrics_, .on_failure = nullptr});
    ASSERT_TRUE(opened) << opened.error().ToString();
    log_ = std::move(*opened);
  }
  // What waits is answered: nobody waits for ever.
  void CloseLog() { log_.reset(); }

  std::shared_ptr<RowLog> Rows(const std::string& topic = "t1") {
    auto opened = RowLog::Open(log_.get(), topic, "public." + topic, IdAndName());
    EXPECT_TRUE(opened) << opened.error().ToString();
    return *opened;
  }
  std::shared_ptr<IngestPoint> Point(const std::string& topic = "t1") {
    return std::make_shared<IngestPoint>(IdAndName(), epoch_, Rows(topic), nullptr);
  }
  void Run() { world_.executor.RunUntilIdle(); }

  // Pushes and lets the log run.
  Status PushAndRun(IngestPoint& point, data::Batch batch) {
    const auto receipt = std::make_shared<PushReceipt>();
    EXPECT_EQ(point.TryPush(&batch, {}, receipt), IngestPoint::Push::kTaken);
    Run();
    EXPECT_TRUE(receipt->is_settled());
    return receipt->status();
  }
  // The ids of all that the reader gives now; an error ends it, and is told.
  static std::vector<int64_t> TakeIds(IngestPoint::Reader& reader, std::string* error = nullptr) {
    std::vector<int64_t> ids;
    data::Batch batch;
    while (true) {
      const auto taken = reader.Take(&batch);
      if (!taken.has_value()) {
        if (error == nullptr) ADD_FAILURE() << taken.error().ToString();
        if (error != nullptr) *error = taken.error().ToString();
        return ids;
      }
      if (!*taken) return ids;
      for (size_t row = 0; row < batch.rows; ++row) ids.push_back(IdAt(batch, row));
    }
  }
  static std::vector<int64_t> Ids(int64_t first, int64_t end) {
    std::vector<int64_t> ids;
    for (int64_t id = first; id < end; ++id) ids.push_back(id);
    return ids;
  }

  env::SimulatedEnv world_;
  telemetry::MetricsRegistry metrics_;
  std::unique_ptr<log::Log> log_;
  std::shared_ptr<PushEpoch> epoch_ = std::make_shared<PushEpoch>();
};

}  // namespace millrace::connectors
