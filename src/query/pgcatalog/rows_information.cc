// information_schema: what it says of schemas, relations, columns and keys. Only what the current user may
// use is shown.
#include <fmt/format.h>

#include "query/pgcatalog/pg_types.h"
#include "query/pgcatalog/rows.h"

namespace millrace::query::pgcatalog {
namespace {

const char* YesNo(bool yes) {
  return yes ? "YES" : "NO";
}

void CatalogName(const Catalog& catalog, RowWriter* out) {
  out->Columns({"catalog_name"});
  out->Add({catalog.database()});
}

void Schemata(const Catalog& catalog, RowWriter* out) {
  out->Columns({"catalog_name", "schema_name", "schema_owner"});
  const RoleEntry* me = catalog.current_role();
  for (const NamespaceEntry& schema : catalog.namespaces()) {
    // PostgreSQL shows those that the user owns; readers without ownership ask for the schemas they may use.
    if (me == nullptr || !(catalog.MayUse(*me, schema, "USAGE") || catalog.MayUse(*me, schema, "CREATE")))
      continue;
    out->Add({catalog.database(), schema.name, catalog.RoleName(schema.owner)});
  }
}

void Tables(const Catalog& catalog, RowWriter* out) {
  out->Columns(
      {"table_catalog", "table_schema", "table_name", "table_type", "is_insertable_into", "is_typed"});
  for (const SystemRelation& system : SystemRelations()) {
    const bool view = system.kind == 'v';
    out->Add({catalog.database(), system.schema == kCatalogNamespace ? "pg_catalog" : "information_schema",
              system.name, view ? "VIEW" : "BASE TABLE", YesNo(!view), "NO"});
  }
  for (const RelationEntry& relation : catalog.relations()) {
    // As in PostgreSQL, materialized views are not in the standard's schema.
    if (relation.info->kind == RelationKind::kMaterializedView || !catalog.MaySee(relation)) continue;
    const bool view = relation.info->kind == RelationKind::kView;
    out->Add({catalog.database(), relation.info->schema, relation.info->name, view ? "VIEW" : "BASE TABLE",
              YesNo(!view), "NO"});
  }
}

struct TypeFacts {
  std::string data_type;
  Cell length, octets, precision, radix, scale, datetime;
};

TypeFacts FactsOf(const Catalog& catalog, uint32_t type_oid, int32_t typmod) {
  TypeFacts facts;
  const BuiltinType* type = FindType(type_oid);
  if (type == nullptr) {
    facts.data_type = "USER-DEFINED";
    return facts;
  }
  const bool array = type->element != 0 && type->name.starts_with('_');
  facts.data_type = array ? "ARRAY" : catalog.TypeName(type_oid);
  switch (type_oid) {
    case 21:
    case 23:
    case 20:
      facts.precision = type->length * 8;
      facts.radix = 2;
      facts.scale = 0;
      break;
    case 700:
    case 701:
      facts.precision = type_oid == 700 ? 24 : 53;
      facts.radix = 2;
      break;
    case 1700:
      facts.radix = 10;
      if (typmod >= 0) {
        facts.precision = (typmod - 4) >> 16;
        facts.scale = (typmod - 4) & 0x7ff;
      }
      break;
    case 1042:
    case 1043:
      if (typmod >= 0) {
        facts.length = typmod - 4;
        facts.octets = int64_t{typmod - 4} * 4;
      } else {
        facts.octets = 1 << 30;
      }
      break;
    case 25:
      facts.octets = 1 << 30;
      break;
    case 1082:
      facts.datetime = 0;
      break;
    case 1083:
    case 1114:
    case 1184:
    case 1186:
      facts.datetime = typmod >= 0 ? typmod : 6;
      break;
    default:
      break;
  }
  return facts;
}

void AddColumn(const Catalog& catalog, const std::string& schema, const std::string& table,
               const ColumnInfo& column, size_t position, bool updatable, RowWriter* out) {
  TypeFacts facts = FactsOf(catalog, column.type_oid, column.typmod);
  const BuiltinType* type = FindType(column.type_oid);
  const bool generated = !column.generated_as.empty();
  out->Add({catalog.database(),
            schema,
            table,
            column.name,
            position,
            YesNo(column.nullable),
            facts.data_type,
            facts.length,
            facts.octets,
            facts.precision,
            facts.radix,
            facts.scale,
            facts.datetime,
            catalog.database(),
            "pg_catalog",
            type == nullptr ? "" : type->name,
            fmt::format("{}", position),
            "NO",
            "NO",
            "NO",
            generated ? "ALWAYS" : "NEVER",
            generated ? Cell(column.generated_as) : Cell(),
            YesNo(updatable)});
}

void Columns(const Catalog& catalog, RowWriter* out) {
  out->Columns({"table_catalog",
                "table_schema",
                "table_name",
                "column_name",
                "ordinal_position",
                "is_nullable",
                "data_type",
                "character_maximum_length",
                "character_octet_length",
                "numeric_precision",
                "numeric_precision_radix",
                "numeric_scale",
                "datetime_precision",
                "udt_catalog",
                "udt_schema",
                "udt_name",
                "dtd_identifier",
                "is_self_referencing",
                "is_identity",
                "identity_cycle",
                "is_generated",
                "generation_expression",
                "is_updatable"});
  for (const SystemRelation& system : SystemRelations()) {
    const std::string schema = system.schema == kCatalogNamespace ? "pg_catalog" : "information_schema";
    for (size_t i = 0; i < system.columns.size(); ++i) {
      ColumnInfo column;
      column.name = std::string(system.columns[i].name);
      column.type_oid = system.columns[i].type;
      column.nullable = !system.columns[i].not_null;
      AddColumn(catalog, schema, std::string(system.name), column, i + 1, false, out);
    }
  }
  for (const RelationEntry& relation : catalog.relations()) {
    if (relation.info->kind == RelationKind::kMaterializedView || !catalog.MaySee(relation)) continue;
    for (size_t i = 0; i < relation.info->columns.size(); ++i) {
      AddColumn(catalog, relation.info->schema, relation.info->name, relation.info->columns[i], i + 1,
                relation.info->kind == RelationKind::kTable, out);
    }
  }
}

void Views(const Catalog& catalog, RowWriter* out) {
  out->Columns({"table_catalog", "table_schema", "table_name", "view_definition", "check_option",
                "is_updatable", "is_insertable_into", "is_trigger_updatable", "is_trigger_deletable",
                "is_trigger_insertable_into"});
  for (const RelationEntry& relation : catalog.relations()) {
    if (relation.info->kind != RelationKind::kView || !catalog.MaySee(relation)) continue;
    const RoleEntry* me = catalog.current_role();
    const bool owned = me != nullptr && catalog.IsMember(*me, catalog.RoleName(relation.owner));
    out->Add({catalog.database(), relation.info->schema, relation.info->name,
              owned ? Cell(relation.info->definition + ";") : Cell(), "NONE", "NO", "NO", "NO", "NO", "NO"});
  }
}

void TableConstraints(const Catalog& catalog, RowWriter* out) {
  out->Columns({"constraint_catalog", "constraint_schema", "constraint_name", "table_catalog", "table_schema",
                "table_name", "constraint_type", "is_deferrable", "initially_deferred", "enforced"});
  for (const RelationEntry& relation : catalog.relations()) {
    if (relation.constraint == 0 || !catalog.MaySee(relation)) continue;
    out->Add({catalog.database(), relation.info->schema, relation.KeyName(), catalog.database(),
              relation.info->schema, relation.info->name, "PRIMARY KEY", "NO", "NO", "YES"});
  }
}

void KeyColumnUsage(const Catalog& catalog, RowWriter* out) {
  out->Columns({"constraint_catalog", "constraint_schema", "constraint_name", "table_catalog", "table_schema",
                "table_name", "column_name", "ordinal_position"});
  for (const RelationEntry& relation : catalog.relations()) {
    if (relation.constraint == 0 || !catalog.MaySee(relation)) continue;
    for (size_t i = 0; i < relation.info->primary_key.size(); ++i) {
      const auto column = static_cast<size_t>(relation.info->primary_key[i]);
      out->Add({catalog.database(), relation.info->schema, relation.KeyName(), catalog.database(),
                relation.info->schema, relation.info->name, relation.info->columns[column].name, i + 1});
    }
  }
}

void ConstraintColumnUsage(const Catalog& catalog, RowWriter* out) {
  out->Columns({"table_catalog", "table_schema", "table_name", "column_name", "constraint_catalog",
                "constraint_schema", "constraint_name"});
  for (const RelationEntry& relation : catalog.relations()) {
    if (relation.constraint == 0 || !catalog.MaySee(relation)) continue;
    for (const int column : relation.info->primary_key) {
      out->Add({catalog.database(), relation.info->schema, relation.info->name,
                relation.info->columns[static_cast<size_t>(column)].name, catalog.database(),
                relation.info->schema, relation.KeyName()});
    }
  }
}

void CharacterSets(const Catalog& catalog, RowWriter* out) {
  out->Columns({"character_set_name", "character_repertoire", "form_of_use", "default_collate_catalog",
                "default_collate_schema", "default_collate_name"});
  out->Add({"UTF8", "UCS", "UTF8", catalog.database(), "pg_catalog", "default"});
}

void Collations(const Catalog& catalog, RowWriter* out) {
  out->Columns({"collation_catalog", "collation_schema", "collation_name", "pad_attribute"});
  for (const char* name : {"default", "C"}) out->Add({catalog.database(), "pg_catalog", name, "NO PAD"});
}

void Routines(const Catalog& catalog, RowWriter* out) {
  out->Columns({"specific_catalog", "specific_schema", "specific_name", "routine_catalog", "routine_schema",
                "routine_name", "routine_type", "type_udt_catalog", "type_udt_schema", "type_udt_name",
                "data_type", "routine_body", "external_language", "parameter_style", "is_deterministic",
                "sql_data_access", "security_type"});
  for (const FunctionEntry& function : catalog.functions()) {
    const BuiltinType* type = FindType(function.info->result_type);
    const bool array = type != nullptr && type->element != 0 && type->name.starts_with('_');
    const std::string schema = function.info->schema.empty() ? "pg_catalog" : function.info->schema;
    out->Add({catalog.database(), schema, fmt::format("{}_{}", function.info->name, function.oid),
              catalog.database(), schema, function.info->name, function.info->aggregate ? Cell() : "FUNCTION",
              catalog.database(), "pg_catalog", type == nullptr ? "" : type->name,
              array ? "ARRAY" : catalog.TypeName(function.info->result_type), "EXTERNAL", "INTERNAL",
              "GENERAL", "YES", "MODIFIES", "INVOKER"});
  }
}

}  // namespace

GeneratorList InformationGenerators() {
  return {{"information_schema_catalog_name", CatalogName},
          {"schemata", Schemata},
          {"tables", Tables},
          {"columns", Columns},
          {"views", Views},
          {"table_constraints", TableConstraints},
          {"key_column_usage", KeyColumnUsage},
          {"constraint_column_usage", ConstraintColumnUsage},
          {"character_sets", CharacterSets},
          {"collations", Collations},
          {"routines", Routines}};
}

}  // namespace millrace::query::pgcatalog
