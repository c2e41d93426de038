// What is received from streams, and a process that ends at any moment.
#include "connectors/stream/logged_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "connectors/source_fixture.h"
#include "data/batch_builder.h"
#include "env/random.h"
#include "env/simulated_env.h"
#include "telemetry/metrics.h"

namespace millrace::connectors {
namespace {

using data::DataType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

data::Batch OneColumn(const std::vector<std::string>& texts) {
  data::BatchBuilder builder(std::vector<DataType>{DataType::String()});
  for (const std::string& text : texts) {
    builder.column(0).AppendString(text);
    builder.FinishRow();
  }
  return builder.Build();
}

TEST(StreamEvents, ComeBackFromTheirBytes) {
  std::string bytes;
  AppendEvent({.kind = StreamEvent::Kind::kPartitionStart, .partition = 3}, &bytes);
  AppendEvent({.kind = StreamEvent::Kind::kRows, .partition = 3, .rows = OneColumn({"a", "b"})}, &bytes);
  AppendEvent({.kind = StreamEvent::Kind::kMalformed,
               .partition = 300,
               .rows = {},
               .origin = "peer:1",
               .offset = 77,
               .bytes = std::string("x\0y", 3),
               .size = 9000,
               .error = Error(ErrorCode::kInvalidText, "no number", "write one")},
              &bytes);
  AppendEvent({.kind = StreamEvent::Kind::kPartitionEnd, .partition = 3}, &bytes);
  AppendEvent({.kind = StreamEvent::Kind::kTableEnd}, &bytes);
  const std::vector<DataType> types = {DataType::String()};
  const auto events = DecodeEvents(bytes, types);
  ASSERT_TRUE(events.has_value()) << events.error().ToString();
  ASSERT_EQ(events->size(), 5u);
  CollectingSink sink;
  for (const StreamEvent& event : *events) ASSERT_TRUE(event.Give(sink));
  EXPECT_THAT(sink.started, ElementsAre(3));
  EXPECT_THAT(sink.rows, ElementsAre("+I[a]", "+I[b]"));
  EXPECT_THAT(sink.ended, ElementsAre(3));
  ASSERT_EQ(sink.malformed.size(), 1u);
  EXPECT_EQ(sink.malformed[0].partition, 300);
  EXPECT_EQ(sink.malformed[0].origin, "peer:1");
  EXPECT_EQ(sink.malformed[0].offset, 77u);
  EXPECT_EQ(sink.malformed[0].bytes, std::string("x\0y", 3));
  EXPECT_EQ(sink.malformed[0].size, 9000u);
  EXPECT_EQ(sink.malformed[0].reason, "no number");
  EXPECT_EQ((*events)[2].error->code(), ErrorCode::kInvalidText);
  EXPECT_EQ((*events)[2].error->hint(), "write one");
}

TEST(StreamEvents, BytesMayBeAnything) {
  std::string bytes;
  AppendEvent({.kind = StreamEvent::Kind::kRows, .partition = 1, .rows = OneColumn({"abc"})}, &bytes);
  AppendEvent({.kind = StreamEvent::Kind::kMalformed,
               .partition = 0,
               .rows = {},
               .origin = "o",
               .offset = 1,
               .bytes = "b",
               .size = 1,
               .error = Error(ErrorCode::kInvalidText, "m")},
              &bytes);
  const std::vector<DataType> types = {DataType::String()};
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    const auto events = DecodeEvents(std::string_view(bytes).substr(0, cut), types);
    if (events.has_value()) continue;
    EXPECT_EQ(events.error().code(), ErrorCode::kDataCorrupted);
  }
  env::Random random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = bytes;
    for (int n = 0; n < 3; ++n) changed[random.Next() % changed.size()] = static_cast<char>(random.Next());
    static_cast<void>(DecodeEvents(changed, types));
  }
}

TEST(StreamTopics, AreToldFromOthers) {
  EXPECT_EQ(StreamTopicOf(12, 3), "s12-3");
  EXPECT_TRUE(IsStreamTopic("s12-3"));
  for (const char* name : {"t12", "s12", "s-3", "s12-", "s12-x", "12-3", ""})
    EXPECT_FALSE(IsStreamTopic(name));
}

// In the simulated world: a listener, its log, and a process that goes and comes back.
class LoggedSourceTest : public testing::Test {
 protected:
  LoggedSourceTest() { OpenLog(); }
  ~LoggedSourceTest() override {
    source_.reset();
    log_.reset();
  }

  void OpenLog() {
    auto opened = log::Log::Open(world_.env, {.folder = "/log", .metrics = &metrics_, .on_failure = nullptr});
    ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
    log_ = std::move(*opened);
  }
  void OpenSource(std::vector<std::pair<std::string, std::string>> with = {}) {
    with.insert(with.end(),
                {{"connector", "socket"}, {"mode", "listen"}, {"port", "9000"}, {"format", "json"}});
    SourceContext context;
    context.env = &world_.env;
    context.log = log_.get();
    context.log_topic = "s1-0";
    context.wake = [this] { ++wakes_; };
    auto made = MakeSource(With(std::move(with)), Physical({{"n", DataType::Int()}}), {true}, context);
    ASSERT_TRUE(made.has_value()) << made.error().ToString();
    source_ = std::move(*made);
  }
  // What is not in the log is gone; nothing is said.
  void Restart(const std::string& position) {
    connections_.clear();
    source_.reset();
    log_.reset();
    OpenLog();
    OpenSource();
    if (position.empty()) return;
    const Status sought = source_->Seek(position);
    ASSERT_TRUE(sought.has_value()) << sought.error().ToString();
  }
  env::TcpStream& Connect() {
    auto stream = world_.net.Connect("localhost", 9000, 1000);
    EXPECT_TRUE(stream.has_value());
    connections_.push_back(std::move(*stream));
    return *connections_.back();
  }
  void PollOnce() {
    const auto status = PollAll(*source_, sink_);
    ASSERT_TRUE(status.has_value()) << status.error().ToString();
    last_ = *status;
  }
  // Polls and lets the log write, until nothing comes any more.
  std::vector<std::string> Take() {
    for (int i = 0; i < 5; ++i) {
      PollOnce();
      world_.executor.RunUntilIdle();
    }
    PollOnce();
    return sink_.TakeRows();
  }

  env::SimulatedEnv world_;
  telemetry::MetricsRegistry metrics_;
  std::unique_ptr<log::Log> log_;
  std::unique_ptr<Source> source_;
  std::vector<std::unique_ptr<env::TcpStream>> connections_;
  CollectingSink sink_;
  ReadStatus last_;
  int wakes_ = 0;
};

TEST_F(LoggedSourceTest, RowsAreGivenOnceTheyAreDurable) {
  OpenSource();
  ASSERT_TRUE(Connect().Write("{\"n\":1}\n{\"n\":2}\n"));
  PollOnce();
  PollOnce();
  EXPECT_THAT(sink_.rows, IsEmpty());
  EXPECT_EQ(source_->Position(), "log 0");
  world_.executor.RunUntilIdle();
  EXPECT_GT(wakes_, 0);
  PollOnce();
  EXPECT_THAT(sink_.rows, ElementsAre("+I[1]", "+I[2]"));
  EXPECT_THAT(sink_.started, ElementsAre(0));
  EXPECT_EQ(source_->Position(), "log 2") << "the connection, and its rows";
}

TEST_F(LoggedSourceTest, WhatWasReceivedComesOnceMoreFromTheCheckpointOn) {
  OpenSource();
  env::TcpStream& first = Connect();
  ASSERT_TRUE(first.Write("{\"n\":1}\n"));
  EXPECT_THAT(Take(), ElementsAre("+I[1]"));
  const std::string saved = source_->Position();
  ASSERT_TRUE(first.Write("{\"n\":2}\nno json\n{\"n\":3}\n{\"n\":"));
  EXPECT_THAT(Take(), ElementsAre("+I[2]", "+I[3]"));
  sink_ = {};
  Restart(saved);
  EXPECT_THAT(Take(), ElementsAre("+I[2]", "+I[3]"));
  ASSERT_EQ(sink_.malformed.size(), 1u) << "also what is no row; the record without an end is none";
  EXPECT_EQ(sink_.malformed[0].bytes, "no json");
  EXPECT_THAT(sink_.started, ElementsAre(0));
  EXPECT_THAT(sink_.ended, ElementsAre(0)) << "the connection went with the process";
  ASSERT_TRUE(Connect().Write("{\"n\":4}\n"));
  EXPECT_THAT(Take(), ElementsAre("+I[4]"));
  EXPECT_THAT(sink_.started, ElementsAre(0, 0));

  // Without a checkpoint: from the beginning, through the ends that were noted.
  sink_ = {};
  Restart("");
  EXPECT_THAT(Take(), ElementsAre("+I[1]", "+I[2]", "+I[3]", "+I[4]"));
  EXPECT_THAT(sink_.started, ElementsAre(0, 0));
  EXPECT_THAT(sink_.ended, ElementsAre(0, 0));
}

TEST_F(LoggedSourceTest, WhatIsInACheckpointIsForgotten) {
  // One that is there is taken as it is.
  ASSERT_TRUE(log_->CreateTopic("s1-0", {.segment_bytes = limits::kLogSegmentBytesMin}));
  OpenSource();
  env::TcpStream& connection = Connect();
  env::Random random(9);
  std::string position;
  std::function<void()> forget;
  // More than a segment, of what cannot be compressed.
  for (int i = 0; i < 12; ++i) {
    std::string lines;
    for (int line = 0; line < 4000; ++line) {
      lines += "{\"n\":" + std::to_string(static_cast<int32_t>(random.Next())) + "}\n";
    }
    ASSERT_TRUE(connection.Write(lines));
    EXPECT_THAT(Take(), testing::SizeIs(4000));
    sink_.batches.clear();
    sink_.partitions.clear();
  }
  log::Partition& partition = log_->FindTopic("s1-0")->partition(0);
  ASSERT_GT(partition.figures().segments, 1u);
  EXPECT_EQ(partition.start_offset(), 0u);
  source_->ForgetBefore()();
  world_.executor.RunUntilIdle();
  EXPECT_GT(partition.start_offset(), 0u);
  position = source_->Position();
  Restart(position);
  EXPECT_THAT(Take(), IsEmpty());
}

TEST_F(LoggedSourceTest, AFullDiskStopsReadingAndLosesNothing) {
  OpenSource();
  env::TcpStream& connection = Connect();
  ASSERT_TRUE(connection.Write("{\"n\":1}\n"));
  EXPECT_THAT(Take(), ElementsAre("+I[1]"));
  world_.files.SetCapacity(0);
  ASSERT_TRUE(connection.Write("{\"n\":2}\n"));
  EXPECT_THAT(Take(), IsEmpty());
  ASSERT_TRUE(connection.Write("{\"n\":3}\n"));
  EXPECT_THAT(Take(), IsEmpty());
  world_.files.SetCapacity(std::nullopt);
  world_.clock.Advance(2'000'000);
  EXPECT_THAT(Take(), ElementsAre("+I[2]", "+I[3]"));
  sink_ = {};
  Restart("");
  EXPECT_THAT(Take(), ElementsAre("+I[1]", "+I[2]", "+I[3]"));
}

// Also the end of a table is known after a restart: it does not begin anew.
TEST_F(LoggedSourceTest, ATableThatHasEndedStaysEnded) {
  OpenSource({{"bounded", "true"}});
  env::TcpStream& connection = Connect();
  ASSERT_TRUE(connection.Write("{\"n\":1}\n{\"n\":2}"));
  connection.Shutdown();
  EXPECT_THAT(Take(), ElementsAre("+I[1]", "+I[2]"));
  EXPECT_EQ(last_.kind, ReadStatus::Kind::kEnd);
  connections_.clear();
  source_.reset();
  log_.reset();
  OpenLog();
  OpenSource({{"bounded", "true"}});
  ASSERT_TRUE(Connect().Write("{\"n\":3}\n"));
  EXPECT_THAT(Take(), ElementsAre("+I[1]", "+I[2]"));
  EXPECT_EQ(last_.kind, ReadStatus::Kind::kEnd);
}

// What had been read when the process was told to stop is the next one's.
TEST_F(LoggedSourceTest, NothingThatWasReadIsLeftBehind) {
  OpenSource();
  env::TcpStream& connection = Connect();
  ASSERT_TRUE(connection.Write("{\"n\":1}\n"));
  PollOnce();  // an append is under way
  ASSERT_TRUE(connection.Write("{\"n\":2}\n"));
  PollOnce();  // gathered
  EXPECT_THAT(sink_.rows, IsEmpty());
  const std::string position = source_->Position();
  source_.reset();
  world_.executor.RunUntilIdle();
  Restart(position);
  EXPECT_THAT(Take(), ElementsAre("+I[1]", "+I[2]"));
}

TEST_F(LoggedSourceTest, PositionsThatCannotBe) {
  OpenSource();
  for (const char* position : {"log 7", "log x", "log "}) {
    const Status sought = source_->Seek(position);
    ASSERT_FALSE(sought.has_value());
    EXPECT_EQ(sought.error().code(), ErrorCode::kDataCorrupted);
    EXPECT_THAT(sought.error().message(), HasSubstr("no position in what was received"));
  }
  EXPECT_TRUE(source_->Seek("12345").has_value()) << "of a time without a log";
  EXPECT_THAT(Take(), IsEmpty());
}

}  // namespace
}  // namespace millrace::connectors
