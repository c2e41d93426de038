// CatalogView: what the catalog queries of PostgreSQL's clients are answered from, as plain rows.
//
// The session layer fills one from its catalog, roles and settings (query/ knows none of them) and shares it
// as a constant; it is made anew when the catalog's version or the session's values change. Names are as they
// are kept, unquoted. Passwords are no part of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::query::pgcatalog {

// Who may do what with a relation or a schema, as GRANT says it.
struct Grant {
  std::string grantee = {};  // "": PUBLIC
  std::string grantor = {};
  std::vector<std::string>
      privileges;  // SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER; USAGE, CREATE
  bool grantable = false;
};

struct SchemaInfo {
  std::string name = {};
  std::string owner = {};
  std::string comment = {};
  std::vector<Grant> grants = {};
};

enum class RelationKind : char { kTable = 'r', kView = 'v', kMaterializedView = 'm' };

struct ColumnInfo {
  std::string name = {};
  uint32_t type_oid = 25;  // PgTypeOf (pg_types.h) gives it and the typmod
  int32_t typmod = -1;
  bool nullable = true;
  std::string comment = {};
  std::string generated_as = {};  // the expression of a computed column; "" for others
};

struct RelationInfo {
  std::string schema = {};
  std::string name = {};
  RelationKind kind = RelationKind::kTable;
  std::string owner = {};
  std::string comment = {};
  std::vector<ColumnInfo> columns = {};
  std::vector<int> primary_key = {};  // positions in columns, in the order of the key; empty for none
  std::string definition = {};        // the query of a view, with no semicolon behind it
  std::vector<Grant> grants = {};
  double rows = -1;  // how many there are, about; -1: not known
  int64_t bytes = 0;
};

struct RoleInfo {
  std::string name = {};
  bool superuser = false;
  bool can_login = false;
  bool inherits = true;
  bool create_role = false;
  bool create_database = false;
  int connection_limit = -1;                       // -1: none
  std::optional<int64_t> valid_until_micros = {};  // since 1970-01-01 00:00:00 UTC
  std::vector<std::string> member_of = {};
  std::string comment = {};
};

struct SettingInfo {
  std::string name = {};
  std::string value = {};
  std::string default_value = {};
  std::string unit = {};  // "ms", "kB"; "" for none
  std::string description = {};
  std::string type = "string";  // bool, enum, integer, real or string
};

// A function or aggregate that can be called by name, as \df shows it.
struct FunctionInfo {
  std::string name = {};
  std::vector<uint32_t> argument_types = {};  // oids
  uint32_t result_type = 25;
  bool aggregate = false;
  bool variadic = false;       // the last argument may come any number of times
  std::string schema = {};     // "": pg_catalog
  std::string arguments = {};  // as they are shown; "": by their types
};

// A running session, as pg_stat_activity shows it.
struct ActivityInfo {
  int32_t pid = 0;  // 0: a request over another protocol
  std::string user = {};
  std::string database = {};  // "": the view's
  std::string application_name = {};
  std::string client_address = {};  // "": a local socket
  int32_t client_port = -1;
  int64_t started_micros = 0;        // since 1970-01-01 00:00:00 UTC, as all times here
  int64_t query_started_micros = 0;  // 0: there was no query yet
  int64_t state_changed_micros = 0;
  std::string state = {};  // active, idle, idle in transaction
  std::string query = {};
};

struct PreparedInfo {
  std::string name = {};
  std::string statement = {};
  std::vector<uint32_t> parameter_types = {};
  int64_t prepared_micros = 0;
  bool from_sql = false;
};

// What all sessions see, of one version of the catalog.
struct CatalogView {
  std::string version = "0.1.0";  // Millrace's own
  std::string database = "millrace";
  std::string database_owner = "millrace";
  int64_t started_micros = 0;
  std::vector<SchemaInfo> schemas = {};
  std::vector<RelationInfo> relations = {};
  std::vector<RoleInfo> roles = {};
  std::vector<FunctionInfo> functions = {};
};

// What one session sees besides.
struct SessionView {
  std::string current_user = "millrace";
  std::string session_user = "millrace";
  std::string database = {};  // the name that the client connected to; "": the view's
  // Where bare names are looked up, without pg_catalog, which always comes first.
  std::vector<std::string> search_path = {"public"};
  int32_t pid = 0;
  std::string server_address = {};  // "": a local socket
  int32_t server_port = 5433;
  std::string client_address = {};
  int32_t client_port = -1;
  int64_t now_micros = 0;  // of the transaction
  std::vector<SettingInfo> settings =
      {};  // those that the session has; PostgreSQL's own that are fixed are added
  std::vector<ActivityInfo> activity = {};
  std::vector<PreparedInfo> prepared = {};
};

}  // namespace millrace::query::pgcatalog
