#include "query/snapshot_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

#include "base/check.h"
#include "query/duck_types.h"

namespace millrace::query {
namespace {

thread_local ScanScope* current_scope = nullptr;

struct ScanBind {
  tables::SnapshotPtr snapshot;
  std::vector<tables::ChunkPtr> chunks;
};

struct ScanState {
  std::vector<idx_t> columns;
  std::atomic<size_t> next_chunk{0};
};

}  // namespace

struct ScanFunction {
  static void Bind(duckdb_bind_info info) {
    duckdb_value parameter = duckdb_bind_get_parameter(info, 0);
    char* name = duckdb_get_varchar(parameter);
    const std::string table = name;
    duckdb_free(name);
    duckdb_destroy_value(&parameter);
    if (current_scope == nullptr) {
      duckdb_bind_set_error(info, "millrace_scan is not for use in queries");
      return;
    }
    const auto found = current_scope->snapshots_->tables.find(table);
    if (found == current_scope->snapshots_->tables.end()) {
      duckdb_bind_set_error(info, fmt::format("no table {}", table).c_str());
      return;
    }
    const bool asks = duckdb_bind_get_extra_info(info) != nullptr;
    if (asks && !current_scope->MayRead("", table)) {
      duckdb_bind_set_error(info, current_scope->refusal_->message().c_str());
      return;
    }
    auto bind = std::make_unique<ScanBind>();
    bind->snapshot = found->second;
    bind->chunks = found->second->Chunks();
    for (const data::Field& field : *bind->snapshot->schema) {
      duckdb_bind_add_result_column(info, field.name.c_str(), ToDuckType(field.type).get());
    }
    duckdb_bind_set_cardinality(info, bind->snapshot->rows(), true);
    duckdb_bind_set_bind_data(info, bind.release(), [](void* p) { delete static_cast<ScanBind*>(p); });
  }

  static void Init(duckdb_init_info info) {
    const auto* bind = static_cast<const ScanBind*>(duckdb_init_get_bind_data(info));
    auto state = std::make_unique<ScanState>();
    for (idx_t i = 0; i < duckdb_init_get_column_count(info); ++i) {
      state->columns.push_back(duckdb_init_get_column_index(info, i));
    }
    duckdb_init_set_max_threads(info, std::max<idx_t>(1, (bind->chunks.size() + 31) / 32));
    duckdb_init_set_init_data(info, state.release(), [](void* p) { delete static_cast<ScanState*>(p); });
  }

  static void Scan(duckdb_function_info info, duckdb_data_chunk output) {
    const auto* bind = static_cast<const ScanBind*>(duckdb_function_get_bind_data(info));
    auto* state = static_cast<ScanState*>(duckdb_function_get_init_data(info));
    const size_t index = state->next_chunk.fetch_add(1);
    if (index >= bind->chunks.size()) {
      duckdb_data_chunk_set_size(output, 0);
      return;
    }
    const tables::Chunk& chunk = *bind->chunks[index];
    for (size_t i = 0; i < state->columns.size(); ++i) {
      // A query that needs no column (COUNT(*)) asks for one that is not there.
      if (state->columns[i] >= chunk.columns.size()) continue;
      FillVector(*chunk.columns[state->columns[i]], 0, chunk.rows,
                 duckdb_data_chunk_get_vector(output, static_cast<idx_t>(i)));
    }
    duckdb_data_chunk_set_size(output, chunk.rows);
  }
};

// Asks as it is bound, and is TRUE; being a constant it is then left out of the plan.
struct MayReadFunction {
  static void Bind(duckdb_bind_info info) {
    const std::optional<std::string> view = Argument(info, 0);
    const std::optional<std::string> name = Argument(info, 1);
    if (current_scope == nullptr || !view.has_value() || !name.has_value()) {
      duckdb_scalar_function_bind_set_error(info, "millrace_may_read is not for use in queries");
    } else if (!current_scope->MayRead(*view, *name)) {
      duckdb_scalar_function_bind_set_error(info, current_scope->refusal_->message().c_str());
    }
  }

  // A constant text.
  static std::optional<std::string> Argument(duckdb_bind_info info, idx_t index) {
    duckdb_client_context context = nullptr;
    duckdb_scalar_function_get_client_context(info, &context);
    duckdb_expression expression = duckdb_scalar_function_bind_get_argument(info, index);
    std::optional<std::string> text;
    if (duckdb_expression_is_foldable(expression)) {
      duckdb_value value = nullptr;
      duckdb_error_data failed = duckdb_expression_fold(context, expression, &value);
      if (!duckdb_error_data_has_error(failed) && value != nullptr) {
        char* bytes = duckdb_get_varchar(value);
        text = bytes;
        duckdb_free(bytes);
      }
      if (value != nullptr) duckdb_destroy_value(&value);
      duckdb_destroy_error_data(&failed);
    }
    duckdb_destroy_expression(&expression);
    duckdb_destroy_client_context(&context);
    return text;
  }

  static void Run(duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
    auto* values = static_cast<bool*>(duckdb_vector_get_data(output));
    std::fill_n(values, duckdb_data_chunk_get_size(input), true);
  }
};

bool ScanScope::MayRead(const std::string& view, const std::string& name) {
  if (check_read_ == nullptr || !*check_read_) return true;
  Status allowed = (*check_read_)(view, name);
  if (allowed.has_value()) return true;
  refusal_ = std::move(allowed).error();
  return false;
}

ScanScope::ScanScope(const tables::SnapshotSet* snapshots, const CheckRead* check_read)
    : snapshots_(snapshots), check_read_(check_read) {
  MR_CHECK(current_scope == nullptr);
  current_scope = this;
}

ScanScope::~ScanScope() {
  current_scope = nullptr;
}

namespace {

Status RegisterTableScan(duckdb_connection connection, const char* name, bool asks) {
  static constexpr char kAsks = 0;
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, name);
  duckdb_table_function_add_parameter(function, ToDuckType(data::DataType::String()).get());
  if (asks) duckdb_table_function_set_extra_info(function, const_cast<char*>(&kAsks), nullptr);
  duckdb_table_function_set_bind(function, ScanFunction::Bind);
  duckdb_table_function_set_init(function, ScanFunction::Init);
  duckdb_table_function_set_function(function, ScanFunction::Scan);
  duckdb_table_function_supports_projection_pushdown(function, true);
  const duckdb_state registered = duckdb_register_table_function(connection, function);
  duckdb_destroy_table_function(&function);
  if (registered == DuckDBError) return Fail(ErrorCode::kInternal, fmt::format("cannot register {}", name));
  return {};
}

}  // namespace

Status RegisterScan(duckdb_connection connection) {
  MR_TRY(RegisterTableScan(connection, "millrace_scan", true));
  MR_TRY(RegisterTableScan(connection, "millrace_inner_scan", false));
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(function, "millrace_may_read");
  for (int i = 0; i < 2; ++i) {
    duckdb_scalar_function_add_parameter(function, ToDuckType(data::DataType::String()).get());
  }
  duckdb_scalar_function_set_return_type(function, ToDuckType(data::DataType::Boolean()).get());
  duckdb_scalar_function_set_bind(function, MayReadFunction::Bind);
  duckdb_scalar_function_set_function(function, MayReadFunction::Run);
  const duckdb_state registered = duckdb_register_scalar_function(connection, function);
  duckdb_destroy_scalar_function(&function);
  if (registered == DuckDBError) return Fail(ErrorCode::kInternal, "cannot register millrace_may_read");
  return {};
}

}  // namespace millrace::query
