#include "connectors/ingest/http.h"

#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/ingest/ingest_point.h"

namespace millrace::connectors {
namespace {

constexpr OptionSpec kOptions[] = {
    {.key = "format",
     .type = OptionType::kString,
     .required = true,
     .doc = "json, csv, raw or grok, with the options of the format"},
    {.key = kLogRetentionKey,
     .type = OptionType::kDuration,
     .min = 1'000'000,
     .doc = "with --data: rows that are older leave the log once all that read the table have them in a "
            "checkpoint; without it they stay until the table is dropped; not in Flink"},
    {.key = kLogRetentionBytesKey,
     .type = OptionType::kMemorySize,
     .min = int64_t{1} << 20,
     .doc =
         "with --data: the oldest rows leave the log, under the same condition, while what is left of it has "
         "so many bytes on the disk; not in Flink"},
};

class HttpSource final : public Source {
 public:
  HttpSource(std::string table, data::Schema schema, std::unique_ptr<IngestPoint::Reader> reader)
      : table_(std::move(table)), schema_(std::move(schema)), reader_(std::move(reader)) {}

  const data::Schema& schema() const override { return schema_; }
  bool bounded() const override { return false; }

  Result<ReadStatus> Poll(SourceSink& sink, const PollLimits& limits) override {
    if (reader_->dropped()) {
      return Fail(ErrorCode::kUndefinedTable,
                  fmt::format("table '{}' was dropped while it was read", table_));
    }
    for (size_t rows = 0; rows < limits.rows_max;) {
      data::Batch batch;
      MR_ASSIGN(const bool has_rows, reader_->Take(&batch));
      if (!has_rows) {
        if (reader_->ended()) return ReadStatus::End();
        return ReadStatus::Idle(kRetryMicros);
      }
      rows += batch.rows;
      MR_TRY(Give(std::move(batch), sink));
    }
    return ReadStatus::More();
  }

  Status GivePushed(int64_t epoch, SourceSink& sink) override {
    reader_->TakeUpTo(epoch);
    // A history may be long, and no epoch waits for it. What is pushed meanwhile belongs to a later epoch, so
    // otherwise this ends.
    while (!reader_->is_backfilling()) {
      data::Batch batch;
      MR_ASSIGN(const bool has_rows, reader_->Take(&batch));
      if (!has_rows) break;
      MR_TRY(Give(std::move(batch), sink));
    }
    reader_->TakeUpTo(epoch + 1);
    return {};
  }

  std::string Position() const override {
    return fmt::format("{}{}", reader_->position(), reader_->is_backfilling() ? kBackfill : "");
  }
  // Without a log what was pushed is not kept: a restarted source gives what comes next.
  Status Seek(std::string_view position) override {
    IngestPoint::Start start;
    start.is_backfill = position.ends_with(kBackfill);
    const std::string_view digits =
        position.substr(0, position.size() - (start.is_backfill ? kBackfill.size() : 0));
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), start.offset);
    if (error != std::errc() || end != digits.data() + digits.size()) {
      return Fail(ErrorCode::kDataCorrupted,
                  fmt::format("'{}' is no position in the rows posted to table '{}'", position, table_));
    }
    reader_->Seek(start);
    return {};
  }
  std::function<void()> ForgetBefore() const override {
    const std::shared_ptr<RowPin> pin = reader_->pin();
    if (pin == nullptr) return {};
    return [pin, offset = reader_->position()] { pin->MoveTo(offset); };
  }
  std::shared_ptr<RowPin> Pin() const override { return reader_->pin(); }
  SourceProgress Progress() const override {
    return {bytes_given_, std::nullopt, fmt::format("row {}", rows_given_)};
  }

 private:
  // Rows wake the source; in between it looks only for partitions that have become idle.
  static constexpr int64_t kRetryMicros = 100'000;
  // Behind the offset of a position: the history before it is still being read.
  static constexpr std::string_view kBackfill = " history";

  Status Give(data::Batch batch, SourceSink& sink) {
    rows_given_ += batch.rows;
    for (const auto& column : batch.columns) bytes_given_ += column->MemoryBytes();
    return sink.OnBatch(0, std::move(batch));
  }

  const std::string table_;
  const data::Schema schema_;
  const std::shared_ptr<IngestPoint::Reader> reader_;
  uint64_t rows_given_ = 0;
  uint64_t bytes_given_ = 0;
};

Result<TableTraits> DescribeHttp(const TableRequest& request) {
  MR_TRY(formats::MakeDecoder(request.parsed.GetString("format"), request.columns.physical,
                              FormatOptions(request.options)));
  TableTraits traits;
  traits.can_read = true;
  traits.reading =
      "exactly-once: rows are in the durable log before they are acknowledged, and read from there";
  traits.produces = request.columns.primary_key.empty() ? ChangelogMode::kAppend : ChangelogMode::kUpsert;
  const ParsedOptions& parsed = request.parsed;
  if (parsed.IsWritten(kLogRetentionKey))
    traits.log_retention.age_micros = parsed.GetMicros(kLogRetentionKey);
  if (parsed.IsWritten(kLogRetentionBytesKey)) {
    traits.log_retention.bytes = static_cast<uint64_t>(parsed.GetBytes(kLogRetentionBytesKey));
  }
  traits.warnings.push_back("connector 'http' is not portable to Flink");
  return traits;
}

Result<std::unique_ptr<Source>> MakeHttp(const TableRequest& request, const std::vector<bool>& needed,
                                         const SourceContext& context) {
  const std::string& table = request.options.table;
  const auto point = context.ingest == nullptr ? nullptr : context.ingest->Find(table);
  if (point == nullptr) {
    return Fail(ErrorCode::kUndefinedTable,
                "no rows can be posted to it here: it is not part of a warehouse");
  }
  std::vector<int> columns;
  for (size_t i = 0; i < needed.size(); ++i) {
    if (needed[i]) columns.push_back(static_cast<int>(i));
  }
  return std::make_unique<HttpSource>(table, ReadSchema(request.columns, needed),
                                      point->AddReader(std::move(columns), context.wake, std::nullopt,
                                                       {.name = context.reader, .is_kept = context.is_kept}));
}

}  // namespace

const ConnectorType& HttpConnector() {
  static constexpr ConnectorType kType = {
      .options = {.connector = "http", .specs = kOptions, .takes_format = true},
      .describe = DescribeHttp,
      .make_source = MakeHttp,
      .make_sink = nullptr,
  };
  return kType;
}

}  // namespace millrace::connectors
