// Relation: rows during binding — the plan that makes them and the names by which expressions know them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "plan/logical_plan.h"
#include "sql/names.h"

namespace millrace::plan {

// A table of a FROM clause: columns [begin, end) of the relation.
struct ScopeTable {
  // The alias; or, for a table without one, catalog, schema and name: any suffix of it names the table.
  std::vector<std::string> qualifier;
  int begin = 0;
  int end = 0;
};

// A name that a select list gives to a second column; the column is called otherwise then.
struct RepeatedName {
  std::string name;
  SourceLocation location;
};

struct Relation {
  PlanNodePtr node;
  std::vector<std::string> names;  // one a column of the node
  std::vector<ScopeTable> tables;
  std::vector<bool> made_nullable;       // columns that grouping sets will make null; empty: none
  std::optional<RepeatedName> repeated;  // the first in the select list that made it

  int width() const { return static_cast<int>(names.size()); }
  data::DataType type(int column) const {
    const auto i = static_cast<size_t>(column);
    const data::DataType& type = node->schema[i].type;
    return i < made_nullable.size() && made_nullable[i] ? type.WithNullable(true) : type;
  }
  TimeAttribute time_attribute(int column) const {
    return node->traits.time_attributes[static_cast<size_t>(column)];
  }
  // Names and types of the columns.
  data::Schema NamedSchema() const;
};

// The relation of one table with the names of the node's schema.
Relation MakeRelation(PlanNodePtr node, std::vector<std::string> qualifier);

struct ResolvedColumn {
  int column = -1;
  size_t parts = 0;  // how many parts of the name it took; the others are fields of it
};

// Finds `name` ([[catalog.]schema.]table.]column[.field...]) among the columns. Errors are placed at the part
// that is not known or not unique.
Result<ResolvedColumn> ResolveColumn(const Relation& relation, const std::vector<sql::Name>& name);

// The tables that `qualifier` (of t.*) names: exactly one, or an error.
Result<const ScopeTable*> ResolveTable(const Relation& relation, const std::vector<sql::Name>& qualifier);

}  // namespace millrace::plan
