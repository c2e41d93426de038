// pg_namespace, pg_class, pg_attribute and what belongs to relations.
#include <fmt/format.h>

#include <algorithm>

#include "query/pgcatalog/identifier.h"
#include "query/pgcatalog/pg_types.h"
#include "query/pgcatalog/rows.h"

namespace millrace::query::pgcatalog {
namespace {

constexpr uint32_t kHeap = 2;
constexpr uint32_t kBtree = 403;

void PgNamespace(const Catalog& catalog, RowWriter* out) {
  out->Columns({"oid", "nspname", "nspowner", "nspacl"});
  for (const NamespaceEntry& schema : catalog.namespaces()) {
    out->Add({schema.oid, schema.name, schema.owner,
              schema.info == nullptr ? Cell() : AclOf(schema.info->grants, schema.info->owner, "UC")});
  }
}

void PgClass(const Catalog& catalog, RowWriter* out) {
  out->Columns({"oid", "relname", "relnamespace", "reltype", "relowner", "relam", "relfilenode", "relpages",
                "reltuples", "relhasindex", "relpersistence", "relkind", "relnatts", "relhasrules",
                "relispopulated", "relreplident", "relacl"});
  for (const SystemRelation& system : SystemRelations()) {
    const bool table = system.kind == 'r';
    out->Add({system.oid, system.name, system.schema, 0, kBootstrapRole, table ? kHeap : 0, 0, 0, -1.0, false,
              'p', system.kind, system.columns.size(), !table, true, 'n', Cell()});
  }
  for (const RelationEntry& relation : catalog.relations()) {
    const RelationInfo& info = *relation.info;
    const bool view = info.kind == RelationKind::kView;
    const int64_t pages = (info.bytes + 8191) / 8192;
    out->Add({relation.oid, info.name, relation.schema, relation.row_type, relation.owner, view ? 0 : kHeap,
              view ? 0 : relation.oid, pages, info.rows, relation.index != 0, 'p',
              static_cast<char>(info.kind), info.columns.size(), relation.rule != 0, true, view ? 'n' : 'd',
              AclOf(info.grants, catalog.RoleName(relation.owner), "arwdDxt")});
    if (relation.index == 0) continue;
    out->Add({relation.index, relation.KeyName(), relation.schema, 0, relation.owner, kBtree, relation.index,
              0, std::max(info.rows, 0.0), false, 'p', 'i', info.primary_key.size(), false, true, 'n',
              Cell()});
  }
}

void AddAttribute(uint32_t relation, const std::string& name, uint32_t type_oid, int32_t typmod, int number,
                  bool not_null, bool generated, RowWriter* out) {
  const BuiltinType* type = FindType(type_oid);
  const bool array = type != nullptr && type->element != 0 && type->name.starts_with('_');
  out->Add({relation, name, type_oid, -1, type == nullptr ? -1 : type->length, number, array ? 1 : 0, -1,
            typmod, type != nullptr && type->by_value, type == nullptr ? 'd' : type->alignment,
            type == nullptr ? 'x' : type->storage, not_null, generated, generated ? "s" : "", true,
            type == nullptr ? 0 : type->collation});
}

void PgAttribute(const Catalog& catalog, RowWriter* out) {
  out->Columns({"attrelid", "attname", "atttypid", "attstattarget", "attlen", "attnum", "attndims",
                "attcacheoff", "atttypmod", "attbyval", "attalign", "attstorage", "attnotnull", "atthasdef",
                "attgenerated", "attislocal", "attcollation"});
  for (const SystemRelation& system : SystemRelations()) {
    for (size_t i = 0; i < system.columns.size(); ++i) {
      const SystemColumn& column = system.columns[i];
      AddAttribute(system.oid, std::string(column.name), column.type, -1, static_cast<int>(i) + 1,
                   column.not_null, false, out);
    }
  }
  for (const RelationEntry& relation : catalog.relations()) {
    const auto& columns = relation.info->columns;
    for (size_t i = 0; i < columns.size(); ++i) {
      AddAttribute(relation.oid, columns[i].name, columns[i].type_oid, columns[i].typmod,
                   static_cast<int>(i) + 1, !columns[i].nullable, !columns[i].generated_as.empty(), out);
    }
    if (relation.index == 0) continue;
    for (size_t i = 0; i < relation.info->primary_key.size(); ++i) {
      const ColumnInfo& column = columns[static_cast<size_t>(relation.info->primary_key[i])];
      AddAttribute(relation.index, column.name, column.type_oid, column.typmod, static_cast<int>(i) + 1,
                   false, false, out);
    }
  }
}

void PgAttrdef(const Catalog& catalog, RowWriter* out) {
  out->Columns({"oid", "adrelid", "adnum", "adbin"});
  for (const RelationEntry& relation : catalog.relations()) {
    for (size_t i = 0; i < relation.info->columns.size(); ++i) {
      const ColumnInfo& column = relation.info->columns[i];
      if (column.generated_as.empty()) continue;
      // No other object has an oid this close to the relation's, but for a collision that harms nobody:
      // nothing refers to a default by its oid.
      out->Add({relation.oid + static_cast<uint32_t>(i) + 1, relation.oid, i + 1, column.generated_as});
    }
  }
}

Cell::Numbers KeyColumns(const RelationEntry& relation) {
  Cell::Numbers numbers;
  for (const int column : relation.info->primary_key) numbers.push_back(column + 1);
  return numbers;
}

void PgIndex(const Catalog& catalog, RowWriter* out) {
  out->Columns({"indexrelid", "indrelid", "indnatts", "indnkeyatts", "indisunique", "indisprimary",
                "indimmediate", "indisvalid", "indisready", "indislive", "indisreplident", "indkey",
                "indcollation", "indclass", "indoption"});
  for (const RelationEntry& relation : catalog.relations()) {
    if (relation.index == 0) continue;
    const Cell::Numbers key = KeyColumns(relation);
    Cell::Numbers collations;
    for (const int column : relation.info->primary_key) {
      const BuiltinType* type = FindType(relation.info->columns[static_cast<size_t>(column)].type_oid);
      collations.push_back(type == nullptr ? 0 : type->collation);
    }
    const Cell::Numbers zeros(key.size(), 0);
    out->Add({relation.index, relation.oid, key.size(), key.size(), true, true, true, true, true, true, false,
              key, collations, zeros, zeros});
  }
}

void PgConstraint(const Catalog& catalog, RowWriter* out) {
  out->Columns({"oid", "conname", "connamespace", "contype", "convalidated", "conrelid", "conindid",
                "confupdtype", "confdeltype", "confmatchtype", "conislocal", "connoinherit", "conkey"});
  for (const RelationEntry& relation : catalog.relations()) {
    if (relation.constraint == 0) continue;
    out->Add({relation.constraint, relation.KeyName(), relation.schema, 'p', true, relation.oid,
              relation.index, ' ', ' ', ' ', true, true, KeyColumns(relation)});
  }
}

void PgRewrite(const Catalog& catalog, RowWriter* out) {
  out->Columns(
      {"oid", "rulename", "ev_class", "ev_type", "ev_enabled", "is_instead", "ev_qual", "ev_action"});
  for (const RelationEntry& relation : catalog.relations()) {
    if (relation.rule == 0) continue;
    out->Add({relation.rule, "_RETURN", relation.oid, '1', 'O', true, "<>", "<>"});
  }
}

void PgDepend(const Catalog& catalog, RowWriter* out) {
  out->Columns({"classid", "objid", "objsubid", "refclassid", "refobjid", "refobjsubid", "deptype"});
  for (const RelationEntry& relation : catalog.relations()) {
    out->Add({kClassCatalog, relation.oid, 0, kNamespaceCatalog, relation.schema, 0, 'n'});
    if (relation.constraint == 0) continue;
    out->Add({kConstraintCatalog, relation.constraint, 0, kClassCatalog, relation.oid, 0, 'a'});
    out->Add({kClassCatalog, relation.index, 0, kConstraintCatalog, relation.constraint, 0, 'i'});
  }
}

void PgDescription(const Catalog& catalog, RowWriter* out) {
  out->Columns({"objoid", "classoid", "objsubid", "description"});
  out->Add({kCatalogNamespace, kNamespaceCatalog, 0, "system catalog schema"});
  for (const NamespaceEntry& schema : catalog.namespaces()) {
    if (schema.info != nullptr && !schema.info->comment.empty()) {
      out->Add({schema.oid, kNamespaceCatalog, 0, schema.info->comment});
    }
  }
  for (const RelationEntry& relation : catalog.relations()) {
    if (!relation.info->comment.empty()) out->Add({relation.oid, kClassCatalog, 0, relation.info->comment});
    for (size_t i = 0; i < relation.info->columns.size(); ++i) {
      const std::string& comment = relation.info->columns[i].comment;
      if (!comment.empty()) out->Add({relation.oid, kClassCatalog, i + 1, comment});
    }
  }
}

void PgShdescription(const Catalog& catalog, RowWriter* out) {
  out->Columns({"objoid", "classoid", "description"});
  for (const RoleEntry& role : catalog.roles()) {
    if (!role.info->comment.empty()) out->Add({role.oid, kRoleCatalog, role.info->comment});
  }
}

std::string KeyList(const RelationEntry& relation) {
  std::string list;
  for (const int column : relation.info->primary_key) {
    list += (list.empty() ? "" : ", ") + QuoteName(relation.info->columns[static_cast<size_t>(column)].name);
  }
  return list;
}

}  // namespace

std::string IndexDefinition(const RelationEntry& relation) {
  return fmt::format("CREATE UNIQUE INDEX {} ON {}.{} USING btree ({})", QuoteName(relation.KeyName()),
                     QuoteName(relation.info->schema), QuoteName(relation.info->name), KeyList(relation));
}

std::string KeyDefinition(const RelationEntry& relation) {
  return fmt::format("PRIMARY KEY ({})", KeyList(relation));
}

GeneratorList RelationGenerators() {
  return {{"pg_namespace", PgNamespace},
          {"pg_class", PgClass},
          {"pg_attribute", PgAttribute},
          {"pg_attrdef", PgAttrdef},
          {"pg_index", PgIndex},
          {"pg_constraint", PgConstraint},
          {"pg_rewrite", PgRewrite},
          {"pg_depend", PgDepend},
          {"pg_description", PgDescription},
          {"pg_shdescription", PgShdescription}};
}

}  // namespace millrace::query::pgcatalog
