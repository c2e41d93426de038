#include "sim/model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <set>

namespace millrace::sim {
namespace {

Row Take(const Row& row, const std::vector<int>& columns) {
  Row taken;
  for (const int column : columns) taken.push_back(row[static_cast<size_t>(column)]);
  return taken;
}

bool Passes(const Query& query, const Row& row) {
  if (query.filter_column < 0) return true;
  const Cell& cell = row[static_cast<size_t>(query.filter_column)];
  return cell.has_value() && *cell % query.modulus == query.remainder;
}

Cell ValueOf(const Aggregate& aggregate, const std::vector<const Row*>& group) {
  if (aggregate.kind == Aggregate::Kind::kCountAll) return static_cast<int64_t>(group.size());
  std::vector<int64_t> values;
  for (const Row* row : group) {
    const Cell& cell = (*row)[static_cast<size_t>(aggregate.column)];
    if (cell.has_value()) values.push_back(*cell);
  }
  switch (aggregate.kind) {
    case Aggregate::Kind::kCount:
      return static_cast<int64_t>(values.size());
    case Aggregate::Kind::kCountDistinct:
      return static_cast<int64_t>(std::set<int64_t>(values.begin(), values.end()).size());
    default:
      break;
  }
  if (values.empty()) return std::nullopt;
  if (aggregate.kind == Aggregate::Kind::kMin) return *std::min_element(values.begin(), values.end());
  if (aggregate.kind == Aggregate::Kind::kMax) return *std::max_element(values.begin(), values.end());
  int64_t sum = 0;
  for (const int64_t value : values) sum += value;
  return sum;
}

// Appends the row of a group: its key, then its aggregates.
void Aggregated(const Query& query, const Row& key, const std::vector<const Row*>& group, Rows* result) {
  Row row = key;
  for (const Aggregate& aggregate : query.aggregates) row.push_back(ValueOf(aggregate, group));
  result->push_back(std::move(row));
}

Rows Group(const Query& query, const Rows& rows) {
  std::map<Row, std::vector<const Row*>> groups;
  for (const Row& row : rows) {
    if (Passes(query, row)) groups[Take(row, query.columns)].push_back(&row);
  }
  Rows result;
  for (const auto& [key, group] : groups) Aggregated(query, key, group, &result);
  return result;
}

Rows TopN(const Query& query, const Rows& rows) {
  std::map<Cell, std::vector<int64_t>> groups;
  for (const Row& row : rows) {
    const Row taken = Take(row, query.columns);
    if (taken[1].has_value() && Passes(query, row)) groups[taken[0]].push_back(*taken[1]);
  }
  Rows result;
  for (auto& [key, values] : groups) {
    std::sort(values.begin(), values.end());
    if (query.is_descending) std::reverse(values.begin(), values.end());
    for (size_t i = 0; i < values.size() && i < static_cast<size_t>(query.limit); ++i) {
      result.push_back({key, values[i]});
    }
  }
  return result;
}

// The watermark of a feed, row by row: the lowest of its partitions'.
class WatermarkClock {
 public:
  explicit WatermarkClock(const Query& query)
      : query_(query), partitions_(static_cast<size_t>(query.partitions), kNone) {}
  int64_t watermark() const { return watermark_; }
  int64_t TimeOf(const Change& change) const { return *change.row[static_cast<size_t>(query_.time_column)]; }
  void Take(const Change& change) {
    int64_t& own = partitions_[static_cast<size_t>(change.partition)];
    own = std::max(own, TimeOf(change) - query_.delay_ms);
    watermark_ = std::max(watermark_, *std::min_element(partitions_.begin(), partitions_.end()));
  }

 private:
  static constexpr int64_t kNone = std::numeric_limits<int64_t>::min();
  const Query& query_;
  std::vector<int64_t> partitions_;
  int64_t watermark_ = kNone;
};

// Row by row: a row counts in those of its windows that the watermark before it had not closed. A watermark
// closes a window when it has reached its last millisecond.
Rows Windows(const Query& query, std::span<const Change> changes, bool is_finished) {
  WatermarkClock clock(query);
  std::map<Row, std::vector<const Row*>> groups;  // by start, end, and columns
  for (const Change& change : changes) {
    const int64_t time = clock.TimeOf(change);
    for (int64_t start = time - time % query.step_ms; start > time - query.size_ms; start -= query.step_ms) {
      const int64_t end = start + query.size_ms;
      if (clock.watermark() >= end - 1) continue;
      Row key = {start, end};
      for (const Cell& cell : Take(change.row, query.columns)) key.push_back(cell);
      groups[key].push_back(&change.row);
    }
    clock.Take(change);
  }
  Rows result;
  for (const auto& [key, group] : groups) {
    if (is_finished || clock.watermark() >= *key[1] - 1) Aggregated(query, key, group, &result);
  }
  return result;
}

std::string AggregateText(const Aggregate& aggregate) {
  switch (aggregate.kind) {
    case Aggregate::Kind::kCountAll:
      return "count(*)";
    case Aggregate::Kind::kCount:
      return fmt::format("count(c{})", aggregate.column);
    case Aggregate::Kind::kSum:
      return fmt::format("sum(c{})", aggregate.column);
    case Aggregate::Kind::kMin:
      return fmt::format("min(c{})", aggregate.column);
    case Aggregate::Kind::kMax:
      return fmt::format("max(c{})", aggregate.column);
    case Aggregate::Kind::kCountDistinct:
      return fmt::format("count(DISTINCT c{})", aggregate.column);
  }
  return {};
}

std::vector<std::string> Names(const std::vector<int>& columns) {
  std::vector<std::string> names;
  for (const int column : columns) names.push_back(fmt::format("c{}", column));
  return names;
}

// "a AS c0, b AS c1"
std::string Named(const std::vector<std::string>& expressions) {
  std::string text;
  for (size_t i = 0; i < expressions.size(); ++i) {
    text += fmt::format("{}{} AS c{}", i == 0 ? "" : ", ", expressions[i], i);
  }
  return text;
}

std::string WhereText(const Query& query) {
  if (query.filter_column < 0) return {};
  return fmt::format(" WHERE MOD(c{}, {}) = {}", query.filter_column, query.modulus, query.remainder);
}

std::string WindowText(const Query& query) {
  const std::string size = fmt::format("INTERVAL '{}' SECOND", query.size_ms / 1000);
  const std::string rows = fmt::format("TABLE {}, DESCRIPTOR(c{})", query.inputs.front(), query.time_column);
  if (query.size_ms == query.step_ms) return fmt::format("TABLE(TUMBLE({}, {}))", rows, size);
  return fmt::format("TABLE(HOP({}, INTERVAL '{}' SECOND, {}))", rows, query.step_ms / 1000, size);
}

}  // namespace

Rows RowsOf(std::span<const Change> changes, FeedMode mode) {
  Rows rows;
  if (mode == FeedMode::kAppend) {
    for (const Change& change : changes) rows.push_back(change.row);
    return rows;
  }
  std::map<Cell, const Change*> last;
  for (const Change& change : changes) last[change.row.front()] = &change;
  for (const auto& [key, change] : last) {
    if (!change->is_delete) rows.push_back(change->row);
  }
  return rows;
}

Rows Evaluate(const Query& query, const Inputs& inputs) {
  const std::string& input = query.inputs.front();
  if (query.kind == Query::Kind::kWindow) {
    return Windows(query, inputs.changes.at(input), inputs.finished.contains(input));
  }
  Rows result;
  if (query.kind == Query::Kind::kLatest) {
    std::map<Cell, Row> last;
    for (const Change& change : inputs.changes.at(input)) {
      if (Passes(query, change.row)) last[change.row.front()] = Take(change.row, query.columns);
    }
    for (auto& [key, row] : last) result.push_back(std::move(row));
    return result;
  }
  const Rows& rows = inputs.rows.at(input);
  if (query.kind == Query::Kind::kGroup) return Group(query, rows);
  if (query.kind == Query::Kind::kTopN) return TopN(query, rows);
  for (const Row& row : rows) {
    if (Passes(query, row)) result.push_back(Take(row, query.columns));
  }
  if (query.kind == Query::Kind::kDistinct) {
    std::sort(result.begin(), result.end());
    result.erase(std::unique(result.begin(), result.end()), result.end());
  }
  if (query.kind == Query::Kind::kUnion) {
    for (const Row& row : inputs.rows.at(query.inputs.back())) {
      result.push_back(Take(row, query.other_columns));
    }
  }
  return result;
}

size_t OpenSlices(const Query& query, std::span<const Change> changes) {
  WatermarkClock clock(query);
  std::set<int64_t> slices;
  for (const Change& change : changes) {
    const int64_t time = clock.TimeOf(change);
    slices.insert(time - time % query.step_ms);
    clock.Take(change);
  }
  std::erase_if(slices, [&](int64_t slice) { return clock.watermark() >= slice + query.size_ms - 1; });
  return slices.size();
}

std::vector<Column> ColumnsOf(const Query& query, const std::vector<Column>& input) {
  std::vector<Column> columns;
  if (query.kind == Query::Kind::kWindow) columns = {{Type::kTime, false}, {Type::kTime, false}};
  for (const int column : query.columns) columns.push_back(input[static_cast<size_t>(column)]);
  if (query.kind == Query::Kind::kUnion) {
    for (Column& column : columns) column.is_nullable = true;
  }
  for (const Aggregate& aggregate : query.aggregates) {
    const bool is_count = aggregate.kind == Aggregate::Kind::kCountAll ||
                          aggregate.kind == Aggregate::Kind::kCount ||
                          aggregate.kind == Aggregate::Kind::kCountDistinct;
    columns.push_back(is_count ? Column{} : input[static_cast<size_t>(aggregate.column)]);
  }
  return columns;
}

std::string SqlOf(const Query& query) {
  const std::string& input = query.inputs.front();
  std::vector<std::string> expressions = Names(query.columns);
  for (const Aggregate& aggregate : query.aggregates) expressions.push_back(AggregateText(aggregate));
  const std::string select = fmt::format("SELECT {}", Named(expressions));
  switch (query.kind) {
    case Query::Kind::kSelect:
    case Query::Kind::kLatest:
      return fmt::format("{} FROM {}{}", select, input, WhereText(query));
    case Query::Kind::kDistinct:
      return fmt::format("SELECT DISTINCT {} FROM {}{}", Named(expressions), input, WhereText(query));
    case Query::Kind::kGroup: {
      const std::string by =
          query.columns.empty() ? "" : fmt::format(" GROUP BY {}", fmt::join(Names(query.columns), ", "));
      return fmt::format("{} FROM {}{}{}", select, input, WhereText(query), by);
    }
    case Query::Kind::kTopN:
      return fmt::format(
          "{} FROM (SELECT {}, ROW_NUMBER() OVER (PARTITION BY c{} ORDER BY c{} {}) AS place FROM {} "
          "WHERE c{} IS NOT NULL{}) WHERE place <= {}",
          select, fmt::join(Names(query.columns), ", "), query.columns[0], query.columns[1],
          query.is_descending ? "DESC" : "ASC", input, query.columns[1],
          query.filter_column < 0 ? "" : " AND" + WhereText(query).substr(6), query.limit);
    case Query::Kind::kUnion:
      return fmt::format("{} FROM {}{} UNION ALL SELECT {} FROM {}", select, input, WhereText(query),
                         Named(Names(query.other_columns)), query.inputs.back());
    case Query::Kind::kWindow: {
      expressions.insert(expressions.begin(), {"window_start", "window_end"});
      std::string by = "window_start, window_end";
      for (const std::string& name : Names(query.columns)) by += ", " + name;
      return fmt::format("SELECT {} FROM {} GROUP BY {}", Named(expressions), WindowText(query), by);
    }
  }
  return {};
}

std::string TextOf(const Row& row) {
  std::string text;
  for (const Cell& cell : row) {
    text += text.empty() ? "" : ", ";
    text += cell.has_value() ? std::to_string(*cell) : "NULL";
  }
  return "[" + text + "]";
}

std::string Difference(Rows expected, Rows found) {
  std::sort(expected.begin(), expected.end());
  std::sort(found.begin(), found.end());
  if (expected == found) return {};
  constexpr size_t kLinesMax = 12;
  std::string text = fmt::format("  {} rows expected, {} found\n", expected.size(), found.size());
  size_t lines = 0;
  const auto tell = [&](const Rows& rows, const Rows& others, std::string_view what) {
    Rows only;
    std::set_difference(rows.begin(), rows.end(), others.begin(), others.end(), std::back_inserter(only));
    for (const Row& row : only) {
      if (lines++ < kLinesMax) text += fmt::format("  {} {}\n", what, TextOf(row));
    }
  };
  tell(expected, found, "missing");
  tell(found, expected, "too much");
  return text;
}

}  // namespace millrace::sim
