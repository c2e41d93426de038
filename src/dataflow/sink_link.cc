#include "dataflow/sink_link.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::dataflow {

Status SinkLink::OnBatch(data::Batch batch) {
  if (drop_update_before_ && !batch.IsInsertOnly()) {
    std::vector<uint32_t> kept;
    for (size_t row = 0; row < batch.rows; ++row) {
      if (batch.kind(row) != data::RowKind::kUpdateBefore) kept.push_back(static_cast<uint32_t>(row));
    }
    if (kept.size() < batch.rows) batch = data::Gather(batch, kept);
  }
  if (batch.rows == 0) return {};
  return sink_->Write(batch);
}

Status SinkLink::OnEpoch(const Epoch& epoch) {
  MR_TRY(sink_->Flush(static_cast<uint64_t>(epoch.number)));
  return epoch.is_checkpoint ? sink_->Prepare() : Status();
}

StateOwner SinkLink::Owner(uint64_t object_id, uint32_t shard, uint32_t shards) {
  static constexpr std::string_view kState = "sink";
  const std::string object = ObjectOwner(object_id);
  const auto save = [this](state::StateWriter& writer) { writer.PutShared(kState, sink_->State()); };
  const auto restore = [this, shard, shards](state::StateReader& reader) -> Status {
    MR_TRY(state::ExpectNothing(reader));
    // What several shards have left is taken over by these in turns.
    std::vector<std::string_view> states;
    for (const auto& saved : reader.shared()) {
      if (saved.name == kState && saved.shard % shards == shard && !saved.value.empty()) {
        states.push_back(saved.value);
      }
    }
    return states.empty() ? Status() : sink_->Restore(states);
  };
  return {object, object + "/sink", shard, shards, save, restore, [this] { return sink_->Publish(); }};
}

NotNullLink::NotNullLink(std::string name, data::Schema schema, std::vector<int> columns,
                         operators::SideOutput* side, Link* next)
    : name_(std::move(name)),
      schema_(std::move(schema)),
      columns_(std::move(columns)),
      side_(*side),
      next_(*next) {}

Status NotNullLink::OnBatch(data::Batch batch) {
  bool has_nulls = false;
  for (const int column : columns_) has_nulls |= batch.columns[column]->has_nulls();
  if (!has_nulls) return next_.OnBatch(std::move(batch));
  std::vector<uint32_t> kept;
  for (size_t row = 0; row < batch.rows; ++row) {
    const auto null = std::find_if(columns_.begin(), columns_.end(),
                                   [&](int column) { return batch.columns[column]->IsNull(row); });
    if (null == columns_.end()) {
      kept.push_back(static_cast<uint32_t>(row));
    } else if (batch.kind(row) != data::RowKind::kUpdateBefore && batch.kind(row) != data::RowKind::kDelete) {
      // What takes back a row that never came in is no news.
      side_.Failed(
          name_, batch, row,
          Error(ErrorCode::kNullNotAllowed,
                fmt::format("column '{}' is NOT NULL, but the row has null there", schema_[*null].name)));
    }
  }
  if (kept.empty()) return {};
  if (kept.size() < batch.rows) batch = data::Gather(batch, kept);
  return next_.OnBatch(std::move(batch));
}

}  // namespace millrace::dataflow
