#include "plan/scope.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/suggest.h"

namespace millrace::plan {

namespace {

bool Matches(const ScopeTable& table, const sql::Name* begin, size_t count) {
  if (count > table.qualifier.size()) return false;
  const size_t skip = table.qualifier.size() - count;
  for (size_t i = 0; i < count; ++i) {
    const std::string& part = begin[i].text;
    if (part == table.qualifier[skip + i]) continue;
    if (part == catalog::kDefaultDatabase && table.qualifier[skip + i] == catalog::kDefaultSchema) continue;
    return false;
  }
  return true;
}

std::string Join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += '.';
    text += part;
  }
  return text;
}

std::vector<std::string> NamesIn(const Relation& relation, int begin, int end) {
  return {relation.names.begin() + begin, relation.names.begin() + end};
}

// The one column called `name` in [begin, end); -1: none; -2: several.
int FindColumn(const Relation& relation, int begin, int end, std::string_view name) {
  int found = -1;
  for (int i = begin; i < end; ++i) {
    if (relation.names[static_cast<size_t>(i)] != name) continue;
    if (found >= 0) return -2;
    found = i;
  }
  return found;
}

std::unexpected<Error> Ambiguous(const Relation& relation, const sql::Name& name) {
  // A qualified name helps only if the columns are of different tables.
  std::string hint = "give one of them another name (AS) where they come from";
  for (const std::string_view window : {"window_start", "window_end", "window_time"}) {
    if (name.text != window) continue;
    hint = fmt::format(
        "the input of the window function has one too: rename that below it, e.g. {0} AS inner_{0}", window);
  }
  std::vector<std::string> choices;
  for (const ScopeTable& table : relation.tables) {
    if (FindColumn(relation, table.begin, table.end, name.text) != -1 && !table.qualifier.empty()) {
      choices.push_back(fmt::format("{}.{}", table.qualifier.back(), name.text));
    }
  }
  if (choices.size() > 1 && choices[0] != choices[1])
    hint = fmt::format("write {} or {}", choices[0], choices[1]);
  return Fail(ErrorCode::kAmbiguousColumn, fmt::format("column '{}' is not unique here", name.text),
              std::move(hint), name.location);
}

std::string ListColumns(const std::vector<std::string>& names) {
  constexpr size_t kShown = 10;
  std::string text;
  for (size_t i = 0; i < names.size() && i < kShown; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kShown) text += fmt::format(", ... ({} in all)", names.size());
  return text;
}

std::string ColumnHint(std::string_view name, std::vector<std::string> names) {
  std::erase(names, "");  // columns that cannot be named here
  std::string hint = DidYouMean(name, names);
  if (hint.empty() && !names.empty()) hint = fmt::format("the columns are {}", ListColumns(names));
  return hint;
}

}  // namespace

data::Schema Relation::NamedSchema() const {
  data::Schema schema;
  for (size_t i = 0; i < names.size(); ++i) schema.Add(names[i], node->schema[i].type);
  return schema;
}

Relation MakeRelation(PlanNodePtr node, std::vector<std::string> qualifier) {
  Relation relation;
  for (const data::Field& field : node->schema) relation.names.push_back(field.name);
  relation.tables.push_back({std::move(qualifier), 0, static_cast<int>(node->schema.size())});
  relation.node = std::move(node);
  return relation;
}

Result<ResolvedColumn> ResolveColumn(const Relation& relation, const std::vector<sql::Name>& name) {
  const ScopeTable* matched = nullptr;
  size_t matched_parts = 0;
  for (size_t count = std::min<size_t>(name.size() - 1, 3); count >= 1; --count) {
    for (const ScopeTable& table : relation.tables) {
      if (!Matches(table, name.data(), count)) continue;
      const int column = FindColumn(relation, table.begin, table.end, name[count].text);
      if (column >= 0) return ResolvedColumn{column, count + 1};
      if (column == -2) return Ambiguous(relation, name[count]);
      matched = &table;
      matched_parts = count;
    }
  }
  const int column = FindColumn(relation, 0, relation.width(), name[0].text);
  if (column == -2) return Ambiguous(relation, name[0]);
  if (column >= 0) return ResolvedColumn{column, 1};
  if (matched != nullptr) {
    const sql::Name& wrong = name[matched_parts];
    return Fail(ErrorCode::kUndefinedColumn,
                fmt::format("no column '{}' in '{}'", wrong.text, Join(matched->qualifier)),
                ColumnHint(wrong.text, NamesIn(relation, matched->begin, matched->end)), wrong.location);
  }
  if (name.size() > 1) {
    std::vector<std::string> tables;
    for (const ScopeTable& table : relation.tables) {
      if (!table.qualifier.empty()) tables.push_back(table.qualifier.back());
    }
    std::string hint = DidYouMean(name[0].text, tables);
    if (hint.empty()) hint = DidYouMean(name[0].text, relation.names);
    if (hint.empty() && !tables.empty()) hint = fmt::format("the tables here are {}", ListColumns(tables));
    return Fail(ErrorCode::kUndefinedTable, fmt::format("no table or column '{}' here", name[0].text),
                std::move(hint), name[0].location);
  }
  return Fail(ErrorCode::kUndefinedColumn, fmt::format("no column '{}'", name[0].text),
              ColumnHint(name[0].text, relation.names), name[0].location);
}

Result<const ScopeTable*> ResolveTable(const Relation& relation, const std::vector<sql::Name>& qualifier) {
  std::vector<std::string> tables;
  for (const ScopeTable& table : relation.tables) {
    if (qualifier.size() <= 3 && Matches(table, qualifier.data(), qualifier.size())) return &table;
    if (!table.qualifier.empty()) tables.push_back(table.qualifier.back());
  }
  std::string text;
  for (const sql::Name& part : qualifier) text += (text.empty() ? "" : ".") + part.text;
  std::string hint = DidYouMean(text, tables);
  if (hint.empty() && !tables.empty()) hint = fmt::format("the tables here are {}", ListColumns(tables));
  return Fail(ErrorCode::kUndefinedTable, fmt::format("no table '{}' here", text), std::move(hint),
              qualifier.front().location);
}

}  // namespace millrace::plan
