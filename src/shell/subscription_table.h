// A view as its subscription tells it: rows of a snapshot, then changes. Rows have no other identity than
// their values: -U and -D take away one row that equals theirs, and a +U behind a -U takes its place, so rows
// stay where they are on screen. One thread.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "shell/table_printer.h"

namespace millrace::shell {

// A record of CSV as COPY … TO STDOUT (FORMAT csv) writes it: an empty field is NULL unless quoted.
// kInvalidText for a record that is none. The newline at its end is optional.
Result<std::vector<Cell>> ParseCsvRecord(std::string_view record);

class SubscriptionTable {
 public:
  // The first record: mr_epoch, mr_op and the columns of the view.
  Status TakeHeader(std::string_view record);
  // Every other one. Errors: kInvalidText for what a subscription does not send, kInternal for a change of a
  // row that is not there, kResourceExhausted beyond limits::kShellLiveRows or kShellLiveBytes.
  Status TakeRecord(std::string_view record);

  const std::vector<std::string>& columns() const { return columns_; }
  // In the order in which they came; [0, count) of them.
  std::vector<const std::vector<Cell>*> Top(size_t count) const;
  size_t rows() const { return rows_.size(); }
  uint64_t changes() const { return changes_; }
  // Of the last record, as text; empty before the first.
  const std::string& epoch() const { return epoch_; }

 private:
  struct Row {
    std::string record;  // the columns as one key
    std::vector<Cell> cells;
  };
  using Place = std::list<Row>::iterator;

  Status Insert(std::vector<Cell> cells, bool at_gap);
  Status Erase(const std::vector<Cell>& cells, bool leaves_gap);

  std::vector<std::string> columns_;
  std::list<Row> rows_;
  std::unordered_multimap<std::string_view, Place> by_record_;  // of Row::record, which does not move
  std::optional<Place> gap_;                                    // before which the row of the last -U stood
  size_t bytes_ = 0;
  uint64_t changes_ = 0;
  std::string epoch_;
};

}  // namespace millrace::shell
