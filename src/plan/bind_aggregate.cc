// Aggregations: which node a GROUP BY becomes, and the columns that select lists then refer to.
#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "plan/bind_select.h"
#include "plan/node_factory.h"
#include "plan/traits.h"

namespace millrace::plan {

namespace {

using functions::ExprPtr;

// A WindowTvf brought to the top: `mapping` says where the columns of the original are.
struct SunkWindow {
  std::shared_ptr<WindowTvfNode> node;
  std::vector<int> mapping;
};

bool ReadsFrom(const ExprPtr& expr, int first) {
  const std::vector<int> columns = ColumnsOf(expr);
  return !columns.empty() && columns.back() >= first;
}

// Moves the Calcs above a WindowTvf below it; nullopt: they use the window's columns, or there is none.
std::optional<SunkWindow> SinkCalcs(const PlanNodePtr& node) {
  if (node->kind == NodeKind::kWindowTvf) {
    SunkWindow sunk{std::static_pointer_cast<WindowTvfNode>(node), {}};
    for (size_t i = 0; i < node->schema.size(); ++i) sunk.mapping.push_back(static_cast<int>(i));
    return sunk;
  }
  if (node->kind != NodeKind::kCalc) return std::nullopt;
  const auto& calc = node->As<CalcNode>();
  const std::optional<SunkWindow> below = SinkCalcs(node->inputs.front());
  if (!below) return std::nullopt;
  const WindowTvfNode& tvf = *below->node;
  const int width = static_cast<int>(tvf.input().schema.size());
  ExprPtr filter;
  if (calc.filter != nullptr) {
    filter = functions::RemapColumns(calc.filter, below->mapping);
    if (ReadsFrom(filter, width)) return std::nullopt;
    if (tvf.window.kind == WindowKind::kSession) {
      // Sessions are of all rows: only whole keys can be left out before.
      for (const int column : ColumnsOf(filter)) {
        if (std::ranges::find(tvf.window.partition_keys, column) == tvf.window.partition_keys.end())
          return std::nullopt;
      }
    }
  }
  std::vector<ExprPtr> projections;
  std::vector<std::string> names;
  std::vector<int> window_column(calc.projections.size(), -1);
  SunkWindow sunk;
  sunk.mapping.assign(calc.projections.size(), -1);
  for (size_t i = 0; i < calc.projections.size(); ++i) {
    ExprPtr projection = functions::RemapColumns(calc.projections[i], below->mapping);
    if (ColumnOf(*projection) >= width) {
      window_column[i] = ColumnOf(*projection) - width;
      continue;
    }
    if (ReadsFrom(projection, width)) return std::nullopt;
    sunk.mapping[i] = static_cast<int>(projections.size());
    projections.push_back(std::move(projection));
    names.push_back(calc.schema[i].name);
  }
  const auto keep = [&](int column) {
    for (size_t i = 0; i < projections.size(); ++i) {
      if (ColumnOf(*projections[i]) == column) return static_cast<int>(i);
    }
    const data::Field& field = tvf.input().schema[static_cast<size_t>(column)];
    projections.push_back(functions::MakeColumn(column, field.type));
    names.push_back(field.name);
    return static_cast<int>(projections.size()) - 1;
  };
  auto moved = std::make_shared<WindowTvfNode>();
  moved->location = tvf.location;
  moved->window = tvf.window;
  moved->window.time_column = keep(tvf.window.time_column);
  for (int& key : moved->window.partition_keys) key = keep(key);
  PlanNodePtr input =
      MakeCalc(tvf.inputs.front(), std::move(filter), std::move(projections), std::move(names));
  data::Schema schema = input->schema;
  const int new_width = static_cast<int>(schema.size());
  for (int i = 0; i < 3; ++i) {
    const data::Field& field = tvf.schema[static_cast<size_t>(width + i)];
    schema.Add(field.name, field.type);
  }
  FinishNode(moved, {std::move(input)}, std::move(schema));
  for (size_t i = 0; i < window_column.size(); ++i) {
    if (window_column[i] >= 0) sunk.mapping[i] = new_width + window_column[i];
  }
  sunk.node = std::move(moved);
  return sunk;
}

// What the aggregation reads, as a Calc: keys first, then arguments.
class InputColumns {
 public:
  explicit InputColumns(size_t keys) : keys_(keys) {}

  int Add(ExprPtr expr, std::string name) {
    exprs_.push_back(std::move(expr));
    names_.push_back(std::move(name));
    return static_cast<int>(exprs_.size()) - 1;
  }
  // An equal column if there is one; keys only if they stay as they are.
  int AddShared(const ExprPtr& expr, bool share_keys) {
    for (size_t i = share_keys ? 0 : keys_; i < exprs_.size(); ++i) {
      if (functions::SameExpression(exprs_[i], expr)) return static_cast<int>(i);
    }
    return Add(expr, fmt::format("$f{}", exprs_.size()));
  }
  PlanNodePtr Build(PlanNodePtr input) {
    // Columns are called as below.
    for (size_t i = 0; i < exprs_.size(); ++i) {
      const int column = ColumnOf(*exprs_[i]);
      if (column >= 0 && names_[i].starts_with("$"))
        names_[i] = input->schema[static_cast<size_t>(column)].name;
    }
    return MakeCalc(std::move(input), nullptr, exprs_, names_);
  }

 private:
  size_t keys_;
  std::vector<ExprPtr> exprs_;
  std::vector<std::string> names_;
};

PlanNodePtr MakeExpand(PlanNodePtr input, const std::vector<std::vector<bool>>& key_sets, size_t keys) {
  auto node = std::make_shared<ExpandNode>();
  data::Schema schema;
  for (size_t i = 0; i < input->schema.size(); ++i) {
    const data::Field& field = input->schema[i];
    const bool in_all = i >= keys || std::ranges::all_of(key_sets, [&](const auto& set) { return set[i]; });
    schema.Add(field.name, in_all ? field.type : field.type.WithNullable(true));
  }
  for (size_t id = 0; id < key_sets.size(); ++id) {
    std::vector<ExprPtr> projection;
    for (size_t i = 0; i < input->schema.size(); ++i) {
      const bool kept = i >= keys || key_sets[id][i];
      projection.push_back(kept ? functions::MakeColumn(static_cast<int>(i), schema[i].type)
                                : functions::MakeLiteral(schema[i].type, data::Value::Null()));
    }
    projection.push_back(functions::MakeLiteral(data::DataType::BigInt().NotNull(),
                                                data::Value::Int(static_cast<int64_t>(id))));
    node->projections.push_back(std::move(projection));
  }
  schema.Add("$expand_id", data::DataType::BigInt().NotNull());
  return FinishNode(std::move(node), {std::move(input)}, std::move(schema));
}

// Gives an aggregate the name that the select list has for it, so that EXPLAIN reads well.
void NameAggregate(PlanNode& node, int column, const std::string& name) {
  std::vector<AggregateCall>* calls = nullptr;
  size_t first = 0;
  if (node.kind == NodeKind::kGroupAggregate) {
    calls = &node.As<GroupAggregateNode>().aggregates;
    first = node.As<GroupAggregateNode>().keys.size();
  } else if (node.kind == NodeKind::kWindowAggregate) {
    calls = &node.As<WindowAggregateNode>().aggregates;
    first = node.As<WindowAggregateNode>().keys.size();
  }
  const auto i = static_cast<size_t>(column);
  if (calls == nullptr || i < first || i - first >= calls->size() || !node.schema[i].name.starts_with("$"))
    return;
  (*calls)[i - first].output_name = name;
  std::vector<data::Field> fields = node.schema.fields();
  fields[i].name = name;
  node.schema = data::Schema(std::move(fields));
}

struct WindowChoice {
  bool is_window = false;
  bool attached = false;
  WindowSpec spec;           // unless attached; its columns are of `input`
  PlanNodePtr input;         // what the aggregation reads, before its own Calc
  std::vector<int> mapping;  // of columns of the original input; empty: they are the same
  data::DataType time_type;
};

bool SessionKeysFit(const WindowSpec& window, const std::vector<ExprPtr>& keys) {
  std::vector<int> columns;
  for (const ExprPtr& key : keys) columns.push_back(ColumnOf(*key));
  std::ranges::sort(columns);
  std::vector<int> partition = window.partition_keys;
  std::ranges::sort(partition);
  return columns == partition;
}

// Whether, and how, the aggregation is by window. `reads`: every expression it needs but the window's
// columns.
WindowChoice ChooseWindow(const PlanNodePtr& input, const Grouping& grouping,
                          const std::vector<size_t>& key_positions, bool by_columns,
                          const std::vector<ExprPtr>& reads) {
  WindowChoice choice;
  choice.input = input;
  if (grouping.group_window) {
    choice.is_window = true;
    choice.spec = *grouping.group_window;
    choice.time_type = input->schema[static_cast<size_t>(choice.spec.time_column)].type.NotNull();
    return choice;
  }
  if (!by_columns) return choice;
  choice.is_window = true;
  const int time = input->traits.window.time;
  choice.time_type = time >= 0 ? input->schema[static_cast<size_t>(time)].type.NotNull()
                               : data::DataType::Timestamp(3).NotNull();
  if (std::optional<SunkWindow> sunk = SinkCalcs(input)) {
    const int width = static_cast<int>(sunk->node->input().schema.size());
    bool fits = true;
    for (const ExprPtr& expr : reads)
      fits = fits && !ReadsFrom(functions::RemapColumns(expr, sunk->mapping), width);
    std::vector<ExprPtr> keys;
    for (const size_t position : key_positions) {
      keys.push_back(functions::RemapColumns(grouping.exprs[position], sunk->mapping));
    }
    const WindowSpec& spec = sunk->node->window;
    if (fits && (spec.kind != WindowKind::kSession || SessionKeysFit(spec, keys))) {
      choice.spec = spec;
      choice.spec.partition_keys.clear();
      choice.input = sunk->node->inputs.front();
      choice.mapping = std::move(sunk->mapping);
      return choice;
    }
  }
  choice.attached = true;
  return choice;
}

}  // namespace

Result<AggregateOutput> MakeAggregate(const PlanNodePtr& input, const Grouping& grouping,
                                      std::vector<BoundAggregate> aggregates, const PlanContext& context) {
  const catalog::WindowColumns& window = input->traits.window;
  const auto in_all_sets = [&](size_t position) {
    return std::ranges::all_of(grouping.sets, [&](const auto& set) { return set[position]; });
  };
  bool has_start = false;
  bool has_end = false;
  for (size_t i = 0; i < grouping.exprs.size(); ++i) {
    const int column = ColumnOf(*grouping.exprs[i]);
    if (column < 0 || !in_all_sets(i)) continue;
    has_start = has_start || column == window.start;
    has_end = has_end || column == window.end;
  }
  const bool by_columns = !grouping.group_window && has_start && has_end;
  std::vector<size_t> key_positions;
  std::vector<size_t> property_positions;
  std::vector<WindowProperty> properties;
  for (size_t i = 0; i < grouping.exprs.size(); ++i) {
    const int column = ColumnOf(*grouping.exprs[i]);
    const bool is_property = by_columns && column >= 0 && in_all_sets(i) &&
                             (column == window.start || column == window.end || column == window.time);
    if (!is_property) {
      key_positions.push_back(i);
      continue;
    }
    property_positions.push_back(i);
    properties.push_back(column == window.start ? WindowProperty::kStart
                         : column == window.end ? WindowProperty::kEnd
                                                : WindowProperty::kTime);
  }
  std::vector<ExprPtr> reads;
  for (const size_t position : key_positions) reads.push_back(grouping.exprs[position]);
  for (const BoundAggregate& aggregate : aggregates) {
    reads.insert(reads.end(), aggregate.args.begin(), aggregate.args.end());
    if (aggregate.filter != nullptr) reads.push_back(aggregate.filter);
  }
  const WindowChoice choice = ChooseWindow(input, grouping, key_positions, by_columns, reads);
  const auto remap = [&](const ExprPtr& expr) {
    return choice.mapping.empty() ? expr : functions::RemapColumns(expr, choice.mapping);
  };

  const bool has_sets = grouping.HasSets();
  InputColumns columns(key_positions.size());
  for (const size_t position : key_positions)
    columns.Add(remap(grouping.exprs[position]), grouping.names[position]);
  for (BoundAggregate& aggregate : aggregates) {
    for (const ExprPtr& arg : aggregate.args)
      aggregate.call.args.push_back(columns.AddShared(remap(arg), !has_sets));
    if (aggregate.filter != nullptr)
      aggregate.call.filter = columns.AddShared(remap(aggregate.filter), !has_sets);
  }
  const auto add_column = [&](int column) {
    const data::DataType& type = choice.input->schema[static_cast<size_t>(column)].type;
    return columns.AddShared(functions::MakeColumn(column, type), !has_sets);
  };
  int time_column = -1;
  int start_column = -1;
  int end_column = -1;
  if (choice.is_window && !choice.attached) time_column = add_column(choice.spec.time_column);
  if (choice.attached) {
    start_column = add_column(window.start);
    end_column = add_column(window.end);
  }
  PlanNodePtr node = columns.Build(choice.input);
  const bool retracts = !node->traits.changelog.IsAppend();

  std::vector<int> keys;
  for (size_t i = 0; i < key_positions.size(); ++i) keys.push_back(static_cast<int>(i));
  if (has_sets) {
    std::vector<std::vector<bool>> key_sets;
    for (const std::vector<bool>& set : grouping.sets) {
      std::vector<bool> kept;
      for (const size_t position : key_positions) kept.push_back(set[position]);
      key_sets.push_back(std::move(kept));
    }
    node = MakeExpand(std::move(node), key_sets, key_positions.size());
    keys.push_back(static_cast<int>(node->schema.size()) - 1);
  }

  AggregateOutput output;
  output.groups.assign(grouping.exprs.size(), -1);
  data::Schema schema;
  for (size_t i = 0; i < keys.size(); ++i) {
    const data::Field& field = node->schema[static_cast<size_t>(keys[i])];
    schema.Add(field.name, field.type);
    if (i < key_positions.size()) {
      output.groups[key_positions[i]] = static_cast<int>(i);
    } else {
      output.expand_id = static_cast<int>(i);
    }
  }
  std::vector<AggregateCall> calls;
  for (BoundAggregate& aggregate : aggregates) {
    output.aggregates.push_back(static_cast<int>(schema.size()));
    schema.Add(aggregate.call.output_name, aggregate.call.aggregate->result_type());
    calls.push_back(std::move(aggregate.call));
  }
  if (!choice.is_window) {
    auto aggregate = std::make_shared<GroupAggregateNode>();
    aggregate->location = grouping.location;
    aggregate->keys = std::move(keys);
    aggregate->aggregates = std::move(calls);
    aggregate->input_retracts = retracts;
    output.node = FinishNode(std::move(aggregate), {std::move(node)}, std::move(schema));
    return output;
  }
  auto aggregate = std::make_shared<WindowAggregateNode>();
  aggregate->location = grouping.location;
  aggregate->attached = choice.attached;
  aggregate->window = choice.spec;
  aggregate->window.time_column = time_column;
  aggregate->attached_start = start_column;
  aggregate->attached_end = end_column;
  aggregate->is_ltz = choice.attached ? window.is_ltz : choice.spec.is_ltz;
  aggregate->keys = std::move(keys);
  aggregate->aggregates = std::move(calls);
  aggregate->input_retracts = retracts;
  aggregate->early_fire = context.settings.early_fire();
  if (grouping.group_window)
    properties = {WindowProperty::kStart, WindowProperty::kEnd, WindowProperty::kTime};
  const data::DataType bound_type = data::DataType::Timestamp(3).NotNull();
  for (size_t i = 0; i < properties.size(); ++i) {
    const int column = static_cast<int>(schema.size());
    if (i < property_positions.size()) output.groups[property_positions[i]] = column;
    switch (properties[i]) {
      case WindowProperty::kStart:
        output.window_start = column;
        schema.Add("window_start", bound_type);
        break;
      case WindowProperty::kEnd:
        output.window_end = column;
        schema.Add("window_end", bound_type);
        break;
      case WindowProperty::kTime:
        output.window_time = column;
        schema.Add("window_time", choice.time_type);
        break;
    }
  }
  aggregate->properties = std::move(properties);
  output.node = FinishNode(std::move(aggregate), {std::move(node)}, std::move(schema));
  return output;
}

Result<ExprPtr> SelectBinder::ReplaceGrouped(const ExprPtr& expr, const AggregateOutput& output,
                                             const ExpressionBinder& binder, SourceLocation location) const {
  const auto column = [&](int index) {
    return functions::MakeColumn(index, output.node->schema[static_cast<size_t>(index)].type);
  };
  for (size_t i = 0; i < grouping_.exprs.size(); ++i) {
    if (functions::SameExpression(expr, grouping_.exprs[i])) return column(output.groups[i]);
  }
  const int index = ColumnOf(*expr);
  if (index == kWindowStart) return column(output.window_start);
  if (index == kWindowEnd) return column(output.window_end);
  if (index == kWindowTime) return column(output.window_time);
  if (index == kExpandId) return column(output.expand_id);
  if (index == kRowNumber) return expr;
  if (index >= kAggregates) return column(output.aggregates[static_cast<size_t>(index - kAggregates)]);
  if (index >= 0) {
    const SourceLocation place = binder.LocationOf(*expr);
    const std::string& name = relation_.names[static_cast<size_t>(index)];
    std::string hint = fmt::format("add it to GROUP BY, or aggregate it, e.g. MAX({})", name);
    const catalog::WindowColumns& window = relation_.node->traits.window;
    if (index == window.start || index == window.end || index == window.time)
      hint = "aggregate by the window: GROUP BY window_start, window_end";
    if (has_literal_group_)
      hint = "a number in GROUP BY is that number, not a column of the select list: name the column";
    if (!body_.has_group_by) hint = "add a GROUP BY, or aggregate it too";
    return Fail(ErrorCode::kGroupingError,
                fmt::format("column '{}' is neither in GROUP BY nor inside an aggregate function", name),
                std::move(hint), place.IsKnown() ? place : location);
  }
  std::vector<ExprPtr> args;
  bool changed = false;
  for (const ExprPtr& arg : expr->args()) {
    MR_ASSIGN(ExprPtr replaced, ReplaceGrouped(arg, output, binder, location));
    changed = changed || replaced != arg;
    args.push_back(std::move(replaced));
  }
  return changed ? expr->WithArgs(std::move(args)) : expr;
}

Status SelectBinder::BuildAggregate(ExpressionBinder& binder) {
  relation_.made_nullable.clear();
  MR_ASSIGN(const AggregateOutput output,
            MakeAggregate(relation_.node, grouping_, std::move(aggregates_), binder_.context()));
  MR_TRY(ForEachBound([&](ExprPtr& expr, SourceLocation location) -> Status {
    MR_ASSIGN(expr, ReplaceGrouped(expr, output, binder, location));
    return Ok();
  }));
  for (const Item& item : items_) {
    const int column = ColumnOf(*item.expr);
    if (column >= 0) NameAggregate(*output.node, column, item.name);
  }
  relation_ = MakeRelation(output.node, {});
  return Ok();
}

}  // namespace millrace::plan
