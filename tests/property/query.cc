#include "property/query.h"

#include <fmt/format.h>

#include <algorithm>

#include "property/aggregation.h"

namespace millrace::property {
namespace {

using data::DataType;
using data::TypeKind;

// The hidden columns that go along with rows.
std::string Hidden(const Relation& input) {
  std::string text;
  if (input.has_sequence) text += ", seq_";
  if (input.has_watermarks) text += ", wm_, dwm_";
  return text;
}

bool Mentions(const std::string& text, const Relation& input) {
  return std::any_of(input.columns.begin(), input.columns.end(),
                     [&](const Column& column) { return text.find(column.name) != std::string::npos; });
}

// Whether grouping by it could make a query one of a window, whose late rows do not count.
bool MakesWindow(const Expression& key, const Relation& input) {
  const bool matters = input.window_end >= 0 && (input.has_watermarks || input.lost_lateness);
  return matters && key.flink == NameOf(input, input.window_end);
}

void Inherit(const Relation& input, Relation* relation) {
  relation->append_only = input.append_only;
  relation->clock = input.clock;
  relation->is_ltz = input.is_ltz;
}

}  // namespace

std::string Joined(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += separator;
    text += parts[i];
  }
  return text;
}

std::string ClockText(const std::string& clock) {
  return fmt::format("(SELECT wm FROM clock_ WHERE name = '{}')", clock);
}

MadeView QueryMaker::Start(const std::string& name, const char* kind) const {
  MadeView made;
  made.view.name = name;
  made.view.kind = kind;
  made.relation.name = name;
  return made;
}

MadeView QueryMaker::Make(const std::string& name, const std::vector<Relation>& inputs) {
  for (;;) {
    const Relation& input = inputs.back();
    const bool has_window = input.window_start >= 0 && input.window_end >= 0 && !input.lost_lateness;
    switch (random_.Below(28)) {
      case 0:
      case 1:
        return Calc(name, input);
      case 2:
      case 3:
      case 4:
        return Group(name, input);
      case 5:
        return GroupingSets(name, input);
      case 6:
        return Distinct(name, input);
      case 7:
        return Union(name, input, random_.Pick(inputs));
      case 8:
      case 9:
      case 10:
      case 11:
      case 12:
      case 24:
      case 25:
        if (input.rowtime >= 0) return WindowAggregate(name, input);
        break;
      case 13:
        if (input.rowtime >= 0) return LegacyWindow(name, input);
        break;
      case 14:
      case 26:
        if (has_window && input.has_watermarks) return AttachedAggregate(name, input);
        break;
      case 15:
      case 27:
        if (input.rowtime >= 0 && input.has_watermarks && input.append_only) return WindowRows(name, input);
        break;
      case 16:
      case 17:
        if (has_window) return WindowTopN(name, input);
        break;
      case 18:
      case 19:
      case 20:
        return TopN(name, input);
      case 21:
        if (input.rowtime >= 0 && input.has_sequence && input.append_only) return Deduplicate(name, input);
        break;
      case 22:
        return Limit(name, input);
      default:
        return Unnest(name, input);
    }
  }
}

std::vector<int> QueryMaker::PickKeys(const Relation& input, int64_t at_most) {
  std::vector<int> columns;
  for (size_t i = 0; i < input.columns.size(); ++i) {
    const int column = static_cast<int>(i);
    if (column != input.rowtime && column != input.window_start && column != input.window_end) {
      columns.push_back(column);
    }
  }
  random_.Shuffle(columns);
  columns.resize(static_cast<size_t>(
      std::min<int64_t>(static_cast<int64_t>(columns.size()), random_.Below(at_most + 1))));
  return columns;
}

void QueryMaker::AddAggregates(const Relation& input, int64_t count, MadeView* made,
                               std::vector<std::string>* flink, std::vector<std::string>* duck) {
  for (int64_t i = 0; i < count; ++i) {
    const AggregateText aggregate = MakeAggregate(random_, input);
    const Column column{fmt::format("{}_g{}", made->view.name, i), aggregate.call.type};
    flink->push_back(fmt::format("{} AS {}", aggregate.call.flink, column.name));
    duck->push_back(fmt::format("{} AS {}", aggregate.call.duck, column.name));
    made->view.columns.push_back(column);
    if (aggregate.exact) made->relation.columns.push_back(column);
  }
}

MadeView QueryMaker::Calc(const std::string& name, const Relation& input) {
  MadeView made = Start(name, "calc");
  Inherit(input, &made.relation);
  ExpressionMaker maker(random_, input.columns);
  std::vector<std::string> flink;
  std::vector<std::string> duck;
  Relation& relation = made.relation;
  const auto add = [&](const Expression& expression, int source) {
    const Column column{fmt::format("{}_{}", name, static_cast<char>('a' + flink.size())), expression.type};
    const int position = static_cast<int>(flink.size());
    flink.push_back(fmt::format("{} AS {}", expression.flink, column.name));
    duck.push_back(fmt::format("{} AS {}", expression.duck, column.name));
    relation.columns.push_back(column);
    if (source < 0) return;
    if (source == input.rowtime) relation.rowtime = position;
    if (input.columns[static_cast<size_t>(source)].name == input.time_name) relation.time_name = column.name;
    if (source == input.window_start) relation.window_start = position;
    if (source == input.window_end) relation.window_end = position;
  };
  for (size_t i = 0; i < input.columns.size(); ++i) {
    const int column = static_cast<int>(i);
    const bool is_time =
        column == input.rowtime || column == input.window_start || column == input.window_end;
    if (!random_.OneIn(is_time ? 8 : 3)) {
      add(Expression::Same(input.columns[i].name, input.columns[i].type), column);
    }
  }
  const int64_t computed = random_.Below(3) + (flink.empty() ? 1 : 0);
  for (int64_t i = 0; i < computed; ++i) add(maker.Any(3), -1);
  if (relation.window_start < 0 || relation.window_end < 0) {
    relation.window_start = -1;
    relation.window_end = -1;
  } else {
    relation.lost_lateness = input.lost_lateness;
  }
  relation.has_sequence = input.has_sequence;
  relation.has_watermarks = input.has_watermarks;
  const Expression condition = maker.Condition(2);
  const bool filtered = !random_.OneIn(4);
  made.view.flink = fmt::format("SELECT {} FROM {}", Joined(flink), input.name);
  made.view.duck = fmt::format("SELECT {}{} FROM {}", Joined(duck), Hidden(input), input.name);
  if (input.has_watermarks) made.view.duck_all = made.view.duck + "_all";
  if (filtered) {
    made.view.flink += " WHERE " + condition.flink;
    made.view.duck += " WHERE " + condition.duck;
    if (input.has_watermarks) made.view.duck_all += " WHERE " + condition.duck;
  }
  made.view.columns = relation.columns;
  return made;
}

MadeView QueryMaker::Group(const std::string& name, const Relation& input) {
  MadeView made = Start(name, "group");
  std::vector<std::string> flink;
  std::vector<std::string> duck;
  std::vector<std::string> flink_keys;
  std::vector<std::string> duck_keys;
  ExpressionMaker maker(random_, input.columns);
  const int64_t keys = random_.Below(4);
  for (int64_t i = 0; i < keys; ++i) {
    const Expression key = maker.Any(random_.OneIn(3) ? 2 : 0);
    if (!Mentions(key.duck, input) || MakesWindow(key, input)) continue;
    if (std::find(duck_keys.begin(), duck_keys.end(), key.duck) != duck_keys.end()) continue;
    const Column column{fmt::format("{}_k{}", name, i), key.type};
    flink.push_back(fmt::format("{} AS {}", key.flink, column.name));
    duck.push_back(fmt::format("{} AS {}", key.duck, column.name));
    flink_keys.push_back(key.flink);
    duck_keys.push_back(key.duck);
    made.relation.unique_key.push_back(static_cast<int>(made.relation.columns.size()));
    made.view.columns.push_back(column);
    made.relation.columns.push_back(column);
  }
  AddAggregates(input, random_.Between(1, 4), &made, &flink, &duck);
  std::string where_flink;
  std::string where_duck;
  if (random_.OneIn(3)) {
    const Expression condition = maker.Condition(2);
    where_flink = " WHERE " + condition.flink;
    where_duck = " WHERE " + condition.duck;
  }
  made.view.flink = fmt::format("SELECT {} FROM {}{}", Joined(flink), input.name, where_flink);
  made.view.duck = fmt::format("SELECT {} FROM {}{}", Joined(duck), input.name, where_duck);
  if (!flink_keys.empty()) {
    made.view.flink += " GROUP BY " + Joined(flink_keys);
    made.view.duck += " GROUP BY " + Joined(duck_keys);
  }
  // A group of no rows is no group, as in Flink's streaming mode; so is the one of a query without keys.
  made.view.duck += " HAVING COUNT(*) > 0";
  if (random_.OneIn(3)) {
    const AggregateText aggregate = MakeAggregate(random_, input);
    if (aggregate.call.type.IsInteger()) {
      made.view.flink += fmt::format(" HAVING {} >= 2", aggregate.call.flink);
      made.view.duck += fmt::format(" AND {} >= 2", aggregate.call.duck);
    } else {
      made.view.flink += " HAVING COUNT(*) <> 2";
      made.view.duck += " AND COUNT(*) <> 2";
    }
  }
  if (made.relation.columns.empty()) return Calc(name, input);
  return made;
}

MadeView QueryMaker::Forgetting(const std::string& name, const Relation& input) {
  MadeView made = Start(name, "group with state TTL");
  std::vector<int> keys = PickKeys(input, 2);
  if (keys.empty()) keys.push_back(0);
  std::vector<std::string> names;
  std::vector<std::string> flink;
  for (const int key : keys) {
    const Column column{fmt::format("{}_k{}", name, names.size()),
                        input.columns[static_cast<size_t>(key)].type};
    names.push_back(NameOf(input, key));
    flink.push_back(fmt::format("{} AS {}", names.back(), column.name));
    made.view.columns.push_back(column);
  }
  std::vector<std::string> duck = flink;
  AddAggregates(input, random_.Between(1, 3), &made, &flink, &duck);
  made.view.flink = fmt::format("SELECT {} FROM {} GROUP BY {}", Joined(flink), input.name, Joined(names));
  made.view.duck = fmt::format(
      "SELECT {0} FROM (SELECT *, MAX(step_) OVER (PARTITION BY {1}) AS last_step_ FROM (SELECT *, (SELECT "
      "COUNT(*) FROM steps_ WHERE steps_.name = '{2}' AND steps_.seq <= {2}.seq_) AS step_ FROM {2})) WHERE "
      "step_ = last_step_ GROUP BY {1}",
      Joined(duck), Joined(names), input.name);
  return made;
}

MadeView QueryMaker::GroupingSets(const std::string& name, const Relation& input) {
  MadeView made = Start(name, "grouping-sets");
  std::vector<int> keys = PickKeys(input, 3);
  if (keys.empty()) return Group(name, input);
  std::vector<std::string> names;
  std::vector<std::string> flink;
  for (const int key : keys) {
    const Column column{fmt::format("{}_k{}", name, names.size()),
                        input.columns[static_cast<size_t>(key)].type.WithNullable(true)};
    names.push_back(NameOf(input, key));
    flink.push_back(fmt::format("{} AS {}", names.back(), column.name));
    made.view.columns.push_back(column);
    made.relation.columns.push_back(column);
  }
  if (random_.OneIn(2)) {
    const Column column{name + "_in", DataType::BigInt()};
    flink.push_back(fmt::format("GROUPING({}) AS {}", random_.Pick(names), column.name));
    made.view.columns.push_back(column);
    made.relation.columns.push_back(column);
  }
  std::vector<std::string> duck = flink;
  AddAggregates(input, random_.Between(1, 3), &made, &flink, &duck);
  std::string sets;
  switch (random_.Below(3)) {
    case 0:
      sets = fmt::format("ROLLUP ({})", Joined(names));
      break;
    case 1:
      sets = fmt::format("CUBE ({})", Joined(names));
      break;
    default: {
      sets = fmt::format("GROUPING SETS (({}), ({})", Joined(names), names.front());
      if (random_.OneIn(2)) sets += ", ()";
      if (names.size() > 1) sets += fmt::format(", ({})", names.back());
      sets += ")";
    }
  }
  made.view.flink = fmt::format("SELECT {} FROM {} GROUP BY {}", Joined(flink), input.name, sets);
  made.view.duck =
      fmt::format("SELECT {} FROM {} GROUP BY {} HAVING COUNT(*) > 0", Joined(duck), input.name, sets);
  return made;
}

MadeView QueryMaker::Distinct(const std::string& name, const Relation& input) {
  MadeView made = Start(name, "distinct");
  ExpressionMaker maker(random_, input.columns);
  std::vector<std::string> flink;
  std::vector<std::string> duck;
  const int64_t count = random_.Between(1, 3);
  for (int64_t i = 0; i < count; ++i) {
    Expression expression = maker.Any(random_.OneIn(3) ? 2 : 0);
    if (MakesWindow(expression, input)) expression = maker.OfKind(TypeKind::kInt, 1);
    const Column column{fmt::format("{}_d{}", name, i), expression.type};
    flink.push_back(fmt::format("{} AS {}", expression.flink, column.name));
    duck.push_back(fmt::format("{} AS {}", expression.duck, column.name));
    made.relation.unique_key.push_back(static_cast<int>(i));
    made.relation.columns.push_back(column);
  }
  made.view.columns = made.relation.columns;
  made.view.flink = fmt::format("SELECT DISTINCT {} FROM {}", Joined(flink), input.name);
  made.view.duck = fmt::format("SELECT DISTINCT {} FROM {}", Joined(duck), input.name);
  return made;
}

MadeView QueryMaker::Union(const std::string& name, const Relation& left, const Relation& right) {
  MadeView made = Start(name, "union");
  const std::vector<DataType> types = {DataType::Int(), DataType::BigInt(), DataType::String(),
                                       DataType::Date(), DataType::Boolean()};
  ExpressionMaker left_maker(random_, left.columns);
  ExpressionMaker right_maker(random_, right.columns);
  std::vector<std::string> parts[4];
  const int64_t count = random_.Between(1, 3);
  for (int64_t i = 0; i < count; ++i) {
    const DataType type = random_.Pick(types);
    const Column column{fmt::format("{}_u{}", name, i), type};
    made.relation.columns.push_back(column);
    const Expression a = left_maker.OfKind(type.kind(), 1);
    const Expression b = right_maker.OfKind(type.kind(), 1);
    parts[0].push_back(fmt::format("{} AS {}", a.flink, column.name));
    parts[1].push_back(fmt::format("{} AS {}", b.flink, column.name));
    parts[2].push_back(fmt::format("{} AS {}", a.duck, column.name));
    parts[3].push_back(fmt::format("{} AS {}", b.duck, column.name));
  }
  made.view.columns = made.relation.columns;
  const char* all = random_.OneIn(2) ? " ALL" : "";
  made.view.flink = fmt::format("SELECT {} FROM {} UNION{} SELECT {} FROM {}", Joined(parts[0]), left.name,
                                all, Joined(parts[1]), right.name);
  made.view.duck = fmt::format("SELECT {} FROM {} UNION{} SELECT {} FROM {}", Joined(parts[2]), left.name,
                               all, Joined(parts[3]), right.name);
  return made;
}

MadeView QueryMaker::Unnest(const std::string& name, const Relation& input) {
  MadeView made = Start(name, "unnest");
  ExpressionMaker maker(random_, input.columns);
  const TypeKind kind = random_.Pick({TypeKind::kInt, TypeKind::kVarchar, TypeKind::kDate});
  std::vector<std::string> flink;
  std::vector<std::string> duck;
  const int64_t elements = random_.Between(1, 4);
  DataType type;
  for (int64_t i = 0; i < elements; ++i) {
    const Expression element = maker.OfKind(kind, random_.OneIn(2) ? 1 : 0);
    flink.push_back(element.flink);
    duck.push_back(element.duck);
    type = element.type.WithNullable(true);
  }
  std::vector<std::string> columns;
  for (const int column : PickKeys(input, 3)) {
    const Column kept{fmt::format("{}_{}", name, static_cast<char>('a' + columns.size())),
                      input.columns[static_cast<size_t>(column)].type};
    made.relation.columns.push_back(kept);
    columns.push_back(fmt::format("{} AS {}", NameOf(input, column), kept.name));
  }
  const Column element{name + "_x", type};
  made.relation.columns.push_back(element);
  columns.push_back("x_ AS " + element.name);
  made.view.columns = made.relation.columns;
  made.view.flink = fmt::format("SELECT {} FROM {} CROSS JOIN UNNEST(ARRAY[{}]) AS u_ (x_)", Joined(columns),
                                input.name, Joined(flink));
  made.view.duck = fmt::format("SELECT {} FROM (SELECT *, unnest([{}]) AS x_ FROM {})", Joined(columns),
                               Joined(duck), input.name);
  return made;
}

}  // namespace millrace::property
