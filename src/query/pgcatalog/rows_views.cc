// The views of pg_catalog that say of relations what pg_class does, for people: pg_tables, pg_views ...
#include "query/pgcatalog/rows.h"

namespace millrace::query::pgcatalog {
namespace {

std::string SchemaOf(const SystemRelation& system) {
  return system.schema == kCatalogNamespace ? "pg_catalog" : "information_schema";
}

void PgTables(const Catalog& catalog, RowWriter* out) {
  out->Columns(
      {"schemaname", "tablename", "tableowner", "hasindexes", "hasrules", "hastriggers", "rowsecurity"});
  for (const SystemRelation& system : SystemRelations()) {
    if (system.kind != 'r') continue;
    out->Add({SchemaOf(system), system.name, catalog.RoleName(kBootstrapRole), false, false, false, false});
  }
  for (const RelationEntry& relation : catalog.relations()) {
    if (relation.info->kind != RelationKind::kTable) continue;
    out->Add({relation.info->schema, relation.info->name, catalog.RoleName(relation.owner),
              relation.index != 0, false, false, false});
  }
}

void PgViews(const Catalog& catalog, RowWriter* out) {
  out->Columns({"schemaname", "viewname", "viewowner", "definition"});
  for (const SystemRelation& system : SystemRelations()) {
    if (system.kind == 'v')
      out->Add({SchemaOf(system), system.name, catalog.RoleName(kBootstrapRole), Cell()});
  }
  for (const RelationEntry& relation : catalog.relations()) {
    if (relation.info->kind != RelationKind::kView) continue;
    out->Add({relation.info->schema, relation.info->name, catalog.RoleName(relation.owner),
              relation.info->definition + ";"});
  }
}

void PgMatviews(const Catalog& catalog, RowWriter* out) {
  out->Columns({"schemaname", "matviewname", "matviewowner", "hasindexes", "ispopulated", "definition"});
  for (const RelationEntry& relation : catalog.relations()) {
    if (relation.info->kind != RelationKind::kMaterializedView) continue;
    out->Add({relation.info->schema, relation.info->name, catalog.RoleName(relation.owner),
              relation.index != 0, true, relation.info->definition + ";"});
  }
}

void PgIndexes(const Catalog& catalog, RowWriter* out) {
  out->Columns({"schemaname", "tablename", "indexname", "indexdef"});
  for (const RelationEntry& relation : catalog.relations()) {
    if (relation.index == 0) continue;
    out->Add({relation.info->schema, relation.info->name, relation.KeyName(), IndexDefinition(relation)});
  }
}

void PgStatUserTables(const Catalog& catalog, RowWriter* out) {
  out->Columns({"relid", "schemaname", "relname", "n_live_tup", "n_dead_tup"});
  for (const RelationEntry& relation : catalog.relations()) {
    if (relation.info->kind == RelationKind::kView) continue;
    const int64_t rows = relation.info->rows < 0 ? 0 : static_cast<int64_t>(relation.info->rows);
    out->Add({relation.oid, relation.info->schema, relation.info->name, rows, 0});
  }
}

void PgStatioUserTables(const Catalog& catalog, RowWriter* out) {
  out->Columns({"relid", "schemaname", "relname"});
  for (const RelationEntry& relation : catalog.relations()) {
    if (relation.info->kind == RelationKind::kView) continue;
    out->Add({relation.oid, relation.info->schema, relation.info->name});
  }
}

void PgStatUserIndexes(const Catalog& catalog, RowWriter* out) {
  out->Columns({"relid", "indexrelid", "schemaname", "relname", "indexrelname"});
  for (const RelationEntry& relation : catalog.relations()) {
    if (relation.index == 0) continue;
    out->Add({relation.oid, relation.index, relation.info->schema, relation.info->name, relation.KeyName()});
  }
}

}  // namespace

GeneratorList ViewGenerators() {
  return {{"pg_tables", PgTables},
          {"pg_views", PgViews},
          {"pg_matviews", PgMatviews},
          {"pg_indexes", PgIndexes},
          {"pg_stat_all_tables", PgStatUserTables},
          {"pg_stat_user_tables", PgStatUserTables},
          {"pg_statio_all_tables", PgStatioUserTables},
          {"pg_statio_user_tables", PgStatioUserTables},
          {"pg_stat_all_indexes", PgStatUserIndexes},
          {"pg_stat_user_indexes", PgStatUserIndexes}};
}

}  // namespace millrace::query::pgcatalog
