// Queries over windows.
#include <fmt/format.h>

#include <algorithm>

#include "property/aggregation.h"
#include "property/query.h"

namespace millrace::property {
namespace {

using data::DataType;

std::string Interval(int64_t seconds) {
  if (seconds % 60 == 0 && seconds > 0) return fmt::format("INTERVAL '{}' MINUTE", seconds / 60);
  return fmt::format("INTERVAL '{}' SECOND", seconds);
}

// The watermark (ms) that fires a window whose last millisecond is `last` on its clock.
std::string FiringText(const Relation& input, const std::string& last) {
  return input.is_ltz ? fmt::format("fire_ms_({})", last) : last;
}

// A time in ms as the windows' clock shows it.
std::string LocalText(const Relation& input, const std::string& ms) {
  return input.is_ltz ? fmt::format("local_ms_({})", ms) : ms;
}

// Largest m <= t with m = offset modulo step, in ms.
std::string AlignedDown(const std::string& t, int64_t step, int64_t offset) {
  return fmt::format("({0} - ((({0} - ({2})) % {1} + {1}) % {1}))", t, step, offset);
}

}  // namespace

std::string QueryMaker::Windowed::LateText(const std::string& and_where) const {
  if (late.empty()) return "";
  if (kind == "SESSION") return fmt::format("SELECT * FROM {}", late);
  return fmt::format("SELECT late_ws_, late_we_, late_time_, late_wm_ FROM {} WHERE true{}", late, and_where);
}

// Early firing shows open windows as well; but sessions that are split further by other keys than their own
// go to the aggregate when they have closed.
std::string QueryMaker::ConditionOf(const Windowed& window, size_t keys) const {
  const bool splits = window.kind == "SESSION" && keys > window.session_keys.size();
  return early_fire_ && !splits ? window.counts : fmt::format("{} AND {}", window.closed, window.counts);
}

DataType QueryMaker::TimeType(const Relation& input) {
  return input.is_ltz ? DataType::TimestampLtz(3) : DataType::Timestamp(3);
}

QueryMaker::Windowed QueryMaker::MakeWindow(const std::string& name, const Relation& input, bool legacy) {
  Windowed window;
  const std::string rows = input.has_watermarks ? input.name + "_all" : input.name;
  const std::string& time = NameOf(input, input.rowtime);
  const std::string t = LocalText(input, fmt::format("epoch_ms({})", time));
  const std::string clock = ClockText(input.clock);
  const bool sessions = input.append_only && input.has_sequence && input.has_watermarks;
  int64_t small = random_.Pick({1, 2, 5, 7, 10, 20, 60});
  if (input.is_ltz) small *= random_.Pick({1, 1, 10, 30, 60});
  const int64_t times = random_.Between(1, 6);
  const int64_t size = small * times * 1000;
  const int64_t step = small * 1000;
  const int64_t offset =
      legacy || small <= 1 || !random_.OneIn(4)
          ? 0
          : random_.Between(std::max<int64_t>(-3, 1 - small), std::min<int64_t>(3, small - 1));
  const std::string offset_text = offset == 0 ? "" : ", " + Interval(offset);
  // Late rows do not count, and only closed windows are seen.
  const std::string firing = FiringText(input, "we_ - 1");
  window.closed = fmt::format("{} <= {}", firing, clock);
  window.counts = "true";
  if (input.has_watermarks) {
    window.counts = fmt::format("wm_ < {0} AND (dwm_ IS NULL OR dwm_ >= {0})", firing);
  }
  const std::string bounds = fmt::format(
      "make_timestamp(ws_ * 1000) AS window_start, make_timestamp(we_ * 1000) AS window_end, "
      "make_timestamp({} * 1000) AS window_time",
      input.is_ltz ? "instant_ms_(we_ - 1)" : "(we_ - 1)");
  // The last window of a row, whose firing makes the row late.
  const auto late = [&](const std::string& start, const std::string& end) {
    if (!input.has_sequence || !input.has_watermarks) return;
    const std::string last = fmt::format("(SELECT *, {} AS ws_, {} AS we_ FROM {})", start, end, rows);
    const char* part =
        "SELECT *, make_timestamp(ws_ * 1000) AS late_ws_, make_timestamp(we_ * 1000) AS late_we_, "
        "make_timestamp({} * 1000) AS late_time_, make_timestamp({} * 1000) AS late_wm_ FROM {} WHERE {} >= "
        "{}";
    window.late = fmt::format(
        "({} UNION ALL {})", fmt::format(fmt::runtime(part), t, LocalText(input, "wm_"), last, "wm_", firing),
        fmt::format(fmt::runtime(part), t, LocalText(input, "dwm_"), last, "dwm_", firing));
  };
  int64_t kind = random_.Below(legacy ? 3 : 4);
  if (legacy && kind == 2) kind = 3;
  if (kind == 3 && !sessions) kind = 0;
  switch (kind) {
    case 0: {
      window.kind = "TUMBLE";
      window.sizes = Interval(small);
      window.flink = fmt::format("TABLE(TUMBLE(TABLE {}, DESCRIPTOR({}), {}{}))", input.name, time,
                                 window.sizes, offset_text);
      const std::string start = AlignedDown(t, step, offset * 1000);
      window.duck = fmt::format("(SELECT *, {} FROM (SELECT *, {} AS ws_, {} + {} AS we_ FROM {}))", bounds,
                                start, start, step, rows);
      late(start, fmt::format("{} + {}", start, step));
      break;
    }
    case 1: {
      window.kind = "HOP";
      window.sizes = fmt::format("{}, {}", Interval(small), Interval(small * times));
      window.flink = fmt::format("TABLE(HOP(TABLE {}, DESCRIPTOR({}), {}{}))", input.name, time, window.sizes,
                                 offset_text);
      const std::string last = AlignedDown(t, step, offset * 1000);
      window.duck = fmt::format(
          "(SELECT *, {0} FROM (SELECT *, {1} - k_ * {2} AS ws_, {1} - k_ * {2} + {3} AS we_ FROM {4}, "
          "range({5}) r_(k_)) WHERE {6} < we_)",
          bounds, last, step, size, rows, times, t);
      late(last, fmt::format("{} + {}", last, size));
      break;
    }
    case 2: {
      window.kind = "CUMULATE";
      window.flink = fmt::format("TABLE(CUMULATE(TABLE {}, DESCRIPTOR({}), {}, {}{}))", input.name, time,
                                 Interval(small), Interval(small * times), offset_text);
      const std::string start = AlignedDown(t, size, offset * 1000);
      window.duck = fmt::format(
          "(SELECT *, {0} FROM (SELECT *, {1} AS ws_, {1} + (k_ + 1) * {2} AS we_ FROM {3}, range({4}) "
          "r_(k_)) WHERE {5} < we_)",
          bounds, start, step, rows, times, t);
      late(start, fmt::format("{} + {}", start, size));
      break;
    }
    default: {
      window.kind = "SESSION";
      window.sizes = Interval(small);
      window.session_keys = PickKeys(input, 2);
      std::vector<std::string> keys;
      for (const int key : window.session_keys) keys.push_back(NameOf(input, key));
      const std::string partition = keys.empty() ? "" : " PARTITION BY (" + Joined(keys) + ")";
      window.flink = fmt::format("TABLE(SESSION(TABLE {}{}, DESCRIPTOR({}), {}))", input.name, partition,
                                 time, window.sizes);
      SessionStep sessions_of_rows{.table = "sessions_" + name,
                                   .late_table = "late_" + name,
                                   .source = rows,
                                   .keys = Joined(keys),
                                   .rowtime = time,
                                   .gap_ms = step,
                                   .zone = input.is_ltz ? zone_ : nullptr};
      window.late = sessions_of_rows.late_table;
      window.duck =
          fmt::format("(SELECT *, {} FROM {} JOIN {} USING (seq_))", bounds, rows, sessions_of_rows.table);
      window.sessions.push_back(std::move(sessions_of_rows));
      window.counts = "true";
    }
  }
  return window;
}

MadeView QueryMaker::WindowAggregate(const std::string& name, const Relation& input) {
  const Windowed window = MakeWindow(name, input, false);
  MadeView made = Start(name, "window-aggregate");
  made.view.kind += " " + window.kind;
  made.view.sessions = window.sessions;
  Relation& relation = made.relation;
  relation.append_only = !early_fire_;
  relation.clock = input.clock;
  relation.is_ltz = input.is_ltz;
  std::vector<int> keys = window.session_keys;
  for (const int key : PickKeys(input, 2)) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }
  std::vector<std::string> flink;
  std::vector<std::string> names;
  const auto add = [&](const std::string& text, const Column& column) {
    flink.push_back(fmt::format("{} AS {}", text, column.name));
    made.view.columns.push_back(column);
    relation.columns.push_back(column);
    return static_cast<int>(relation.columns.size()) - 1;
  };
  std::string group = "window_start, window_end";
  relation.unique_key.push_back(relation.window_start =
                                    add("window_start", {name + "_ws", DataType::Timestamp(3)}));
  relation.unique_key.push_back(relation.window_end =
                                    add("window_end", {name + "_we", DataType::Timestamp(3)}));
  if (random_.OneIn(2)) {
    relation.rowtime = add("window_time", {name + "_wt", TimeType(input)});
    group += ", window_time";
  }
  for (const int key : keys) {
    const Column& column = input.columns[static_cast<size_t>(key)];
    names.push_back(column.name);
    const int position =
        add(column.name, {fmt::format("{}_k{}", name, names.size()), column.type.WithNullable(true)});
    relation.unique_key.push_back(position);
  }
  std::vector<std::string> duck = flink;
  AddAggregates(input, random_.Between(1, 3), &made, &flink, &duck);
  bool has_sets = false;
  if (!names.empty()) {
    if (random_.OneIn(4) && window.session_keys.empty()) {
      group += fmt::format(", {} ({})", random_.OneIn(2) ? "ROLLUP" : "CUBE", Joined(names));
      relation.unique_key.clear();
      has_sets = true;
    } else {
      group += ", " + Joined(names);
    }
  }
  std::string where_flink;
  std::string where_duck;
  ExpressionMaker maker(random_, input.columns);
  if (random_.OneIn(4)) {
    const Expression condition = maker.Condition(1);
    where_flink = " WHERE " + condition.flink;
    where_duck = " AND " + condition.duck;
    if (window.kind == "SESSION") {
      // The filter must not change the sessions: it may go below them.
      where_flink.clear();
      where_duck.clear();
    }
  }
  std::string having;
  if (random_.OneIn(4)) having = " HAVING COUNT(*) > 1";
  made.view.flink = fmt::format("SELECT {} FROM {}{} GROUP BY {}{}", Joined(flink), window.flink, where_flink,
                                group, having);
  made.view.duck =
      fmt::format("SELECT {} FROM {} WHERE {}{} GROUP BY {} HAVING COUNT(*) > {}", Joined(duck), window.duck,
                  ConditionOf(window, names.size()), where_duck, group, having.empty() ? 0 : 1);
  // With grouping sets a row is late once for each of them.
  if (!has_sets) made.view.duck_late = window.LateText(where_duck);
  return made;
}

MadeView QueryMaker::LegacyWindow(const std::string& name, const Relation& input) {
  const Windowed window = MakeWindow(name, input, true);
  MadeView made = Start(name, "legacy-window");
  made.view.kind += " " + window.kind;
  made.view.sessions = window.sessions;
  made.view.duck_late = window.LateText("");
  Relation& relation = made.relation;
  relation.append_only = !early_fire_;
  relation.clock = input.clock;
  relation.is_ltz = input.is_ltz;
  std::vector<std::string> flink;
  std::vector<std::string> duck;
  std::vector<std::string> names;
  const std::string args = fmt::format("({}, {})", NameOf(input, input.rowtime), window.sizes);
  const auto add = [&](const std::string& flink_text, const std::string& duck_text, const Column& column) {
    flink.push_back(fmt::format("{} AS {}", flink_text, column.name));
    duck.push_back(fmt::format("{} AS {}", duck_text, column.name));
    made.view.columns.push_back(column);
    relation.columns.push_back(column);
    return static_cast<int>(relation.columns.size()) - 1;
  };
  std::vector<int> keys = window.kind == "SESSION" ? window.session_keys : PickKeys(input, 2);
  for (const int key : keys) {
    const Column& column = input.columns[static_cast<size_t>(key)];
    names.push_back(column.name);
    relation.unique_key.push_back(
        add(column.name, column.name,
            {fmt::format("{}_k{}", name, names.size()), column.type.WithNullable(true)}));
  }
  relation.unique_key.push_back(
      add(window.kind + "_START" + args, "window_start", {name + "_ws", DataType::Timestamp(3)}));
  relation.unique_key.push_back(
      add(window.kind + "_END" + args, "window_end", {name + "_we", DataType::Timestamp(3)}));
  if (random_.OneIn(2)) {
    relation.rowtime = add(window.kind + "_ROWTIME" + args, "window_time", {name + "_wt", TimeType(input)});
  }
  AddAggregates(input, random_.Between(1, 3), &made, &flink, &duck);
  names.push_back(window.kind + args);
  made.view.flink = fmt::format("SELECT {} FROM {} GROUP BY {}", Joined(flink), input.name, Joined(names));
  names.back() = "window_start, window_end, window_time";
  made.view.duck = fmt::format("SELECT {} FROM {} WHERE {} GROUP BY {}", Joined(duck), window.duck,
                               ConditionOf(window, keys.size()), Joined(names));
  return made;
}

MadeView QueryMaker::WindowRows(const std::string& name, const Relation& input) {
  const Windowed window = MakeWindow(name, input, false);
  MadeView made = Start(name, "window-rows");
  made.view.kind += " " + window.kind;
  made.view.sessions = window.sessions;
  Relation& relation = made.relation;
  relation.append_only = true;
  relation.clock = input.clock;
  relation.is_ltz = input.is_ltz;
  relation.has_watermarks = window.kind != "SESSION";
  relation.has_sequence = window.kind == "TUMBLE";
  std::vector<std::string> columns;
  const auto add = [&](const std::string& text, const Column& column) {
    columns.push_back(fmt::format("{} AS {}", text, column.name));
    relation.columns.push_back(column);
    return static_cast<int>(relation.columns.size()) - 1;
  };
  for (const Column& column : input.columns) {
    const int position =
        add(column.name, {fmt::format("{}_{}", name, static_cast<char>('a' + columns.size())), column.type});
    const std::string& new_name = relation.columns[static_cast<size_t>(position)].name;
    if (column.name == input.time_name) relation.time_name = new_name;
  }
  relation.window_start = add("window_start", {name + "_ws", DataType::Timestamp(3)});
  relation.window_end = add("window_end", {name + "_we", DataType::Timestamp(3)});
  made.view.columns = relation.columns;
  made.view.flink = fmt::format("SELECT {} FROM {}", Joined(columns), window.flink);
  if (relation.has_sequence) columns.push_back("seq_");
  if (relation.has_watermarks) columns.push_back("wm_, dwm_");
  // Nothing is late for a function that only names the window; a session goes out when it closes.
  made.view.duck = fmt::format("SELECT {} FROM {}", Joined(columns), window.duck);
  if (window.kind == "SESSION") {
    made.view.duck += " WHERE " + window.closed;
    made.view.duck_late = window.LateText("");
  }
  if (relation.has_watermarks) made.view.duck_all = made.view.duck;
  return made;
}

MadeView QueryMaker::AttachedAggregate(const std::string& name, const Relation& input) {
  MadeView made = Start(name, "attached-window-aggregate");
  Relation& relation = made.relation;
  relation.append_only = !early_fire_;
  relation.clock = input.clock;
  relation.is_ltz = input.is_ltz;
  std::vector<std::string> flink;
  std::vector<std::string> names;
  const auto add = [&](int column) {
    const Column& source = input.columns[static_cast<size_t>(column)];
    const Column result{fmt::format("{}_k{}", name, names.size()), source.type.WithNullable(true)};
    names.push_back(source.name);
    flink.push_back(fmt::format("{} AS {}", source.name, result.name));
    made.view.columns.push_back(result);
    relation.columns.push_back(result);
    relation.unique_key.push_back(static_cast<int>(relation.columns.size()) - 1);
  };
  add(input.window_start);
  add(input.window_end);
  relation.window_start = 0;
  relation.window_end = 1;
  for (const int key : PickKeys(input, 2)) add(key);
  std::vector<std::string> duck = flink;
  AddAggregates(input, random_.Between(1, 3), &made, &flink, &duck);
  const std::string end = FiringText(input, fmt::format("epoch_ms({}) - 1", NameOf(input, input.window_end)));
  const std::string closed = early_fire_ ? "" : fmt::format("{} <= {} AND ", end, ClockText(input.clock));
  made.view.flink = fmt::format("SELECT {} FROM {} GROUP BY {}", Joined(flink), input.name, Joined(names));
  made.view.duck = fmt::format("SELECT {} FROM {} WHERE {}wm_ < {} GROUP BY {}", Joined(duck), input.name,
                               closed, end, Joined(names));
  return made;
}

MadeView QueryMaker::WindowTopN(const std::string& name, const Relation& input) {
  MadeView made = Start(name, "window-top-n");
  Relation& relation = made.relation;
  relation.append_only = input.append_only;
  relation.clock = input.clock;
  relation.is_ltz = input.is_ltz;
  std::vector<int> partition = {input.window_start, input.window_end};
  for (const int key : PickKeys(input, 1)) partition.push_back(key);
  std::vector<std::string> names;
  for (const int column : partition) names.push_back(NameOf(input, column));
  Order order = MakeOrder(input, partition);
  std::vector<std::string> columns;
  for (size_t i = 0; i < input.columns.size(); ++i) {
    const Column column{fmt::format("{}_{}", name, static_cast<char>('a' + i)), input.columns[i].type};
    relation.columns.push_back(column);
    columns.push_back(fmt::format("{} AS {}", input.columns[i].name, column.name));
  }
  relation.window_start = input.window_start;
  relation.window_end = input.window_end;
  if (random_.OneIn(2)) {
    relation.columns.push_back({name + "_rn", DataType::BigInt()});
    columns.push_back(fmt::format("rn AS {}_rn", name));
  }
  made.view.columns = relation.columns;
  const int64_t last = random_.Between(1, 4);
  // Deduplication, which keeps the last that came of equal times.
  if (order.is_latest_first && last == 1) order.duck += " DESC";
  const char* pattern =
      "SELECT {} FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY {} ORDER BY {}) AS rn FROM {}) WHERE rn <= "
      "{}";
  made.view.flink =
      fmt::format(fmt::runtime(pattern), Joined(columns), Joined(names), order.flink, input.name, last);
  std::string rows = input.name;
  if (input.has_watermarks) {
    const std::string end =
        FiringText(input, fmt::format("epoch_ms({}) - 1", NameOf(input, input.window_end)));
    rows = fmt::format("(SELECT * FROM {} WHERE {} <= {} AND wm_ < {})", input.name, end,
                       ClockText(input.clock), end);
  }
  made.view.duck = fmt::format(fmt::runtime(pattern), Joined(columns), Joined(names), order.duck, rows, last);
  return made;
}

}  // namespace millrace::property
