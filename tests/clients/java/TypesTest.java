import java.math.BigDecimal;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.postgresql.util.PGInterval;
import org.postgresql.util.PGobject;

/** Values of every type: as text and in binary, as results and as parameters. */
public final class TypesTest {
  private static final String EVERY_TYPE = "SELECT * FROM every_type ORDER BY id";
  // Never in binary; and from the first execution, for every type that the driver knows in binary.
  private static final String[] TEXT = {"binaryTransfer", "false"};
  private static final String[] BINARY = {"prepareThreshold", "-1"};

  @Suite.Case
  public void textIsWhatPostgresqlWrites() throws Exception {
    try (Connection connection = Suite.connect(TEXT); PreparedStatement select = connection.prepareStatement(EVERY_TYPE);
         ResultSet result = select.executeQuery()) {
      int columns = result.getMetaData().getColumnCount();
      for (List<String> expected : Suite.everyType()) {
        Suite.holds(result.next(), "there is a row");
        Suite.equal(expected.size(), columns);
        for (int i = 1; i <= columns; ++i) {
          Suite.equal(expected.get(i - 1), result.getString(i),
              "row " + expected.get(0) + ", " + result.getMetaData().getColumnName(i));
        }
      }
      Suite.holds(!result.next(), "there is no row more");
    }
  }

  @Suite.Case
  public void binaryIsWhatTextIs() throws Exception {
    List<List<Object>> text = values(TEXT);
    List<List<Object>> binary = values(BINARY);
    Suite.equal(4, text.size());
    for (int row = 0; row < text.size(); ++row) {
      for (int i = 0; i < text.get(row).size(); ++i) {
        Suite.equal(text.get(row).get(i), binary.get(row).get(i), "row " + row + ", column " + i);
      }
    }
  }

  private static List<List<Object>> values(String... properties) throws SQLException {
    List<List<Object>> rows = new ArrayList<>();
    try (Connection connection = Suite.connect(properties);
         PreparedStatement select = connection.prepareStatement(EVERY_TYPE);
         ResultSet result = select.executeQuery()) {
      ResultSetMetaData columns = result.getMetaData();
      while (result.next()) {
        List<Object> row = new ArrayList<>();
        for (int i = 1; i <= columns.getColumnCount(); ++i) row.add(value(result, i, columns.getColumnTypeName(i)));
        rows.add(row);
      }
    }
    return rows;
  }

  private static Object value(ResultSet result, int column, String type) throws SQLException {
    Object value = switch (type) {
      case "date" -> result.getObject(column, LocalDate.class);
      case "time" -> result.getObject(column, LocalTime.class);
      case "timestamp" -> result.getObject(column, LocalDateTime.class);
      case "timestamptz" -> result.getObject(column, OffsetDateTime.class);
      default -> result.getObject(column);
    };
    return value instanceof Array array ? array.getArray() : value;
  }

  @Suite.Case
  public void valuesOfTheFirstRow() throws Exception {
    for (String[] properties : List.of(TEXT, BINARY)) {
      List<Object> row = values(properties).get(0);
      List<Object> expected = new ArrayList<>(List.of(1, true, -5, 300, 70000, 5000000000L, new BigDecimal("1234.50"),
          new BigDecimal("1234567890123456789012345678.0123456789"), 0.5f, 1e10, "abcd", "北京 Beijing", "plain",
          new byte[] {0, (byte) 0xff, 0x10}, LocalDate.of(2020, 2, 29), LocalTime.of(1, 2, 3),
          LocalDateTime.of(2020, 2, 29, 1, 2, 3, 250_000_000), LocalDateTime.of(2020, 2, 29, 1, 2, 3, 1_000),
          OffsetDateTime.of(2020, 2, 29, 1, 2, 3, 250_000_000, ZoneOffset.UTC), new PGInterval(0, 0, 0, 2, 3, 4.5),
          new PGInterval(2, 1, 0, 0, 0, 0), new Integer[] {1, 2, 3}, new String[] {"a", "b c", "d\"e", "NULL"},
          new BigDecimal[] {new BigDecimal("1.50"), new BigDecimal("-0.01")},
          new java.sql.Timestamp[] {java.sql.Timestamp.valueOf("2020-01-01 00:00:00")},
          new Integer[][] {{1, 2}, {3, 4}}, json("{\"k\":1}"), json("{\"x\":7,\"y\":\"z\"}")));
      Suite.equal(expected.size(), row.size());
      for (int i = 0; i < row.size(); ++i) Suite.equal(expected.get(i), row.get(i), "column " + i);
    }
  }

  private static PGobject json(String text) throws SQLException {
    PGobject object = new PGobject();
    object.setType("json");
    object.setValue(text);
    return object;
  }

  @Suite.Case
  public void parametersComeBack() throws Exception {
    Map<String, List<?>> values = Map.ofEntries(Map.entry("BOOLEAN", List.of(true, false)),
        Map.entry("TINYINT", List.of(-128, 127)), Map.entry("SMALLINT", List.of(-32768, 32767)),
        Map.entry("INT", List.of(Integer.MIN_VALUE, 0, Integer.MAX_VALUE)),
        Map.entry("BIGINT", List.of(Long.MIN_VALUE, Long.MAX_VALUE)),
        Map.entry("DECIMAL(10, 2)", List.of(new BigDecimal("-12345678.90"), new BigDecimal("0.01"))),
        Map.entry("DECIMAL(38, 10)", List.of(new BigDecimal("9999999999999999999999999999.9999999999"))),
        Map.entry("FLOAT", List.of(0.5f, Float.NaN, Float.POSITIVE_INFINITY)),
        Map.entry("DOUBLE", List.of(-1.5e300, Double.NEGATIVE_INFINITY)),
        Map.entry("STRING", List.of("tab\t'北京'\\", "", "NULL")),
        Map.entry("DATE", List.of(LocalDate.of(1, 1, 1), LocalDate.of(9999, 12, 31))),
        Map.entry("TIME(0)", List.of(LocalTime.of(23, 59, 59), LocalTime.MIDNIGHT)),
        Map.entry("TIMESTAMP(6)", List.of(LocalDateTime.of(9999, 12, 31, 23, 59, 59, 999_999_000))),
        Map.entry("TIMESTAMP_LTZ(3)",
            List.of(OffsetDateTime.of(2020, 2, 29, 1, 2, 3, 250_000_000, ZoneOffset.UTC))));
    for (String[] properties : List.of(TEXT, BINARY)) {
      try (Connection connection = Suite.connect(properties)) {
        for (Map.Entry<String, List<?>> each : values.entrySet()) {
          try (PreparedStatement select = connection.prepareStatement("SELECT CAST(? AS " + each.getKey() + ") AS a")) {
            for (Object value : each.getValue()) {
              select.setObject(1, value);
              try (ResultSet result = select.executeQuery()) {
                Suite.holds(result.next(), "there is a row");
                Suite.equal(value, result.getObject(1, value.getClass()), each.getKey());
              }
            }
            select.setNull(1, Types.NULL);
            try (ResultSet result = select.executeQuery()) {
              Suite.holds(result.next() && result.getObject(1) == null, each.getKey() + ": NULL comes back");
            }
          }
        }
        try (PreparedStatement select = connection.prepareStatement("SELECT CAST(? AS BYTES) AS a")) {
          select.setBytes(1, new byte[] {0, (byte) 0xff});
          try (ResultSet result = select.executeQuery()) {
            Suite.holds(result.next(), "there is a row");
            Suite.equal(new byte[] {0, (byte) 0xff}, result.getBytes(1));
          }
        }
      }
    }
  }

  @Suite.Case
  public void arraysAsParameters() throws Exception {
    for (String[] properties : List.of(TEXT, BINARY)) {
      try (Connection connection = Suite.connect(properties)) {
        array(connection, "ARRAY<INT>", "int4", new Integer[] {1, null, -3});
        array(connection, "ARRAY<STRING>", "text", new String[] {"a,b", "\"", null, "NULL", ""});
        String sql = "SELECT name FROM shop.customer WHERE id = ANY(?) ORDER BY id";
        try (PreparedStatement select = connection.prepareStatement(sql)) {
          select.setArray(1, connection.createArrayOf("int8", new Long[] {1L, 2L}));
          Suite.equal(List.of("甲", "乙"), Suite.rows(select.executeQuery()));
        }
      }
    }
  }

  private static void array(Connection connection, String type, String element, Object[] values) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement("SELECT CAST(? AS " + type + ") AS a")) {
      select.setArray(1, connection.createArrayOf(element, values));
      try (ResultSet result = select.executeQuery()) {
        Suite.holds(result.next(), "there is a row");
        Suite.equal(Arrays.asList(values), Arrays.asList((Object[]) result.getArray(1).getArray()), type);
      }
    }
  }

  @Suite.Case
  public void parametersMeetColumns() throws Exception {
    String name = Suite.name();
    for (String[] properties : List.of(TEXT, BINARY)) {
      try (Connection connection = Suite.connect(properties)) {
        Suite.execute(connection, "CREATE TABLE " + name
            + " (id BIGINT, m DECIMAL(10, 2), d DATE, ts TIMESTAMP(3), tz TIMESTAMP_LTZ(3), b BOOLEAN, s STRING,"
            + " bin BYTES, a ARRAY<INT>)");
        String sql = "INSERT INTO " + name + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
        try (PreparedStatement insert = connection.prepareStatement(sql)) {
          insert.setLong(1, 1);
          insert.setBigDecimal(2, new BigDecimal("7.25"));
          insert.setObject(3, LocalDate.of(2020, 2, 29));
          insert.setObject(4, LocalDateTime.of(2020, 2, 29, 1, 2, 3));
          insert.setObject(5, OffsetDateTime.of(2020, 2, 29, 1, 2, 3, 0, ZoneOffset.ofHours(1)));
          insert.setBoolean(6, true);
          insert.setString(7, "x");
          insert.setBytes(8, new byte[] {1});
          insert.setArray(9, connection.createArrayOf("int4", new Integer[] {4, 5}));
          Suite.equal(1, insert.executeUpdate());
        }
        String where = " WHERE id = ? AND m = ? AND d = ? AND ts = ? AND tz = ? AND b = ? AND s = ?";
        try (PreparedStatement select = connection.prepareStatement("SELECT a, bin FROM " + name + where)) {
          select.setLong(1, 1);
          select.setBigDecimal(2, new BigDecimal("7.25"));
          select.setObject(3, LocalDate.of(2020, 2, 29));
          select.setObject(4, LocalDateTime.of(2020, 2, 29, 1, 2, 3));
          select.setObject(5, OffsetDateTime.of(2020, 2, 29, 0, 2, 3, 0, ZoneOffset.UTC));
          select.setBoolean(6, true);
          select.setString(7, "x");
          try (ResultSet result = select.executeQuery()) {
            Suite.holds(result.next(), "the row is found");
            Suite.equal(new Integer[] {4, 5}, result.getArray(1).getArray());
            Suite.equal(new byte[] {1}, result.getBytes(2));
          }
        }
        Suite.execute(connection, "DROP TABLE " + name);
      }
    }
  }

  @Suite.Case
  public void whatTheResultSaysOfItsColumns() throws Exception {
    try (Connection connection = Suite.connect();
         PreparedStatement select = connection.prepareStatement("SELECT id, m, v, c, tz, a4 FROM every_type")) {
      ResultSetMetaData before = select.getMetaData();  // without executing
      Suite.equal(6, before.getColumnCount());
      try (ResultSet result = select.executeQuery()) {
        ResultSetMetaData columns = result.getMetaData();
        Suite.equal("m", columns.getColumnName(2));
        Suite.equal("numeric", columns.getColumnTypeName(2));
        Suite.equal(10, columns.getPrecision(2));
        Suite.equal(2, columns.getScale(2));
        Suite.equal(Types.VARCHAR, columns.getColumnType(3));
        Suite.equal(Types.TIMESTAMP, columns.getColumnType(5));
        Suite.equal(Types.ARRAY, columns.getColumnType(6));
        Suite.equal("_int4", columns.getColumnTypeName(6));
      }
      Suite.equal(0, select.getParameterMetaData().getParameterCount());
    }
    try (Connection connection = Suite.connect();
         PreparedStatement select =
             connection.prepareStatement("SELECT name FROM shop.customer WHERE id = ? AND city = ?")) {
      Suite.equal(2, select.getParameterMetaData().getParameterCount());
      Suite.equal("int8", select.getParameterMetaData().getParameterTypeName(1));
    }
  }
}
