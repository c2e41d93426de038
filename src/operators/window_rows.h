// WindowRows: for each row of a batch the slice (or attached window) it belongs to, and what is dropped:
// late rows and rows without a time.
//
// Scratch memory of one operator instance, refilled for each batch.
#pragma once

#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/hash.h"
#include "operators/operator.h"
#include "operators/slice_assigner.h"
#include "operators/window_aggregate.h"

namespace millrace::operators {

// End first: in the order in which they close.
struct SliceKey {
  int64_t end;
  int64_t start;
  friend auto operator<=>(const SliceKey&, const SliceKey&) = default;
};

struct SliceKeyHash {
  size_t operator()(const SliceKey& slice) const {
    return HashCombine(HashInt(static_cast<uint64_t>(slice.end)), static_cast<uint64_t>(slice.start));
  }
};

class WindowRows {
 public:
  WindowRows(const WindowAggregateSpec* spec, OperatorContext* context, LocalClock* clock);

  // Assigns the rows of `batch` to slices and replaces it by its rows that are not dropped. `watermark`: in
  // force for rows without one of their own.
  void Assign(data::Batch* batch, int64_t watermark);

  // The slices that the rows lie in, in the order of first rows, and for each row its slice's position there.
  const std::vector<SliceKey>& slices() const { return slices_; }
  const std::vector<uint32_t>& slice_of_row() const { return slice_of_row_; }
  // Rows, ascending, whose slice has a window closed already under the row's watermark, with that watermark.
  struct PartlyLate {
    uint32_t row;
    int64_t watermark;
  };
  const std::vector<PartlyLate>& partly_late() const { return partly_late_; }

 private:
  static constexpr uint32_t kDropped = 0xFFFFFFFF;
  // A slice's position, and what decides on lateness.
  struct Local {
    uint32_t position;
    int64_t first_firing;  // watermark that closes its first window, and its last
    int64_t last_firing;
    bool has_window;
  };

  Local Find(const SliceKey& slice);
  // Whether the row is dropped; notes it when it is late or partly so.
  bool IsDropped(const data::Batch& batch, size_t row, const Local& local, int64_t watermark);
  void DropNull(const data::Batch& batch, size_t row);
  void AssignByTime(const data::Batch& batch, int64_t watermark);
  void AssignAttached(const data::Batch& batch, int64_t watermark);
  void Compact(data::Batch* batch);

  const WindowAggregateSpec* spec_;
  OperatorContext* context_;
  LocalClock* clock_;
  SliceAssigner assigner_;
  std::vector<SliceKey> slices_;
  std::vector<Local> locals_;
  boost::unordered_flat_map<SliceKey, uint32_t, SliceKeyHash> positions_;  // once there are many
  std::vector<uint32_t> slice_of_row_;
  std::vector<PartlyLate> partly_late_;
  size_t dropped_ = 0;
};

}  // namespace millrace::operators
