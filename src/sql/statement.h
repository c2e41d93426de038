// Statements of a syntax tree (query.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "sql/names.h"
#include "sql/query.h"
#include "sql/type_spec.h"

namespace millrace::sql {

struct Statement;
using StatementPtr = std::unique_ptr<Statement>;

enum class StatementKind : uint8_t {
  kQuery,
  kCreateTable,
  kCreateView,
  kCreateMaterializedView,
  kCreateSchema,
  kInsert,
  kStatementSet,
  kExplain,
  kShow,
  kDescribe,
  kSet,
  kReset,
  kDrop,
  kUse,
  // Those of server_statement.h.
  kTransaction,
  kSetParameter,
  kShowParameter,
  kResetParameter,
  kSetRole,
  kDiscard,
  kUnlisten,
  kPrepare,
  kExecute,
  kDeallocate,
  kSubscribe,
  kDeclareCursor,
  kFetch,
  kCloseCursor,
  kCopy,
  kCreateRole,
  kAlterRole,
  kDropRole,
  kCreateToken,
  kDropToken,
  kGrant,
  kGrantRole,
  kDefaultPrivileges,
  kAlterOwner,
  kAlterTableOptions,
  kOwned,
  kComment,
};

struct Statement {
  StatementKind kind;
  SourceLocation location;
  TextRange range;  // from its first token to its last, without the semicolon

  explicit Statement(StatementKind kind) : kind(kind) {}
  virtual ~Statement() = default;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  template <typename T>
  const T& As() const {
    MR_DCHECK(kind == T::kKind);
    return static_cast<const T&>(*this);
  }
  template <typename T>
  const T* AsIf() const {
    return kind == T::kKind ? static_cast<const T*>(this) : nullptr;
  }
};

template <StatementKind kKindOfNode>
struct StatementOf : Statement {
  static constexpr StatementKind kKind = kKindOfNode;
  StatementOf() : Statement(kKindOfNode) {}
};

struct QueryStatement : StatementOf<StatementKind::kQuery> {
  QueryPtr query;
};

enum class ColumnKind : uint8_t {
  kPhysical,  // name type
  kComputed,  // name AS expr
  kMetadata,  // name type METADATA [FROM 'key'] [VIRTUAL]
  kBare,      // name only: CREATE TABLE t (a, b) AS SELECT …
};

struct ColumnDefinition {
  Name name;
  ColumnKind kind = ColumnKind::kPhysical;
  TypeSpec type;             // physical and metadata
  ExprPtr expr;              // computed
  bool primary_key = false;  // PRIMARY KEY NOT ENFORCED on the column itself
  std::optional<std::string> metadata_key;
  bool is_virtual = false;
  std::optional<std::string> comment;
};

struct PrimaryKey {
  std::optional<Name> constraint;
  std::vector<Name> columns;
  SourceLocation location;
};

struct WatermarkDefinition {
  std::vector<Name> column;  // a nested field has more than one part
  ExprPtr expr;
  SourceLocation location;
};

enum class LikeAction : uint8_t { kIncluding, kExcluding, kOverwriting };
enum class LikeFeature : uint8_t {
  kAll,
  kConstraints,
  kDistribution,
  kGenerated,
  kMetadata,
  kOptions,
  kPartitions,
  kWatermarks
};

struct LikeOption {
  LikeAction action = LikeAction::kIncluding;
  LikeFeature feature = LikeFeature::kAll;
  SourceLocation location;
};

struct LikeClause {
  QualifiedName table;
  std::vector<LikeOption> options;
};

struct CreateTableStatement : StatementOf<StatementKind::kCreateTable> {
  QualifiedName name;
  bool temporary = false;
  bool if_not_exists = false;
  bool or_replace = false;  // [CREATE OR] REPLACE TABLE … AS
  std::vector<ColumnDefinition> columns;
  std::optional<PrimaryKey> primary_key;  // table-level; see also ColumnDefinition::primary_key
  std::vector<WatermarkDefinition> watermarks;
  std::optional<std::string> comment;
  std::vector<Name> partitioned_by;
  std::vector<Option> options;
  std::optional<LikeClause> like;
  QueryPtr as_query;
};

struct CreateViewStatement : StatementOf<StatementKind::kCreateView> {
  QualifiedName name;
  bool temporary = false;
  bool if_not_exists = false;
  bool or_replace = false;
  std::vector<Name> columns;
  std::optional<std::string> comment;
  QueryPtr query;
};

enum class RefreshMode : uint8_t { kUnspecified, kContinuous, kFull };

// CREATE MATERIALIZED VIEW, and Flink's CREATE MATERIALIZED TABLE (is_table).
struct CreateMaterializedViewStatement : StatementOf<StatementKind::kCreateMaterializedView> {
  QualifiedName name;
  bool is_table = false;
  bool if_not_exists = false;
  bool or_replace = false;
  std::vector<Name> columns;
  std::optional<PrimaryKey> primary_key;
  std::vector<Name> partitioned_by;
  std::optional<std::string> comment;
  std::vector<Option> options;
  ExprPtr freshness;  // an IntervalExpr; MATERIALIZED TABLE only, as is the next
  RefreshMode refresh_mode = RefreshMode::kUnspecified;
  QueryPtr query;
};

// CREATE SCHEMA and CREATE DATABASE mean the same.
struct CreateSchemaStatement : StatementOf<StatementKind::kCreateSchema> {
  QualifiedName name;
  bool is_database = false;  // as written
  bool if_not_exists = false;
  std::optional<std::string> comment;
  std::vector<Option> options;
};

struct PartitionValue {
  Name column;
  ExprPtr value;  // null for a dynamic partition
};

// What becomes of rows that would give one key of the sink two values.
enum class OnConflict : uint8_t { kUnspecified, kError, kNothing, kDeduplicate };

struct InsertStatement : StatementOf<StatementKind::kInsert> {
  QualifiedName table;
  bool overwrite = false;
  std::vector<Hint> hints;
  std::vector<PartitionValue> partition;
  std::vector<Name> columns;
  QueryPtr query;
  OnConflict on_conflict = OnConflict::kUnspecified;  // ON CONFLICT DO …
};

// EXECUTE STATEMENT SET BEGIN …; END, or BEGIN STATEMENT SET; …; END.
struct StatementSetStatement : StatementOf<StatementKind::kStatementSet> {
  std::vector<std::unique_ptr<InsertStatement>> inserts;
};

// EXPLAIN [ESTIMATED_COST, CHANGELOG_MODE, JSON_EXECUTION_PLAN, PLAN_ADVICE | PLAN FOR] statement
struct ExplainStatement : StatementOf<StatementKind::kExplain> {
  bool estimated_cost = false;
  bool changelog_mode = false;
  bool json_execution_plan = false;
  bool plan_advice = false;
  StatementPtr statement;  // a query, INSERT, statement set or CREATE … AS
};

enum class ShowKind : uint8_t {
  kTables,
  kViews,
  kMaterializedViews,  // and MATERIALIZED TABLES
  kSchemas,            // and DATABASES
  kCatalogs,
  kCurrentSchema,  // and CURRENT DATABASE
  kCurrentCatalog,
  kFunctions,
  kColumns,
  kCreateTable,
  kCreateView,
  kCreateMaterializedView,
  kJobs,
  kDelivery,
  kSettings,  // SHOW ALL, and SET without anything
};

struct ShowStatement : StatementOf<StatementKind::kShow> {
  ShowKind show = ShowKind::kTables;
  bool user_only = false;  // SHOW USER FUNCTIONS
  QualifiedName from;      // FROM/IN, and the subject of COLUMNS and CREATE …; may be empty
  bool not_like = false;
  bool case_insensitive = false;  // ILIKE
  std::optional<std::string> like;
};

struct DescribeStatement : StatementOf<StatementKind::kDescribe> {
  QualifiedName name;
  bool extended = false;
};

// SET 'k' = 'v'; a bare SET is a ShowStatement.
struct SetStatement : StatementOf<StatementKind::kSet> {
  Option option;
};

// RESET ['k']; without a key all settings.
struct ResetStatement : StatementOf<StatementKind::kReset> {
  std::optional<std::string> key;
  SourceLocation key_location;
};

struct DropStatement : StatementOf<StatementKind::kDrop> {
  ObjectKind object = ObjectKind::kTable;
  QualifiedName name;
  bool temporary = false;
  bool if_exists = false;
  bool cascade = false;  // RESTRICT is the default
};

// USE schema; is_catalog: USE CATALOG c.
struct UseStatement : StatementOf<StatementKind::kUse> {
  QualifiedName name;
  bool is_catalog = false;
};

}  // namespace millrace::sql
