#include "dataflow/sink_link.h"

#include <fmt/format.h>

namespace millrace::dataflow {

SinkLink::SinkLink(std::string name, std::unique_ptr<connectors::Sink> sink, data::Schema schema,
                   std::vector<int> not_null, bool drop_update_before, operators::SideOutput* side)
    : name_(std::move(name)),
      sink_(std::move(sink)),
      schema_(std::move(schema)),
      not_null_(std::move(not_null)),
      drop_update_before_(drop_update_before),
      side_(*side) {}

Status SinkLink::OnBatch(data::Batch batch) {
  std::vector<uint32_t> kept;
  bool all = true;
  const bool check_kinds = drop_update_before_ && !batch.IsInsertOnly();
  bool check_nulls = false;
  for (const int column : not_null_) check_nulls |= batch.columns[column]->has_nulls();
  if (check_kinds || check_nulls) {
    for (size_t row = 0; row < batch.rows; ++row) {
      bool keep = !(check_kinds && batch.kind(row) == data::RowKind::kUpdateBefore);
      for (const int column : not_null_) {
        if (!keep || batch.columns[column]->IsValid(row)) continue;
        side_.Failed(
            name_, batch, row,
            Error(ErrorCode::kNullNotAllowed,
                  fmt::format("column '{}' is NOT NULL, but the row has null there", schema_[column].name)));
        keep = false;
      }
      if (keep) kept.push_back(static_cast<uint32_t>(row));
      all &= keep;
    }
    if (!all) batch = data::Gather(batch, kept);
  }
  if (batch.rows == 0) return {};
  return sink_->Write(batch);
}

}  // namespace millrace::dataflow
