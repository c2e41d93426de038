// Functions of PostgreSQL that DuckDB's own SQL can say.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "query/pgcatalog/native.h"

namespace millrace::query::pgcatalog {
namespace {

struct Macro {
  std::string_view name;
  std::string_view definition;  // of CREATE MACRO; {} is the schema they are in
};

constexpr Macro kMacros[] = {
    {"pg_get_expr",
     "(expr, relation) AS CAST(expr AS VARCHAR), (expr, relation, pretty) AS CAST(expr AS VARCHAR)"},
    {"pg_get_partkeydef", "(relation) AS CAST(NULL AS VARCHAR)"},
    {"pg_get_partition_constraintdef", "(relation) AS CAST(NULL AS VARCHAR)"},
    {"pg_get_ruledef", "(rule) AS CAST(NULL AS VARCHAR), (rule, pretty) AS CAST(NULL AS VARCHAR)"},
    {"pg_get_triggerdef", "(trigger) AS CAST(NULL AS VARCHAR), (trigger, pretty) AS CAST(NULL AS VARCHAR)"},
    {"pg_get_functiondef", "(func) AS CAST(NULL AS VARCHAR)"},
    {"pg_get_function_sqlbody", "(func) AS CAST(NULL AS VARCHAR)"},
    {"pg_get_function_arg_default", "(func, argument) AS CAST(NULL AS VARCHAR)"},
    {"pg_get_statisticsobjdef", "(object) AS CAST(NULL AS VARCHAR)"},
    {"pg_get_statisticsobjdef_columns", "(object) AS CAST(NULL AS VARCHAR)"},
    {"pg_get_serial_sequence", "(relation, col) AS CAST(NULL AS VARCHAR)"},
    {"pg_get_replica_identity_index", "(relation) AS CAST(NULL AS INTEGER)"},
    {"getdatabaseencoding", "() AS 'UTF8'"},
    {"pg_client_encoding", "() AS 'UTF8'"},
    {"pg_is_in_recovery", "() AS false"},
    {"pg_is_wal_replay_paused", "() AS false"},
    {"pg_jit_available", "() AS false"},
    {"pg_my_temp_schema", "() AS 0"},
    {"pg_is_other_temp_schema", "(schema_oid) AS false"},
    {"pg_relation_is_publishable", "(relation) AS false"},
    {"pg_relation_is_updatable", "(relation, triggers) AS 0"},
    {"pg_column_is_updatable", "(relation, col, triggers) AS false"},
    {"pg_relation_filenode", "(relation) AS CAST(NULL AS INTEGER)"},
    {"pg_relation_filepath", "(relation) AS CAST(NULL AS VARCHAR)"},
    {"pg_indexes_size", "(relation) AS CAST(0 AS BIGINT)"},
    {"pg_tablespace_location", "(tablespace) AS ''"},
    {"pg_tablespace_size", "(tablespace) AS CAST(NULL AS BIGINT)"},
    {"pg_sequence_last_value", "(sequence) AS CAST(NULL AS BIGINT)"},
    {"pg_blocking_pids", "(pid) AS CAST([] AS INTEGER[])"},
    {"pg_stat_get_numscans", "(relation) AS CAST(0 AS BIGINT)"},
    {"pg_stat_get_live_tuples", "(relation) AS CAST(0 AS BIGINT)"},
    {"pg_stat_get_dead_tuples", "(relation) AS CAST(0 AS BIGINT)"},
    {"pg_stat_get_tuples_inserted", "(relation) AS CAST(0 AS BIGINT)"},
    {"pg_stat_get_tuples_updated", "(relation) AS CAST(0 AS BIGINT)"},
    {"pg_stat_get_tuples_deleted", "(relation) AS CAST(0 AS BIGINT)"},
    {"pg_stat_get_last_vacuum_time", "(relation) AS CAST(NULL AS TIMESTAMPTZ)"},
    {"pg_stat_get_last_analyze_time", "(relation) AS CAST(NULL AS TIMESTAMPTZ)"},
    {"txid_current_if_assigned", "() AS CAST(NULL AS BIGINT)"},
    {"row_security_active", "(relation) AS false"},
    // The age of a transaction number: ours have none. Of times, DuckDB's own.
    {"xid_age", "(xid) AS 0"},
    {"mxid_age", "(xid) AS 0"},
    {"array_upper",
     "(list, dimension) AS CASE WHEN dimension = 1 AND len(list) > 0 THEN CAST(len(list) AS INTEGER) END"},
    {"array_lower", "(list, dimension) AS CASE WHEN dimension = 1 AND len(list) > 0 THEN 1 END"},
    // int2vector and oidvector count from 0.
    {"vector_upper", "(list, dimension) AS CASE WHEN len(list) > 0 THEN CAST(len(list) AS INTEGER) - 1 END"},
    {"vector_lower", "(list, dimension) AS CASE WHEN len(list) > 0 THEN 0 END"},
    {"vector_subscripts", "(list, dimension) AS unnest(generate_series(0, len(list) - 1))"},
    {"array_ndims", "(list) AS CASE WHEN len(list) > 0 THEN 1 END"},
    {"cardinality", "(list) AS CAST(len(list) AS INTEGER)"},
    {"array_to_string",
     "(list, delimiter) AS CASE WHEN list IS NOT NULL THEN coalesce(list_aggregate(list_filter(list, "
     "lambda x: x IS NOT NULL), 'string_agg', delimiter), '') END, "
     "(list, delimiter, nulls) AS CASE WHEN list IS NOT NULL THEN "
     "coalesce(list_aggregate(list_transform(list, "
     "lambda x: coalesce(CAST(x AS VARCHAR), nulls)), 'string_agg', delimiter), '') END"},
    {"array_remove", "(list, element) AS list_filter(list, lambda x: x IS DISTINCT FROM element)"},
    {"_pg_expandarray", "(list) AS unnest(list_transform(list, lambda e, i: {{'x': e, 'n': i}}))"},
    {"aclexplode",
     "(acl) AS unnest(list_transform(millrace_pg_acl_items(acl), lambda x: {{'grantor': CAST(split_part(x, "
     "',', 1) "
     "AS INTEGER), 'grantee': CAST(split_part(x, ',', 2) AS INTEGER), 'privilege_type': split_part(x, ',', "
     "3), "
     "'is_grantable': CAST(split_part(x, ',', 4) AS BOOLEAN)}}))"},
    {"btrim", "(str) AS trim(str), (str, characters) AS trim(str, characters)"},
    {"array_in", "(str) AS CASE WHEN str = '{{}}' THEN [] ELSE string_split(str[2:-2], ',') END"},
    {"unanchored", "(pattern) AS '(?s).*(?:' || pattern || ').*'"},
    {"unanchored_i", "(pattern) AS '(?is).*(?:' || pattern || ').*'"},
    {"pg_get_keywords",
     "() AS TABLE SELECT unnest(millrace_pg_keyword_column('word')) AS word, "
     "unnest(millrace_pg_keyword_column('catcode')) AS catcode, "
     "unnest(millrace_pg_keyword_column('catdesc')) AS catdesc"},
    {"pg_options_to_table",
     "(options) AS TABLE SELECT CAST(NULL AS VARCHAR) AS option_name, CAST(NULL AS VARCHAR) AS option_value "
     "WHERE false"},
    {"pg_show_all_settings", "() AS TABLE SELECT * FROM {}.pg_settings"},
};

// Functions that DuckDB has under another name.
constexpr std::pair<std::string_view, std::string_view> kRenamed[] = {
    {"json_build_object", "json_object"},
    {"jsonb_build_object", "json_object"},
    {"json_build_array", "json_array"},
    {"jsonb_build_array", "json_array"},
    {"json_agg", "json_group_array"},
    {"jsonb_agg", "json_group_array"},
    {"json_object_agg", "json_group_object"},
    {"jsonb_object_agg", "json_group_object"},
    {"char_length", "length"},
    {"character_length", "length"},
    {"clock_timestamp", "now"},
    {"statement_timestamp", "now"},
    {"transaction_timestamp", "now"},
};

const std::map<std::string, std::string, std::less<>>& Targets() {
  static const std::map<std::string, std::string, std::less<>> targets = [] {
    std::map<std::string, std::string, std::less<>> all;
    for (const auto& [name, target] : kRenamed) all.emplace(name, target);
    for (const Macro& macro : kMacros)
      all.emplace(macro.name, fmt::format("{}.{}", kCatalogSchema, macro.name));
    for (const auto& list : {ObjectFunctions(), PrivilegeFunctions(), SessionFunctions()}) {
      for (const NativeFunction& function : list) {
        all.emplace(function.name, fmt::format("millrace_pg_{}", function.name));
      }
    }
    return all;
  }();
  return targets;
}

}  // namespace

std::vector<std::string> MacroStatements(std::string_view schema) {
  std::vector<std::string> statements;
  for (const Macro& macro : kMacros) {
    statements.push_back(fmt::format("CREATE OR REPLACE MACRO {}.{}{}", schema, macro.name,
                                     fmt::format(fmt::runtime(macro.definition), schema)));
  }
  return statements;
}

std::string TargetOf(std::string_view function) {
  const auto found = Targets().find(function);
  return found == Targets().end() ? "" : found->second;
}

}  // namespace millrace::query::pgcatalog
