// For the unit tests of sources: a SourceSink that keeps everything, and short ways to make tables.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "connectors/connector.h"
#include "connectors/print/print_text.h"

namespace millrace::connectors {

class CollectingSink final : public SourceSink {
 public:
  struct Malformed {
    int partition;
    std::string origin;
    uint64_t offset;
    std::string bytes;
    uint64_t size;
    std::string reason;
  };

  Status OnBatch(int partition, data::Batch batch) override {
    for (size_t row = 0; row < batch.rows; ++row) {
      std::string text;
      AppendPrintedRow(batch, row, &text);
      rows.push_back(std::move(text));
      partitions.push_back(partition);
    }
    batches.push_back(std::move(batch));
    return {};
  }
  Status OnMalformed(int partition, const MalformedRecord& record, const Error& error) override {
    malformed.push_back({partition, std::string(record.origin), record.offset, std::string(record.bytes),
                         record.size, error.message()});
    return {};
  }
  Status OnWatermark(int partition, int64_t watermark) override {
    watermarks.emplace_back(partition, watermark);
    return {};
  }
  Status OnPartitionStart(int partition) override {
    started.push_back(partition);
    return {};
  }
  Status OnPartitionEnd(int partition) override {
    ended.push_back(partition);
    return {};
  }

  std::vector<std::string> TakeRows() { return std::exchange(rows, {}); }

  std::vector<std::string> rows;  // as printed
  std::vector<int> partitions;    // of the rows
  std::vector<data::Batch> batches;
  std::vector<Malformed> malformed;
  std::vector<std::pair<int, int64_t>> watermarks;
  std::vector<int> started;
  std::vector<int> ended;
};

inline TableOptions With(std::vector<std::pair<std::string, std::string>> with) {
  return {"t", std::move(with)};
}

inline TableColumns Physical(std::vector<data::Field> fields) {
  TableColumns columns;
  columns.physical = data::Schema(std::move(fields));
  return columns;
}

inline std::vector<bool> AllOf(const TableColumns& columns) {
  return std::vector<bool>(columns.physical.size(), true);
}

// Polls until the source ends or has nothing; the status of the last poll.
inline Result<ReadStatus> PollAll(Source& source, SourceSink& sink, PollLimits limits = {}) {
  for (;;) {
    MR_ASSIGN(const ReadStatus status, source.Poll(sink, limits));
    if (status.kind != ReadStatus::Kind::kMore) return status;
  }
}

}  // namespace millrace::connectors
