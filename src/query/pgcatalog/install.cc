#include "query/pgcatalog/install.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "query/pgcatalog/native.h"
#include "query/pgcatalog/vectors.h"

namespace millrace::query::pgcatalog {
namespace {

thread_local CatalogPtr bound_catalog;

constexpr const char* kNotBound = "PostgreSQL's catalogs cannot be read here";

// One scan of a relation.
struct RelationBind {
  CatalogPtr catalog;
  const SystemRelation* relation;
};

struct RelationScan {
  std::vector<std::vector<Cell>> rows;
  std::vector<Storage> storages;
  size_t next = 0;
};

void BindRelation(duckdb_bind_info info) {
  duckdb_value schema = duckdb_bind_get_parameter(info, 0);
  duckdb_value name_value = duckdb_bind_get_parameter(info, 1);
  char* name = duckdb_get_varchar(name_value);
  const SystemRelation* relation = FindSystemRelation(static_cast<uint32_t>(duckdb_get_int64(schema)), name);
  duckdb_destroy_value(&schema);
  duckdb_destroy_value(&name_value);
  const std::string text = name;
  duckdb_free(name);
  if (relation == nullptr) {
    duckdb_bind_set_error(info, fmt::format("relation \"{}\" does not exist", text).c_str());
    return;
  }
  for (const SystemColumn& column : relation->columns) {
    duckdb_bind_add_result_column(info, std::string(column.name).c_str(),
                                  TypeOfStorage(StorageOf(column.type)).get());
  }
  // Views are made with no catalog bound; their scans are bound anew where they are used.
  auto bind = std::make_unique<RelationBind>(bound_catalog, relation);
  duckdb_bind_set_bind_data(info, bind.release(), [](void* p) { delete static_cast<RelationBind*>(p); });
}

void InitRelation(duckdb_init_info info) {
  const auto* bind = static_cast<const RelationBind*>(duckdb_init_get_bind_data(info));
  if (bind->catalog == nullptr) {
    duckdb_init_set_error(info, kNotBound);
    return;
  }
  auto scan = std::make_unique<RelationScan>();
  scan->rows = RowsOf(*bind->catalog, *bind->relation);
  for (const SystemColumn& column : bind->relation->columns) scan->storages.push_back(StorageOf(column.type));
  duckdb_init_set_max_threads(info, 1);
  duckdb_init_set_init_data(info, scan.release(), [](void* p) { delete static_cast<RelationScan*>(p); });
}

void ScanRelation(duckdb_function_info info, duckdb_data_chunk output) {
  auto* scan = static_cast<RelationScan*>(duckdb_function_get_init_data(info));
  const size_t count = std::min<size_t>(duckdb_vector_size(), scan->rows.size() - scan->next);
  for (size_t column = 0; column < scan->storages.size(); ++column) {
    duckdb_vector vector = duckdb_data_chunk_get_vector(output, column);
    for (size_t row = 0; row < count; ++row) {
      WriteCell(scan->rows[scan->next + row][column], scan->storages[column], row, vector);
    }
  }
  scan->next += count;
  duckdb_data_chunk_set_size(output, count);
}

Status RegisterRelations(duckdb_connection connection) {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, "millrace_pg_relation");
  duckdb_table_function_add_parameter(function, TypeOfStorage(Storage::kInt64).get());
  duckdb_table_function_add_parameter(function, TypeOfStorage(Storage::kText).get());
  duckdb_table_function_set_bind(function, BindRelation);
  duckdb_table_function_set_init(function, InitRelation);
  duckdb_table_function_set_function(function, ScanRelation);
  const duckdb_state registered = duckdb_register_table_function(connection, function);
  duckdb_destroy_table_function(&function);
  if (registered == DuckDBError) return Fail(ErrorCode::kInternal, "cannot register millrace_pg_relation");
  return {};
}

Storage StorageOfLetter(char letter) {
  switch (letter) {
    case 'i':
      return Storage::kInt32;
    case 'l':
      return Storage::kInt64;
    case 'b':
      return Storage::kBool;
    case 'z':
      return Storage::kTimestamp;
    case 'T':
      return Storage::kTextList;
    default:
      return Storage::kText;
  }
}

void BindFunction(duckdb_bind_info info) {
  // Macros are made with no catalog bound; their calls are bound anew where they are used.
  duckdb_scalar_function_set_bind_data(info, new CatalogPtr(bound_catalog),
                                       [](void* p) { delete static_cast<CatalogPtr*>(p); });
  duckdb_scalar_function_set_bind_data_copy(
      info, [](void* p) -> void* { return new CatalogPtr(*static_cast<CatalogPtr*>(p)); });
}

void CallFunction(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const auto* function = static_cast<const NativeFunction*>(duckdb_scalar_function_get_extra_info(info));
  const auto& catalog = *static_cast<const CatalogPtr*>(duckdb_scalar_function_get_bind_data(info));
  if (catalog == nullptr) {
    duckdb_scalar_function_set_error(info, kNotBound);
    return;
  }
  const Storage storage = StorageOfLetter(function->signature[0]);
  std::vector<CellReader> readers;
  for (idx_t i = 0; i < duckdb_data_chunk_get_column_count(input); ++i) {
    readers.emplace_back(duckdb_data_chunk_get_vector(input, i));
  }
  std::vector<Cell> arguments(readers.size());
  for (idx_t row = 0; row < duckdb_data_chunk_get_size(input); ++row) {
    bool has_null = false;
    for (size_t i = 0; i < readers.size(); ++i) {
      arguments[i] = readers[i].Read(row);
      has_null |= arguments[i].is_null();
    }
    if (has_null && !function->takes_nulls) {
      WriteCell({}, storage, row, output);
      continue;
    }
    const Result<Cell> result = function->call(*catalog, arguments);
    if (!result.has_value()) {
      // The code goes along in the text, for AsPostgresError.
      const Error& error = result.error();
      duckdb_scalar_function_set_error(
          info, fmt::format("[{}] {}", SqlState(error.code()), error.message()).c_str());
      return;
    }
    WriteCell(*result, storage, row, output);
  }
}

duckdb_scalar_function MakeFunction(const NativeFunction& native, const std::string& name) {
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(function, name.c_str());
  for (const char letter : native.signature.substr(2)) {
    const LogicalType type = TypeOfStorage(StorageOfLetter(letter));
    if (letter == '*') {
      duckdb_scalar_function_set_varargs(function, type.get());
    } else {
      duckdb_scalar_function_add_parameter(function, type.get());
    }
  }
  duckdb_scalar_function_set_return_type(function, TypeOfStorage(StorageOfLetter(native.signature[0])).get());
  duckdb_scalar_function_set_special_handling(function);
  duckdb_scalar_function_set_bind(function, BindFunction);
  duckdb_scalar_function_set_function(function, CallFunction);
  duckdb_scalar_function_set_extra_info(function, new NativeFunction(native),
                                        [](void* p) { delete static_cast<NativeFunction*>(p); });
  return function;
}

Status RegisterFunctions(duckdb_connection connection) {
  std::map<std::string, std::vector<NativeFunction>> overloads;
  for (const auto& list : {ObjectFunctions(), PrivilegeFunctions(), SessionFunctions()}) {
    for (const NativeFunction& function : list) {
      overloads[fmt::format("millrace_pg_{}", function.name)].push_back(function);
    }
  }
  for (const auto& [name, list] : overloads) {
    duckdb_scalar_function_set set = duckdb_create_scalar_function_set(name.c_str());
    bool added = true;
    for (const NativeFunction& native : list) {
      duckdb_scalar_function function = MakeFunction(native, name);
      added &= duckdb_add_scalar_function_to_set(set, function) == DuckDBSuccess;
      duckdb_destroy_scalar_function(&function);
    }
    const duckdb_state registered = duckdb_register_scalar_function_set(connection, set);
    duckdb_destroy_scalar_function_set(&set);
    if (!added || registered == DuckDBError) return Fail(ErrorCode::kInternal, "cannot register " + name);
  }
  return {};
}

Status Execute(duckdb_connection connection, const std::string& sql) {
  duckdb_result result;
  Status status;
  if (duckdb_query(connection, sql.c_str(), &result) == DuckDBError) {
    status = Fail(ErrorCode::kInternal, fmt::format("{}: {}", sql, duckdb_result_error(&result)));
  }
  duckdb_destroy_result(&result);
  return status;
}

}  // namespace

BoundCatalog::BoundCatalog(CatalogPtr catalog) : outer_(std::exchange(bound_catalog, std::move(catalog))) {}

BoundCatalog::~BoundCatalog() {
  bound_catalog = std::move(outer_);
}

CatalogPtr CurrentCatalog() {
  return bound_catalog;
}

Error AsPostgresError(const Error& error) {
  std::string message = error.message();
  ErrorCode code = error.code();
  if (message.size() > 8 && message[0] == '[' && message[6] == ']') {
    for (int i = 0; i <= static_cast<int>(ErrorCode::kInternal); ++i) {
      if (message.compare(1, 5, SqlState(static_cast<ErrorCode>(i))) == 0) {
        code = static_cast<ErrorCode>(i);
        message.erase(0, 8);
        break;
      }
    }
  }
  // The longest first: it has the others in it.
  for (const std::string_view ours : {"millrace_information_schema.", "millrace_pg_catalog.",
                                      "millrace_information_schema", "millrace_pg_catalog", "millrace_pg_"}) {
    for (size_t at = message.find(ours); at != std::string::npos; at = message.find(ours, at)) {
      message.erase(at, ours.size());
    }
  }
  return Error(code, std::move(message), error.hint(), error.location());
}

Status InstallPgCatalog(duckdb_connection connection, const std::string& catalog) {
  MR_TRY(RegisterRelations(connection));
  MR_TRY(RegisterFunctions(connection));
  const std::string catalog_schema = fmt::format("{}.{}", catalog, kCatalogSchema);
  const std::string information_schema = fmt::format("{}.{}", catalog, kInformationSchema);
  MR_TRY(Execute(connection,
                 fmt::format("CREATE SCHEMA {}; CREATE SCHEMA {}", catalog_schema, information_schema)));
  std::string views;
  for (const SystemRelation& relation : SystemRelations()) {
    // DuckDB knows the time zones.
    const std::string source =
        relation.name == "pg_timezone_names"
            ? "SELECT name, abbrev, CAST(utc_offset AS VARCHAR) AS utc_offset, is_dst FROM "
              "pg_timezone_names()"
            : fmt::format("SELECT * FROM millrace_pg_relation({}, '{}')", relation.schema, relation.name);
    views += fmt::format("CREATE VIEW {}.{} AS {};",
                         relation.schema == kCatalogNamespace ? catalog_schema : information_schema,
                         relation.name, source);
  }
  MR_TRY(Execute(connection, views));
  for (const std::string& statement : MacroStatements(catalog_schema)) MR_TRY(Execute(connection, statement));
  return {};
}

}  // namespace millrace::query::pgcatalog
