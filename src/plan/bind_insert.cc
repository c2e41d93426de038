// INSERT INTO: columns, types, and how changes reach the table.
#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/suggest.h"
#include "plan/bind_expression.h"
#include "plan/binder.h"
#include "plan/finish_plan.h"
#include "plan/node_factory.h"
#include "plan/rules/drop_update_before.h"

namespace millrace::plan {

namespace {

using catalog::ColumnKind;
using data::DataType;
using data::TypeKind;
using functions::ExprPtr;

// What INSERT converts by itself: Flink's implicit casts.
bool ConvertsImplicitly(const DataType& from, const DataType& to) {
  if (from.SameAs(to) || from.kind() == TypeKind::kNull) return true;
  if (from.kind() == to.kind() && from.IsNested()) {
    switch (from.kind()) {
      case TypeKind::kArray:
      case TypeKind::kMultiset:
        return ConvertsImplicitly(from.element(), to.element());
      case TypeKind::kMap:
        return ConvertsImplicitly(from.key_type(), to.key_type()) &&
               ConvertsImplicitly(from.value_type(), to.value_type());
      default: {
        const auto& a = from.fields();
        const auto& b = to.fields();
        return std::ranges::equal(a, b, [](const data::RowField& x, const data::RowField& y) {
          return ConvertsImplicitly(x.type, y.type);
        });
      }
    }
  }
  switch (to.kind()) {
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
      return from.IsInteger() && from.kind() <= to.kind();
    case TypeKind::kDecimal:
      return from.IsNumeric();
    case TypeKind::kFloat:
      return from.IsInteger() || from.kind() == TypeKind::kDecimal;
    case TypeKind::kDouble:
      return from.IsNumeric();
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      return from.IsCharacter();
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      return from.IsBinary();
    case TypeKind::kDate:
      return from.kind() == TypeKind::kTimestamp;
    case TypeKind::kTime:
      return from.kind() == TypeKind::kTime || from.kind() == TypeKind::kTimestamp;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return from.IsTimestamp();
    default:
      return false;
  }
}

std::string SchemaText(const std::vector<std::string>& names, const std::vector<DataType>& types) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", names[i], types[i].ToString());
  }
  return text;
}

class InsertBinder {
 public:
  InsertBinder(const sql::InsertStatement& insert, QueryBinder& binder) : insert_(insert), binder_(binder) {}

  Result<PlannedQuery> Bind() {
    MR_ASSIGN(entry_, binder_.catalog().Resolve(insert_.table));
    if (entry_->kind != catalog::EntryKind::kTable) {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("'{}' is a {}: nothing can be inserted into it", entry_->name.ToString(),
                              catalog::EntryKindName(entry_->kind)),
                  "insert into a table", insert_.table.location());
    }
    if (insert_.overwrite) {
      return Fail(ErrorCode::kNotSupported, "INSERT OVERWRITE is not supported", "use INSERT INTO",
                  insert_.location);
    }
    if (insert_.on_conflict == sql::OnConflict::kNothing || insert_.on_conflict == sql::OnConflict::kError) {
      return Fail(ErrorCode::kNotSupported,
                  fmt::format("ON CONFLICT DO {} is not supported",
                              insert_.on_conflict == sql::OnConflict::kNothing ? "NOTHING" : "ERROR"),
                  "leave it out: of rows with one key the last counts, as with DO DEDUPLICATE",
                  insert_.location);
    }
    for (const ColumnKind kind : {ColumnKind::kPhysical, ColumnKind::kMetadata}) {
      for (size_t i = 0; i < table().columns.size(); ++i) {
        if (table().columns[i].kind == kind && table().columns[i].IsPersisted())
          targets_.push_back(static_cast<int>(i));
      }
    }
    MR_ASSIGN(options_, OptionsWithHints(table(), insert_.hints, insert_.table.location()));
    MR_TRY(BindPartition());
    MR_ASSIGN(const std::vector<int> order, ColumnOrder());
    MR_ASSIGN(Relation relation, binder_.BindQuery(*insert_.query, QueryPlace::kResult));
    MR_TRY(CheckPlan(*relation.node));
    MR_ASSIGN(PlanNodePtr root, Coerce(std::move(relation), order));
    root = Optimize(std::move(root), binder_.context());
    MR_ASSIGN(root, MakeSink(std::move(root)));
    NameNodes(*root);
    PlannedQuery planned;
    planned.schema = root->schema;
    planned.root = std::move(root);
    planned.dependencies = binder_.dependencies();
    planned.warnings = std::move(binder_.warnings());
    return planned;
  }

 private:
  const catalog::TableDefinition& table() const { return *entry_->table; }
  const catalog::Column& target(size_t i) const { return table().columns[static_cast<size_t>(targets_[i])]; }

  Result<size_t> FindTarget(const sql::Name& name) const {
    std::vector<std::string> names;
    for (size_t i = 0; i < targets_.size(); ++i) {
      if (target(i).name == name.text) return i;
      names.push_back(target(i).name);
    }
    const auto it = std::ranges::find(table().columns, name.text, &catalog::Column::name);
    if (it != table().columns.end()) {
      return Fail(
          ErrorCode::kInvalidParameter,
          fmt::format("column '{}' of '{}' is {}: it cannot be written", name.text, table().name.ToString(),
                      it->kind == ColumnKind::kComputed ? "computed" : "virtual metadata"),
          {}, name.location);
    }
    return Fail(ErrorCode::kUndefinedColumn,
                fmt::format("no column '{}' in '{}'", name.text, table().name.ToString()),
                DidYouMean(name.text, names), name.location);
  }

  // PARTITION (day = '2024-01-01'): columns with a value for all rows.
  Status BindPartition() {
    fixed_.resize(targets_.size());
    for (const sql::PartitionValue& value : insert_.partition) {
      MR_ASSIGN(const size_t position, FindTarget(value.column));
      if (std::ranges::find(table().partitioned_by, value.column.text) == table().partitioned_by.end()) {
        return Fail(
            ErrorCode::kInvalidParameter,
            fmt::format("'{}' is not partitioned by '{}'", table().name.ToString(), value.column.text), {},
            value.column.location);
      }
      if (value.value == nullptr) continue;
      ExpressionBinder binder(nullptr, binder_.bind_context(), "PARTITION");
      MR_ASSIGN(ExprPtr bound, binder.Bind(*value.value));
      Result<ExprPtr> cast =
          functions::MakeCast(std::move(bound), target(position).type, false, binder_.bind_context());
      if (!cast) return std::unexpected(cast.error().At(value.value->location));
      fixed_[position] = *std::move(cast);
    }
    return Ok();
  }

  // Which target each column of the query is for.
  Result<std::vector<int>> ColumnOrder() const {
    std::vector<int> order;
    if (insert_.columns.empty()) {
      for (size_t i = 0; i < targets_.size(); ++i) {
        if (fixed_[i] == nullptr) order.push_back(static_cast<int>(i));
      }
      return order;
    }
    std::set<size_t> seen;
    for (const sql::Name& name : insert_.columns) {
      MR_ASSIGN(const size_t position, FindTarget(name));
      if (!seen.insert(position).second || fixed_[position] != nullptr) {
        return Fail(ErrorCode::kDuplicateColumn, fmt::format("column '{}' is named twice", name.text), {},
                    name.location);
      }
      order.push_back(static_cast<int>(position));
    }
    for (size_t i = 0; i < targets_.size(); ++i) {
      if (seen.contains(i) || fixed_[i] != nullptr || target(i).type.nullable()) continue;
      return Fail(ErrorCode::kNullNotAllowed,
                  fmt::format("column '{}' of '{}' is NOT NULL, but no value is given for it", target(i).name,
                              table().name.ToString()),
                  "add it to the column list", insert_.columns.front().location);
    }
    return order;
  }

  Result<PlanNodePtr> Coerce(Relation relation, const std::vector<int>& order) {
    std::vector<std::string> names;
    std::vector<DataType> types;
    for (const int position : order) {
      names.push_back(target(static_cast<size_t>(position)).name);
      types.push_back(target(static_cast<size_t>(position)).type);
    }
    std::vector<DataType> given;
    for (int i = 0; i < relation.width(); ++i) given.push_back(relation.type(i));
    const std::string schemas =
        fmt::format("query: ({}); table: ({})", SchemaText(relation.names, given), SchemaText(names, types));
    if (relation.names.size() != order.size()) {
      return Fail(ErrorCode::kDatatypeMismatch,
                  fmt::format("the query gives {} columns, but '{}' takes {}", relation.names.size(),
                              table().name.ToString(), order.size()),
                  schemas, insert_.table.location());
    }
    std::vector<ExprPtr> projections(targets_.size());
    for (size_t i = 0; i < order.size(); ++i) {
      ExprPtr column = functions::MakeColumn(static_cast<int>(i), given[i]);
      if (!ConvertsImplicitly(given[i], types[i])) {
        return Fail(ErrorCode::kDatatypeMismatch,
                    fmt::format("column '{}' of '{}' is {}, but column {} of the query, '{}', is {}",
                                names[i], table().name.ToString(), types[i].ToString(), i + 1,
                                relation.names[i], given[i].ToString()),
                    schemas, insert_.table.location());
      }
      // Text keeps its length, as in Flink, whatever the table says.
      const bool as_it_is = given[i].SameAs(types[i]) || (given[i].IsCharacter() && types[i].IsCharacter()) ||
                            (given[i].IsBinary() && types[i].IsBinary());
      if (!as_it_is) {
        Result<ExprPtr> cast = functions::MakeCast(
            std::move(column), types[i].WithNullable(given[i].nullable()), false, binder_.bind_context());
        if (!cast) return std::unexpected(cast.error().At(insert_.table.location()));
        column = *std::move(cast);
      }
      projections[static_cast<size_t>(order[i])] = std::move(column);
    }
    std::vector<std::string> all_names;
    for (size_t i = 0; i < targets_.size(); ++i) {
      all_names.push_back(target(i).name);
      if (projections[i] == nullptr) projections[i] = fixed_[i];
      if (projections[i] == nullptr)
        projections[i] = functions::MakeLiteral(target(i).type, data::Value::Null());
    }
    return MakeCalc(std::move(relation.node), nullptr, std::move(projections), std::move(all_names));
  }

  Result<PlanNodePtr> MakeSink(PlanNodePtr root) {
    auto sink = std::make_shared<SinkNode>();
    sink->entry = entry_;
    sink->location = insert_.table.location();
    sink->options = options_;
    for (size_t i = 0; i < targets_.size(); ++i) {
      if (!target(i).type.nullable() && root->schema[i].type.nullable())
        sink->not_null.push_back(static_cast<int>(i));
    }
    for (const int column : table().primary_key) {
      sink->key.push_back(static_cast<int>(std::ranges::find(targets_, column) - targets_.begin()));
    }
    const bool kept = table().connector().empty();
    ChangelogMode takes = ChangelogMode::Retract();
    if (kept) takes = sink->key.empty() ? ChangelogMode::Append() : ChangelogMode::Upsert();
    if (!kept && binder_.context().sink_changelog) {
      Result<ChangelogMode> asked = binder_.context().sink_changelog(table(), options_);
      if (!asked) return std::unexpected(asked.error().At(insert_.table.location()));
      takes = *asked;
    }
    const ChangelogMode changes = root->traits.changelog;
    if (insert_.on_conflict != sql::OnConflict::kUnspecified &&
        (takes.IsAppend() || sink->key.empty() || (takes.update_before && !changes.IsAppend()))) {
      return Fail(ErrorCode::kNotSupported,
                  fmt::format("ON CONFLICT is for tables that take changes by primary key: '{}' takes {}",
                              table().name.ToString(),
                              takes.IsAppend() ? "inserted rows only" : "every change as it is"),
                  "leave it out", insert_.location);
    }
    if (!changes.IsAppend() && takes.IsAppend()) {
      return Fail(ErrorCode::kNotSupported,
                  fmt::format("table '{}' takes inserted rows only, but the query gives changes {}",
                              table().name.ToString(), changes.ToString()),
                  kept ? "declare PRIMARY KEY (...) NOT ENFORCED in the table, or use a materialized view"
                       : "aggregate by window, whose results are final, or insert into another kind of table",
                  insert_.table.location());
    }
    if (!changes.IsAppend() && !takes.update_before && sink->key.empty()) {
      return Fail(
          ErrorCode::kInvalidTableDefinition,
          fmt::format("table '{}' takes changes by key, but has no primary key", table().name.ToString()),
          "declare PRIMARY KEY (...) NOT ENFORCED", insert_.table.location());
    }
    // A table that takes -U is told all; one that works by its key needs changes by that key.
    if (!changes.IsAppend() && !takes.update_before) root = FitKey(std::move(root), *sink);
    data::Schema schema;
    for (size_t i = 0; i < targets_.size(); ++i) schema.Add(target(i).name, target(i).type);
    return FinishNode(std::move(sink), {std::move(root)}, std::move(schema));
  }

  // Changes by another key than the table's need care: the rows of one primary key may be several.
  static PlanNodePtr FitKey(PlanNodePtr root, SinkNode& sink) {
    std::vector<int> key = sink.key;
    std::ranges::sort(key);
    const auto& unique = root->traits.unique_keys;
    if (std::ranges::find(unique, key) != unique.end()) {
      sink.upsert = DropUpdateBefore(*root, key);
      return root;
    }
    const bool is_narrower = std::ranges::any_of(
        unique, [&](const std::vector<int>& candidate) { return std::ranges::includes(key, candidate); });
    if (is_narrower) return root;
    auto node = std::make_shared<UpsertMaterializeNode>();
    node->primary_key = sink.key;
    sink.upsert = true;
    data::Schema schema = root->schema;
    return FinishNode(std::move(node), {std::move(root)}, std::move(schema));
  }

  const sql::InsertStatement& insert_;
  QueryBinder& binder_;
  catalog::EntryPtr entry_;
  std::vector<int> targets_;    // columns of the table that are written, in the order of the sink's
  std::vector<ExprPtr> fixed_;  // for each its value, if PARTITION gives one
  std::vector<catalog::TableOption> options_;
};

}  // namespace

Result<PlannedQuery> PlanInsert(const sql::InsertStatement& insert, const catalog::Catalog& catalog,
                                const PlanContext& context) {
  QueryBinder binder(catalog, context);
  return InsertBinder(insert, binder).Bind();
}

}  // namespace millrace::plan
