#include <fmt/format.h>

#include <algorithm>

#include "query/pgcatalog/identifier.h"
#include "query/pgcatalog/native.h"
#include "query/pgcatalog/pg_types.h"

namespace millrace::query::pgcatalog {
namespace {

using Arguments = std::span<const Cell>;

uint32_t OidOf(const Cell& cell) {
  const int64_t number = cell.number();
  return number < 0 || number > UINT32_MAX ? 0 : static_cast<uint32_t>(number);
}

// A kind of name that ::reg... reads and shows.
struct Naming {
  uint32_t (*find)(const Catalog& catalog, std::string_view text);
  std::string (*show)(const Catalog& catalog, uint32_t oid);
  ErrorCode code;
  std::string_view what;
};

uint32_t FindFunctionOid(const Catalog& catalog, std::string_view text) {
  std::vector<std::string> parts = SplitQualifiedName(text.substr(0, text.find('(')));
  if (parts.empty()) return 0;
  if (std::ranges::all_of(parts[0], [](char c) { return c >= '0' && c <= '9'; })) {
    return static_cast<uint32_t>(std::strtoul(parts[0].c_str(), nullptr, 10));
  }
  for (const TypeFunction& function : TypeFunctions()) {
    if (function.name == parts.back()) return function.oid;
  }
  for (const FunctionEntry& function : catalog.functions()) {
    if (function.info->name == parts.back()) return function.oid;
  }
  return 0;
}

std::string ShowFunction(const Catalog& catalog, uint32_t oid) {
  for (const TypeFunction& function : TypeFunctions()) {
    if (function.oid == oid) return std::string(function.name);
  }
  const FunctionEntry* function = catalog.FindFunction(oid);
  if (function != nullptr) return QuoteName(function->info->name);
  return oid == 0 ? "-" : fmt::format("{}", oid);
}

uint32_t FindNamespaceOid(const Catalog& catalog, std::string_view text) {
  const std::vector<std::string> parts = SplitQualifiedName(text);
  if (parts.size() != 1) return 0;
  const NamespaceEntry* schema = catalog.FindNamespace(parts[0]);
  if (schema != nullptr) return schema->oid;
  return std::ranges::all_of(parts[0], [](char c) { return c >= '0' && c <= '9'; })
             ? static_cast<uint32_t>(std::strtoul(parts[0].c_str(), nullptr, 10))
             : 0;
}

std::string ShowNamespace(const Catalog& catalog, uint32_t oid) {
  const NamespaceEntry* schema = catalog.FindNamespace(oid);
  return schema == nullptr ? fmt::format("{}", oid) : QuoteName(schema->name);
}

uint32_t FindRoleOid(const Catalog& catalog, std::string_view text) {
  const std::vector<std::string> parts = SplitQualifiedName(text);
  return parts.size() == 1 ? catalog.RoleOid(parts[0]) : 0;
}

std::string ShowRole(const Catalog& catalog, uint32_t oid) {
  return catalog.FindRole(oid) == nullptr ? fmt::format("{}", oid) : QuoteName(catalog.RoleName(oid));
}

constexpr Naming kRelation = {
    [](const Catalog& catalog, std::string_view text) { return catalog.RelationOid(text); },
    [](const Catalog& catalog, uint32_t oid) { return catalog.RelationName(oid); },
    ErrorCode::kUndefinedTable, "relation"};
constexpr Naming kType = {[](const Catalog& catalog, std::string_view text) { return catalog.TypeOid(text); },
                          [](const Catalog& catalog, uint32_t oid) { return catalog.TypeName(oid); },
                          ErrorCode::kUndefinedObject, "type"};
constexpr Naming kFunction = {FindFunctionOid, ShowFunction, ErrorCode::kUndefinedFunction, "function"};
constexpr Naming kNamespace = {FindNamespaceOid, ShowNamespace, ErrorCode::kUndefinedSchema, "schema"};
constexpr Naming kRole = {FindRoleOid, ShowRole, ErrorCode::kUndefinedObject, "role"};

// The oid that a text names, or the number itself.
template <const Naming& naming>
Result<Cell> NamedOid(const Catalog& catalog, Arguments arguments) {
  if (arguments[0].Holds<int64_t>()) return Cell(OidOf(arguments[0]));
  const std::string& text = arguments[0].text();
  if (text == "-") return Cell(0);
  const uint32_t oid = naming.find(catalog, text);
  if (oid == 0) return Fail(naming.code, fmt::format("{} \"{}\" does not exist", naming.what, text));
  return Cell(oid);
}

template <const Naming& naming>
Result<Cell> NameOf(const Catalog& catalog, Arguments arguments) {
  MR_ASSIGN(const Cell oid, NamedOid<naming>(catalog, arguments));
  return Cell(naming.show(catalog, OidOf(oid)));
}

template <const Naming& naming>
Result<Cell> OidOrNull(const Catalog& catalog, Arguments arguments) {
  const uint32_t oid = naming.find(catalog, arguments[0].text());
  return oid == 0 ? Cell() : Cell(oid);
}

// reg(text) is the oid, reg(oid) the text; reg_oid and reg_name are the one or the other of both.
template <const Naming& naming>
void AddNaming(std::string_view reg, std::string_view reg_oid, std::string_view reg_name,
               std::vector<NativeFunction>* functions) {
  functions->push_back({reg, "i:t", NamedOid<naming>});
  functions->push_back({reg, "t:l", NameOf<naming>});
  functions->push_back({reg_oid, "i:t", NamedOid<naming>});
  functions->push_back({reg_oid, "i:l", NamedOid<naming>});
  functions->push_back({reg_name, "t:t", NameOf<naming>});
  functions->push_back({reg_name, "t:l", NameOf<naming>});
}

Result<Cell> UserById(const Catalog& catalog, Arguments arguments) {
  return Cell(catalog.RoleName(OidOf(arguments[0])));
}

Result<Cell> TableIsVisible(const Catalog& catalog, Arguments arguments) {
  const uint32_t oid = OidOf(arguments[0]);
  if (const RelationEntry* relation = catalog.FindRelation(oid)) return Cell(catalog.IsVisible(*relation));
  if (const RelationEntry* relation = catalog.FindIndex(oid))
    return Cell(catalog.IsVisible(relation->schema));
  for (const SystemRelation& system : SystemRelations()) {
    if (system.oid == oid) return Cell(catalog.IsVisible(system.schema));
  }
  return Cell();
}

Result<Cell> TypeIsVisible(const Catalog& catalog, Arguments arguments) {
  const uint32_t oid = OidOf(arguments[0]);
  if (const RelationEntry* relation = catalog.FindRowType(oid)) return Cell(catalog.IsVisible(*relation));
  return FindType(oid) == nullptr ? Cell() : Cell(true);
}

Result<Cell> AlwaysVisible(const Catalog&, Arguments) {
  return Cell(true);
}

Result<Cell> FormatTypeOf(const Catalog& catalog, Arguments arguments) {
  if (arguments[0].is_null()) return Cell();
  const int32_t typmod =
      arguments.size() < 2 || arguments[1].is_null() ? -1 : static_cast<int32_t>(arguments[1].number());
  return Cell(catalog.TypeName(OidOf(arguments[0]), typmod));
}

Result<Cell> ViewDefinition(const Catalog& catalog, Arguments arguments) {
  MR_ASSIGN(const Cell oid, NamedOid<kRelation>(catalog, arguments.first(1)));
  const RelationEntry* relation = catalog.FindRelation(OidOf(oid));
  if (relation == nullptr || relation->info->kind == RelationKind::kTable) return Cell();
  return Cell(relation->info->definition + ";");
}

Result<Cell> IndexDef(const Catalog& catalog, Arguments arguments) {
  const RelationEntry* relation = catalog.FindIndex(OidOf(arguments[0]));
  if (relation == nullptr) return Cell();
  const int64_t column = arguments.size() > 1 ? arguments[1].number() : 0;
  if (column == 0) return Cell(IndexDefinition(*relation));
  const auto& key = relation->info->primary_key;
  if (column < 0 || column > static_cast<int64_t>(key.size())) return Cell("");
  const auto position = static_cast<size_t>(key[static_cast<size_t>(column - 1)]);
  return Cell(QuoteName(relation->info->columns[position].name));
}

Result<Cell> ConstraintDef(const Catalog& catalog, Arguments arguments) {
  const RelationEntry* relation = catalog.FindConstraint(OidOf(arguments[0]));
  return relation == nullptr ? Cell() : Cell(KeyDefinition(*relation));
}

Result<Cell> FunctionArguments(const Catalog& catalog, Arguments arguments) {
  const FunctionEntry* function = catalog.FindFunction(OidOf(arguments[0]));
  if (function != nullptr) return Cell(ArgumentsOf(catalog, *function->info));
  return std::ranges::find(TypeFunctions(), OidOf(arguments[0]), &TypeFunction::oid) == TypeFunctions().end()
             ? Cell()
             : Cell("cstring");
}

Result<Cell> FunctionResult(const Catalog& catalog, Arguments arguments) {
  const FunctionEntry* function = catalog.FindFunction(OidOf(arguments[0]));
  return function == nullptr ? Cell() : Cell(catalog.TypeName(function->info->result_type));
}

const std::string* RelationComment(const Catalog& catalog, uint32_t oid, int64_t column) {
  const RelationEntry* relation = catalog.FindRelation(oid);
  if (relation == nullptr) return nullptr;
  if (column == 0) return &relation->info->comment;
  if (column < 0 || column > static_cast<int64_t>(relation->info->columns.size())) return nullptr;
  return &relation->info->columns[static_cast<size_t>(column - 1)].comment;
}

Cell Comment(const std::string* text) {
  return text == nullptr || text->empty() ? Cell() : Cell(*text);
}

Result<Cell> ObjectDescription(const Catalog& catalog, Arguments arguments) {
  const uint32_t oid = OidOf(arguments[0]);
  const std::string of = arguments.size() > 1 ? arguments[1].text() : "";
  if (of.empty() || of == "pg_class") {
    const std::string* comment = RelationComment(catalog, oid, 0);
    if (comment != nullptr) return Comment(comment);
  }
  if (of.empty() || of == "pg_namespace") {
    if (oid == kCatalogNamespace) return Cell("system catalog schema");
    const NamespaceEntry* schema = catalog.FindNamespace(oid);
    if (schema != nullptr && schema->info != nullptr) return Comment(&schema->info->comment);
  }
  return Cell();
}

Result<Cell> ColumnDescription(const Catalog& catalog, Arguments arguments) {
  return Comment(RelationComment(catalog, OidOf(arguments[0]), arguments[1].number()));
}

Result<Cell> SharedDescription(const Catalog& catalog, Arguments arguments) {
  const RoleEntry* role = catalog.FindRole(OidOf(arguments[0]));
  return role == nullptr || arguments[1].text() != "pg_authid" ? Cell() : Comment(&role->info->comment);
}

Result<Cell> RelationSize(const Catalog& catalog, Arguments arguments) {
  MR_ASSIGN(const Cell oid, NamedOid<kRelation>(catalog, arguments.first(1)));
  const RelationEntry* relation = catalog.FindRelation(OidOf(oid));
  if (arguments.size() > 1 && arguments[1].text() != "main") return Cell(0);
  return relation == nullptr ? Cell(0) : Cell(relation->info->bytes);
}

Result<Cell> DatabaseSize(const Catalog& catalog, Arguments) {
  int64_t bytes = 0;
  for (const RelationEntry& relation : catalog.relations()) bytes += relation.info->bytes;
  return Cell(bytes);
}

}  // namespace

std::vector<NativeFunction> ObjectFunctions() {
  std::vector<NativeFunction> functions = {
      {"pg_get_userbyid", "t:l", UserById},
      {"pg_table_is_visible", "b:l", TableIsVisible},
      {"pg_type_is_visible", "b:l", TypeIsVisible},
      {"pg_function_is_visible", "b:l", AlwaysVisible},
      {"pg_operator_is_visible", "b:l", AlwaysVisible},
      {"pg_opclass_is_visible", "b:l", AlwaysVisible},
      {"pg_opfamily_is_visible", "b:l", AlwaysVisible},
      {"pg_conversion_is_visible", "b:l", AlwaysVisible},
      {"pg_collation_is_visible", "b:l", AlwaysVisible},
      {"pg_statistics_obj_is_visible", "b:l", AlwaysVisible},
      {"pg_ts_config_is_visible", "b:l", AlwaysVisible},
      {"pg_ts_dict_is_visible", "b:l", AlwaysVisible},
      {"pg_ts_parser_is_visible", "b:l", AlwaysVisible},
      {"pg_ts_template_is_visible", "b:l", AlwaysVisible},
      {"format_type", "t:ll", FormatTypeOf, true},
      {"pg_get_indexdef", "t:l", IndexDef},
      {"pg_get_indexdef", "t:llb", IndexDef},
      {"pg_get_constraintdef", "t:l", ConstraintDef},
      {"pg_get_constraintdef", "t:lb", ConstraintDef},
      {"pg_get_function_arguments", "t:l", FunctionArguments},
      {"pg_get_function_identity_arguments", "t:l", FunctionArguments},
      {"pg_get_function_result", "t:l", FunctionResult},
      {"obj_description", "t:l", ObjectDescription},
      {"obj_description", "t:lt", ObjectDescription},
      {"col_description", "t:ll", ColumnDescription},
      {"shobj_description", "t:lt", SharedDescription},
      {"pg_relation_size", "l:lt", RelationSize},
      {"pg_relation_size", "l:tt", RelationSize},
      {"pg_database_size", "l:t", DatabaseSize},
      {"pg_database_size", "l:l", DatabaseSize},
      {"to_regclass", "i:t", OidOrNull<kRelation>},
      {"to_regtype", "i:t", OidOrNull<kType>},
      {"to_regproc", "i:t", OidOrNull<kFunction>},
      {"to_regprocedure", "i:t", OidOrNull<kFunction>},
      {"to_regnamespace", "i:t", OidOrNull<kNamespace>},
      {"to_regrole", "i:t", OidOrNull<kRole>},
  };
  for (const std::string_view signature : {"t:l", "t:t", "t:lb", "t:tb", "t:ll"}) {
    functions.push_back({"pg_get_viewdef", signature, ViewDefinition});
  }
  for (const std::string_view name : {"pg_relation_size", "pg_total_relation_size", "pg_table_size"}) {
    functions.push_back({name, "l:l", RelationSize});
    functions.push_back({name, "l:t", RelationSize});
  }
  AddNaming<kRelation>("regclass", "regclass_oid", "regclass_name", &functions);
  AddNaming<kType>("regtype", "regtype_oid", "regtype_name", &functions);
  AddNaming<kFunction>("regproc", "regproc_oid", "regproc_name", &functions);
  AddNaming<kNamespace>("regnamespace", "regnamespace_oid", "regnamespace_name", &functions);
  AddNaming<kRole>("regrole", "regrole_oid", "regrole_name", &functions);
  return functions;
}

}  // namespace millrace::query::pgcatalog
