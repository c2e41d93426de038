#include "dataflow/stored_table.h"

#include <gtest/gtest.h>

#include "env/simulated_env.h"

namespace millrace::dataflow {
namespace {

class Reader final : public env::Task {
 public:
  bool Run() override { return false; }
};

// The watermarks that a reader is told which attaches after the part has ended.
std::vector<int64_t> WatermarksToldAfterEnd(int64_t last_watermark) {
  env::SimulatedEnv sim;
  const auto pool = sim.executor.MakePool("test", 1);
  const auto schema =
      std::make_shared<const data::Schema>(std::vector<data::Field>{{"k", data::DataType::Int()}});
  StoredPart part("public.t", schema, tables::TableMode::kAppend, {});
  part.Watermark(last_watermark);
  part.End();
  Reader task;
  const auto inbox = std::make_shared<Inbox>(std::make_shared<TaskWaker>(pool.get(), &task));
  part.Attach(Sender{inbox, inbox->AddChannel(0, nullptr)}, true);
  std::vector<int64_t> watermarks;
  bool ended = false;
  Message message;
  int channel = 0;
  while (inbox->Receive(&message, &channel)) {
    if (message.kind == Message::Kind::kWatermark) watermarks.push_back(message.watermark);
    ended |= message.kind == Message::Kind::kEnd;
  }
  EXPECT_TRUE(ended);
  return watermarks;
}

TEST(StoredPartTest, OnlyAnEndedInputIsTheEndOfTime) {
  EXPECT_EQ(WatermarksToldAfterEnd(data::kMaxWatermark), std::vector<int64_t>{data::kMaxWatermark});
  // As a job ends its tables that failed or was stopped: windows over them must not fire.
  EXPECT_EQ(WatermarksToldAfterEnd(5), std::vector<int64_t>{5});
}

}  // namespace
}  // namespace millrace::dataflow
