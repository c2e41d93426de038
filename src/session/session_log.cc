// What statements say of the logs of tables that are posted to: how long they keep rows, and what is gone.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "catalog/table_text.h"
#include "data/datetime.h"
#include "session/session.h"
#include "session/table_traits.h"

namespace millrace::session {
namespace {

bool IsLogOption(std::string_view key) {
  return key == connectors::kLogRetentionKey || key == connectors::kLogRetentionBytesKey;
}

// The one that the table has; by its name in messages.
std::string_view LogOptionOf(const catalog::TableDefinition& table) {
  return table.FindOption(connectors::kLogRetentionKey) != nullptr ? connectors::kLogRetentionKey
                                                                   : connectors::kLogRetentionBytesKey;
}

void Apply(const sql::Option& option, bool is_reset, std::vector<catalog::TableOption>* options) {
  const auto found = std::ranges::find(*options, option.key, &catalog::TableOption::key);
  if (is_reset) {
    if (found != options->end()) options->erase(found);
  } else if (found != options->end()) {
    found->value = option.value;
  } else {
    options->push_back({option.key, option.value, {}, {}});
  }
}

void AddLogTables(const plan::PlanNode& node, std::set<std::string>* tables) {
  if (const auto* scan = node.AsIf<plan::ScanNode>(); scan != nullptr) {
    if (scan->entry->table->connector() == "http") tables->insert(scan->entry->name.ToString());
  }
  for (const auto& input : node.inputs) AddLogTables(*input, tables);
}

}  // namespace

Status Session::CheckLogOptions(const catalog::TableDefinition& table, const connectors::TableTraits& traits,
                                uint64_t id) {
  if (!traits.log_retention.is_set() || id != 0) return {};
  return Fail(ErrorCode::kInvalidParameter,
              fmt::format("option '{}': the rows of table '{}' are not kept in a log", LogOptionOf(table),
                          table.name.ToString()),
              table.temporary ? "make the table without TEMPORARY, or leave the option out"
                              : "start the server with --data DIR, or leave the option out");
}

Result<Outcome> Session::AlterTableOptions(const sql::AlterTableOptionsStatement& statement) {
  CatalogChange change(&instance_, current_schema_);
  MR_ASSIGN(const catalog::EntryPtr entry, change.catalog().Resolve(statement.name));
  MR_TRY(CheckOwner(catalog::Securable::Table(entry->name)));
  if (entry->kind != catalog::EntryKind::kTable) {
    return Fail(
        ErrorCode::kUndefinedTable,
        fmt::format("'{}' is a {}, not a table", entry->name.ToString(), catalog::EntryKindName(entry->kind)),
        "", statement.name.location());
  }
  catalog::TableDefinition table = *entry->table;
  for (const sql::Option& option : statement.options) {
    if (!IsLogOption(option.key)) {
      return Fail(ErrorCode::kNotSupported,
                  fmt::format("option '{}' of a table cannot be changed", option.key),
                  fmt::format("'{}' and '{}' can; for others drop the table and create it anew",
                              connectors::kLogRetentionKey, connectors::kLogRetentionBytesKey),
                  option.key_location);
    }
    Apply(option, statement.is_reset, &table.options);
  }
  const auto traits = [&]() -> Result<connectors::TableTraits> {
    if (!table.connector().empty()) return TraitsOf(table, table.options);
    return Fail(
        ErrorCode::kInvalidParameter,
        fmt::format("table '{}' has no connector and no such options: its rows leave the log once they "
                    "are in a checkpoint",
                    table.name.ToString()));
  }();
  if (!traits.has_value()) return std::unexpected(traits.error().At(statement.options.front().key_location));
  const std::string name = table.name.ToString();
  const auto record = instance_.durable() == nullptr ? std::nullopt : instance_.durable()->Find(table.name);
  const uint64_t id = record.has_value() && !table.temporary ? record->id : 0;
  const Status is_kept = CheckLogOptions(table, *traits, id);
  if (!is_kept.has_value())
    return std::unexpected(is_kept.error().At(statement.options.front().key_location));
  Outcome outcome{.tag = "ALTER TABLE"};
  MR_ASSIGN(const connectors::TableTraits before, TraitsOf(*entry->table, entry->table->options));
  if (traits->log_retention == before.log_retention) return outcome;

  table.ddl = catalog::CreateTableText(table);
  StatementRecord altered = *record;
  altered.expanded_text = table.ddl;
  change.records().put.push_back(std::move(altered));
  change.catalog().Alter(catalog::MakeEntry(std::move(table)));
  // A crash in between is mended at the start, which gives the log what the catalog says.
  MR_TRY(instance_.warehouse().SetLogRetention(name, traits->log_retention));
  const Status committed = change.Commit();
  if (committed.has_value()) return outcome;
  static_cast<void>(instance_.warehouse().SetLogRetention(name, before.log_retention));
  return std::unexpected(committed.error());
}

void Session::WarnOfGoneRows(const plan::PlannedQuery& planned, std::vector<std::string>* warnings) const {
  if (replayed_ != nullptr) return;
  std::set<std::string> tables;
  AddLogTables(*planned.root, &tables);
  for (const std::string& table : tables) {
    const auto log = instance_.warehouse().LogOf(table);
    if (!log.has_value() || log->start_offset == 0) continue;
    std::string since;
    if (log->first_micros.has_value() && log->start_offset < log->end_offset) {
      since = ", posted at ";
      data::AppendTimestamp(*log->first_micros, 3, ' ', &since);
      since += " UTC,";
    }
    warnings->push_back(fmt::format(
        "the log of table '{}' begins with row {}{} and this query with it: the {} rows before are "
        "gone by its retention",
        table, log->start_offset + 1, since, log->start_offset));
  }
}

}  // namespace millrace::session
