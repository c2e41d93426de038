#include "connectors/ingest/row_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "data/batch_codec.h"

namespace millrace::connectors {
namespace {

constexpr size_t kLengthBytes = 4;

void StoreLength(uint32_t length, char* bytes) {
  for (size_t i = 0; i < kLengthBytes; ++i) bytes[i] = static_cast<char>(length >> (8 * i));
}

uint32_t LoadLength(std::string_view bytes) {
  uint32_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    length |= static_cast<uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return length;
}

std::vector<data::DataType> TypesOf(const data::Schema& schema) {
  std::vector<data::DataType> types;
  types.reserve(schema.size());
  for (size_t i = 0; i < schema.size(); ++i) types.push_back(schema[i].type);
  return types;
}

}  // namespace

// --------------------------------------------------------------------------------------------- reading

RowLogReader::RowLogReader(std::unique_ptr<log::Reader> reader, std::string table,
                           std::vector<data::DataType> types)
    : reader_(std::move(reader)),
      table_(std::move(table)),
      types_(std::move(types)),
      offset_(reader_->offset()) {}

Result<bool> RowLogReader::Open() {
  auto next = reader_->Next(&append_);
  if (!next.has_value()) {
    const Error error =
        next.error().Within(fmt::format("the rows of table '{}' from {} on", table_, offset_));
    switch (error.code()) {
      case ErrorCode::kDataExpired:
        return std::unexpected(
            error.WithHint("the log does not keep them any more: create what reads the table anew"));
      case ErrorCode::kDataCorrupted:
        return std::unexpected(error.WithHint(
            "restore the data folder from a copy; without one, drop the table and create it again"));
      default:
        return std::unexpected(error);
    }
  }
  if (!*next) return false;
  rest_ = append_.payload;
  rest_offset_ = append_.base_offset;
  return true;
}

Result<data::Batch> RowLogReader::DecodeNext(size_t* bytes) const {
  const auto corrupted = [this](std::string_view why) {
    return Fail(ErrorCode::kDataCorrupted,
                fmt::format("the rows of table '{}' from {} on cannot be read from its log: {}", table_,
                            rest_offset_, why),
                "restore the data folder from a copy; without one, drop the table and create it again");
  };
  if (rest_.size() < kLengthBytes) return corrupted("a length is cut off");
  const size_t length = LoadLength(rest_);
  if (length > rest_.size() - kLengthBytes) return corrupted("a batch is cut off");
  auto batch = data::DecodeBatch(rest_.substr(kLengthBytes, length), types_);
  if (!batch.has_value()) {
    if (batch.error().code() == ErrorCode::kDataCorrupted) return corrupted(batch.error().message());
    return batch;
  }
  *bytes = kLengthBytes + length;
  const uint64_t end_offset = rest_offset_ + batch->rows;
  const bool is_last = *bytes == rest_.size();
  if (batch->rows == 0 ||
      (is_last ? end_offset != append_.end_offset() : end_offset >= append_.end_offset())) {
    return corrupted("the batches of an append have not as many rows as it says");
  }
  return batch;
}

Result<bool> RowLogReader::Next(data::Batch* batch) {
  while (true) {
    if (rest_.empty()) {
      MR_ASSIGN(const bool is_open, Open());
      if (!is_open) return false;
    }
    size_t bytes = 0;
    MR_ASSIGN(data::Batch decoded, DecodeNext(&bytes));
    const uint64_t begin = rest_offset_;
    rest_.remove_prefix(bytes);
    rest_offset_ += decoded.rows;
    // Reading may begin within an append, and within a batch.
    if (rest_offset_ <= offset_) continue;
    const size_t skipped = offset_ > begin ? offset_ - begin : 0;
    offset_ = rest_offset_;
    *batch = skipped == 0 ? std::move(decoded) : data::Slice(decoded, skipped, decoded.rows - skipped);
    return true;
  }
}

// ------------------------------------------------------------------------------------------------ pins

RowPin::RowPin(std::shared_ptr<log::Topic> topic, std::string name, uint64_t offset)
    : topic_(std::move(topic)), name_(std::move(name)) {
  MoveTo(offset);
}

RowPin::~RowPin() {
  topic_->partition(0).RemovePin(name_);
}

void RowPin::MoveTo(uint64_t offset) {
  topic_->partition(0).SetPin(name_, offset);
}

void RowPin::Release() {
  topic_->partition(0).RemovePin(name_);
}

// ------------------------------------------------------------------------------------------- the topic

log::TopicSettings SettingsFor(const LogRetention& retention) {
  constexpr int kSegments = 8;
  constexpr int64_t kSegmentAgeMicrosMin = 1'000'000;  // each costs a few syncs
  log::TopicSettings settings{.codec = log::Codec::kLz4};
  settings.retention_age_micros = retention.age_micros;
  settings.retention_bytes = retention.bytes;
  if (retention.age_micros > 0) {
    settings.segment_age_micros =
        std::clamp(retention.age_micros / kSegments, kSegmentAgeMicrosMin, settings.segment_age_micros);
  }
  if (retention.bytes > 0) {
    settings.segment_bytes =
        std::clamp(retention.bytes / kSegments, limits::kLogSegmentBytesMin, settings.segment_bytes);
  }
  return settings;
}

Result<std::shared_ptr<RowLog>> RowLog::Open(log::Log* log, const std::string& topic, std::string table,
                                             const data::Schema& schema, const LogRetention& retention) {
  std::shared_ptr<log::Topic> found = log->FindTopic(topic);
  if (found == nullptr) {
    MR_ASSIGN(found, log->CreateTopic(topic, SettingsFor(retention)));
  }
  auto rows = std::make_shared<RowLog>(log, std::move(found), std::move(table), schema);
  MR_TRY(rows->SetRetention(retention));
  return rows;
}

Status RowLog::SetRetention(const LogRetention& retention) {
  const log::TopicSettings now = topic_->settings();
  if (now.retention_age_micros == retention.age_micros && now.retention_bytes == retention.bytes) return {};
  const log::TopicSettings settings = SettingsFor(retention);
  const Status altered = log_.AlterTopic(topic_->name(), settings);
  if (!altered.has_value()) return std::unexpected(altered.error().Within(fmt::format("table '{}'", table_)));
  return {};
}

RowLog::RowLog(log::Log* log, std::shared_ptr<log::Topic> topic, std::string table,
               const data::Schema& schema)
    : log_(*log), topic_(std::move(topic)), table_(std::move(table)), types_(TypesOf(schema)) {}

std::string RowLog::TopicOfTable(uint64_t object_id) {
  return fmt::format("t{}", object_id);
}

bool RowLog::IsTopicOfTable(std::string_view topic) {
  return topic.size() > 1 && topic.front() == 't' &&
         topic.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

Result<log::AppendBatch> RowLog::Encode(std::span<const data::Batch> batches) const {
  log::AppendBatch append{.layout = log::Layout::kOpaque};
  for (const data::Batch& batch : batches) {
    if (batch.rows == 0) continue;
    const size_t begin = append.payload.size();
    append.payload.append(kLengthBytes, '\0');
    data::EncodeBatch(batch, &append.payload);
    if (append.payload.size() > limits::kLogPayloadBytesMax) {
      return Fail(ErrorCode::kProgramLimitExceeded,
                  fmt::format("the rows for table '{}' take more than the {} MB that the log takes at once",
                              table_, limits::kLogPayloadBytesMax >> 20),
                  "nothing of it was taken: write them in smaller parts");
    }
    StoreLength(static_cast<uint32_t>(append.payload.size() - begin - kLengthBytes),
                append.payload.data() + begin);
    append.record_count += static_cast<uint32_t>(batch.rows);
  }
  return append;
}

Error RowLog::Explain(const Error& error) const {
  const Error explained = error.Within(fmt::format("table '{}'", table_));
  if (error.code() != ErrorCode::kDiskFull) return explained;
  return explained.WithHint(
      "nothing of it was taken: make room on the disk of the data folder, then send it again");
}

std::unique_ptr<RowLogReader> RowLog::NewReader(uint64_t offset) const {
  return std::make_unique<RowLogReader>(partition().NewReader(offset, nullptr), table_, types_);
}

std::shared_ptr<RowPin> RowLog::Pin(const std::string& reader, uint64_t offset) {
  return std::make_shared<RowPin>(topic_, fmt::format("{}#{}", reader, next_pin_.fetch_add(1)), offset);
}

Status RowLog::Drop() {
  return log_.DropTopic(topic_->name());
}

}  // namespace millrace::connectors
