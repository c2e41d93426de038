// SHOW and DESCRIBE.
#include <fmt/format.h>

#include <algorithm>

#include "functions/registry.h"
#include "session/session.h"
#include "session/table_traits.h"

namespace millrace::session {
namespace {

using Rows = std::vector<std::vector<std::string>>;

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// SQL LIKE over bytes: % any run, _ one character of UTF-8.
bool MatchesLike(std::string_view text, std::string_view pattern, bool fold_case) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '%') {
    for (size_t i = 0; i <= text.size(); ++i) {
      if (MatchesLike(text.substr(i), pattern.substr(1), fold_case)) return true;
    }
    return false;
  }
  if (text.empty()) return false;
  if (pattern[0] == '_') {
    size_t bytes = 1;
    while (bytes < text.size() && (text[bytes] & 0xC0) == 0x80) ++bytes;
    return MatchesLike(text.substr(bytes), pattern.substr(1), fold_case);
  }
  const bool same = fold_case ? Lower(text[0]) == Lower(pattern[0]) : text[0] == pattern[0];
  return same && MatchesLike(text.substr(1), pattern.substr(1), fold_case);
}

void Filter(const sql::ShowStatement& statement, Rows* rows) {
  if (!statement.like.has_value()) return;
  std::erase_if(*rows, [&](const auto& row) {
    return MatchesLike(row[0], *statement.like, statement.case_insensitive) == statement.not_like;
  });
}

std::string KeyText(const catalog::Entry& entry, size_t column) {
  if (entry.table == nullptr) return "";
  const auto& key = entry.table->primary_key;
  if (std::find(key.begin(), key.end(), static_cast<int>(column)) == key.end()) return "";
  std::string names;
  for (const int i : key) names += (names.empty() ? "" : ", ") + entry.table->columns[i].name;
  return fmt::format("PRI({})", names);
}

std::string ExtrasText(const catalog::Entry& entry, size_t column) {
  if (entry.table == nullptr) return "";
  const catalog::Column& definition = entry.table->columns[column];
  if (definition.kind == catalog::ColumnKind::kComputed) return "AS " + definition.expr_text;
  if (definition.kind == catalog::ColumnKind::kMetadata) {
    return fmt::format("METADATA FROM '{}'{}", definition.metadata_key,
                       definition.is_virtual ? " VIRTUAL" : "");
  }
  return "";
}

Rows ColumnRows(const catalog::Entry& entry) {
  Rows rows;
  for (size_t i = 0; i < entry.schema.size(); ++i) {
    const data::Field& field = entry.schema[i];
    std::string watermark;
    if (entry.table != nullptr && entry.table->watermark.has_value() &&
        entry.table->watermark->column == static_cast<int>(i)) {
      watermark = entry.table->watermark->expr_text;
    }
    const data::DataType& type = field.type;
    rows.push_back({field.name, type.WithNullable(true).ToString(), type.nullable() ? "true" : "false",
                    KeyText(entry, i), ExtrasText(entry, i), watermark});
  }
  return rows;
}

const std::vector<std::string> kColumnHeader = {"name", "type", "null", "key", "extras", "watermark"};

}  // namespace

Result<Outcome> Session::Describe(const sql::DescribeStatement& statement) {
  MR_ASSIGN(const catalog::EntryPtr entry, catalog().Resolve(statement.name));
  if (!statement.extended) return TextRows(kColumnHeader, ColumnRows(*entry));
  MR_TRY(CheckRead(entry->name.ToString()));
  Rows rows = {{"name", entry->name.ToString()},
               {"kind", std::string(catalog::EntryKindName(entry->kind))},
               {"comment", entry->comment},
               {"definition", entry->ddl}};
  for (const catalog::ObjectName& name : entry->dependencies) rows.push_back({"reads", name.ToString()});
  return TextRows({"property", "value"}, rows);
}

// What is promised of the rows of each source, sink and table: "contract: why" apart.
Result<Outcome> Session::ShowDelivery() {
  const bool is_durable = instance_.warehouse().is_durable();
  Rows rows;
  const auto add = [&](const catalog::Entry& entry, std::string_view connector, const char* role,
                       const std::string& promise) {
    const size_t colon = std::min(promise.find(": "), promise.size());
    std::string contract = promise.substr(0, colon);
    std::string reason = promise.substr(std::min(colon + 2, promise.size()));
    if (!is_durable && role == std::string_view("sink") && contract != "none") {
      contract = "at-least-once";
      reason = "a run that is started again writes its rows again";
    } else if (!is_durable && role != std::string_view("sink")) {
      contract = "none";
      reason = "nothing outlives this process: it was started without --data";
    }
    rows.push_back(
        {entry.name.ToString(), std::string(connector), role, std::move(contract), std::move(reason)});
  };
  for (const catalog::EntryPtr& entry : catalog().AllEntries()) {
    if (entry->kind == catalog::EntryKind::kMaterializedView) {
      add(*entry, "", "view",
          "exactly-once: its rows and its state are in each checkpoint with the positions of what it reads");
    }
    if (entry->kind != catalog::EntryKind::kTable) continue;
    const catalog::TableDefinition& table = *entry->table;
    if (table.connector().empty()) {
      add(*entry, "", "table",
          "exactly-once: rows are in the durable log before they are acknowledged, then in checkpoints");
      continue;
    }
    MR_ASSIGN(const connectors::TableTraits traits, TraitsOf(table, table.options));
    if (traits.can_read) add(*entry, table.connector(), "source", traits.reading);
    if (traits.can_write) add(*entry, table.connector(), "sink", traits.delivery);
  }
  return TextRows({"name", "connector", "role", "delivery", "reason"}, rows);
}

Result<Outcome> Session::Show(const sql::ShowStatement& statement) {
  using sql::ShowKind;
  Rows rows;
  std::string schema = catalog().current_schema();
  const bool lists_objects = statement.show == ShowKind::kTables || statement.show == ShowKind::kViews ||
                             statement.show == ShowKind::kMaterializedViews;
  if (lists_objects && !statement.from.parts.empty()) {
    schema = statement.from.Last().text;
    const auto schemas = catalog().Schemas();
    if (std::none_of(schemas.begin(), schemas.end(), [&](const auto& info) { return info.name == schema; })) {
      return Fail(ErrorCode::kUndefinedSchema, fmt::format("no schema '{}'", schema),
                  "SHOW SCHEMAS lists them", statement.from.location());
    }
  }
  switch (statement.show) {
    case ShowKind::kTables:
    case ShowKind::kViews:
    case ShowKind::kMaterializedViews: {
      for (const catalog::EntryPtr& entry : catalog().Entries(schema)) {
        const bool is_view = entry->kind == catalog::EntryKind::kView;
        const bool is_materialized = entry->kind == catalog::EntryKind::kMaterializedView;
        // As in Flink, SHOW TABLES lists everything that can be read.
        if (statement.show == ShowKind::kViews && !is_view) continue;
        if (statement.show == ShowKind::kMaterializedViews && !is_materialized) continue;
        rows.push_back({entry->name.name, std::string(catalog::EntryKindName(entry->kind))});
      }
      Filter(statement, &rows);
      return TextRows({"name", "kind"}, rows);
    }
    case ShowKind::kSchemas:
      for (const catalog::SchemaInfo& info : catalog().Schemas()) rows.push_back({info.name});
      Filter(statement, &rows);
      return TextRows({"schema"}, rows);
    case ShowKind::kCatalogs:
      return TextRows({"catalog"}, {{std::string(catalog::kDefaultCatalog)}});
    case ShowKind::kCurrentSchema:
      return TextRows({"schema"}, {{catalog().current_schema()}});
    case ShowKind::kCurrentCatalog:
      return TextRows({"catalog"}, {{std::string(catalog::kDefaultCatalog)}});
    case ShowKind::kFunctions: {
      if (statement.user_only) return TextRows({"function", "kind", "signature", "summary"}, {});
      for (const auto& function : functions::Registry::Get().scalars()) {
        rows.push_back({function.name, function.category, function.signature, function.summary});
      }
      for (const auto& function : functions::Registry::Get().aggregates()) {
        rows.push_back({function.name, "aggregate", function.signature, function.summary});
      }
      std::sort(rows.begin(), rows.end());
      Filter(statement, &rows);
      return TextRows({"function", "kind", "signature", "summary"}, rows);
    }
    case ShowKind::kColumns: {
      MR_ASSIGN(const catalog::EntryPtr entry, catalog().Resolve(statement.from));
      rows = ColumnRows(*entry);
      Filter(statement, &rows);
      return TextRows(kColumnHeader, rows);
    }
    case ShowKind::kCreateTable:
    case ShowKind::kCreateView:
    case ShowKind::kCreateMaterializedView: {
      MR_ASSIGN(const catalog::EntryPtr entry, catalog().Resolve(statement.from));
      MR_TRY(CheckRead(entry->name.ToString()));  // options of a connector may be secrets
      const auto wanted = statement.show == ShowKind::kCreateTable  ? catalog::EntryKind::kTable
                          : statement.show == ShowKind::kCreateView ? catalog::EntryKind::kView
                                                                    : catalog::EntryKind::kMaterializedView;
      if (entry->kind != wanted) {
        return Fail(ErrorCode::kUndefinedTable,
                    fmt::format("'{}' is a {}, not a {}", entry->name.name,
                                catalog::EntryKindName(entry->kind), catalog::EntryKindName(wanted)),
                    "", statement.from.location());
      }
      return TextRows({"definition"}, {{entry->ddl}});
    }
    case ShowKind::kJobs: {
      for (const auto& job : instance_.warehouse().jobs()) {
        std::string names;
        for (const auto& stats : job->operators) names += (names.empty() ? "" : ", ") + stats->name;
        MutexLock lock(job->mutex);
        const char* state = job->error.has_value()        ? "FAILED"
                            : job->cancelled.load()       ? "CANCELED"
                            : job->live_tasks.load() <= 0 ? "FINISHED"
                                                          : "RUNNING";
        rows.push_back({std::to_string(rows.size() + 1), job->name, state,
                        std::to_string(job->rows_read.load()), names});
      }
      return TextRows({"job", "name", "status", "rows_read", "operators"}, rows);
    }
    case ShowKind::kDelivery:
      return ShowDelivery();
    case ShowKind::kSettings:
      for (const catalog::Setting& setting : settings_.All()) {
        rows.push_back(
            {setting.key, setting.value, setting.is_default ? "default" : "set", setting.description});
      }
      Filter(statement, &rows);
      return TextRows({"key", "value", "from", "description"}, rows);
  }
  MR_UNREACHABLE();
}

}  // namespace millrace::session
