// WindowOutput: gathers the result rows of windows, of several windows if they are small, and hands
// them on in the layout of the spec.
//
// Owned by one operator instance. Rows whose aggregates cannot be told (overflow) go to the side output.
#pragma once

#include <vector>

#include "operators/aggregate_set.h"
#include "operators/slice_assigner.h"
#include "operators/window_aggregate.h"
#include "state/key_table.h"

namespace millrace::operators {

class WindowOutput {
 public:
  WindowOutput(const WindowAggregateSpec* spec, AggregateSet* aggregates, OperatorContext* context,
               const LocalClock* clock);

  // A +I row for each of these entries of a table (payloads as `aggregates` lays them out).
  Status AddEntries(const state::KeyTable& table, std::span<const state::EntryId> ids, int64_t window_start,
                    int64_t window_end);
  // The same with a payload and a window for each entry, which need not be the table's.
  Status AddGroups(const state::KeyTable& table, std::span<const state::EntryId> ids,
                   std::span<std::byte* const> payloads, std::span<const int64_t> window_starts,
                   std::span<const int64_t> window_ends);
  // One row: its key and aggregates are copied from a row of these columns.
  Status AddRow(std::span<const data::MutableColumnPtr> keys, size_t key_row,
                std::span<const data::MutableColumnPtr> aggregates, size_t aggregate_row,
                int64_t window_start, int64_t window_end, data::RowKind kind);
  Status Flush();

  // New empty columns of the keys, and of the aggregates.
  std::vector<data::MutableColumnPtr> MakeKeyColumns() const;
  std::vector<data::MutableColumnPtr> MakeAggregateColumns() const;

 private:
  void Reset();
  void AddWindow(size_t rows, int64_t window_start, int64_t window_end);
  // Appends rows, at most as many as there is room for, apart from their windows.
  void Append(const state::KeyTable& table, std::span<const state::EntryId> ids,
              std::span<std::byte* const> payloads);
  data::ColumnPtr ColumnOf(const WindowOutputColumn& source) const;

  const WindowAggregateSpec* spec_;
  AggregateSet* aggregates_;
  OperatorContext* context_;
  const LocalClock* clock_;
  std::vector<data::DataType> key_types_;
  std::vector<data::DataType> aggregate_types_;

  // The batch at hand.
  size_t rows_ = 0;
  std::vector<data::MutableColumnPtr> keys_;
  std::vector<data::MutableColumnPtr> results_;
  std::vector<int64_t> starts_;
  std::vector<int64_t> ends_;
  std::vector<data::RowKind> kinds_;  // empty: all +I
  std::vector<functions::EvalContext::RowError> errors_;
  std::vector<std::byte*> payloads_;
};

}  // namespace millrace::operators
