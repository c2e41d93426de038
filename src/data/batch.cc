#include "data/batch.h"

#include "base/hash.h"

namespace millrace::data {

Batch Gather(const Batch& batch, std::span<const uint32_t> rows) {
  Batch result;
  result.rows = rows.size();
  result.columns.reserve(batch.columns.size());
  for (const ColumnPtr& column : batch.columns) result.columns.push_back(Gather(column, rows));
  if (batch.kinds) {
    auto kinds = std::make_shared<std::vector<RowKind>>(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) (*kinds)[i] = (*batch.kinds)[rows[i]];
    result.kinds = std::move(kinds);
  }
  if (batch.watermarks) {
    auto watermarks = std::make_shared<std::vector<int64_t>>(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) (*watermarks)[i] = (*batch.watermarks)[rows[i]];
    result.watermarks = std::move(watermarks);
  }
  return result;
}

Batch Slice(const Batch& batch, size_t offset, size_t count) {
  if (offset == 0 && count == batch.rows) return batch;
  std::vector<uint32_t> rows(count);
  for (size_t i = 0; i < count; ++i) rows[i] = static_cast<uint32_t>(offset + i);
  return Gather(batch, rows);
}

void HashRows(const Batch& batch, std::span<const int> columns, std::vector<uint64_t>* hashes) {
  hashes->assign(batch.rows, 0);
  bool combine = false;
  for (const int column : columns) {
    HashColumn(*batch.columns[column], *hashes, combine);
    combine = true;
  }
}

}  // namespace millrace::data
