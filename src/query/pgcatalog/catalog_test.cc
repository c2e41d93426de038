#include "query/pgcatalog/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "query/pgcatalog/catalog_test_fixture.h"
#include "query/pgcatalog/identifier.h"
#include "query/pgcatalog/pg_types.h"

namespace millrace::query::pgcatalog {
namespace {

using Rows = std::vector<std::vector<std::string>>;

SessionView As(std::string user) {
  SessionView session;
  session.current_user = session.session_user = std::move(user);
  return session;
}

Rows RowsOf(SampleDatabase& database, const std::string& sql, const SessionView& session = {}) {
  const auto answer = database.Query(sql, session);
  EXPECT_TRUE(answer.has_value()) << answer.error().ToString();
  return answer.has_value() ? answer->rows : Rows{};
}

std::string ErrorOf(SampleDatabase& database, const std::string& sql) {
  const auto answer = database.Query(sql);
  EXPECT_FALSE(answer.has_value()) << sql;
  return answer.has_value() ? "" : answer.error().message();
}

TEST(PgTypesTest, TypesAreShownAsPostgresShowsThem) {
  // From PostgreSQL 15's format_type.
  EXPECT_EQ(FormatType(20), "bigint");
  EXPECT_EQ(FormatType(1043, 36), "character varying(32)");
  EXPECT_EQ(FormatType(1042, 7), "character(3)");
  EXPECT_EQ(FormatType(1700, 655366), "numeric(10,2)");
  EXPECT_EQ(FormatType(1231, 655366), "numeric(10,2)[]");
  EXPECT_EQ(FormatType(1114, 3), "timestamp(3) without time zone");
  EXPECT_EQ(FormatType(1185, 0), "timestamp(0) with time zone[]");
  EXPECT_EQ(FormatType(18), "\"char\"");
  EXPECT_EQ(FormatType(22), "int2vector");
  EXPECT_EQ(FormatType(0), "-");
  EXPECT_EQ(FormatType(4711), "???");
}

TEST(PgTypesTest, ValuesHaveTypes) {
  using data::DataType;
  const auto shown = [](const DataType& type) {
    const PgType pg = PgTypeOf(type);
    return FormatType(pg.oid, pg.typmod);
  };
  EXPECT_EQ(shown(DataType::TinyInt()), "smallint");
  EXPECT_EQ(shown(DataType::String()), "text");
  EXPECT_EQ(shown(DataType::Varchar(7)), "character varying(7)");
  EXPECT_EQ(shown(DataType::Decimal(38, 18)), "numeric(38,18)");
  EXPECT_EQ(shown(DataType::Map(DataType::String(), DataType::Int())), "json");
  EXPECT_EQ(shown(DataType::Array(DataType::Row({{"a", DataType::Int()}}))), "json[]");
  EXPECT_EQ(shown(DataType::Array(DataType::Array(DataType::Decimal(5, 1)))), "numeric(5,1)[]");
  EXPECT_EQ(shown(DataType::TimestampLtz(3)), "timestamp(3) with time zone");
  EXPECT_EQ(shown(DataType::Timestamp(6)), "timestamp without time zone");
  EXPECT_EQ(shown(DataType::Bytes()), "bytea");
}

TEST(PgTypesTest, NamesAreFound) {
  const std::pair<const char*, uint32_t> kNames[] = {
      {"int4", 23},        {"integer", 23},  {"double precision", 701}, {"timestamp with time zone", 1184},
      {"timestamp", 1114}, {"text[]", 1009}, {"_text", 1009},           {"character varying", 1043},
      {"jsonb", 3802}};
  for (const auto& [name, oid] : kNames) {
    const BuiltinType* type = FindTypeByName(name);
    ASSERT_NE(type, nullptr) << name;
    EXPECT_EQ(type->oid, oid) << name;
  }
  EXPECT_EQ(FindTypeByName("geometry"), nullptr);
}

TEST(IdentifierTest, QuotesWhereItMust) {
  EXPECT_EQ(QuoteName("orders_2"), "orders_2");
  EXPECT_EQ(QuoteName("Orders"), "\"Orders\"");
  EXPECT_EQ(QuoteName("2x"), "\"2x\"");
  EXPECT_EQ(QuoteName("城市"), "\"城市\"");
  EXPECT_EQ(QuoteName("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(QuoteName("select"), "\"select\"");
  EXPECT_EQ(QuoteName("abort"), "abort");  // a key word that is not reserved
  EXPECT_EQ(QuoteName(""), "\"\"");
}

TEST(IdentifierTest, SplitsQualifiedNames) {
  using Parts = std::vector<std::string>;
  EXPECT_EQ(SplitQualifiedName("Ods.Orders"), (Parts{"ods", "orders"}));
  EXPECT_EQ(SplitQualifiedName("\"Ods\" . \"a.\"\"b\""), (Parts{"Ods", "a.\"b"}));
  EXPECT_EQ(SplitQualifiedName("城市"), (Parts{"城市"}));
  for (const char* malformed : {"", ".", "a.", "\"a", "a\"b\"", "a..b"}) {
    EXPECT_TRUE(SplitQualifiedName(malformed).empty()) << malformed;
  }
}

TEST(CatalogTest, OidsStayWhenOtherThingsComeAndGo) {
  const CatalogPtr before = MakeCatalog(SampleView(), {});
  auto changed = std::make_shared<CatalogView>(*SampleView());
  changed->relations.erase(changed->relations.begin() + 1);
  changed->relations.push_back({.schema = "ods", .name = "aaa", .owner = "millrace"});
  std::ranges::reverse(changed->relations);
  const CatalogPtr after = MakeCatalog(changed, As("analyst"));
  for (const char* name : {"ods.orders", "dws.city_sales", "ods.orders_pkey", "dws.user_daily"}) {
    EXPECT_EQ(before->RelationOid(name), after->RelationOid(name)) << name;
    EXPECT_GE(before->RelationOid(name), kFirstOid) << name;
    EXPECT_LT(before->RelationOid(name), 1u << 31) << name;
  }
  EXPECT_EQ(after->RelationOid("ods.\"Events\""), 0u);
  EXPECT_NE(after->RelationOid("ods.aaa"), 0u);
}

TEST(CatalogTest, NoTwoObjectsShareAnOid) {
  auto view = std::make_shared<CatalogView>(*SampleView());
  for (int i = 0; i < 20'000; ++i) {
    RelationInfo relation{.schema = "ods", .name = "t" + std::to_string(i), .owner = "millrace"};
    relation.columns = {{.name = "a"}};
    relation.primary_key = {0};
    view->relations.push_back(std::move(relation));
  }
  const CatalogPtr catalog = MakeCatalog(view, {});
  std::vector<uint32_t> oids;
  for (const RelationEntry& relation : catalog->relations()) {
    oids.insert(oids.end(), {relation.oid, relation.row_type, relation.row_array_type});
    if (relation.index != 0) oids.insert(oids.end(), {relation.index, relation.constraint});
  }
  std::ranges::sort(oids);
  EXPECT_TRUE(std::ranges::adjacent_find(oids) == oids.end());
  for (const RelationEntry& relation : catalog->relations()) {
    ASSERT_EQ(catalog->FindRelation(relation.oid), &relation);
    ASSERT_EQ(catalog->FindConstraint(relation.oid), nullptr);
  }
}

TEST(CatalogTest, NamesAreQualifiedUnlessTheyAreOnThePath) {
  SessionView session;
  session.search_path = {"ods", "dws"};
  const CatalogPtr catalog = MakeCatalog(SampleView(), session);
  EXPECT_EQ(catalog->RelationName(catalog->RelationOid("orders")), "orders");
  EXPECT_EQ(catalog->RelationName(catalog->RelationOid("ods.\"Events\"")), "\"Events\"");
  EXPECT_EQ(catalog->RelationName(1259), "pg_class");
  EXPECT_EQ(catalog->RelationOid("pg_class"), 1259u);
  EXPECT_EQ(catalog->RelationOid("millrace.ods.orders"), catalog->RelationOid("orders"));
  const CatalogPtr outside = MakeCatalog(SampleView(), {});
  EXPECT_EQ(outside->RelationName(catalog->RelationOid("orders")), "ods.orders");
  EXPECT_EQ(outside->RelationOid("orders"), 0u);
  EXPECT_EQ(outside->TypeName(outside->TypeOid("ods.orders[]")), "ods.orders[]");
}

TEST(PgCatalogTest, PrivilegesComeFromGrantsMembershipAndOwnership) {
  SampleDatabase database;
  const auto has = [&](const std::string& arguments, const char* user = "analyst") {
    const Rows rows = RowsOf(database, "SELECT has_table_privilege(" + arguments + ")", As(user));
    return rows.empty() ? "" : rows[0][0];
  };
  EXPECT_EQ(has("'dws.city_sales', 'SELECT'"), "t");  // through reader
  EXPECT_EQ(has("'dws.city_sales', 'INSERT'"), "f");
  EXPECT_EQ(has("'dws.city_sales', 'INSERT, select'"), "t");
  EXPECT_EQ(has("'dws.city_sales', 'SELECT WITH GRANT OPTION'"), "f");
  EXPECT_EQ(has("'dws.big_orders', 'SELECT'"), "f");
  EXPECT_EQ(has("'dws.big_orders', 'SELECT'", "millrace"), "t");
  EXPECT_EQ(has("'reader', 'ods.orders', 'INSERT'", "millrace"), "t");
  EXPECT_EQ(has("'pg_class', 'SELECT'"), "t");
  EXPECT_EQ(has("'pg_class', 'INSERT'"), "f");
  EXPECT_EQ(RowsOf(database,
                   "SELECT has_schema_privilege('dws', 'USAGE'), has_schema_privilege('ods', 'USAGE'), "
                   "has_schema_privilege('dws', 'CREATE'), pg_has_role('reader', 'MEMBER'), "
                   "pg_has_role('millrace', 'MEMBER')",
                   As("analyst")),
            (Rows{{"t", "f", "f", "t", "f"}}));
  EXPECT_NE(ErrorOf(database, "SELECT has_table_privilege('ods.nothing', 'SELECT')")
                .find("[42P01] relation \"ods.nothing\" does not exist"),
            std::string::npos);
}

TEST(PgCatalogTest, InformationSchemaShowsWhatOneMayUse) {
  SampleDatabase database;
  const std::string sql =
      "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ('ods', 'dws') "
      "ORDER BY 1, 2";
  EXPECT_EQ(RowsOf(database, sql, As("analyst")), (Rows{{"ods", "orders"}}));
  EXPECT_EQ(RowsOf(database, sql),
            (Rows{{"dws", "big_orders"}, {"dws", "user_daily"}, {"ods", "Events"}, {"ods", "orders"}}));
}

TEST(PgCatalogTest, NoPasswordIsShown) {
  SampleDatabase database;
  EXPECT_EQ(RowsOf(database, "SELECT DISTINCT rolpassword FROM pg_roles"), (Rows{{"********"}}));
  EXPECT_EQ(RowsOf(database, "SELECT DISTINCT passwd FROM pg_shadow"), (Rows{{"********"}}));
  EXPECT_EQ(RowsOf(database, "SELECT DISTINCT rolpassword FROM pg_authid"), (Rows{{"\\N"}}));
}

TEST(PgCatalogTest, SessionsSeeTheirOwn) {
  SampleDatabase database;
  SessionView session = As("analyst");
  session.database = "shop";
  session.search_path = {"dws", "nowhere"};
  session.pid = 17;
  session.server_address = "127.0.0.1";
  session.server_port = 5433;
  session.settings = {{.name = "application_name", .value = "a test"}};
  const std::string sql =
      "SELECT current_user, session_user, current_database(), current_schema(), current_schemas(true), "
      "pg_backend_pid(), inet_server_addr(), inet_server_port(), current_setting('Application_Name'), "
      "current_setting('search_path'), pg_is_in_recovery()";
  EXPECT_EQ(RowsOf(database, sql, session),
            (Rows{{"analyst", "analyst", "shop", "dws", "{pg_catalog,dws}", "17", "127.0.0.1", "5433",
                   "a test", "dws, nowhere", "f"}}));
  EXPECT_EQ(RowsOf(database, sql), (Rows{{"millrace", "millrace", "millrace", "public", "{pg_catalog,public}",
                                          "0", "\\N", "\\N", "", "public", "f"}}));
  EXPECT_EQ(RowsOf(database, "SELECT version(), current_setting('server_version_num')::int >= 150000"),
            (Rows{{"PostgreSQL 15.0 (Millrace 0.1.0)", "t"}}));
}

TEST(PgCatalogTest, OthersActivityIsHidden) {
  SampleDatabase database;
  SessionView session = As("analyst");
  session.activity = {{.pid = 1, .user = "millrace", .query = "SELECT secret"},
                      {.pid = 2, .user = "analyst", .query = "SELECT mine"}};
  EXPECT_EQ(RowsOf(database, "SELECT pid, query FROM pg_stat_activity ORDER BY pid", session),
            (Rows{{"1", "<insufficient privilege>"}, {"2", "SELECT mine"}}));
}

// As PostgreSQL hides it: who is connected is for everyone, what and from where is not.
TEST(PgCatalogTest, ActivityOfASession) {
  SampleDatabase database;
  SessionView session = As("analyst");
  const ActivityInfo mine = {.pid = 2,
                             .user = "analyst",
                             .database = "shop",
                             .application_name = "psql",
                             .client_address = "127.0.0.1",
                             .client_port = 4000,
                             .started_micros = 1'000'000,
                             .query_started_micros = 2'000'000,
                             .state_changed_micros = 3'000'000,
                             .state = "idle",
                             .query = "SELECT 1"};
  ActivityInfo other = mine;
  other.pid = 1;
  other.user = "millrace";
  session.activity = {other, mine, {.user = "analyst", .state = "active", .query = "SELECT 2"}};
  const std::string sql =
      "SELECT pid, usename, datname, application_name, client_addr, client_port, backend_start, query_start, "
      "state_change, state, query, backend_type FROM pg_stat_activity ORDER BY pid NULLS LAST";
  EXPECT_EQ(RowsOf(database, sql, session),
            (Rows{{"1", "millrace", "shop", "psql", "\\N", "\\N", "\\N", "\\N", "\\N", "\\N",
                   "<insufficient privilege>", "client backend"},
                  {"2", "analyst", "shop", "psql", "127.0.0.1", "4000", "1000000", "2000000", "3000000",
                   "idle", "SELECT 1", "client backend"},
                  {"\\N", "analyst", "millrace", "", "\\N", "\\N", "0", "\\N", "0", "active", "SELECT 2",
                   "http request"}}));
}

// As PostgreSQL writes them: PgJDBC reads the types of arguments so.
TEST(PgCatalogTest, VectorsAreTexts) {
  SampleDatabase database;
  EXPECT_EQ(RowsOf(database, "SELECT indkey, i.indoption AS o FROM pg_index i WHERE indnatts = 2"),
            (Rows{{"1 2", "0 0"}}));
  EXPECT_EQ(RowsOf(database, "SELECT p.proargtypes FROM pg_proc p WHERE proname = 'city_of'"),
            (Rows{{"25"}}));
  EXPECT_EQ(RowsOf(database, "SELECT i.indkey FROM pg_class c LEFT JOIN pg_index i ON false LIMIT 1"),
            (Rows{{"\\N"}}));
}

TEST(PgCatalogTest, Functions) {
  SampleDatabase database;
  // Each value is what PostgreSQL 15 answers.
  const std::pair<const char*, const char*> kValues[] = {
      {"quote_ident('a B')", "\"a B\""},
      {"quote_literal('it''s')", "'it''s'"},
      {"quote_nullable(NULL)", "NULL"},
      {"format('%I.%I = %L %s%%', 'a', 'B', 'c''', '5')", "a.\"B\" = 'c''' 5%"},
      {"format('%2$s %1$s', 'a', 'b')", "b a"},
      {"pg_size_pretty(10239)", "10239 bytes"},
      {"pg_size_pretty(10240)", "10 kB"},
      {"pg_size_pretty(10485248)", "10 MB"},
      {"pg_size_pretty(-20971520)", "-20 MB"},
      {"pg_encoding_to_char(6)", "UTF8"},
      {"pg_char_to_encoding('utf-8')", "6"},
      {"array_to_string(ARRAY['a', NULL, 'b'], ',', '*')", "a,*,b"},
      {"array_to_string(ARRAY['a', NULL, 'b'], ',')", "a,b"},
      {"array_upper(ARRAY['a', 'b'], 1)", "2"},
      {"format_type(1043, 14)", "character varying(10)"},
      {"format_type(NULL, 14)", "\\N"},
      {"to_regclass('nothing')::text IS NULL", "t"},
      {"'int4'::regtype::text", "integer"},
      {"'numeric(10,2)[]'::regtype::oid", "1231"},
      {"23::oid::regtype", "integer"},
      {"'array_in'::regproc::oid", "750"},
      {"'pg_catalog'::regnamespace::oid", "11"},
      {"obj_description('ods.orders'::regclass, 'pg_class')", "订单"},
      {"col_description('ods.orders'::regclass, 2)", "下单城市"},
      {"pg_get_constraintdef((SELECT oid FROM pg_constraint WHERE conname = 'user_daily_pkey'))",
       "PRIMARY KEY (user_id, day)"},
      {"pg_get_indexdef('dws.user_daily_pkey'::regclass)",
       "CREATE UNIQUE INDEX user_daily_pkey ON dws.user_daily USING btree (user_id, day)"},
      {"'a' ~ 'A'", "f"},
      {"'xay' ~* 'A'", "t"},
      {"'pg_x' LIKE 'pg\\_%'", "t"},
      {"'pgxx' LIKE 'pg\\_%'", "f"},
      {"parse_ident('a.\"B\"')", "{a,B}"},
      {"current_setting('no.such', true) IS NULL", "t"}};
  for (const auto& [expression, value] : kValues) {
    EXPECT_EQ(
        RowsOf(database, std::string("SELECT ") + expression + " FROM pg_class WHERE relname = 'pg_class'"),
        (Rows{{value}}))
        << expression;
  }
}

TEST(PgCatalogTest, ErrorsAreInPostgresTerms) {
  const auto plain = [](const char* message) {
    return AsPostgresError(Error(ErrorCode::kInvalidParameter, message));
  };
  EXPECT_EQ(plain("[42P01] relation \"x\" does not exist").code(), ErrorCode::kUndefinedTable);
  EXPECT_EQ(plain("[42P01] relation \"x\" does not exist").message(), "relation \"x\" does not exist");
  EXPECT_EQ(plain("no function millrace_pg_format_type(VARCHAR)").message(),
            "no function format_type(VARCHAR)");
  EXPECT_EQ(plain("no table millrace_pg_catalog.pg_x").message(), "no table pg_x");
  EXPECT_EQ(plain("[bracket").message(), "[bracket");
}

TEST(PgCatalogTest, EveryRelationCanBeRead) {
  SampleDatabase database;
  for (const SystemRelation& relation : SystemRelations()) {
    const std::string name = (relation.schema == kCatalogNamespace ? "pg_catalog." : "information_schema.") +
                             std::string(relation.name);
    const auto answer = database.Query("SELECT * FROM " + name);
    ASSERT_TRUE(answer.has_value()) << name << answer.error().ToString();
    ASSERT_EQ(answer->columns.size(), relation.columns.size()) << name;
    for (size_t i = 0; i < relation.columns.size(); ++i)
      EXPECT_EQ(answer->columns[i], relation.columns[i].name);
  }
}

}  // namespace
}  // namespace millrace::query::pgcatalog
