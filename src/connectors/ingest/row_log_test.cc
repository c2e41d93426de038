#include "connectors/ingest/row_log.h"

#include <random>

#include "base/limits.h"
#include "connectors/ingest/row_log_fixture.h"
#include "data/batch_codec.h"
#include "data/text.h"

namespace millrace::connectors {
namespace {

class RowLogTest : public RowLogFixture {
 protected:
  RowLogTest() { OpenLog(); }

  void Append(RowLog& rows, std::span<const data::Batch> batches) {
    auto append = rows.Encode(batches);
    ASSERT_TRUE(append) << append.error().ToString();
    std::optional<Result<log::AppendResult>> answer;
    log::AppendDone done = [&answer](Result<log::AppendResult> result) { answer = std::move(result); };
    const auto admission = rows.partition().TryAppend(&*append, &done, nullptr);
    ASSERT_TRUE(admission && *admission == log::Admission::kTaken);
    Run();
    ASSERT_TRUE(answer && *answer);
  }
  // Puts bytes into the topic as if they were an append of rows.
  void AppendBytes(RowLog& rows, std::string bytes, uint32_t count) {
    log::AppendBatch append{
        .layout = log::Layout::kOpaque, .payload = std::move(bytes), .record_count = count};
    log::AppendDone done = [](Result<log::AppendResult> result) { EXPECT_TRUE(result); };
    ASSERT_TRUE(rows.partition().TryAppend(&append, &done, nullptr));
    Run();
  }
  static std::string ErrorAt(RowLog& rows, uint64_t offset) {
    const auto reader = rows.NewReader(offset);
    data::Batch batch;
    while (true) {
      const auto next = reader->Next(&batch);
      if (!next) return std::string(SqlState(next.error().code())) + " " + next.error().message();
      if (!*next) return "";
    }
  }
};

TEST_F(RowLogTest, BatchesComeBackAsTheyWerePushed) {
  data::Schema schema;
  schema.Add("flag", data::DataType::Boolean());
  schema.Add("price", data::DataType::Decimal(38, 10));
  schema.Add("at", data::DataType::Timestamp(3));
  schema.Add("share", data::DataType::Double());
  schema.Add("text", data::DataType::String());
  schema.Add("numbers", data::DataType::Array(data::DataType::Int()));
  auto rows = *RowLog::Open(log_.get(), "t7", "public.wide", schema);
  std::mt19937_64 random(1);
  std::vector<std::string> expected;
  std::vector<data::Batch> batches;
  for (int i = 0; i < 20; ++i) {
    data::BatchBuilder builder(schema);
    const auto count = static_cast<int>(1 + random() % 300);
    for (int row = 0; row < count; ++row) {
      if (random() % 4 == 0) {
        for (int column = 0; column < 6; ++column) builder.column(column).AppendNull();
      } else {
        builder.column(0).Append(static_cast<uint8_t>(random() % 2));
        builder.column(1).Append(static_cast<__int128>(random()) * static_cast<int64_t>(random() >> 10));
        builder.column(2).Append(static_cast<int64_t>(random() >> 20));
        builder.column(3).Append(static_cast<double>(random()) / 7);
        builder.column(4).AppendString(std::string(random() % 40, 'x'));
        builder.column(5).AppendNull();
      }
      builder.FinishRow(row % 5 == 0 ? data::RowKind::kDelete : data::RowKind::kInsert);
    }
    batches.push_back(builder.Build());
    for (size_t row = 0; row < batches.back().rows; ++row) {
      data::AppendRowText(batches.back(), row, {}, &expected.emplace_back());
    }
  }
  Append(*rows, std::span(batches).first(7));
  Append(*rows, std::span(batches).subspan(7, 1));
  Append(*rows, std::span(batches).subspan(8));
  EXPECT_EQ(rows->end_offset(), expected.size());

  // From every place, also within a batch: exactly the rest.
  for (const uint64_t from : {size_t{0}, size_t{1}, batches[0].rows, batches[0].rows + 1, expected.size() / 2,
                              expected.size() - 1, expected.size()}) {
    const auto reader = rows->NewReader(from);
    std::vector<std::string> found;
    data::Batch batch;
    while (true) {
      const auto next = reader->Next(&batch);
      ASSERT_TRUE(next) << next.error().ToString();
      if (!*next) break;
      for (size_t row = 0; row < batch.rows; ++row)
        data::AppendRowText(batch, row, {}, &found.emplace_back());
      EXPECT_EQ(reader->offset(), from + found.size());
    }
    EXPECT_EQ(found, std::vector<std::string>(expected.begin() + static_cast<int64_t>(from), expected.end()));
  }
}

TEST_F(RowLogTest, AnAppendOfManySmallOnesIsReadBatchByBatch) {
  const auto rows = Rows();
  // Offered before the log runs: they become one batch of the log.
  int answers = 0;
  for (int64_t id = 0; id < 10; ++id) {
    const data::Batch batch = IdRows(id, 1);
    auto append = *rows->Encode(std::span(&batch, 1));
    log::AppendDone done = [&answers](Result<log::AppendResult> result) { answers += result.has_value(); };
    ASSERT_TRUE(rows->partition().TryAppend(&append, &done, nullptr));
  }
  Run();
  EXPECT_EQ(answers, 10);
  const auto reader = rows->NewReader(4);
  data::Batch batch;
  for (int64_t id = 4; id < 10; ++id) {
    ASSERT_TRUE(*reader->Next(&batch));
    ASSERT_EQ(batch.rows, 1u);
    EXPECT_EQ(IdAt(batch, 0), id);
  }
  EXPECT_FALSE(*reader->Next(&batch));
}

TEST_F(RowLogTest, BytesThatAreNoRowsAreToldWithTheirPlace) {
  const auto rows = Rows();
  const data::Batch good = IdRows(0, 3);
  Append(*rows, std::span(&good, 1));
  const std::string right = rows->Encode(std::span(&good, 1))->payload;
  const std::string at = "XX001 the rows of table 'public.t1' from 3 on cannot be read from its log: ";
  AppendBytes(*rows, right.substr(0, 3), 3);
  EXPECT_EQ(ErrorAt(*rows, 0), at + "a length is cut off");
  AppendBytes(*rows, right.substr(0, right.size() - 1), 3);
  AppendBytes(*rows, right, 4);
  AppendBytes(*rows, right + right, 3);
  EXPECT_EQ(ErrorAt(*rows, 6),
            "XX001 the rows of table 'public.t1' from 6 on cannot be read from its log: a batch is "
            "cut off");
  const std::string wrong_count = "the batches of an append have not as many rows as it says";
  EXPECT_EQ(ErrorAt(*rows, 9),
            "XX001 the rows of table 'public.t1' from 9 on cannot be read from its log: " + wrong_count);
  EXPECT_EQ(ErrorAt(*rows, 13),
            "XX001 the rows of table 'public.t1' from 13 on cannot be read from its log: " + wrong_count);
  // Any bytes are an error or rows, never more.
  std::mt19937_64 random(5);
  for (int i = 0; i < 300; ++i) {
    std::string bytes = right;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    const uint64_t offset = rows->end_offset();
    AppendBytes(*rows, bytes, 3);
    static_cast<void>(ErrorAt(*rows, offset));
  }
}

TEST_F(RowLogTest, RowsTooManyForOneAppendAreRefused) {
  const auto rows = Rows();
  data::BatchBuilder builder(IdAndName());
  builder.column(0).Append(int64_t{1});
  builder.column(1).AppendString(std::string(size_t{50} << 20, 'x'));
  builder.FinishRow();
  const std::vector<data::Batch> batches(6, builder.Build());
  const auto append = rows->Encode(batches);
  ASSERT_FALSE(append);
  EXPECT_EQ(append.error().code(), ErrorCode::kProgramLimitExceeded);
  EXPECT_TRUE(rows->Encode(std::span(batches).first(5)));
}

TEST_F(RowLogTest, WhatIsPinnedStays) {
  ASSERT_TRUE(log_->CreateTopic("t1", {.segment_bytes = limits::kLogSegmentBytesMin}));
  const auto rows = Rows();
  auto pin = rows->Pin("reader", 100);
  for (int64_t first = 0; first < 40'000; first += 1000) {
    const data::Batch batch = IdRows(first, 1000);
    Append(*rows, std::span(&batch, 1));
  }
  rows->Forget(30'000);
  Run();
  EXPECT_EQ(rows->start_offset(), 0u);
  pin->MoveTo(20'000);
  rows->Forget(30'000);
  Run();
  const uint64_t start = rows->start_offset();
  EXPECT_GT(start, 0u);
  EXPECT_LE(start, 20'000u);
  EXPECT_EQ(ErrorAt(*rows, start), "");
  EXPECT_EQ(ErrorAt(*rows, 0).substr(0, 5), "72000");
  pin.reset();
  rows->Forget(30'000);
  Run();
  EXPECT_GT(rows->start_offset(), start);
  ASSERT_TRUE(rows->Drop());
  EXPECT_EQ(log_->FindTopic("t1"), nullptr);
}

// Segments are so small that retention takes about what it should.
TEST_F(RowLogTest, RetentionIsKeptInTheTopic) {
  constexpr int64_t kHour = int64_t{3600} * 1'000'000;
  auto opened = RowLog::Open(log_.get(), "t1", "public.t1", IdAndName(), {.age_micros = kHour});
  ASSERT_TRUE(opened);
  log::TopicSettings settings = log_->FindTopic("t1")->settings();
  EXPECT_EQ(settings.retention_age_micros, kHour);
  EXPECT_EQ(settings.retention_bytes, 0u);
  EXPECT_EQ(settings.segment_age_micros, kHour / 8);
  EXPECT_EQ(settings.segment_bytes, log::TopicSettings().segment_bytes);

  ASSERT_TRUE((*opened)->SetRetention({.bytes = uint64_t{1} << 20}));
  CloseLog();
  OpenLog();
  settings = log_->FindTopic("t1")->settings();
  EXPECT_EQ(settings.retention_age_micros, 0);
  EXPECT_EQ(settings.retention_bytes, uint64_t{1} << 20);
  EXPECT_EQ(settings.segment_bytes, uint64_t{1} << 17);
  EXPECT_EQ(settings.codec, log::Codec::kLz4);
  // What is opened is given what the table says.
  ASSERT_TRUE(RowLog::Open(log_.get(), "t1", "public.t1", IdAndName()));
  EXPECT_EQ(log_->FindTopic("t1")->settings(), SettingsFor({}));
}

TEST_F(RowLogTest, RetentionOfSmallTimesAndSizes) {
  EXPECT_EQ(SettingsFor({.age_micros = 1'000'000}).segment_age_micros, 1'000'000);
  EXPECT_EQ(SettingsFor({.bytes = 1}).segment_bytes, limits::kLogSegmentBytesMin);
  EXPECT_TRUE(log::CheckSettings(SettingsFor({.age_micros = INT64_MAX, .bytes = UINT64_MAX})));
}

}  // namespace
}  // namespace millrace::connectors
