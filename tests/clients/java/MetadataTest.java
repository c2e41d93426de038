import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.List;

/** DatabaseMetaData: what tools over JDBC ask before they show anything. */
public final class MetadataTest {
  private interface Question {
    ResultSet of(DatabaseMetaData data) throws SQLException;
  }

  private static List<String> ask(Question question, String... names) throws SQLException {
    try (Connection connection = Suite.connect(); ResultSet result = question.of(connection.getMetaData())) {
      return Suite.columns(result, names);
    }
  }

  @Suite.Case
  public void tables() throws Exception {
    Suite.equal(List.of("shop|by_city|MATERIALIZED VIEW", "shop|customer|TABLE", "shop|beijing|VIEW"),
        ask(data -> data.getTables(null, "shop", "%", new String[] {"TABLE", "VIEW", "MATERIALIZED VIEW"}),
            "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE"));
    Suite.equal(List.of("shop|customer"),
        ask(data -> data.getTables(null, "sh_p", "cust%", null), "TABLE_SCHEM", "TABLE_NAME").stream()
            .filter(row -> !row.contains("pkey")).toList());
    Suite.equal(List.of(), ask(data -> data.getTables(null, "shop", "nothing", null), "TABLE_NAME"));
    List<String> all = ask(data -> data.getTables(null, null, null, null), "TABLE_SCHEM", "TABLE_NAME");
    for (String name : List.of("public|every_type", "public|word_count", "sys|dead_letters", "pg_catalog|pg_class")) {
      Suite.holds(all.contains(name), name + " is listed");
    }
  }

  @Suite.Case
  public void columns() throws Exception {
    Suite.equal(List.of("id|" + Types.BIGINT + "|int8|19|0|NO|1", "name|" + Types.VARCHAR + "|text|2147483647|1|YES|2",
                    "city|" + Types.VARCHAR + "|varchar|40|1|YES|3"),
        ask(data -> data.getColumns(null, "shop", "customer", "%"), "COLUMN_NAME", "DATA_TYPE", "TYPE_NAME",
            "COLUMN_SIZE", "NULLABLE", "IS_NULLABLE", "ORDINAL_POSITION"));
    List<String> types =
        ask(data -> data.getColumns(null, "public", "every\\_type", null), "COLUMN_NAME", "TYPE_NAME", "DECIMAL_DIGITS");
    Suite.equal(28, types.size());
    for (String type : List.of("b|bool|0", "i1|int2|0", "m|numeric|2", "m38|numeric|10", "c|bpchar|0", "bin|bytea|0",
             "ts|timestamp|3", "ts6|timestamp|6", "tz|timestamptz|3", "a4|_int4|0", "mp|json|0", "r|json|0")) {
      Suite.holds(types.contains(type), type + " is one of " + types);
    }
  }

  @Suite.Case
  public void keysAndIndexes() throws Exception {
    Suite.equal(List.of("customer|id|1|customer_pkey"),
        ask(data -> data.getPrimaryKeys(null, "shop", "customer"), "TABLE_NAME", "COLUMN_NAME", "KEY_SEQ", "PK_NAME"));
    Suite.equal(List.of("city"), ask(data -> data.getPrimaryKeys(null, "shop", "by_city"), "COLUMN_NAME"));
    Suite.equal(List.of("customer_pkey|id|f"),
        ask(data -> data.getIndexInfo(null, "shop", "customer", true, false), "INDEX_NAME", "COLUMN_NAME",
            "NON_UNIQUE"));
    Suite.equal(List.of(), ask(data -> data.getImportedKeys(null, "shop", "customer"), "FK_NAME"));
    Suite.equal(List.of(), ask(data -> data.getExportedKeys(null, "shop", "customer"), "FK_NAME"));
    Suite.equal(List.of("id"),
        ask(data -> data.getBestRowIdentifier(null, "shop", "customer", DatabaseMetaData.bestRowSession, true),
            "COLUMN_NAME"));
    Suite.equal(List.of(), ask(data -> data.getVersionColumns(null, "shop", "customer"), "COLUMN_NAME").stream()
        .filter(name -> !name.equals("ctid")).toList());
  }

  @Suite.Case
  public void schemasAndCatalogs() throws Exception {
    List<String> schemas = ask(DatabaseMetaData::getSchemas, "TABLE_SCHEM");
    for (String name : List.of("public", "ods", "dwd", "dws", "ads", "dim", "sys", "shop", "pg_catalog",
             "information_schema")) {
      Suite.holds(schemas.contains(name), name + " is one of " + schemas);
    }
    Suite.equal(List.of("shop"), ask(data -> data.getSchemas(null, "sho_"), "TABLE_SCHEM"));
    Suite.equal(List.of(System.getenv("MILLRACE_DATABASE")), ask(DatabaseMetaData::getCatalogs, "TABLE_CAT"));
    Suite.holds(ask(DatabaseMetaData::getTableTypes, "TABLE_TYPE").contains("MATERIALIZED VIEW"), "types of tables");
  }

  @Suite.Case
  public void types() throws Exception {
    List<String> types = ask(DatabaseMetaData::getTypeInfo, "TYPE_NAME", "DATA_TYPE");
    for (String type : List.of("int8|" + Types.BIGINT, "numeric|" + Types.NUMERIC, "timestamptz|" + Types.TIMESTAMP,
             "bool|" + Types.BIT, "text|" + Types.VARCHAR)) {
      Suite.holds(types.contains(type), type + " is one of " + types);
    }
    Suite.equal(List.of(), ask(data -> data.getUDTs(null, "shop", "no_such_type", null), "TYPE_NAME"));
  }

  @Suite.Case
  public void functions() throws Exception {
    List<String> upper = ask(data -> data.getFunctions(null, "sys", "upper"), "FUNCTION_SCHEM", "FUNCTION_NAME");
    Suite.equal(List.of("sys|upper"), upper.stream().distinct().toList());
    Suite.holds(ask(data -> data.getFunctions(null, null, "%"), "FUNCTION_NAME").size() > 100, "functions are listed");
    Suite.holds(!ask(data -> data.getFunctionColumns(null, "sys", "upper", null), "FUNCTION_NAME").isEmpty(),
        "a function has columns");
    Suite.equal(List.of(), ask(data -> data.getProcedures(null, "shop", "%"), "PROCEDURE_NAME"));
  }

  @Suite.Case
  public void privileges() throws Exception {
    Suite.holds(ask(data -> data.getTablePrivileges(null, "shop", "customer"), "GRANTEE", "PRIVILEGE")
        .contains(System.getenv("MILLRACE_USER") + "|SELECT"), "the owner may select");
    Suite.holds(!ask(data -> data.getColumnPrivileges(null, "shop", "customer", "id"), "PRIVILEGE").isEmpty(),
        "the owner has privileges of columns");
  }

  @Suite.Case
  public void theServer() throws Exception {
    try (Connection connection = Suite.connect()) {
      DatabaseMetaData data = connection.getMetaData();
      Suite.equal("PostgreSQL", data.getDatabaseProductName());
      Suite.equal(15, data.getDatabaseMajorVersion());
      Suite.equal(System.getenv("MILLRACE_USER"), data.getUserName());
      Suite.equal(63, data.getMaxColumnNameLength());
      Suite.holds(!data.getSQLKeywords().isEmpty(), "there are keywords");
      Suite.holds(!data.isReadOnly(), "rows can be written");
    }
  }
}
