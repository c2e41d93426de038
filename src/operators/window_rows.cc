#include "operators/window_rows.h"

#include <algorithm>

namespace millrace::operators {

using data::Batch;
using data::ColumnView;

namespace {

constexpr size_t kSearchedSlices = 8;

// The watermark in force before each row.
class RowWatermarks {
 public:
  RowWatermarks(const Batch& batch, int64_t watermark)
      : values_(batch.watermarks ? batch.watermarks->data() : nullptr), watermark_(watermark) {}
  int64_t operator[](size_t row) const {
    return values_ == nullptr ? watermark_ : std::max(values_[row], watermark_);
  }

 private:
  const int64_t* values_;
  int64_t watermark_;
};

}  // namespace

WindowRows::WindowRows(const WindowAggregateSpec* spec, OperatorContext* context, LocalClock* clock)
    : spec_(spec), context_(context), clock_(clock), assigner_(spec->window) {}

void WindowRows::Assign(Batch* batch, int64_t watermark) {
  slices_.clear();
  locals_.clear();
  positions_.clear();
  partly_late_.clear();
  dropped_ = 0;
  slice_of_row_.resize(batch->rows);
  if (spec_->attached) {
    AssignAttached(*batch, watermark);
  } else if (spec_->processing_time) {
    const int64_t start = assigner_.SliceStart(clock_->ToLocal(context_->eval.now_micros));
    const Local local = Find({start + assigner_.slice_micros(), start});
    std::ranges::fill(slice_of_row_, local.has_window ? local.position : kDropped);
    dropped_ = local.has_window ? 0 : batch->rows;
  } else {
    AssignByTime(*batch, watermark);
  }
  if (dropped_ > 0) Compact(batch);
}

WindowRows::Local WindowRows::Find(const SliceKey& slice) {
  if (slices_.size() <= kSearchedSlices) {
    for (size_t i = slices_.size(); i-- > 0;) {
      if (slices_[i] == slice) return locals_[i];
    }
  } else {
    if (positions_.empty()) {
      for (size_t i = 0; i < slices_.size(); ++i) positions_[slices_[i]] = static_cast<uint32_t>(i);
    }
    if (const auto found = positions_.find(slice); found != positions_.end()) return locals_[found->second];
  }
  Local local{.position = static_cast<uint32_t>(slices_.size()),
              .first_firing = data::kMaxWatermark,
              .last_firing = data::kMaxWatermark,
              .has_window = true};
  if (spec_->attached) {
    local.first_firing = local.last_firing = FiringTime(slice.end, clock_->zone());
  } else {
    const int64_t first = assigner_.FirstWindowEnd(slice.end);
    const int64_t last = assigner_.LastWindowEnd(slice.end);
    local.has_window = first <= last;
    if (!spec_->processing_time) {
      local.first_firing = FiringTime(first, clock_->zone());
      local.last_firing = FiringTime(last, clock_->zone());
    }
  }
  if (!positions_.empty()) positions_[slice] = local.position;
  slices_.push_back(slice);
  locals_.push_back(local);
  return local;
}

bool WindowRows::IsDropped(const Batch& batch, size_t row, const Local& local, int64_t watermark) {
  if (watermark < local.last_firing) {
    partly_late_.push_back({static_cast<uint32_t>(row), watermark});
    return false;
  }
  const SliceKey& slice = slices_[local.position];
  LateRow late{.window_start = slice.start,
               .window_end = slice.end,
               .watermark = watermark,
               .rowtime = WindowTime(slice.end)};
  if (!spec_->attached) {
    late.window_end = assigner_.LastWindowEnd(slice.end);
    late.window_start = assigner_.WindowStart(late.window_end);
  }
  if (spec_->rowtime_column >= 0) {
    late.rowtime = clock_->ToLocal(ColumnView<int64_t>(*batch.columns[spec_->rowtime_column])[row]);
  }
  if (watermark != data::kMaxWatermark) late.watermark = clock_->ToLocal(watermark);
  context_->side_output->Late(context_->name, batch, row, late);
  return true;
}

void WindowRows::DropNull(const Batch& batch, size_t row) {
  slice_of_row_[row] = kDropped;
  ++dropped_;
  context_->side_output->Failed(
      context_->name, batch, row,
      Error(ErrorCode::kNullNotAllowed, "the row has no window: its time attribute is NULL"));
}

void WindowRows::AssignByTime(const Batch& batch, int64_t watermark) {
  const data::Column& column = *batch.columns[spec_->rowtime_column];
  const ColumnView<int64_t> times(column);
  const RowWatermarks watermarks(batch, watermark);
  const bool has_nulls = column.has_nulls();
  const auto slice_micros = static_cast<uint64_t>(assigner_.slice_micros());
  int64_t slice_start = 0;
  Local local{};
  bool has_slice = false;
  for (size_t row = 0; row < batch.rows; ++row) {
    if (has_nulls && column.IsNull(row)) {
      DropNull(batch, row);
      continue;
    }
    const int64_t time = clock_->ToLocal(times[row]);
    if (!has_slice || static_cast<uint64_t>(time - slice_start) >= slice_micros) {
      slice_start = assigner_.SliceStart(time);
      local = Find({slice_start + assigner_.slice_micros(), slice_start});
      has_slice = true;
    }
    slice_of_row_[row] = local.position;
    const int64_t row_watermark = watermarks[row];
    if (row_watermark >= local.first_firing || !local.has_window) [[unlikely]] {
      if (!local.has_window || IsDropped(batch, row, local, row_watermark)) {
        slice_of_row_[row] = kDropped;
        ++dropped_;
      }
    }
  }
}

void WindowRows::AssignAttached(const Batch& batch, int64_t watermark) {
  const data::Column& start_column = *batch.columns[spec_->window_start_column];
  const data::Column& end_column = *batch.columns[spec_->window_end_column];
  const ColumnView<int64_t> starts(start_column);
  const ColumnView<int64_t> ends(end_column);
  const RowWatermarks watermarks(batch, watermark);
  const bool has_nulls = start_column.has_nulls() || end_column.has_nulls();
  SliceKey slice{};
  Local local{};
  for (size_t row = 0; row < batch.rows; ++row) {
    if (has_nulls && (start_column.IsNull(row) || end_column.IsNull(row))) {
      DropNull(batch, row);
      continue;
    }
    if (slices_.empty() || ends[row] != slice.end || starts[row] != slice.start) {
      slice = {ends[row], starts[row]};
      local = Find(slice);
    }
    slice_of_row_[row] = local.position;
    const int64_t row_watermark = watermarks[row];
    if (row_watermark >= local.first_firing && IsDropped(batch, row, local, row_watermark)) [[unlikely]] {
      slice_of_row_[row] = kDropped;
      ++dropped_;
    }
  }
}

void WindowRows::Compact(Batch* batch) {
  std::vector<uint32_t> kept;
  kept.reserve(batch->rows);
  for (size_t row = 0; row < batch->rows; ++row) {
    if (slice_of_row_[row] == kDropped) continue;
    slice_of_row_[kept.size()] = slice_of_row_[row];
    kept.push_back(static_cast<uint32_t>(row));
  }
  slice_of_row_.resize(kept.size());
  for (PartlyLate& late : partly_late_) {
    late.row = static_cast<uint32_t>(std::ranges::lower_bound(kept, late.row) - kept.begin());
  }
  *batch = data::Gather(*batch, kept);
}

}  // namespace millrace::operators
