#include "query/snapshot_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/limits.h"
#include "query/column_names.h"
#include "query/duck_error.h"
#include "query/duck_types.h"
#include "query/numeric_casts.h"
#include "query/query_parameters.h"
#include "query/snapshot_scan.h"

namespace millrace::query {
namespace {

// The n of a parameter $n; 0: it is named otherwise.
size_t NumberOf(duckdb_prepared_statement prepared, idx_t index) {
  const char* name = duckdb_parameter_name(prepared, index);
  if (name == nullptr) return 0;
  char* end = nullptr;
  const unsigned long number = std::strtoul(name, &end, 10);
  const bool is_number = end != name && *end == '\0';
  duckdb_free(const_cast<char*>(name));
  return is_number ? number : 0;
}

// What stands for a DECIMAL of any precision where a statement is only described. Small, so that products of
// several have room.
data::DataType Sample() {
  return data::DataType::Decimal(18, 3);
}
data::DataType OtherSample() {
  return data::DataType::Decimal(19, 4);
}

data::DataType WithSample(const data::DataType& type, const data::DataType& sample) {
  if (type.kind() == data::TypeKind::kArray) return data::DataType::Array(WithSample(type.element(), sample));
  return type.IsAnyDecimal() ? sample : type;
}

std::vector<std::optional<data::DataType>> WithSamples(std::vector<std::optional<data::DataType>> types,
                                                       const data::DataType& sample) {
  for (auto& type : types) {
    if (type.has_value()) type = WithSample(*type, sample);
  }
  return types;
}

}  // namespace

Result<std::unique_ptr<SnapshotQuery>> SnapshotQuery::Prepare(
    SnapshotDatabase* database, QueryScope scope, std::string sql,
    const std::vector<std::optional<data::DataType>>& parameter_types) {
  std::unique_ptr<SnapshotQuery> query(new SnapshotQuery(database, std::move(scope)));
  if (query->scope_.catalog != nullptr) MR_TRY(database->InstallCatalogs());
  MR_ASSIGN(query->connection_, database->Acquire(*query->scope_.snapshots, *query->scope_.views,
                                                  query->scope_.current_schema, query->scope_.zone));
  std::vector<std::optional<data::DataType>> types = parameter_types;
  sql = DropNumericCasts(sql, &types);
  MR_TRY(query->PlanFirst(sql, &types));
  MR_ASSIGN(const bool plan_again, query->InferParameters(&types));
  for (auto& type : types) {
    query->parameters_.push_back(type.value_or(data::DataType::String()));
    type = query->parameters_.back();
  }
  if (std::ranges::any_of(query->parameters_, HasAnyDecimal)) {
    MR_TRY(query->DescribeAnyDecimals(sql));
    return query;
  }
  if (plan_again) MR_TRY(query->Plan(CastParameters(sql, types)));
  MR_ASSIGN(query->schema_, query->DescribeAs(sql, types));
  return query;
}

// Where the types of parameters are left to DuckDB, it does not know what a || b is of two of them, nor that
// the one in x = ANY($1) is an array of what x is; PostgreSQL takes those for texts, and this for such an
// array.
Status SnapshotQuery::PlanFirst(const std::string& sql, std::vector<std::optional<data::DataType>>* types) {
  InferQuantified(sql, types);
  const Status planned = Plan(CastParameters(sql, WithSamples(*types, Sample())));
  if (planned.has_value() || planned.error().code() == ErrorCode::kSyntaxError) return planned;
  bool any = false;
  for (const size_t number : ConcatenatedParameters(sql)) {
    if (number > static_cast<size_t>(limits::kParametersMax)) continue;
    if (types->size() < number) types->resize(number);
    if ((*types)[number - 1].has_value()) continue;
    (*types)[number - 1] = data::DataType::String();
    any = true;
  }
  if (!any || !Plan(CastParameters(sql, WithSamples(*types, Sample()))).has_value()) return planned;
  return {};
}

void SnapshotQuery::InferQuantified(const std::string& sql,
                                    std::vector<std::optional<data::DataType>>* types) {
  std::vector<size_t> numbers;
  const std::string elements = CompareWithElements(sql, &numbers);
  std::erase_if(numbers, [&](size_t number) {
    return number > static_cast<size_t>(limits::kParametersMax) ||
           (number <= types->size() && (*types)[number - 1].has_value());
  });
  if (numbers.empty()) return;
  std::vector<std::optional<data::DataType>> inferred = *types;
  if (!Plan(CastParameters(elements, WithSamples(*types, Sample()))).has_value() ||
      !InferParameters(&inferred).has_value()) {
    return;  // what is wrong is told of the statement as it was sent
  }
  for (const size_t number : numbers) {
    const bool is_known = number <= inferred.size() && inferred[number - 1].has_value();
    if (types->size() < number) types->resize(number);
    (*types)[number - 1] = data::DataType::Array(is_known ? *inferred[number - 1] : data::DataType::String());
  }
}

Result<bool> SnapshotQuery::InferParameters(std::vector<std::optional<data::DataType>>* types) {
  bool plan_again = false;
  for (idx_t i = 1; i <= duckdb_nparams(prepared_); ++i) {
    const size_t number = NumberOf(prepared_, i);
    if (number == 0 || number > static_cast<size_t>(limits::kParametersMax)) {
      return Fail(ErrorCode::kSyntaxError, "parameters are written $1, $2 and so on");
    }
    if (types->size() < number) types->resize(number);
    std::optional<data::DataType>& known = (*types)[number - 1];
    if (known.has_value()) continue;
    const LogicalType inferred(duckdb_param_logical_type(prepared_, i));
    const Result<data::DataType> type =
        inferred == nullptr ? Fail(ErrorCode::kDatatypeMismatch, "") : FromDuckType(inferred.get(), "$n");
    plan_again = plan_again || !type.has_value() || type->kind() == data::TypeKind::kNull;
    if (!type.has_value() || type->kind() == data::TypeKind::kNull) continue;
    // What it meets says that it is a number, not how many digits it has.
    known = type->kind() == data::TypeKind::kDecimal ? data::DataType::AnyDecimal() : *type;
  }
  // A column whose type hangs on that of a parameter has none until the parameter's is fixed.
  return plan_again || (!types->empty() && !IsResolved());
}

bool SnapshotQuery::IsResolved() const {
  const LogicalType first(duckdb_prepared_statement_column_logical_type(prepared_, 0));
  return first != nullptr && FromDuckType(first.get(), "").has_value();
}

// A few functions (json_object) want values before they say what they give, whatever the type of a parameter
// is: they are shown NULLs.
Result<data::Schema> SnapshotQuery::DescribeAs(const std::string& sql,
                                               const std::vector<std::optional<data::DataType>>& types) {
  if (types.empty() || IsResolved()) return Describe();
  MR_TRY(Plan(NullParameters(sql, types)));
  const Result<data::Schema> schema = Describe();
  MR_TRY(Plan(CastParameters(sql, types)));
  return schema;
}

// Which columns hang on the precision of such parameters is seen by planning with two.
Status SnapshotQuery::DescribeAnyDecimals(const std::string& sql) {
  const std::vector<std::optional<data::DataType>> types(parameters_.begin(), parameters_.end());
  const auto describe = [&](const data::DataType& decimal) -> Result<data::Schema> {
    const auto fixed = WithSamples(types, decimal);
    MR_TRY(Plan(CastParameters(sql, fixed)));
    return DescribeAs(sql, fixed);
  };
  MR_ASSIGN(const data::Schema sample, describe(Sample()));
  MR_ASSIGN(const data::Schema other, describe(OtherSample()));
  for (size_t i = 0; i < sample.size(); ++i) {
    const bool hangs = sample[i].type.kind() == data::TypeKind::kDecimal && sample[i].type != other[i].type;
    schema_.Add(sample[i].name, hangs ? data::DataType::AnyDecimal() : sample[i].type);
  }
  return {};
}

SnapshotQuery::~SnapshotQuery() {
  if (has_result_) duckdb_destroy_result(&result_);
  if (prepared_ != nullptr) duckdb_destroy_prepare(&prepared_);
  if (connection_ != nullptr) database_.Release(std::move(connection_));
}

Status SnapshotQuery::Refused(Status otherwise, const std::optional<Error>& refusal) const {
  {
    MutexLock lock(cancel_mutex_);
    if (cancelled_.has_value()) return std::unexpected(*cancelled_);
  }
  if (refusal.has_value()) return std::unexpected(*refusal);
  return otherwise;
}

Status SnapshotQuery::Plan(const std::string& sql) {
  if (prepared_ != nullptr) duckdb_destroy_prepare(&prepared_);
  const ScanScope scan(scope_.snapshots.get(), &scope_.check_read);
  const pgcatalog::BoundCatalog bound(scope_.catalog);
  duckdb_extracted_statements statements = nullptr;
  const idx_t count = duckdb_extract_statements(connection_->get(), sql.c_str(), &statements);
  struct Cleanup {
    duckdb_extracted_statements* statements;
    ~Cleanup() { duckdb_destroy_extracted(statements); }
  } cleanup{&statements};
  if (count == 0) return DuckError(duckdb_extract_statements_error(statements), DUCKDB_ERROR_PARSER);
  if (count > 1) return Fail(ErrorCode::kSyntaxError, "one statement at a time");
  if (duckdb_prepare_extracted_statement(connection_->get(), statements, 0, &prepared_) == DuckDBError) {
    return Refused(DuckError(duckdb_prepare_error(prepared_), DUCKDB_ERROR_INVALID), scan.refusal());
  }
  if (duckdb_prepared_statement_type(prepared_) != DUCKDB_STATEMENT_TYPE_SELECT) {
    return Fail(ErrorCode::kNotSupported, "only SELECT runs on snapshots of tables");
  }
  return {};
}

Result<data::Schema> SnapshotQuery::Describe() const {
  data::Schema schema;
  const idx_t columns = duckdb_prepared_statement_column_count(prepared_);
  const auto names = scope_.named_by.empty() ? std::vector<std::optional<std::string>>(columns)
                                             : ColumnNames(scope_.named_by, columns);
  for (idx_t i = 0; i < columns; ++i) {
    const char* text = duckdb_prepared_statement_column_name(prepared_, i);
    const std::string name = text == nullptr ? "" : text;
    duckdb_free(const_cast<char*>(text));
    const LogicalType type(duckdb_prepared_statement_column_logical_type(prepared_, i));
    MR_ASSIGN(data::DataType shown, FromDuckType(type.get(), name));
    schema.Add(names[i].value_or(name), std::move(shown));
  }
  return schema;
}

Status SnapshotQuery::Start(const std::vector<data::Value>& parameters) {
  if (parameters.size() != parameters_.size()) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("the statement has {} parameters, {} were given",
                                                          parameters_.size(), parameters.size()));
  }
  if (std::ranges::any_of(parameters_, HasAnyDecimal)) {
    return Fail(ErrorCode::kInvalidParameter, "the statement has a DECIMAL parameter without precision");
  }
  for (idx_t i = 1; i <= duckdb_nparams(prepared_); ++i) {
    const size_t number = NumberOf(prepared_, i);
    const DuckValue value = ToDuckValue(parameters[number - 1], parameters_[number - 1]);
    if (duckdb_bind_value(prepared_, i, value.get()) == DuckDBError) {
      return DuckError(duckdb_prepare_error(prepared_), DUCKDB_ERROR_INVALID);
    }
  }
  MR_TRY(Refused({}, {}));
  // It plans again when the catalog has changed since.
  const ScanScope scan(scope_.snapshots.get(), &scope_.check_read);
  const pgcatalog::BoundCatalog bound(scope_.catalog);
  const duckdb_state state = duckdb_execute_prepared_streaming(prepared_, &result_);
  has_result_ = true;
  if (state == DuckDBError) {
    return Refused(DuckError(duckdb_result_error(&result_), duckdb_result_error_type(&result_)),
                   scan.refusal());
  }
  return {};
}

Result<std::optional<data::Batch>> SnapshotQuery::Next() {
  MR_TRY(Refused({}, {}));
  while (duckdb_data_chunk chunk = duckdb_fetch_chunk(result_)) {
    data::Batch batch;
    batch.rows = duckdb_data_chunk_get_size(chunk);
    for (size_t i = 0; i < schema_.size(); ++i) {
      batch.columns.push_back(ReadVector(duckdb_data_chunk_get_vector(chunk, static_cast<idx_t>(i)),
                                         batch.rows, schema_[i].type));
    }
    duckdb_destroy_data_chunk(&chunk);
    if (batch.rows > 0) return batch;
  }
  if (const char* message = duckdb_result_error(&result_); message != nullptr && *message != '\0') {
    return std::unexpected(Refused(DuckError(message, duckdb_result_error_type(&result_)), {}).error());
  }
  return std::nullopt;
}

void SnapshotQuery::Cancel(Error reason) {
  {
    MutexLock lock(cancel_mutex_);
    cancelled_ = std::move(reason);
  }
  connection_->Interrupt();
}

}  // namespace millrace::query
