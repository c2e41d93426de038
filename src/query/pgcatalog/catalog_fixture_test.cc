// What catalog_test_fixture.h declares.
#include <gtest/gtest.h>

#include "query/pgcatalog/catalog_test_fixture.h"
#include "query/pgcatalog/pg_types.h"
#include "query/pgcatalog/rewrite.h"
#include "query/pgcatalog/vectors.h"

namespace millrace::query::pgcatalog {
namespace {

using data::DataType;

ColumnInfo Column(std::string name, const DataType& type, std::string comment = "") {
  const PgType pg = PgTypeOf(type);
  return {std::move(name), pg.oid, pg.typmod, type.nullable(), std::move(comment), ""};
}

std::string TextOf(duckdb_vector vector, idx_t row, duckdb_logical_type type) {
  uint64_t* validity = duckdb_vector_get_validity(vector);
  if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) return "\\N";
  void* data = duckdb_vector_get_data(vector);
  switch (duckdb_get_type_id(type)) {
    case DUCKDB_TYPE_BOOLEAN:
      return static_cast<bool*>(data)[row] ? "t" : "f";
    case DUCKDB_TYPE_SMALLINT:
      return std::to_string(static_cast<int16_t*>(data)[row]);
    case DUCKDB_TYPE_INTEGER:
      return std::to_string(static_cast<int32_t*>(data)[row]);
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return std::to_string(static_cast<int64_t*>(data)[row]);
    case DUCKDB_TYPE_HUGEINT:
      return std::to_string(static_cast<int64_t>(static_cast<duckdb_hugeint*>(data)[row].lower));
    case DUCKDB_TYPE_FLOAT:
      return std::to_string(static_cast<int64_t>(static_cast<float*>(data)[row]));
    case DUCKDB_TYPE_DOUBLE:
      return std::to_string(static_cast<int64_t>(static_cast<double*>(data)[row]));
    case DUCKDB_TYPE_VARCHAR: {
      auto* text = &static_cast<duckdb_string_t*>(data)[row];
      return {duckdb_string_t_data(text), duckdb_string_t_length(*text)};
    }
    case DUCKDB_TYPE_LIST: {
      const auto entry = static_cast<duckdb_list_entry*>(data)[row];
      const LogicalType child(duckdb_list_type_child_type(type));
      std::string list = "{";
      for (uint64_t i = 0; i < entry.length; ++i) {
        const std::string element =
            TextOf(duckdb_list_vector_get_child(vector), entry.offset + i, child.get());
        list += (i > 0 ? "," : "") + (element == "\\N" ? "NULL" : element);
      }
      return list + "}";
    }
    case DUCKDB_TYPE_STRUCT: {
      std::string fields = "(";
      for (idx_t i = 0; i < duckdb_struct_type_child_count(type); ++i) {
        const LogicalType child(duckdb_struct_type_child_type(type, i));
        fields += (i > 0 ? "," : "") + TextOf(duckdb_struct_vector_get_child(vector, i), row, child.get());
      }
      return fields + ")";
    }
    case DUCKDB_TYPE_SQLNULL:
      return "\\N";
    default:
      return "a value of type " + std::to_string(duckdb_get_type_id(type));
  }
}

void MustRun(duckdb_connection connection, const char* sql) {
  duckdb_result result;
  EXPECT_EQ(duckdb_query(connection, sql, &result), DuckDBSuccess) << sql;
  duckdb_destroy_result(&result);
}

}  // namespace

std::shared_ptr<const CatalogView> SampleView() {
  auto view = std::make_shared<CatalogView>();
  view->schemas = {{"public", "millrace", "standard public schema", {}},
                   {"ods", "millrace", "原始数据", {}},
                   {"dws", "millrace", "", {{"reader", "millrace", {"USAGE"}, false}}}};
  RelationInfo orders{.schema = "ods", .name = "orders", .owner = "millrace", .comment = "订单"};
  orders.columns = {Column("order_id", DataType::BigInt().NotNull()),
                    Column("城市", DataType::Varchar(32), "下单城市"),
                    Column("amount", DataType::Decimal(10, 2)),
                    Column("tags", DataType::Array(DataType::String())),
                    Column("created_at", DataType::Timestamp(3).NotNull()),
                    Column("net", DataType::Decimal(10, 2))};
  orders.columns.back().generated_as = "(amount * 0.9)";
  orders.primary_key = {0};
  orders.grants = {{"reader", "millrace", {"SELECT", "INSERT"}, false}};
  RelationInfo events{.schema = "ods", .name = "Events", .owner = "millrace"};
  events.columns = {Column("id", DataType::Int()), Column("payload", DataType::String())};
  RelationInfo daily{.schema = "dws", .name = "user_daily", .owner = "millrace"};
  daily.columns = {Column("user_id", DataType::BigInt().NotNull()), Column("day", DataType::Date().NotNull()),
                   Column("visits", DataType::Int())};
  daily.primary_key = {0, 1};
  RelationInfo big{.schema = "dws", .name = "big_orders", .kind = RelationKind::kView, .owner = "millrace"};
  big.columns = {Column("order_id", DataType::BigInt()), Column("城市", DataType::Varchar(32)),
                 Column("amount", DataType::Decimal(10, 2))};
  big.definition = "SELECT order_id, `城市`, amount FROM ods.orders WHERE amount > 100";
  RelationInfo sales{.schema = "dws",
                     .name = "city_sales",
                     .kind = RelationKind::kMaterializedView,
                     .owner = "millrace",
                     .comment = "城市销售"};
  sales.columns = {Column("城市", DataType::Varchar(32)), Column("order_count", DataType::BigInt()),
                   Column("total", DataType::Decimal(38, 2))};
  sales.definition =
      "SELECT `城市`, COUNT(*) AS order_count, SUM(amount) AS total FROM ods.orders GROUP BY `城市`";
  sales.grants = {{"reader", "millrace", {"SELECT"}, false}};
  view->relations = {orders, events, daily, big, sales};
  RoleInfo millrace{
      .name = "millrace", .superuser = true, .can_login = true, .create_role = true, .create_database = true};
  RoleInfo analyst{.name = "analyst", .can_login = true, .connection_limit = 5, .member_of = {"reader"}};
  RoleInfo reader{.name = "reader", .comment = "reads results"};
  view->roles = {millrace, analyst, reader};
  view->functions = {{"city_of", {25}, 25, false, false}, {"total_of", {1700}, 1700, true, false}};
  return view;
}

SampleDatabase::SampleDatabase() {
  duckdb_config config = nullptr;
  duckdb_create_config(&config);
  // As the snapshot engine's.
  duckdb_set_config(config, "threads", "1");
  duckdb_set_config(config, "enable_external_access", "false");
  duckdb_set_config(config, "integer_division", "true");
  duckdb_set_config(config, "default_null_order", "nulls_first_on_asc_last_on_desc");
  EXPECT_EQ(duckdb_open_ext(":memory:", &database_, config, nullptr), DuckDBSuccess);
  duckdb_destroy_config(&config);
  EXPECT_EQ(duckdb_connect(database_, &connection_), DuckDBSuccess);
  for (const char* sql : {"ATTACH ':memory:' AS default_catalog", "USE default_catalog",
                          "CREATE SCHEMA public", "SET search_path = 'default_catalog.public'"}) {
    MustRun(connection_, sql);
  }
  const Status installed = InstallPgCatalog(connection_, "default_catalog");
  EXPECT_TRUE(installed.has_value()) << installed.error().ToString();
}

SampleDatabase::~SampleDatabase() {
  duckdb_disconnect(&connection_);
  duckdb_close(&database_);
}

Result<Answer> SampleDatabase::Query(const std::string& sql, const SessionView& session,
                                     const std::vector<std::string>& parameters) {
  const BoundCatalog bound(MakeCatalog(SampleView(), session));
  MR_ASSIGN(const std::string rewritten, RewriteForDuckDb(sql));
  duckdb_prepared_statement prepared = nullptr;
  if (duckdb_prepare(connection_, rewritten.c_str(), &prepared) == DuckDBError) {
    const std::string message = duckdb_prepare_error(prepared);
    duckdb_destroy_prepare(&prepared);
    return Fail(ErrorCode::kInternal, message + "\n" + rewritten);
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    duckdb_bind_varchar_length(prepared, i + 1, parameters[i].data(), parameters[i].size());
  }
  duckdb_result result;
  const duckdb_state state = duckdb_execute_prepared(prepared, &result);
  duckdb_destroy_prepare(&prepared);
  if (state == DuckDBError) {
    const std::string message = duckdb_result_error(&result);
    duckdb_destroy_result(&result);
    return Fail(ErrorCode::kInternal, message + "\n" + rewritten);
  }
  Answer answer;
  std::vector<LogicalType> types;
  for (idx_t i = 0; i < duckdb_column_count(&result); ++i) {
    answer.columns.emplace_back(duckdb_column_name(&result, i));
    types.emplace_back(duckdb_column_logical_type(&result, i));
  }
  while (duckdb_data_chunk chunk = duckdb_fetch_chunk(result)) {
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); ++row) {
      auto& values = answer.rows.emplace_back();
      for (size_t i = 0; i < types.size(); ++i) {
        values.push_back(TextOf(duckdb_data_chunk_get_vector(chunk, i), row, types[i].get()));
      }
    }
    duckdb_destroy_data_chunk(&chunk);
  }
  duckdb_destroy_result(&result);
  return answer;
}

TEST(CatalogFixtureTest, AnswersAQuery) {
  SampleDatabase database;
  const auto answer = database.Query("SELECT relname, relkind FROM pg_class WHERE relname = 'orders'");
  ASSERT_TRUE(answer.has_value()) << answer.error().ToString();
  EXPECT_EQ(answer->columns, (std::vector<std::string>{"relname", "relkind"}));
  EXPECT_EQ(answer->rows, (std::vector<std::vector<std::string>>{{"orders", "r"}}));
}

}  // namespace millrace::query::pgcatalog
