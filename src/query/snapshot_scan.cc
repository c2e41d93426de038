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
    if (current_scope->check_read_ != nullptr && *current_scope->check_read_) {
      if (Status allowed = (*current_scope->check_read_)(table); !allowed.has_value()) {
        duckdb_bind_set_error(info, allowed.error().message().c_str());
        current_scope->refusal_ = std::move(allowed).error();
        return;
      }
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

ScanScope::ScanScope(const tables::SnapshotSet* snapshots,
                     const std::function<Status(const std::string&)>* check_read)
    : snapshots_(snapshots), check_read_(check_read) {
  MR_CHECK(current_scope == nullptr);
  current_scope = this;
}

ScanScope::~ScanScope() {
  current_scope = nullptr;
}

Status RegisterScan(duckdb_connection connection) {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, "millrace_scan");
  duckdb_table_function_add_parameter(function, ToDuckType(data::DataType::String()).get());
  duckdb_table_function_set_bind(function, ScanFunction::Bind);
  duckdb_table_function_set_init(function, ScanFunction::Init);
  duckdb_table_function_set_function(function, ScanFunction::Scan);
  duckdb_table_function_supports_projection_pushdown(function, true);
  const duckdb_state registered = duckdb_register_table_function(connection, function);
  duckdb_destroy_table_function(&function);
  if (registered == DuckDBError) return Fail(ErrorCode::kInternal, "cannot register millrace_scan");
  return {};
}

}  // namespace millrace::query
