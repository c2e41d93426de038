#include "connectors/feed/feed.h"

#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connectors/feed/feed_hub.h"

namespace millrace::connectors {
namespace {

constexpr OptionSpec kOptions[] = {
    {.key = "changelog-mode",
     .type = OptionType::kChoice,
     .default_text = "I",
     .choices = "I; I,UA,D; I,UB,UA,D; I,UA,UB,D",
     .doc = "the kinds of rows that are pushed: inserts; by primary key; everything"},
    {.key = "partitions",
     .type = OptionType::kInteger,
     .default_text = "1",
     .min = 1,
     .max = 1000,
     .doc = "partitions, each with a watermark of its own"},
};

ChangelogMode ModeOf(const ParsedOptions& parsed) {
  switch (parsed.GetInt("changelog-mode")) {
    case 0:
      return ChangelogMode::kAppend;
    case 1:
      return ChangelogMode::kUpsert;
    default:
      return ChangelogMode::kRetract;
  }
}

bool Allows(ChangelogMode mode, data::RowKind kind) {
  switch (mode) {
    case ChangelogMode::kAppend:
      return kind == data::RowKind::kInsert;
    case ChangelogMode::kUpsert:
      return kind != data::RowKind::kUpdateBefore;
    case ChangelogMode::kRetract:
      return true;
  }
  MR_UNREACHABLE();
}

}  // namespace

class FeedSource final : public Source {
 public:
  FeedSource(const TableRequest& request, const std::vector<bool>& needed, const SourceContext& context)
      : table_(request.options.table),
        schema_(ReadSchema(request.columns, needed)),
        needed_(needed),
        mode_(ModeOf(request.parsed)),
        partitions_(static_cast<int>(request.parsed.GetInt("partitions"))),
        hub_(*context.feeds),
        reader_(hub_.AddReader(table_, context.wake)) {}
  ~FeedSource() override { hub_.RemoveReader(table_, reader_); }

  const data::Schema& schema() const override { return schema_; }
  bool bounded() const override { return false; }
  int initial_partitions() const override { return partitions_; }

  Result<ReadStatus> Poll(SourceSink& sink, const PollLimits& limits) override {
    FeedHub::Event event;
    for (size_t rows = 0; rows < limits.rows_max;) {
      if (ended_) return ReadStatus::End();
      if (!hub_.Read(table_, reader_, position_, &event)) return ReadStatus::Idle(kRetryMicros);
      rows += event.batch.rows;
      MR_TRY(Give(std::move(event), sink));
      ++position_;
    }
    return ReadStatus::More();
  }

  std::string Position() const override { return std::to_string(position_); }
  Status Seek(std::string_view position) override {
    const auto [end, error] = std::from_chars(position.data(), position.data() + position.size(), position_);
    if (error == std::errc() && end == position.data() + position.size()) return {};
    return Fail(ErrorCode::kInvalidParameter, fmt::format("'{}' is no position of a feed table", position));
  }

 private:
  // Besides the wake-up, which need not be given.
  static constexpr int64_t kRetryMicros = 1'000;

  Status Give(FeedHub::Event event, SourceSink& sink) {
    switch (event.kind) {
      case FeedHub::Event::Kind::kBatch: {
        MR_TRY(Check(event));
        return sink.OnBatch(event.partition, Project(std::move(event.batch)));
      }
      case FeedHub::Event::Kind::kWatermark:
        for (int i = 0; i < partitions_; ++i) {
          if (event.partition == i || event.partition == -1) MR_TRY(sink.OnWatermark(i, event.watermark));
        }
        return {};
      case FeedHub::Event::Kind::kEnd:
        ended_ = true;
        return {};
    }
    MR_UNREACHABLE();
  }

  Status Check(const FeedHub::Event& event) const {
    if (event.partition < 0 || event.partition >= partitions_) {
      return Fail(ErrorCode::kInvalidParameter, fmt::format("rows for partition {} of '{}', which has {}",
                                                            event.partition, table_, partitions_));
    }
    if (event.batch.columns.size() != needed_.size()) {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("rows with {} columns for '{}', which has {}", event.batch.columns.size(),
                              table_, needed_.size()));
    }
    for (size_t row = 0; row < event.batch.rows; ++row) {
      const data::RowKind kind = event.batch.kind(row);
      if (Allows(mode_, kind)) continue;
      return Fail(
          ErrorCode::kInvalidParameter,
          fmt::format("a {} row for '{}', whose 'changelog-mode' has none", data::RowKindName(kind), table_));
    }
    return {};
  }

  data::Batch Project(data::Batch batch) const {
    std::vector<data::ColumnPtr> columns;
    for (size_t i = 0; i < needed_.size(); ++i) {
      if (needed_[i]) columns.push_back(std::move(batch.columns[i]));
    }
    batch.columns = std::move(columns);
    return batch;
  }

  const std::string table_;
  const data::Schema schema_;
  const std::vector<bool> needed_;
  const ChangelogMode mode_;
  const int partitions_;
  FeedHub& hub_;
  const uint64_t reader_;
  size_t position_ = 0;
  bool ended_ = false;
};

namespace {

Result<TableTraits> DescribeFeed(const TableRequest& request) {
  TableTraits traits;
  traits.can_read = true;
  traits.reading = "exactly-once: what was pushed is kept";
  traits.produces = ModeOf(request.parsed);
  if (traits.produces == ChangelogMode::kUpsert && request.columns.primary_key.empty()) {
    return Fail(ErrorCode::kInvalidTableDefinition, "'changelog-mode' = 'I,UA,D' needs a primary key",
                "declare PRIMARY KEY (…) NOT ENFORCED, or push -U rows as well: 'I,UB,UA,D'");
  }
  return traits;
}

Result<std::unique_ptr<Source>> MakeFeed(const TableRequest& request, const std::vector<bool>& needed,
                                         const SourceContext& context) {
  if (context.feeds == nullptr) {
    return Fail(ErrorCode::kNotSupported, "connector 'feed' is for tests",
                "rows are pushed into it by the statements of `millrace test`");
  }
  return std::make_unique<FeedSource>(request, needed, context);
}

}  // namespace

const ConnectorType& FeedConnector() {
  static constexpr ConnectorType kType = {
      .options = {.connector = "feed", .specs = kOptions},
      .describe = DescribeFeed,
      .make_source = MakeFeed,
      .make_sink = nullptr,
  };
  return kType;
}

}  // namespace millrace::connectors
