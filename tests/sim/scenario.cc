#include "sim/scenario.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::sim {
namespace {

std::string TypeText(Type type) {
  switch (type) {
    case Type::kInt:
      return "BIGINT";
    case Type::kText:
      return "STRING";
    case Type::kTime:
      return "TIMESTAMP(3)";
  }
  return {};
}

std::string ColumnsText(const std::vector<Column>& columns) {
  std::string text;
  for (size_t i = 0; i < columns.size(); ++i) {
    text += fmt::format("{}c{} {}", i == 0 ? "" : ", ", i, TypeText(columns[i].type));
  }
  return text;
}

constexpr size_t kRelationsMax = 18;

}  // namespace

const Object* Scenario::Find(const std::string& name) const {
  for (const Object& object : objects_) {
    if (object.name == name && object.kind != Object::Kind::kInsert) return &object;
  }
  return nullptr;
}

std::vector<const Object*> Scenario::InsertsInto(const std::string& table) const {
  std::vector<const Object*> inserts;
  for (const Object& object : objects_) {
    if (object.kind == Object::Kind::kInsert && object.name == table) inserts.push_back(&object);
  }
  return inserts;
}

void Scenario::Remove(uint64_t id) {
  std::erase_if(objects_, [id](const Object& object) { return object.id == id; });
}

Scenario::Inputs Scenario::Relations() const {
  Inputs relations;
  for (const Object& object : objects_) {
    if (object.kind != Object::Kind::kInsert) relations.push_back(&object);
  }
  return relations;
}

bool Scenario::DependsOn(const std::string& name, const std::string& from) const {
  if (name == from) return true;
  for (const Object& object : objects_) {
    if (object.name != name || !object.HasQuery()) continue;
    for (const std::string& input : object.query.inputs) {
      if (DependsOn(input, from)) return true;
    }
  }
  return false;
}

bool Scenario::IsRead(const std::string& name) const {
  return std::any_of(objects_.begin(), objects_.end(), [&](const Object& object) {
    const auto& inputs = object.query.inputs;
    return std::find(inputs.begin(), inputs.end(), name) != inputs.end();
  });
}

std::string Scenario::DrawSource(Object* source) {
  source->columns = {{Type::kInt, false}, {Type::kInt, true}, {Type::kText, true}};
  switch (Below(3)) {
    case 0:
      source->columns.push_back({Type::kTime, false});
      source->delay_ms = static_cast<int64_t>(1000 * Below(5));
      return fmt::format(", WATERMARK FOR c3 AS c3 - INTERVAL '{}' SECOND", source->delay_ms / 1000);
    case 1:
      source->mode = FeedMode::kUpsert;
      source->is_append = false;
      source->never_empties = false;
      return ", PRIMARY KEY (c0) NOT ENFORCED";
    default:
      return {};
  }
}

void Scenario::DrawFeed() {
  Object feed;
  feed.id = next_id_++;
  feed.name = fmt::format("f{}", feed.id);
  const std::string constraint = DrawSource(&feed);
  std::string options;
  if (feed.mode == FeedMode::kUpsert) {
    options = ", 'changelog-mode' = 'I,UA,D'";
  } else if (OneIn(3)) {
    feed.partitions = 2;
    options = ", 'partitions' = '2'";
  }
  feed.sql = fmt::format("CREATE TABLE {} ({}{}) WITH ('connector' = 'feed'{})", feed.name,
                         ColumnsText(feed.columns), constraint, options);
  objects_.push_back(std::move(feed));
}

void Scenario::DrawHttp() {
  Object table;
  table.kind = Object::Kind::kHttp;
  table.id = next_id_++;
  table.name = fmt::format("h{}", table.id);
  const std::string constraint = DrawSource(&table);
  table.takes_pushes = true;
  // By its number, so that what is drawn stays as it was.
  const char* retention = table.id % 3 == 0 ? ", 'log.retention' = '2 s'" : "";
  table.sql = fmt::format("CREATE TABLE {} ({}{}) WITH ('connector' = 'http', 'format' = 'json'{})",
                          table.name, ColumnsText(table.columns), constraint, retention);
  objects_.push_back(std::move(table));
}

void Scenario::DrawTable() {
  Object table;
  table.kind = Object::Kind::kTable;
  table.id = next_id_++;
  table.group = table.id;
  table.name = fmt::format("t{}", table.id);
  table.is_keyed = OneIn(2);
  table.columns = {{Type::kInt, !table.is_keyed}, {Type::kInt, true}};
  if (OneIn(2)) table.columns.push_back({Type::kText, true});
  table.takes_inserts = !table.is_keyed || OneIn(2);
  table.takes_pushes = !table.takes_inserts || (!table.is_keyed && OneIn(2));
  if (table.is_keyed) table.mode = FeedMode::kUpsert;
  table.is_append = !table.is_keyed;
  table.never_empties = !table.is_keyed;
  table.sql = fmt::format("CREATE TABLE {} ({}{})", table.name, ColumnsText(table.columns),
                          table.is_keyed ? ", PRIMARY KEY (c0) NOT ENFORCED" : "");
  objects_.push_back(std::move(table));
}

// A column of the type, or of any; -1: there is none.
int Scenario::AnyColumn(const Object& input, std::optional<Type> type) {
  std::vector<int> columns;
  for (size_t i = 0; i < input.columns.size(); ++i) {
    if (!type.has_value() || input.columns[i].type == *type) columns.push_back(static_cast<int>(i));
  }
  return columns.empty() ? -1 : columns[Below(columns.size())];
}

void Scenario::AddFilter(const Object& input, Query* query) {
  query->filter_column = AnyColumn(input, Type::kInt);
  query->modulus = static_cast<int64_t>(2 + Below(3));
  query->remainder = static_cast<int64_t>(Below(static_cast<uint64_t>(query->modulus)));
}

void Scenario::AddAggregates(const Object& input, Query* query) {
  for (uint64_t i = 1 + Below(4); i > 0; --i) {
    Aggregate aggregate;
    aggregate.kind = static_cast<Aggregate::Kind>(Below(6));
    aggregate.column =
        AnyColumn(input, aggregate.kind == Aggregate::Kind::kSum ? std::optional(Type::kInt) : std::nullopt);
    if (aggregate.column < 0) aggregate = {};
    query->aggregates.push_back(aggregate);
  }
}

Query Scenario::DrawWindow(const Object& feed) {
  Query query;
  query.kind = Query::Kind::kWindow;
  query.inputs = {feed.name};
  query.time_column = 3;
  query.delay_ms = feed.delay_ms;
  query.partitions = feed.partitions;
  query.step_ms = static_cast<int64_t>(1000 * (1 + Below(8)));
  query.size_ms = query.step_ms * static_cast<int64_t>(OneIn(2) ? 1 : 2 + Below(3));
  if (OneIn(2)) query.columns = {static_cast<int>(Below(3))};
  AddAggregates(feed, &query);
  return query;
}

std::optional<Query> Scenario::DrawUnion(const Object& input, const Inputs& inputs) {
  const Object& other = *inputs[Below(inputs.size())];
  Query query;
  query.kind = Query::Kind::kUnion;
  query.inputs = {input.name, other.name};
  for (const Type type : {Type::kInt, Type::kInt, Type::kText}) {
    const int column = AnyColumn(input, type);
    const int other_column = AnyColumn(other, type);
    if (column < 0 || other_column < 0) continue;
    query.columns.push_back(column);
    query.other_columns.push_back(other_column);
  }
  if (query.columns.empty() || &other == &input) return std::nullopt;
  return query;
}

std::optional<Query> Scenario::DrawQuery(const Inputs& inputs) {
  const Object& input = *inputs[Below(inputs.size())];
  if (input.delay_ms >= 0 && !OneIn(3)) return DrawWindow(input);
  Query query;
  query.inputs = {input.name};
  switch (Below(9)) {
    case 0:
      for (uint64_t i = 1 + Below(3); i > 0; --i) query.columns.push_back(AnyColumn(input, std::nullopt));
      AddFilter(input, &query);
      return query;
    case 1:
      for (uint64_t i = 1 + Below(3); i > 0; --i) query.columns.push_back(AnyColumn(input, std::nullopt));
      query.kind = Query::Kind::kDistinct;
      return query;
    case 2:
    case 3:
      query.kind = Query::Kind::kTopN;
      query.columns = {AnyColumn(input, std::nullopt), AnyColumn(input, Type::kInt)};
      query.limit = static_cast<int64_t>(1 + Below(3));
      query.is_descending = OneIn(2);
      if (query.columns[1] < 0) return std::nullopt;
      return query;
    case 4:
      return DrawUnion(input, inputs);
    default:
      query.kind = Query::Kind::kGroup;
      if (!input.never_empties || !OneIn(4)) query.columns = {AnyColumn(input, std::nullopt)};
      if (!query.columns.empty() && OneIn(3)) AddFilter(input, &query);
      if (!query.columns.empty() && OneIn(4)) {
        const int second = AnyColumn(input, std::nullopt);
        if (second != query.columns.front()) query.columns.push_back(second);
      }
      AddAggregates(input, &query);
      return query;
  }
}

Object Scenario::ViewOf(Query query) {
  const Object& input = *Find(query.inputs.front());
  Object view;
  view.kind = Object::Kind::kView;
  view.id = next_id_++;
  view.group = view.id;
  view.name = fmt::format("v{}", view.id);
  view.columns = ColumnsOf(query, input.columns);
  const bool keeps_rows = query.kind == Query::Kind::kSelect || query.kind == Query::Kind::kUnion;
  const auto all_inputs = [&](bool Object::* property) {
    return std::all_of(query.inputs.begin(), query.inputs.end(),
                       [&](const std::string& name) { return Find(name)->*property; });
  };
  view.is_append = query.kind == Query::Kind::kWindow || (keeps_rows && all_inputs(&Object::is_append));
  // What a filter lets through of a row that changes may go.
  view.never_empties = view.is_append || (all_inputs(&Object::never_empties) && query.filter_column < 0 &&
                                          query.kind != Query::Kind::kTopN);
  view.sql = fmt::format("CREATE MATERIALIZED VIEW {} AS {}", view.name, SqlOf(query));
  view.query = std::move(query);
  return view;
}

bool Scenario::DrawViews() {
  const Inputs relations = Relations();
  if (relations.size() >= kRelationsMax) return false;
  const auto query = DrawQuery(relations);
  if (!query.has_value()) return false;
  const Object* input = Find(query->inputs.front());
  std::vector<Object> views = {ViewOf(*query)};
  // Others that share its source.
  while (input->IsSource() && views.size() < 3 && OneIn(2)) {
    auto other = DrawQuery({input});
    if (!other.has_value()) continue;
    views.push_back(ViewOf(std::move(*other)));
    views.back().group = views.front().id;
  }
  for (Object& view : views) objects_.push_back(std::move(view));
  return true;
}

// The columns of a table out of those of an input that stays as it is; or, for a keyed table, of one whose
// order of changes, key by key, is that in which they come.
std::optional<Query> Scenario::DrawInsertQuery(const Object& table) {
  Inputs inputs;
  for (const Object* input : Relations()) {
    if (DependsOn(input->name, table.name)) continue;
    const bool is_feed = input->IsSource();
    const bool is_single_group = input->query.kind == Query::Kind::kGroup &&
                                 input->query.columns.size() == 1 && input->columns[0].type == Type::kInt &&
                                 !input->columns[0].is_nullable && input->columns.size() > 1;
    if (table.is_keyed ? (is_feed && input->partitions == 1) || is_single_group : input->is_append) {
      inputs.push_back(input);
    }
  }
  if (inputs.empty()) return std::nullopt;
  const Object& input = *inputs[Below(inputs.size())];
  Query query;
  query.inputs = {input.name};
  for (const Column& column : table.columns) {
    const int taken = AnyColumn(input, column.type);
    if (taken < 0) return std::nullopt;
    query.columns.push_back(taken);
  }
  if (OneIn(2)) AddFilter(input, &query);
  if (!table.is_keyed) return query;
  query.columns[0] = 0;
  if (input.IsSource() && input.mode == FeedMode::kAppend) {
    query.kind = Query::Kind::kLatest;
  } else {
    query.filter_column = -1;
  }
  return query;
}

bool Scenario::DrawInsert() {
  std::vector<const Object*> tables;
  for (const Object& object : objects_) {
    if (object.kind != Object::Kind::kTable || !object.takes_inserts) continue;
    if (InsertsInto(object.name).size() < (object.is_keyed ? 1 : 2)) tables.push_back(&object);
  }
  if (tables.empty()) return false;
  const Object& table = *tables[Below(tables.size())];
  auto query = DrawInsertQuery(table);
  if (!query.has_value()) return false;
  Object insert;
  insert.kind = Object::Kind::kInsert;
  insert.id = next_id_++;
  insert.group = insert.id;
  insert.name = table.name;
  insert.query = std::move(*query);
  insert.sql = fmt::format("INSERT INTO {} {}", table.name, SqlOf(insert.query));
  objects_.push_back(std::move(insert));
  return true;
}

std::vector<Object> Scenario::DrawDrop() {
  std::vector<const Object*> candidates;
  for (const Object& object : objects_) {
    if (object.kind != Object::Kind::kView && object.kind != Object::Kind::kTable) continue;
    if (!IsRead(object.name)) candidates.push_back(&object);
  }
  if (candidates.empty()) return {};
  const Object& chosen = *candidates[Below(candidates.size())];
  std::vector<Object> dropped;
  for (const Object* insert : InsertsInto(chosen.name)) dropped.push_back(*insert);
  dropped.push_back(chosen);
  return dropped;
}

}  // namespace millrace::sim
