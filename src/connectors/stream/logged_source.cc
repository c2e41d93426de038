#include "connectors/stream/logged_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "base/limits.h"

namespace millrace::connectors {
namespace {

using Kind = StreamEvent::Kind;

constexpr std::string_view kPositionPrefix = "log ";
// While nothing comes, and before the disk is tried again.
constexpr int64_t kIdleMicros = 2'000;
constexpr int64_t kFullMicros = 1'000'000;
// What is gathered for one append; a source may go beyond it by what one Poll of it gives.
constexpr size_t kGatherBytes = size_t{4} << 20;
constexpr size_t kGatherRows = 16 * limits::kBatchRows;

size_t BytesOf(const StreamEvent& event) {
  size_t bytes = sizeof(StreamEvent) + event.origin.size() + event.bytes.size();
  for (const auto& column : event.rows.columns) bytes += column->MemoryBytes();
  return bytes;
}

}  // namespace

// Keeps what a source says instead of doing it.
class LoggedSource::Recorder final : public SourceSink {
 public:
  explicit Recorder(LoggedSource* source) : source_(*source) {}
  Status OnBatch(int partition, data::Batch batch) override {
    if (batch.rows <= limits::kBatchRows) {
      Add({.kind = Kind::kRows, .partition = partition, .rows = std::move(batch)});
      return {};
    }
    for (size_t at = 0; at < batch.rows; at += limits::kBatchRows) {
      const size_t rows = std::min<size_t>(limits::kBatchRows, batch.rows - at);
      Add({.kind = Kind::kRows, .partition = partition, .rows = data::Slice(batch, at, rows)});
    }
    return {};
  }
  Status OnMalformed(int partition, const MalformedRecord& record, const Error& error) override {
    Add({.kind = Kind::kMalformed,
         .partition = partition,
         .rows = {},
         .origin = std::string(record.origin),
         .offset = record.offset,
         .bytes = std::string(record.bytes.substr(0, limits::kDeadLetterBytesMax)),
         .size = record.size,
         .error = error});
    return {};
  }
  Status OnWatermark(int, int64_t) override {
    return Fail(ErrorCode::kInternal, "a stream that is kept in the log has no watermarks of its own");
  }
  Status OnPartitionStart(int partition) override {
    Add({.kind = Kind::kPartitionStart, .partition = partition});
    return {};
  }
  Status OnPartitionEnd(int partition) override {
    Add({.kind = Kind::kPartitionEnd, .partition = partition});
    return {};
  }

 private:
  void Add(StreamEvent event) {
    source_.gathered_bytes_ += BytesOf(event);
    source_.gathered_rows_ += event.rows.rows;
    source_.gathered_.push_back(std::move(event));
  }
  LoggedSource& source_;
};

Result<std::unique_ptr<Source>> KeepInLog(std::unique_ptr<Source> source, const SourceContext& context) {
  if (context.log == nullptr) return source;
  std::shared_ptr<log::Topic> topic = context.log->FindTopic(context.log_topic);
  if (topic == nullptr) {
    MR_ASSIGN(topic, context.log->CreateTopic(context.log_topic, {.codec = log::Codec::kLz4,
                                                                  .segment_bytes = uint64_t{16} << 20}));
  }
  return std::make_unique<LoggedSource>(std::move(source), std::move(topic), *context.env, context.wake);
}

LoggedSource::LoggedSource(std::unique_ptr<Source> source, std::shared_ptr<log::Topic> topic, env::Env& env,
                           std::function<void()> wake)
    : source_(std::move(source)),
      topic_(std::move(topic)),
      env_(env),
      answer_(std::make_shared<Answer>(std::move(wake))),
      position_(topic_->partition(0).start_offset()),
      reader_(topic_->partition(0).NewReader(position_, nullptr)) {
  for (const data::Field& field : source_->schema()) types_.push_back(field.type);
}

// What has been received and is not on its way yet is put there: the next process gives it.
LoggedSource::~LoggedSource() {
  {
    MutexLock lock(answer_->mutex);
    answer_->is_abandoned = true;
  }
  if (under_way_.empty() || is_waiting_) {
    under_way_ = std::exchange(gathered_, {});
  } else {
    std::ranges::move(gathered_, std::back_inserter(under_way_));
  }
  is_waiting_ = false;
  retry_micros_ = 0;
  static_cast<void>(StartAppend());
}

std::string LoggedSource::Position() const {
  return fmt::format("{}{}", kPositionPrefix, position_);
}

Status LoggedSource::Seek(std::string_view position) {
  const uint64_t end_offset = topic_->partition(0).end_offset();
  uint64_t offset = topic_->partition(0).start_offset();
  // Saved without a log: what is in the log has come since.
  if (position.starts_with(kPositionPrefix)) {
    const std::string_view digits = position.substr(kPositionPrefix.size());
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), offset);
    if (error != std::errc() || end != digits.data() + digits.size() || offset > end_offset) {
      return Fail(
          ErrorCode::kDataCorrupted,
          fmt::format("'{}' is no position in what was received, which ends at {}", position, end_offset),
          "the log and the checkpoints are not of one data folder: restore both from one copy");
    }
  }
  position_ = offset;
  reader_->Seek(offset);
  return {};
}

std::function<void()> LoggedSource::ForgetBefore() const {
  return [topic = topic_, offset = position_] { topic->partition(0).TruncateBefore(offset); };
}

Status LoggedSource::Give(const StreamEvent& event, SourceSink& sink) {
  ++position_;
  if (event.kind == Kind::kTableEnd) ended_ = true;
  if (event.kind == Kind::kPartitionEnd) {
    if (streams_.erase(event.partition) == 0) return {};
  } else if (event.kind != Kind::kTableEnd && event.partition >= source_->initial_partitions()) {
    // Where the log begins, or is read on, a stream may be under way.
    const bool is_new = streams_.insert(event.partition).second;
    if (is_new && event.kind != Kind::kPartitionStart) MR_TRY(sink.OnPartitionStart(event.partition));
  }
  return event.Give(sink);
}

Result<bool> LoggedSource::Replay(SourceSink& sink, const PollLimits& limits) {
  size_t rows = 0;
  while (rows < limits.rows_max && !ended_) {
    log::ReadBatch batch;
    MR_ASSIGN(const bool has_more, reader_->Next(&batch));
    if (!has_more) {
      reader_ = nullptr;
      return false;
    }
    MR_ASSIGN(const std::vector<StreamEvent> events, DecodeEvents(batch.payload, types_));
    if (events.size() != batch.record_count) {
      return Fail(ErrorCode::kDataCorrupted, "an append to the log has not as many events as it says",
                  "restore the data folder from a copy");
    }
    for (size_t i = batch.skip_records; i < events.size(); ++i) {
      rows += events[i].rows.rows;
      MR_TRY(Give(events[i], sink));
    }
  }
  return true;
}

void LoggedSource::EndStreams() {
  Recorder recorder(this);
  for (const int stream : streams_) static_cast<void>(recorder.OnPartitionEnd(stream));
}

Status LoggedSource::TakeAnswer(SourceSink& sink) {
  std::optional<Result<log::AppendResult>> result;
  {
    MutexLock lock(answer_->mutex);
    result = std::exchange(answer_->result, std::nullopt);
  }
  if (!result.has_value()) return {};
  is_waiting_ = false;
  if (!result->has_value()) {
    if (result->error().code() != ErrorCode::kDiskFull) return std::unexpected(result->error());
    retry_micros_ = Now() + kFullMicros;
    return {};
  }
  const std::vector<StreamEvent> durable = std::exchange(under_way_, {});
  for (const StreamEvent& event : durable) MR_TRY(Give(event, sink));
  return {};
}

bool LoggedSource::HasRoom() const {
  return gathered_bytes_ < kGatherBytes && gathered_rows_ < kGatherRows;
}

Result<ReadStatus> LoggedSource::Gather(const PollLimits& limits) {
  if (source_ended_ || !HasRoom()) return ReadStatus::Idle(kIdleMicros);
  Recorder recorder(this);
  // One block of bytes at a time: it is they that an append has a bound for. It waits only when nobody waits
  // for what is here.
  PollLimits own{.wait_micros_max = limits.wait_micros_max, .rows_max = 1};
  const size_t rows_max = gathered_rows_ + limits.rows_max;
  ReadStatus status = ReadStatus::More();
  while (status.kind == ReadStatus::Kind::kMore && HasRoom() && gathered_rows_ < rows_max) {
    if (is_waiting_ || !under_way_.empty() || !gathered_.empty()) own.wait_micros_max = 0;
    MR_ASSIGN(status, source_->Poll(recorder, own));
  }
  if (status.kind != ReadStatus::Kind::kEnd) return status;
  source_ended_ = true;
  gathered_.push_back({.kind = Kind::kTableEnd});
  return ReadStatus::More();
}

Status LoggedSource::StartAppend() {
  if (is_waiting_ || Now() < retry_micros_) return {};
  if (under_way_.empty()) {
    under_way_ = std::exchange(gathered_, {});
    gathered_bytes_ = gathered_rows_ = 0;
  }
  if (under_way_.empty()) return {};
  log::AppendBatch batch{.layout = log::Layout::kOpaque};
  for (const StreamEvent& event : under_way_) AppendEvent(event, &batch.payload);
  batch.record_count = static_cast<uint32_t>(under_way_.size());
  log::AppendDone done = [answer = answer_](Result<log::AppendResult> result) {
    MutexLock lock(answer->mutex);
    answer->result = std::move(result);
    if (!answer->is_abandoned && answer->wake) answer->wake();
  };
  MR_ASSIGN(const log::Admission admission, topic_->partition(0).TryAppend(&batch, &done, {}));
  if (admission == log::Admission::kTaken) {
    is_waiting_ = true;
  } else {
    retry_micros_ = Now() + kIdleMicros;
  }
  return {};
}

Result<ReadStatus> LoggedSource::Poll(SourceSink& sink, const PollLimits& limits) {
  if (reader_ != nullptr) {
    MR_ASSIGN(const bool has_more, Replay(sink, limits));
    if (ended_) return ReadStatus::End();
    if (has_more) return ReadStatus::More();
    EndStreams();
  }
  MR_TRY(TakeAnswer(sink));
  if (ended_) return ReadStatus::End();
  MR_ASSIGN(const ReadStatus status, Gather(limits));
  MR_TRY(StartAppend());
  if (status.kind == ReadStatus::Kind::kMore && HasRoom() && !source_ended_) return ReadStatus::More();
  // The log wakes the source when it has answered.
  int64_t pause_micros = std::max(status.retry_micros, kIdleMicros);
  if (!under_way_.empty() && !is_waiting_) {
    pause_micros = std::min(pause_micros, std::max(retry_micros_ - Now(), kIdleMicros));
  }
  return ReadStatus::Idle(pause_micros);
}

}  // namespace millrace::connectors
