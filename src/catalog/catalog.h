// Catalog: what exists by name — layers (schemas), tables, views, materialized views, system tables.
//
// Entries are immutable and shared; replacing one makes a new entry. The catalog itself is a value: the
// session layer copies it, changes the copy and publishes that. It knows definitions only; the
// rows of tables are tables/'s, the running jobs dataflow/'s.
//
// Names are case-sensitive, as in Flink. `a` is looked up in the current schema, `s.a` in schema s, and
// `default_catalog.s.a` the same; no other catalog exists. `default_database` is another name of `public`,
// so that scripts written for Flink run unchanged.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/schema.h"
#include "functions/expression.h"
#include "sql/query.h"

namespace millrace::catalog {

inline constexpr std::string_view kDefaultCatalog = "default_catalog";
inline constexpr std::string_view kDefaultDatabase = "default_database";  // Flink's name of the schema below
inline constexpr std::string_view kDefaultSchema = "public";
inline constexpr std::string_view kSystemSchema = "sys";

// A resolved name.
struct ObjectName {
  std::string schema;
  std::string name;

  // "public.orders"
  std::string ToString() const { return schema + "." + name; }
  friend auto operator<=>(const ObjectName&, const ObjectName&) = default;
};

enum class ColumnKind : uint8_t { kPhysical, kComputed, kMetadata };

struct Column {
  std::string name;
  ColumnKind kind = ColumnKind::kPhysical;
  data::DataType type;  // of a computed column: the type of its expression
  std::string comment;

  // Computed: over all columns of the table by their position; it reads physical and metadata columns only.
  functions::ExprPtr expr;
  std::string expr_text;  // as written

  // Metadata: the connector's key (the column's name unless FROM was given); virtual ones are not written.
  std::string metadata_key;
  bool is_virtual = false;

  // Whether INSERT writes it.
  bool IsPersisted() const {
    return kind == ColumnKind::kPhysical || (kind == ColumnKind::kMetadata && !is_virtual);
  }
};

// WATERMARK FOR column AS expr.
struct Watermark {
  int column = -1;
  functions::ExprPtr
      expr;  // over all columns of the table; same type as the column, null: no watermark from this row
  std::string expr_text;
};

struct TableOption {
  std::string key;
  std::string value;
  SourceLocation key_location;
  SourceLocation value_location;
};

// CREATE TABLE. With a connector it is a source or a sink or both; without one it is kept in Millrace itself,
// as a keyed table if it has a primary key, else append-only.
struct TableDefinition {
  ObjectName name;
  std::vector<Column> columns;
  std::vector<int> primary_key;  // columns, in the order of declaration; empty for none
  std::optional<Watermark> watermark;
  std::vector<std::string> partitioned_by;
  std::vector<TableOption> options;  // in the order of declaration, keys unique
  std::string comment;
  std::string ddl;  // the statement as written
  bool temporary = false;

  // nullptr when it is not set.
  const TableOption* FindOption(std::string_view key) const;
  // The value of 'connector', or "" for a table kept in Millrace.
  std::string_view connector() const;
  // Names and types of all columns.
  data::Schema schema() const;
};

// CREATE VIEW: expanded wherever it is named.
struct ViewDefinition {
  // Where the text names a table or view.
  struct Reference {
    size_t begin = 0;  // bytes [begin, end) of query_text
    size_t end = 0;
    ObjectName name;
  };
  ObjectName name;
  std::shared_ptr<const sql::Query> query;
  std::string query_text;
  std::vector<Reference> references;  // in order
  std::string current_schema;         // in which the query's names are looked up
  std::vector<std::string> columns;   // names given in the statement; empty: the query's own
};

// Positions of the window's columns in a schema; -1 for those that are not there.
struct WindowColumns {
  int start = -1;
  int end = -1;
  int time = -1;
  bool is_ltz = false;  // the windows are of a TIMESTAMP_LTZ time: the bounds are wall-clock times
  friend bool operator==(const WindowColumns&, const WindowColumns&) = default;
};

// CREATE MATERIALIZED VIEW: its rows are kept up to date and can be read, by queries and by other views.
struct MaterializedViewDefinition {
  ObjectName name;
  std::shared_ptr<const sql::Query> query;
  std::string query_text;
  std::string current_schema;
  std::vector<int> key;              // columns no two rows agree on; empty: none is known
  bool append_only = false;          // rows are only ever added
  bool bounded = false;              // its sources end
  std::vector<int> rowtime_columns;  // event-time attributes, whose watermark readers of the view see
  WindowColumns window;              // of the windowing it is grouped by, for readers of the view
  std::vector<TableOption> options;
};

enum class EntryKind : uint8_t { kTable, kView, kMaterializedView, kSystemTable };

// "table", "view", "materialized view", "system table".
std::string_view EntryKindName(EntryKind kind);

struct Entry {
  EntryKind kind = EntryKind::kTable;
  ObjectName name;
  data::Schema schema;  // what a query that reads it sees
  std::string comment;
  std::string ddl;
  bool temporary = false;
  std::vector<ObjectName> dependencies;  // what its definition names

  // The one that `kind` says; system tables have none.
  std::shared_ptr<const TableDefinition> table;
  std::shared_ptr<const ViewDefinition> view;
  std::shared_ptr<const MaterializedViewDefinition> materialized_view;
};
using EntryPtr = std::shared_ptr<const Entry>;

EntryPtr MakeEntry(TableDefinition definition);

struct SchemaInfo {
  std::string name;
  std::string comment;
};

class Catalog {
 public:
  // With the schemas public, ods, dwd, dim, dws, ads and sys, and nothing in them.
  Catalog();

  const std::string& current_schema() const { return current_schema_; }
  // Whether it exists or not: it may have been dropped since it was chosen.
  void SetCurrentSchema(std::string schema) { current_schema_ = std::move(schema); }
  // USE s or USE default_catalog.s.
  Status Use(const sql::QualifiedName& name);
  // USE CATALOG c: only the default one exists.
  static Status UseCatalog(const sql::QualifiedName& name);

  Status CreateSchema(const sql::QualifiedName& name, bool if_not_exists, std::string comment);
  // Without cascade the schema must be empty; with it, everything in it goes, and must not be needed by what
  // stays. Returns what was dropped, dependents first.
  Result<std::vector<EntryPtr>> DropSchema(const sql::QualifiedName& name, bool if_exists, bool cascade);
  std::vector<SchemaInfo> Schemas() const;

  // The name of an object to be made: its schema must exist and not be sys.
  Result<ObjectName> ResolveNew(const sql::QualifiedName& name) const;
  // The full name without a look-up; fails on a catalog that does not exist. `current` is used for bare
  // names.
  Result<ObjectName> Qualify(const sql::QualifiedName& name, std::string_view current) const;

  // Errors name the schema or the object that is missing, at its place, with the nearest that exists.
  Result<EntryPtr> Resolve(const sql::QualifiedName& name) const { return Resolve(name, current_schema_); }
  Result<EntryPtr> Resolve(const sql::QualifiedName& name, std::string_view current) const;
  // nullptr when there is none.
  EntryPtr Find(const ObjectName& name) const;
  // In order of name.
  std::vector<EntryPtr> Entries(std::string_view schema) const;
  std::vector<EntryPtr> AllEntries() const;

  // Fails if the name is taken, whatever takes it; with if_not_exists that is no error and false is returned.
  Result<bool> Create(EntryPtr entry, bool if_not_exists = false, SourceLocation location = {});
  // CREATE OR REPLACE: what is there must be of the same kind, and nothing may depend on it.
  Status Replace(EntryPtr entry, SourceLocation location = {});
  // The definition of a table that is there, with other options: what depends on it stays.
  void Alter(EntryPtr entry);
  // System tables are added by their owners at start.
  Status AddSystemTable(std::string name, data::Schema schema, std::string comment);

  // Drops an object of the kind that the statement says. Fails when other objects depend on it, unless
  // cascade: then they go too. Returns what was dropped, dependents first; nothing when if_exists and there
  // is none.
  Result<std::vector<EntryPtr>> Drop(sql::ObjectKind kind, const sql::QualifiedName& name, bool if_exists,
                                     bool cascade);

  // Objects whose definition names this one directly, in order of name.
  std::vector<EntryPtr> Dependents(const ObjectName& name) const;

 private:
  Result<std::string> SchemaName(const sql::QualifiedName& name) const;
  void CollectDropOrder(const EntryPtr& entry, std::vector<EntryPtr>* order) const;

  std::string current_schema_;
  std::map<std::string, std::string, std::less<>> schemas_;  // name -> comment
  std::map<ObjectName, EntryPtr> entries_;
};

}  // namespace millrace::catalog
