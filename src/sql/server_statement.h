// The statements that PostgreSQL's clients and administrators send beside Flink SQL, as syntax trees.
//
// Transactions, parameters of the session, prepared statements, cursors, COPY, subscriptions, roles and
// privileges. As everywhere in the tree (query.h) nothing is resolved here. Names of roles, parameters,
// cursors, savepoints and prepared statements are folded to lower case unless quoted, as PostgreSQL folds
// them; names of schemas, tables and columns keep their case. Owned by whoever parsed; read from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "sql/query_body.h"
#include "sql/statement.h"

namespace millrace::sql {

// $1, $2 …: a value that comes with the execution.
struct ParameterExpr : ExprOf<ExprKind::kParameter> {
  int number = 1;  // 1 to limits::kParametersMax
};

// A statement inside another one. A query that is not of our grammar is kept as text, for the snapshot
// engine to try: then `statement` is null and `error` says what the parser made of it.
struct InnerStatement {
  StatementPtr statement;
  std::string text;  // as written
  TextRange range;   // of it in the whole statement's text
  std::optional<Error> error;
};

// ---------------------------------------------------------------- transactions

enum class IsolationLevel : uint8_t { kReadUncommitted, kReadCommitted, kRepeatableRead, kSerializable };

// Absent: not written.
struct TransactionModes {
  std::optional<IsolationLevel> isolation;
  std::optional<bool> read_only;
  std::optional<bool> deferrable;
};

enum class TransactionAction : uint8_t {
  kBegin,                      // BEGIN [WORK|TRANSACTION] [modes], START TRANSACTION [modes]
  kCommit,                     // COMMIT, END
  kRollback,                   // ROLLBACK, ABORT
  kSavepoint,                  // SAVEPOINT s
  kRelease,                    // RELEASE [SAVEPOINT] s
  kRollbackTo,                 // ROLLBACK TO [SAVEPOINT] s
  kSetTransaction,             // SET TRANSACTION modes
  kSetSessionCharacteristics,  // SET SESSION CHARACTERISTICS AS TRANSACTION modes
};

struct TransactionStatement : StatementOf<StatementKind::kTransaction> {
  TransactionAction action = TransactionAction::kBegin;
  TransactionModes modes;
  Name savepoint;
  bool chain = false;  // AND CHAIN
};

// ---------------------------------------------------------------- parameters of the session

// One value of a list; words are as written.
struct ParameterValue {
  enum class Kind : uint8_t { kWord, kName, kString, kNumber };  // kName: a quoted name
  Kind kind = Kind::kString;
  std::string text;
  SourceLocation location;
};

// SET [SESSION|LOCAL] name {= | TO} {value, … | DEFAULT}; SET TIME ZONE x is "timezone", SET NAMES x
// "client_encoding", SET SCHEMA 's' "search_path".
struct SetParameterStatement : StatementOf<StatementKind::kSetParameter> {
  Name name;  // "a.b" for a custom one
  bool local = false;
  std::vector<ParameterValue> values;  // empty: DEFAULT
};

// SHOW name. SHOW ALL is a ShowStatement of kSettings.
struct ShowParameterStatement : StatementOf<StatementKind::kShowParameter> {
  Name name;
};

// RESET name, RESET ALL (no name).
struct ResetParameterStatement : StatementOf<StatementKind::kResetParameter> {
  std::optional<Name> name;
};

// SET [SESSION|LOCAL] ROLE r|NONE, RESET ROLE, SET SESSION AUTHORIZATION r|DEFAULT.
struct SetRoleStatement : StatementOf<StatementKind::kSetRole> {
  bool is_session_authorization = false;
  bool local = false;
  std::optional<Name> role;  // absent: NONE, DEFAULT
};

enum class DiscardTarget : uint8_t { kAll, kPlans, kSequences, kTemporary };

struct DiscardStatement : StatementOf<StatementKind::kDiscard> {
  DiscardTarget target = DiscardTarget::kAll;
};

// UNLISTEN channel|*: nothing can be listened to, so there is nothing to undo.
struct UnlistenStatement : StatementOf<StatementKind::kUnlisten> {
  std::optional<Name> channel;
};

// ---------------------------------------------------------------- prepared statements

// PREPARE name [(type, …)] AS statement
struct PrepareStatement : StatementOf<StatementKind::kPrepare> {
  Name name;
  std::vector<std::optional<TypeSpec>> types;  // absent: `unknown`, to be inferred
  InnerStatement inner;                        // a query or INSERT
};

// EXECUTE name [(value, …)]
struct ExecuteStatement : StatementOf<StatementKind::kExecute> {
  Name name;
  std::vector<ExprPtr> arguments;
};

// DEALLOCATE [PREPARE] name | ALL (no name)
struct DeallocateStatement : StatementOf<StatementKind::kDeallocate> {
  std::optional<Name> name;
};

// ---------------------------------------------------------------- subscriptions and cursors

// SUBSCRIBE TO name [WITH (…)], or query EMIT CHANGES [WITH (…)]: one of `name` and `query`.
struct SubscribeStatement : StatementOf<StatementKind::kSubscribe> {
  QualifiedName name;
  QueryPtr query;
  bool snapshot = true;   // the rows there are come first
  bool progress = false;  // a row at the end of each epoch
};

// DECLARE name [BINARY] [INSENSITIVE|ASENSITIVE] [[NO] SCROLL] CURSOR [WITH|WITHOUT HOLD] FOR …
struct DeclareCursorStatement : StatementOf<StatementKind::kDeclareCursor> {
  Name name;
  bool binary = false;
  std::optional<bool> scroll;  // as written
  bool hold = false;
  InnerStatement inner;  // a query or SUBSCRIBE
};

enum class FetchDirection : uint8_t { kForward, kBackward, kAbsolute, kRelative };

// FETCH|MOVE [direction] [FROM|IN] cursor [WITH (TIMEOUT = '1s')]. NEXT is kForward 1, PRIOR kBackward 1,
// FIRST kAbsolute 1, LAST kAbsolute -1; a negative count of FORWARD or BACKWARD is turned round.
struct FetchStatement : StatementOf<StatementKind::kFetch> {
  bool is_move = false;
  FetchDirection direction = FetchDirection::kForward;
  bool all = false;  // of kForward and kBackward
  int64_t count = 1;
  Name cursor;
  std::optional<std::string> timeout;  // a duration, unchecked
  SourceLocation timeout_location;
};

// CLOSE name | ALL (no name)
struct CloseCursorStatement : StatementOf<StatementKind::kCloseCursor> {
  std::optional<Name> name;
};

// ---------------------------------------------------------------- COPY

enum class CopyFormat : uint8_t { kText, kCsv, kBinary };
enum class CopyHeader : uint8_t { kNone, kLine, kMatch };  // kMatch: the names must be the columns'

// The options as they hold: those not written have PostgreSQL's defaults for the format.
struct CopyClauses {
  CopyFormat format = CopyFormat::kText;
  char delimiter = '\t';
  std::string null_text = "\\N";
  CopyHeader header = CopyHeader::kNone;
  char quote = '"';
  char escape = '"';
  bool force_quote_all = false;
  std::vector<Name> force_quote;     // columns of TO whose values are always quoted
  std::vector<Name> force_not_null;  // columns of FROM that the NULL text does not count for
  std::vector<Name> force_null;      // columns of FROM that a quoted NULL text counts for too
};

// COPY table [(columns)] FROM STDIN | TO STDOUT, COPY (query) TO STDOUT.
struct CopyStatement : StatementOf<StatementKind::kCopy> {
  QualifiedName table;  // empty with a query
  std::vector<Name> columns;
  std::optional<InnerStatement> query;  // a query or SUBSCRIBE
  bool is_from = false;
  CopyClauses options;
};

// ---------------------------------------------------------------- roles and tokens

struct RoleSpec {
  enum class Kind : uint8_t { kName, kPublic, kCurrentUser, kSessionUser };  // CURRENT_ROLE is kCurrentUser
  Kind kind = Kind::kName;
  Name name;  // of kName
};

struct RolePassword {
  std::optional<std::string> text;  // clear, or a SCRAM-SHA-256 verifier; absent: PASSWORD NULL
  SourceLocation location;
};

// A bound of a role; `none`: written as NONE or -1.
template <typename T>
struct RoleLimit {
  bool none = false;
  T value = {};
  SourceLocation location;
};

// Absent: not written.
struct RoleOptions {
  std::optional<bool> superuser;
  std::optional<bool> create_role;
  std::optional<bool> login;
  std::optional<RolePassword> password;
  std::optional<std::string> valid_until;  // a time, or 'infinity'; unchecked
  SourceLocation valid_until_location;
  std::optional<RoleLimit<int64_t>> connection_limit;
  std::optional<RoleLimit<std::string>> memory_limit;  // a size, e.g. '512MB'; unchecked
  std::optional<RoleLimit<std::string>> time_limit;    // a duration, e.g. '30s'; unchecked
  std::optional<RoleLimit<int64_t>> row_limit;         // rows of a result
  std::vector<RoleSpec> in_roles;                      // IN ROLE: becomes a member of these
  std::vector<RoleSpec> members;                       // ROLE, USER: these become members
  std::vector<RoleSpec> admins;                        // ADMIN: likewise, with the right to grant it on
};

enum class RoleKeyword : uint8_t { kRole, kUser, kGroup };  // as written; CREATE USER implies LOGIN

struct CreateRoleStatement : StatementOf<StatementKind::kCreateRole> {
  RoleKeyword keyword = RoleKeyword::kRole;
  bool if_not_exists = false;
  Name name;
  RoleOptions options;
};

// ALTER ROLE r options | RENAME TO n | SET p = v | RESET p | RESET ALL
struct AlterRoleStatement : StatementOf<StatementKind::kAlterRole> {
  enum class Action : uint8_t { kOptions, kRename, kSet, kReset };
  Action action = Action::kOptions;
  RoleKeyword keyword = RoleKeyword::kRole;
  std::optional<RoleSpec> role;  // absent: ALTER ROLE ALL, with kSet and kReset
  RoleOptions options;
  Name new_name;
  std::optional<Name> parameter;       // kSet and kReset; absent: RESET ALL
  std::vector<ParameterValue> values;  // kSet; empty: DEFAULT
};

struct DropRoleStatement : StatementOf<StatementKind::kDropRole> {
  RoleKeyword keyword = RoleKeyword::kRole;
  bool if_exists = false;
  std::vector<Name> names;
};

// CREATE TOKEN name FOR ROLE r [VALID UNTIL '…']: a bearer token for HTTP.
struct CreateTokenStatement : StatementOf<StatementKind::kCreateToken> {
  Name name;
  RoleSpec role;
  std::optional<std::string> valid_until;
  SourceLocation valid_until_location;
};

struct DropTokenStatement : StatementOf<StatementKind::kDropToken> {
  Name name;
  bool if_exists = false;
};

// ---------------------------------------------------------------- privileges

enum class PrivilegeKind : uint8_t { kSelect, kInsert, kUsage, kCreate, kConnect, kTemporary };

struct PrivilegeName {
  PrivilegeKind kind = PrivilegeKind::kSelect;
  SourceLocation location;
};

enum class GrantTarget : uint8_t {
  kTables,          // ON [TABLE] t, …: tables and views
  kTablesInSchema,  // ON ALL TABLES IN SCHEMA s, …
  kSchemas,         // ON SCHEMA s, …
  kDatabase,        // ON DATABASE d
};

// GRANT|REVOKE privileges ON target names TO|FROM roles. A privilege that the target does not have is refused
// by the parser.
struct GrantStatement : StatementOf<StatementKind::kGrant> {
  bool is_revoke = false;
  bool option_only = false;  // REVOKE GRANT OPTION FOR
  bool all_privileges = false;
  std::vector<PrivilegeName> privileges;
  GrantTarget target = GrantTarget::kTables;
  std::vector<QualifiedName> names;
  std::vector<RoleSpec> roles;
  bool with_option = false;  // WITH GRANT OPTION
  bool cascade = false;
  std::optional<RoleSpec> granted_by;
};

// GRANT|REVOKE role, … TO|FROM role, …
struct GrantRoleStatement : StatementOf<StatementKind::kGrantRole> {
  bool is_revoke = false;
  bool option_only = false;  // REVOKE ADMIN OPTION FOR
  std::vector<Name> granted;
  std::vector<RoleSpec> roles;
  bool with_option = false;  // WITH ADMIN OPTION
  bool cascade = false;
  std::optional<RoleSpec> granted_by;
};

// ALTER DEFAULT PRIVILEGES [FOR ROLE r, …] [IN SCHEMA s, …] GRANT|REVOKE … ON TABLES|SCHEMAS TO|FROM r, …
struct DefaultPrivilegesStatement : StatementOf<StatementKind::kDefaultPrivileges> {
  std::vector<RoleSpec> creators;  // empty: the current role
  std::vector<Name> schemas;       // empty: all
  bool is_revoke = false;
  bool option_only = false;
  bool on_schemas = false;
  bool all_privileges = false;
  std::vector<PrivilegeName> privileges;
  std::vector<RoleSpec> roles;
  bool with_option = false;
  bool cascade = false;
};

// ALTER TABLE|VIEW|MATERIALIZED VIEW|SCHEMA name OWNER TO role
struct AlterOwnerStatement : StatementOf<StatementKind::kAlterOwner> {
  ObjectKind object = ObjectKind::kTable;
  QualifiedName name;
  RoleSpec role;
};

// ALTER TABLE name SET ('key' = 'value', …) | RESET ('key', …)
struct AlterTableOptionsStatement : StatementOf<StatementKind::kAlterTableOptions> {
  QualifiedName name;
  bool is_reset = false;
  std::vector<Option> options;  // of RESET keys alone; at least one
};

// REASSIGN OWNED BY r, … TO n, or DROP OWNED BY r, …: what they own goes, and what they were granted.
struct OwnedStatement : StatementOf<StatementKind::kOwned> {
  bool is_drop = false;
  std::vector<RoleSpec> roles;
  RoleSpec new_owner;  // of REASSIGN
  bool cascade = false;
};

enum class CommentTarget : uint8_t { kTable, kView, kMaterializedView, kColumn, kSchema, kDatabase, kRole };

// COMMENT ON target name IS 'text' | NULL
struct CommentStatement : StatementOf<StatementKind::kComment> {
  CommentTarget target = CommentTarget::kTable;
  QualifiedName name;  // of a column: its table's, then `column`
  Name column;
  std::optional<std::string> text;
};

}  // namespace millrace::sql
