#include "connectors/row_forwarder.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace millrace::connectors {

RowForwarder::RowForwarder(data::Schema schema, std::vector<int> decoded)
    : schema_(std::move(schema)), decoded_(std::move(decoded)), constants_(decoded_.size()) {
  MR_CHECK_EQ(schema_.size(), decoded_.size());
}

void RowForwarder::SetOrigin(int partition, std::string origin, std::vector<data::Value> constants) {
  partition_ = partition;
  origin_ = std::move(origin);
  constants_ = std::move(constants);
}

Status RowForwarder::OnBatch(data::Batch batch, std::span<const int64_t>) {
  rows_ += batch.rows;
  data::Batch whole;
  whole.rows = batch.rows;
  whole.kinds = std::move(batch.kinds);
  whole.columns.reserve(decoded_.size());
  for (size_t i = 0; i < decoded_.size(); ++i) {
    whole.columns.push_back(decoded_[i] >= 0
                                ? batch.columns[static_cast<size_t>(decoded_[i])]
                                : data::Column::Constant(schema_[i].type, constants_[i], batch.rows));
  }
  return sink_->OnBatch(partition_, std::move(whole));
}

Status RowForwarder::OnMalformed(int64_t offset, std::string_view bytes, const Error& reason) {
  ++rows_;
  const MalformedRecord record{origin_, static_cast<uint64_t>(offset),
                               bytes.substr(0, limits::kDeadLetterBytesMax), bytes.size()};
  return sink_->OnMalformed(partition_, record, reason);
}

Error OverlongError() {
  return Error(ErrorCode::kInvalidText,
               fmt::format("the record is longer than {} bytes", limits::kRecordBytesMax));
}

}  // namespace millrace::connectors
