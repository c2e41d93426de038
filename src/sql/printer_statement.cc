// Printing of statements.
#include "sql/printer.h"
#include "sql/printer_internal.h"

namespace millrace::sql {

void Printer::Write(const Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kQuery:
      return Write(*statement.As<QueryStatement>().query);
    case StatementKind::kCreateTable:
      return WriteCreateTable(statement.As<CreateTableStatement>());
    case StatementKind::kCreateView:
      return WriteCreateView(statement.As<CreateViewStatement>());
    case StatementKind::kCreateMaterializedView:
      return WriteCreateMaterializedView(statement.As<CreateMaterializedViewStatement>());
    case StatementKind::kCreateSchema: {
      const auto& schema = statement.As<CreateSchemaStatement>();
      Text(schema.is_database ? "CREATE DATABASE " : "CREATE SCHEMA ");
      if (schema.if_not_exists) Text("IF NOT EXISTS ");
      WriteName(schema.name);
      if (schema.comment) {
        Text(" COMMENT ");
        String(*schema.comment);
      }
      return WriteOptions(schema.options);
    }
    case StatementKind::kInsert:
      return WriteInsert(statement.As<InsertStatement>());
    case StatementKind::kStatementSet:
      Text("EXECUTE STATEMENT SET BEGIN ");
      for (const auto& insert : statement.As<StatementSetStatement>().inserts) {
        WriteInsert(*insert);
        Text("; ");
      }
      return Text("END");
    case StatementKind::kExplain:
      return WriteExplain(statement.As<ExplainStatement>());
    case StatementKind::kShow:
      return WriteShow(statement.As<ShowStatement>());
    case StatementKind::kDescribe:
      Text(statement.As<DescribeStatement>().extended ? "DESCRIBE EXTENDED " : "DESCRIBE ");
      return WriteName(statement.As<DescribeStatement>().name);
    case StatementKind::kSet:
      Text("SET ");
      String(statement.As<SetStatement>().option.key);
      Text(" = ");
      return String(statement.As<SetStatement>().option.value);
    case StatementKind::kReset: {
      const auto& reset = statement.As<ResetStatement>();
      Text("RESET");
      if (!reset.key) return;
      Text(" ");
      return String(*reset.key);
    }
    case StatementKind::kDrop:
      return WriteDrop(statement.As<DropStatement>());
    case StatementKind::kUse:
      Text(statement.As<UseStatement>().is_catalog ? "USE CATALOG " : "USE ");
      return WriteName(statement.As<UseStatement>().name);
    default:
      return WriteServerStatement(statement);
  }
}

void Printer::WriteOptions(const std::vector<Option>& options) {
  if (options.empty()) return;
  Text("\nWITH (\n  ");
  Separated(options, ",\n  ", [this](const Option& option) {
    String(option.key);
    Text(" = ");
    String(option.value);
  });
  Text("\n)");
}

void Printer::WritePrimaryKey(const PrimaryKey& key) {
  if (key.constraint) {
    Text("CONSTRAINT ");
    WriteName(*key.constraint);
    Text(" ");
  }
  Text("PRIMARY KEY ");
  WriteNames(key.columns);
  Text(" NOT ENFORCED");
}

void Printer::WriteColumn(const ColumnDefinition& column) {
  WriteName(column.name);
  switch (column.kind) {
    case ColumnKind::kBare:
      return;
    case ColumnKind::kComputed:
      Text(" AS ");
      Write(*column.expr);
      break;
    case ColumnKind::kPhysical:
    case ColumnKind::kMetadata:
      Text(" ");
      Write(column.type);
      break;
  }
  if (column.kind == ColumnKind::kMetadata) {
    Text(" METADATA");
    if (column.metadata_key) {
      Text(" FROM ");
      String(*column.metadata_key);
    }
    if (column.is_virtual) Text(" VIRTUAL");
  }
  if (column.primary_key) Text(" PRIMARY KEY NOT ENFORCED");
  if (column.comment) {
    Text(" COMMENT ");
    String(*column.comment);
  }
}

void Printer::WriteCreateTable(const CreateTableStatement& table) {
  Text(table.or_replace ? "CREATE OR REPLACE " : "CREATE ");
  if (table.temporary) Text("TEMPORARY ");
  Text("TABLE ");
  if (table.if_not_exists) Text("IF NOT EXISTS ");
  WriteName(table.name);
  const bool has_list = !table.columns.empty() || table.primary_key || !table.watermarks.empty();
  if (has_list) {
    std::string_view before = " (\n  ";
    for (const ColumnDefinition& column : table.columns) {
      Text(before);
      before = ",\n  ";
      WriteColumn(column);
    }
    for (const WatermarkDefinition& watermark : table.watermarks) {
      Text(before);
      before = ",\n  ";
      Text("WATERMARK FOR ");
      WriteDotted(watermark.column);
      Text(" AS ");
      Write(*watermark.expr);
    }
    if (table.primary_key) {
      Text(before);
      WritePrimaryKey(*table.primary_key);
    }
    Text("\n)");
  } else if (!table.like && !table.as_query) {
    Text(" ()");
  }
  if (table.comment) {
    Text("\nCOMMENT ");
    String(*table.comment);
  }
  if (!table.partitioned_by.empty()) {
    Text("\nPARTITIONED BY ");
    WriteNames(table.partitioned_by);
  }
  WriteOptions(table.options);
  if (table.like) {
    constexpr std::string_view kActions[] = {"INCLUDING ", "EXCLUDING ", "OVERWRITING "};
    constexpr std::string_view kFeatures[] = {"ALL",      "CONSTRAINTS", "DISTRIBUTION", "GENERATED",
                                              "METADATA", "OPTIONS",     "PARTITIONS",   "WATERMARKS"};
    Text("\nLIKE ");
    WriteName(table.like->table);
    if (!table.like->options.empty()) {
      Text(" (");
      Separated(table.like->options, " ", [&](const LikeOption& option) {
        Text(kActions[static_cast<size_t>(option.action)]);
        Text(kFeatures[static_cast<size_t>(option.feature)]);
      });
      Text(")");
    }
  }
  if (table.as_query) {
    Text("\nAS ");
    Write(*table.as_query);
  }
}

void Printer::WriteCreateView(const CreateViewStatement& view) {
  Text(view.or_replace ? "CREATE OR REPLACE " : "CREATE ");
  if (view.temporary) Text("TEMPORARY ");
  Text("VIEW ");
  if (view.if_not_exists) Text("IF NOT EXISTS ");
  WriteName(view.name);
  if (!view.columns.empty()) {
    Text(" ");
    WriteNames(view.columns);
  }
  if (view.comment) {
    Text(" COMMENT ");
    String(*view.comment);
  }
  Text(" AS ");
  Write(*view.query);
}

void Printer::WriteCreateMaterializedView(const CreateMaterializedViewStatement& view) {
  Text(view.or_replace ? "CREATE OR REPLACE MATERIALIZED " : "CREATE MATERIALIZED ");
  Text(view.is_table ? "TABLE " : "VIEW ");
  if (view.if_not_exists) Text("IF NOT EXISTS ");
  WriteName(view.name);
  if (!view.columns.empty() || view.primary_key) {
    Text(" (");
    Separated(view.columns, ", ", [this](const Name& name) { WriteName(name); });
    if (!view.columns.empty() && view.primary_key) Text(", ");
    if (view.primary_key) WritePrimaryKey(*view.primary_key);
    Text(")");
  }
  if (view.comment) {
    Text("\nCOMMENT ");
    String(*view.comment);
  }
  if (!view.partitioned_by.empty()) {
    Text("\nPARTITIONED BY ");
    WriteNames(view.partitioned_by);
  }
  WriteOptions(view.options);
  if (view.freshness) {
    Text("\nFRESHNESS = ");
    Write(*view.freshness);
  }
  if (view.refresh_mode != RefreshMode::kUnspecified) {
    Text(view.refresh_mode == RefreshMode::kFull ? "\nREFRESH_MODE = FULL" : "\nREFRESH_MODE = CONTINUOUS");
  }
  const bool is_short = !view.comment && view.partitioned_by.empty() && view.options.empty() &&
                        !view.freshness && view.refresh_mode == RefreshMode::kUnspecified;
  Text(is_short ? " AS " : "\nAS ");
  Write(*view.query);
}

void Printer::WriteInsert(const InsertStatement& insert) {
  Text(insert.overwrite ? "INSERT OVERWRITE " : "INSERT INTO ");
  WriteName(insert.table);
  if (!insert.hints.empty()) {
    Text(" ");
    WriteHints(insert.hints);
  }
  if (!insert.partition.empty()) {
    Text(" PARTITION (");
    Separated(insert.partition, ", ", [this](const PartitionValue& partition) {
      WriteName(partition.column);
      if (!partition.value) return;
      Text(" = ");
      Wrapped(*partition.value, partition.value->kind == ExprKind::kBinary);
    });
    Text(")");
  }
  if (!insert.columns.empty()) {
    Text(" ");
    WriteNames(insert.columns);
  }
  Text(" ");
  Write(*insert.query);
  switch (insert.on_conflict) {
    case OnConflict::kUnspecified:
      break;
    case OnConflict::kError:
      Text(" ON CONFLICT DO ERROR");
      break;
    case OnConflict::kNothing:
      Text(" ON CONFLICT DO NOTHING");
      break;
    case OnConflict::kDeduplicate:
      Text(" ON CONFLICT DO DEDUPLICATE");
      break;
  }
}

void Printer::WriteExplain(const ExplainStatement& explain) {
  Text("EXPLAIN ");
  std::string_view before;
  const auto detail = [&](bool wanted, std::string_view word) {
    if (!wanted) return;
    Text(before);
    Text(word);
    before = ", ";
  };
  detail(explain.estimated_cost, "ESTIMATED_COST");
  detail(explain.changelog_mode, "CHANGELOG_MODE");
  detail(explain.json_execution_plan, "JSON_EXECUTION_PLAN");
  detail(explain.plan_advice, "PLAN_ADVICE");
  if (!before.empty()) Text(" ");
  Write(*explain.statement);
}

void Printer::WriteShow(const ShowStatement& show) {
  Text("SHOW ");
  bool is_subject = false;
  switch (show.show) {
    case ShowKind::kTables:
      Text("TABLES");
      break;
    case ShowKind::kViews:
      Text("VIEWS");
      break;
    case ShowKind::kMaterializedViews:
      Text("MATERIALIZED VIEWS");
      break;
    case ShowKind::kSchemas:
      Text("SCHEMAS");
      break;
    case ShowKind::kCatalogs:
      Text("CATALOGS");
      break;
    case ShowKind::kCurrentSchema:
      Text("CURRENT SCHEMA");
      break;
    case ShowKind::kCurrentCatalog:
      Text("CURRENT CATALOG");
      break;
    case ShowKind::kFunctions:
      Text(show.user_only ? "USER FUNCTIONS" : "FUNCTIONS");
      break;
    case ShowKind::kColumns:
      Text("COLUMNS");
      break;
    case ShowKind::kCreateTable:
      Text("CREATE TABLE ");
      is_subject = true;
      break;
    case ShowKind::kCreateView:
      Text("CREATE VIEW ");
      is_subject = true;
      break;
    case ShowKind::kCreateMaterializedView:
      Text("CREATE MATERIALIZED VIEW ");
      is_subject = true;
      break;
    case ShowKind::kJobs:
      Text("JOBS");
      break;
    case ShowKind::kDelivery:
      Text("DELIVERY");
      break;
    case ShowKind::kSettings:
      Text("ALL");
      break;
  }
  if (!show.from.parts.empty()) {
    if (!is_subject) Text(" FROM ");
    WriteName(show.from);
  }
  if (show.like) {
    Text(show.not_like ? " NOT " : " ");
    Text(show.case_insensitive ? "ILIKE " : "LIKE ");
    String(*show.like);
  }
}

void Printer::WriteDrop(const DropStatement& drop) {
  Text(drop.temporary ? "DROP TEMPORARY " : "DROP ");
  switch (drop.object) {
    case ObjectKind::kTable:
      Text("TABLE ");
      break;
    case ObjectKind::kView:
      Text("VIEW ");
      break;
    case ObjectKind::kMaterializedView:
      Text("MATERIALIZED VIEW ");
      break;
    case ObjectKind::kSchema:
      Text("SCHEMA ");
      break;
  }
  if (drop.if_exists) Text("IF EXISTS ");
  WriteName(drop.name);
  if (drop.cascade) Text(" CASCADE");
}

}  // namespace millrace::sql
