#include "shell/subscription_table.h"

#include <fmt/core.h>

#include "base/limits.h"

namespace millrace::shell {
namespace {

// Columns in front of the view's own.
constexpr size_t kEpochColumn = 0;
constexpr size_t kOpColumn = 1;
constexpr size_t kHeadColumns = 2;

// Memory of a row beside its texts, about.
constexpr size_t kRowBytes = 160;

std::string KeyOf(const std::vector<Cell>& cells) {
  std::string key;
  for (const Cell& cell : cells) {
    key += cell.has_value() ? fmt::format("{}:{}", cell->size(), *cell) : "-";
    key += ',';
  }
  return key;
}

}  // namespace

Result<std::vector<Cell>> ParseCsvRecord(std::string_view record) {
  if (record.ends_with('\n')) record.remove_suffix(1);
  if (record.ends_with('\r')) record.remove_suffix(1);
  std::vector<Cell> cells;
  for (size_t at = 0;;) {
    if (at < record.size() && record[at] == '"') {
      std::string value;
      for (++at;; ++at) {
        if (at >= record.size()) return Fail(ErrorCode::kInvalidText, "a quoted field that does not end");
        if (record[at] == '"' && !(at + 1 < record.size() && record[at + 1] == '"')) break;
        if (record[at] == '"') ++at;
        value += record[at];
      }
      ++at;
      if (at < record.size() && record[at] != ',') {
        return Fail(ErrorCode::kInvalidText, "text behind a quoted field");
      }
      cells.emplace_back(std::move(value));
    } else {
      const size_t end = std::min(record.find(',', at), record.size());
      const std::string_view value = record.substr(at, end - at);
      cells.push_back(value.empty() ? Cell() : Cell(std::string(value)));
      at = end;
    }
    if (at >= record.size()) return cells;
    ++at;
  }
}

Status SubscriptionTable::TakeHeader(std::string_view record) {
  MR_ASSIGN(const std::vector<Cell> cells, ParseCsvRecord(record));
  if (cells.size() < kHeadColumns || cells[kEpochColumn] != "mr_epoch" || cells[kOpColumn] != "mr_op") {
    return Fail(ErrorCode::kInvalidText,
                "this is no subscription: its first columns are not mr_epoch and mr_op");
  }
  for (size_t i = kHeadColumns; i < cells.size(); ++i) columns_.push_back(cells[i].value_or(""));
  return Ok();
}

Status SubscriptionTable::TakeRecord(std::string_view record) {
  MR_ASSIGN(std::vector<Cell> cells, ParseCsvRecord(record));
  if (cells.size() != columns_.size() + kHeadColumns || !cells[kEpochColumn] || !cells[kOpColumn]) {
    return Fail(ErrorCode::kInvalidText, fmt::format("a record of {} fields where the subscription has {}",
                                                     cells.size(), columns_.size() + kHeadColumns));
  }
  epoch_ = *cells[kEpochColumn];
  const std::string op = *cells[kOpColumn];
  cells.erase(cells.begin(), cells.begin() + kHeadColumns);
  if (op == "P") {
    gap_.reset();
    return Ok();
  }
  ++changes_;
  if (op == "+I") return Insert(std::move(cells), false);
  if (op == "+U") return Insert(std::move(cells), true);
  if (op == "-U") return Erase(cells, true);
  if (op == "-D") return Erase(cells, false);
  return Fail(ErrorCode::kInvalidText, fmt::format("unknown change '{}'", op));
}

Status SubscriptionTable::Insert(std::vector<Cell> cells, bool at_gap) {
  const Place before = at_gap && gap_.has_value() ? *gap_ : rows_.end();
  gap_.reset();
  std::string key = KeyOf(cells);
  bytes_ += 2 * key.size() + kRowBytes;
  if (rows_.size() == limits::kShellLiveRows || bytes_ > limits::kShellLiveBytes) {
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("the view has more rows than the live view keeps ({} rows, {} MB)",
                            limits::kShellLiveRows, limits::kShellLiveBytes >> 20),
                "subscribe to a query with a WHERE clause: \\subscribe SELECT … WHERE … EMIT CHANGES");
  }
  const Place place = rows_.insert(before, {std::move(key), std::move(cells)});
  by_record_.emplace(place->record, place);
  return Ok();
}

Status SubscriptionTable::Erase(const std::vector<Cell>& cells, bool leaves_gap) {
  const std::string key = KeyOf(cells);
  const auto found = by_record_.find(key);
  if (found == by_record_.end()) {
    return Fail(ErrorCode::kInternal, "a change takes back a row that the view does not have");
  }
  const Place place = found->second;
  by_record_.erase(found);
  bytes_ -= 2 * key.size() + kRowBytes;
  if (gap_ == place) gap_.reset();
  const Place next = rows_.erase(place);
  if (leaves_gap) {
    gap_ = next;
  } else {
    gap_.reset();
  }
  return Ok();
}

std::vector<const std::vector<Cell>*> SubscriptionTable::Top(size_t count) const {
  std::vector<const std::vector<Cell>*> top;
  for (const Row& row : rows_) {
    if (top.size() == count) break;
    top.push_back(&row.cells);
  }
  return top;
}

}  // namespace millrace::shell
