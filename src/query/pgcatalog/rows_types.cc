// pg_type, pg_proc and the catalogs of what types and functions are made with.
#include <fmt/format.h>

#include "query/pgcatalog/pg_types.h"
#include "query/pgcatalog/rows.h"

namespace millrace::query::pgcatalog {
namespace {

constexpr uint32_t kArrayIn = 750, kArrayOut = 751, kArrayReceive = 2400, kArraySend = 2401;
constexpr uint32_t kRecordIn = 2290, kRecordOut = 2291, kRecordReceive = 2402, kRecordSend = 2403;
constexpr uint32_t kArraySubscript = 6179;

void PgTypeRows(const Catalog& catalog, RowWriter* out) {
  out->Columns({"oid",        "typname",     "typnamespace", "typowner",       "typlen",
                "typbyval",   "typtype",     "typcategory",  "typispreferred", "typisdefined",
                "typdelim",   "typrelid",    "typsubscript", "typelem",        "typarray",
                "typinput",   "typoutput",   "typreceive",   "typsend",        "typalign",
                "typstorage", "typbasetype", "typtypmod",    "typndims",       "typcollation"});
  for (const BuiltinType& type : BuiltinTypes()) {
    const bool array = type.element != 0 && type.name.starts_with('_');
    out->Add({type.oid,
              type.name,
              kCatalogNamespace,
              kBootstrapRole,
              static_cast<int>(type.length),
              type.by_value,
              type.type,
              type.category,
              type.preferred,
              true,
              ',',
              0,
              array ? kArraySubscript : 0,
              type.element,
              type.array,
              type.input,
              type.output,
              type.receive,
              type.send,
              type.alignment,
              type.storage,
              0,
              -1,
              0,
              type.collation});
  }
  for (const RelationEntry& relation : catalog.relations()) {
    const std::string& name = relation.info->name;
    out->Add({relation.row_type,
              name,
              relation.schema,
              relation.owner,
              -1,
              false,
              'c',
              'C',
              false,
              true,
              ',',
              relation.oid,
              0,
              0,
              relation.row_array_type,
              kRecordIn,
              kRecordOut,
              kRecordReceive,
              kRecordSend,
              'd',
              'x',
              0,
              -1,
              0,
              0});
    out->Add({relation.row_array_type,
              "_" + name,
              relation.schema,
              relation.owner,
              -1,
              false,
              'b',
              'A',
              false,
              true,
              ',',
              0,
              kArraySubscript,
              relation.row_type,
              0,
              kArrayIn,
              kArrayOut,
              kArrayReceive,
              kArraySend,
              'd',
              'x',
              0,
              -1,
              0,
              0});
  }
}

void PgRange(const Catalog&, RowWriter* out) {
  out->Columns({"rngtypid", "rngsubtype", "rngmultitypid"});
  out->Add({3904, 23, 4451});    // int4range
  out->Add({3906, 1700, 4532});  // numrange
  out->Add({3908, 1114, 4533});  // tsrange
  out->Add({3910, 1184, 4534});  // tstzrange
  out->Add({3912, 1082, 4535});  // daterange
  out->Add({3926, 20, 4536});    // int8range
}

void PgProc(const Catalog& catalog, RowWriter* out) {
  out->Columns({"oid", "proname", "pronamespace", "proowner", "prolang", "procost", "prokind", "proisstrict",
                "provolatile", "proparallel", "pronargs", "prorettype", "proargtypes", "provariadic",
                "prosrc"});
  constexpr uint32_t kInternal = 12;
  constexpr uint32_t kCstring = 2275;
  for (const TypeFunction& function : TypeFunctions()) {
    out->Add({function.oid, function.name, kCatalogNamespace, kBootstrapRole, kInternal, 1.0, 'f', true, 'i',
              's', 1, kCstring, Cell::Numbers{kCstring}, 0, function.name});
  }
  for (const FunctionEntry& function : catalog.functions()) {
    const FunctionInfo& info = *function.info;
    const Cell::Numbers arguments(info.argument_types.begin(), info.argument_types.end());
    const NamespaceEntry* schema = catalog.FindNamespace(info.schema);
    const Cell variadic = info.variadic && !arguments.empty() ? Cell(arguments.back()) : Cell(0);
    out->Add({function.oid, info.name, schema == nullptr ? kCatalogNamespace : schema->oid, kBootstrapRole,
              kInternal, 1.0, info.aggregate ? 'a' : 'f', false, 'i', 's', arguments.size(), info.result_type,
              arguments, variadic, info.name});
  }
}

void PgAggregate(const Catalog& catalog, RowWriter* out) {
  out->Columns({"aggfnoid", "aggkind", "aggfinalmodify", "aggmfinalmodify", "aggtranstype"});
  for (const FunctionEntry& function : catalog.functions()) {
    if (function.info->aggregate) out->Add({function.oid, 'n', 'r', 'r', 2281});
  }
}

void PgLanguage(const Catalog&, RowWriter* out) {
  out->Columns({"oid", "lanname", "lanowner", "lanispl", "lanpltrusted"});
  out->Add({12, "internal", kBootstrapRole, false, false});
  out->Add({14, "sql", kBootstrapRole, false, true});
}

void PgAm(const Catalog&, RowWriter* out) {
  out->Columns({"oid", "amname", "amhandler", "amtype"});
  out->Add({2, "heap", 3, 't'});
  out->Add({403, "btree", 330, 'i'});
}

void PgCollation(const Catalog&, RowWriter* out) {
  out->Columns({"oid", "collname", "collnamespace", "collowner", "collprovider", "collisdeterministic",
                "collencoding", "collcollate", "collctype"});
  out->Add({100, "default", kCatalogNamespace, kBootstrapRole, 'd', true, -1, Cell(), Cell()});
  out->Add({950, "C", kCatalogNamespace, kBootstrapRole, 'c', true, -1, "C", "C"});
}

}  // namespace

std::string ArgumentsOf(const Catalog& catalog, const FunctionInfo& function) {
  if (!function.arguments.empty()) return function.arguments;
  std::string list;
  for (size_t i = 0; i < function.argument_types.size(); ++i) {
    if (i > 0) list += ", ";
    if (function.variadic && i + 1 == function.argument_types.size()) list += "VARIADIC ";
    list += catalog.TypeName(function.argument_types[i]);
  }
  return list;
}

GeneratorList TypeGenerators() {
  return {{"pg_type", PgTypeRows},       {"pg_range", PgRange},       {"pg_proc", PgProc},
          {"pg_aggregate", PgAggregate}, {"pg_language", PgLanguage}, {"pg_am", PgAm},
          {"pg_collation", PgCollation}};
}

}  // namespace millrace::query::pgcatalog
