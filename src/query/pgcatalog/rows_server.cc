// pg_database, pg_settings, the running sessions, and other facts about the server.
#include <fmt/format.h>

#include <algorithm>

#include "query/pgcatalog/rows.h"

namespace millrace::query::pgcatalog {
namespace {

constexpr int kUtf8 = 6;
constexpr uint32_t kDefaultTablespace = 1663;

void PgDatabase(const Catalog& catalog, RowWriter* out) {
  out->Columns({"oid", "datname", "datdba", "encoding", "datlocprovider", "datallowconn", "datconnlimit",
                "dattablespace", "datcollate", "datctype"});
  out->Add({catalog.database_oid(), catalog.database(), catalog.RoleOid(catalog.view().database_owner), kUtf8,
            'c', true, -1, kDefaultTablespace, "C.UTF-8", "C.UTF-8"});
}

void PgTablespace(const Catalog&, RowWriter* out) {
  out->Columns({"oid", "spcname", "spcowner"});
  out->Add({kDefaultTablespace, "pg_default", kBootstrapRole});
  out->Add({1664, "pg_global", kBootstrapRole});
}

void PgSettings(const Catalog& catalog, RowWriter* out) {
  out->Columns({"name", "setting", "unit", "category", "short_desc", "context", "vartype", "source",
                "boot_val", "reset_val", "pending_restart"});
  for (const SettingInfo& setting : AllSettings(catalog)) {
    out->Add({setting.name, setting.value, setting.unit.empty() ? Cell() : Cell(setting.unit), "Millrace",
              setting.description, "user", setting.type,
              setting.value == setting.default_value ? "default" : "session", setting.default_value,
              setting.default_value, false});
  }
}

void PgStatActivity(const Catalog& catalog, RowWriter* out) {
  out->Columns({"datid", "datname", "pid", "usesysid", "usename", "application_name", "client_addr",
                "client_port", "backend_start", "query_start", "state_change", "state", "query",
                "backend_type"});
  const RoleEntry* me = catalog.current_role();
  for (const ActivityInfo& activity : catalog.session().activity) {
    const bool may_see = me != nullptr && catalog.IsMember(*me, activity.user);
    const auto shown = [may_see](const auto& value, bool is_known = true) {
      return may_see && is_known ? Cell(value) : Cell();
    };
    out->Add({catalog.database_oid(), activity.database.empty() ? catalog.database() : activity.database,
              activity.pid == 0 ? Cell() : Cell(activity.pid), catalog.RoleOid(activity.user), activity.user,
              activity.application_name, shown(activity.client_address, !activity.client_address.empty()),
              shown(activity.client_port, activity.client_port >= 0), shown(activity.started_micros),
              shown(activity.query_started_micros, activity.query_started_micros != 0),
              shown(activity.state_changed_micros), shown(activity.state),
              may_see ? activity.query : "<insufficient privilege>",
              activity.pid == 0 ? "http request" : "client backend"});
  }
}

void PgStatDatabase(const Catalog& catalog, RowWriter* out) {
  out->Columns({"datid", "datname", "numbackends"});
  out->Add({catalog.database_oid(), catalog.database(), catalog.session().activity.size()});
}

void PgPreparedStatements(const Catalog& catalog, RowWriter* out) {
  out->Columns(
      {"name", "statement", "prepare_time", "parameter_types", "from_sql", "generic_plans", "custom_plans"});
  for (const PreparedInfo& prepared : catalog.session().prepared) {
    const Cell::Numbers types(prepared.parameter_types.begin(), prepared.parameter_types.end());
    out->Add({prepared.name, prepared.statement, prepared.prepared_micros, types, prepared.from_sql, 0, 0});
  }
}

// Those that clients ask pg_settings and current_setting() for, where Millrace's answer never changes.
constexpr std::pair<std::string_view, std::string_view> kFixedSettings[] = {
    {"DateStyle", "ISO, MDY"},
    {"IntervalStyle", "postgres"},
    {"TimeZone", "UTC"},
    {"application_name", ""},
    {"array_nulls", "on"},
    {"block_size", "8192"},
    {"bytea_output", "hex"},
    {"client_encoding", "UTF8"},
    {"client_min_messages", "notice"},
    {"default_tablespace", ""},
    {"default_transaction_isolation", "repeatable read"},
    {"default_transaction_read_only", "off"},
    {"extra_float_digits", "1"},
    {"in_hot_standby", "off"},
    {"integer_datetimes", "on"},
    {"is_superuser", "on"},
    {"lc_collate", "C.UTF-8"},
    {"lc_ctype", "C.UTF-8"},
    {"lc_messages", "C.UTF-8"},
    {"lc_monetary", "C.UTF-8"},
    {"lc_numeric", "C.UTF-8"},
    {"lc_time", "C.UTF-8"},
    {"max_identifier_length", "63"},
    {"max_index_keys", "32"},
    {"row_security", "on"},
    {"search_path", "public"},
    {"server_encoding", "UTF8"},
    {"server_version", kPostgresVersion},
    {"standard_conforming_strings", "on"},
    {"statement_timeout", "0"},
    {"synchronous_commit", "on"},
    {"transaction_isolation", "repeatable read"},
    {"transaction_read_only", "off"},
    {"wal_level", "replica"},
};

}  // namespace

std::vector<SettingInfo> AllSettings(const Catalog& catalog) {
  std::vector<SettingInfo> all = catalog.session().settings;
  const auto has = [&all](std::string_view name) {
    return std::ranges::find(all, name, [](const SettingInfo& setting) -> std::string_view {
             return setting.name;
           }) != all.end();
  };
  for (const auto& [name, value] : kFixedSettings) {
    if (has(name)) continue;
    std::string shown(value);
    if (name == "search_path") {
      shown.clear();
      for (const std::string& schema : catalog.session().search_path)
        shown += (shown.empty() ? "" : ", ") + schema;
    } else if (name == "is_superuser") {
      const RoleEntry* me = catalog.current_role();
      shown = me != nullptr && me->info->superuser ? "on" : "off";
    }
    all.push_back({std::string(name), shown, shown, "", "", "string"});
  }
  if (!has("server_version_num")) {
    const std::string number = fmt::format("{}", kPostgresVersionNumber);
    all.push_back({"server_version_num", number, number, "", "", "integer"});
  }
  std::ranges::sort(all, {}, &SettingInfo::name);
  return all;
}

std::string ServerVersion(const Catalog& catalog) {
  return fmt::format("PostgreSQL {} (Millrace {})", kPostgresVersion, catalog.view().version);
}

GeneratorList ServerGenerators() {
  return {{"pg_database", PgDatabase},          {"pg_tablespace", PgTablespace},
          {"pg_settings", PgSettings},          {"pg_stat_activity", PgStatActivity},
          {"pg_stat_database", PgStatDatabase}, {"pg_prepared_statements", PgPreparedStatements}};
}

}  // namespace millrace::query::pgcatalog
