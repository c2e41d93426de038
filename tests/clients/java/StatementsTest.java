import java.math.BigDecimal;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Timer;
import java.util.TimerTask;
import org.postgresql.PGConnection;
import org.postgresql.PGStatement;
import org.postgresql.util.PSQLException;

/** Definitions, rows, prepared statements, cursors, errors, cancel. */
public final class StatementsTest {
  @Suite.Case
  public void definitionsRowsAndQueries() throws Exception {
    String name = Suite.name();
    try (Connection connection = Suite.connect()) {
      Suite.execute(connection, "CREATE TABLE " + name + " (id INT, city STRING, PRIMARY KEY (id) NOT ENFORCED)");
      try (PreparedStatement insert = connection.prepareStatement("INSERT INTO " + name + " VALUES (?, ?)")) {
        insert.setInt(1, 1);
        insert.setString(2, "北京");
        Suite.equal(1, insert.executeUpdate());
        insert.setInt(1, 2);
        insert.setNull(2, Types.VARCHAR);
        Suite.equal(1, insert.executeUpdate());
        insert.setInt(1, 1);
        insert.setString(2, "上海");
        Suite.equal(1, insert.executeUpdate());
      }
      Suite.equal(List.of("1|上海", "2|null"), Suite.rows(connection, "SELECT * FROM " + name + " ORDER BY id"));
      Suite.execute(connection, "DROP TABLE " + name);
      Suite.fails("42P01", () -> Suite.rows(connection, "SELECT * FROM " + name));
    }
  }

  @Suite.Case
  public void aBatchOfInserts() throws Exception {
    batch("reWriteBatchedInserts", "false");
  }

  @Suite.Case
  public void aBatchRewrittenToRows() throws Exception {
    batch("reWriteBatchedInserts", "true");
  }

  private void batch(String... properties) throws Exception {
    String name = Suite.name();
    try (Connection connection = Suite.connect(properties)) {
      Suite.execute(connection, "CREATE TABLE " + name + " (id BIGINT, amount DECIMAL(10, 2), seen TIMESTAMP(3))");
      String sql = "INSERT INTO " + name + " (id, amount, seen) VALUES (?, ?, ?)";
      try (PreparedStatement insert = connection.prepareStatement(sql)) {
        for (int i = 0; i < 1000; ++i) {
          insert.setLong(1, i);
          insert.setBigDecimal(2, new BigDecimal("0.25"));
          insert.setTimestamp(3, Timestamp.valueOf(LocalDateTime.of(2020, 1, 1, 0, 0, i % 60)));
          insert.addBatch();
        }
        Suite.equal(1000, insert.executeBatch().length);
      }
      Suite.equal(List.of("1000|250.00|999"),
          Suite.rows(connection, "SELECT COUNT(*), SUM(amount), MAX(id) FROM " + name));
    }
  }

  @Suite.Case
  public void anErrorInABatchNamesItsPlace() throws Exception {
    String name = Suite.name();
    try (Connection connection = Suite.connect(); Statement statement = connection.createStatement()) {
      Suite.execute(connection, "CREATE TABLE " + name + " (id INT)");
      statement.addBatch("INSERT INTO " + name + " VALUES (1)");
      statement.addBatch("INSERT INTO " + name + " VALUES (nowhere)");
      statement.addBatch("INSERT INTO " + name + " VALUES (3)");
      try {
        statement.executeBatch();
        throw new AssertionError("the batch did not fail");
      } catch (BatchUpdateException thrown) {
        Suite.equal("42703", thrown.getSQLState());
      }
      Suite.equal(List.of("1"), Suite.rows(connection, "SELECT 1"));
    }
  }

  @Suite.Case
  public void aStatementPreparedInTheServer() throws Exception {
    try (Connection connection = Suite.connect("prepareThreshold", "3");
         PreparedStatement select =
             connection.prepareStatement("SELECT name FROM shop.customer WHERE id = ? AND city = ?")) {
      for (int i = 1; i <= 6; ++i) {
        select.setLong(1, i % 3 + 1);
        select.setString(2, i % 3 == 1 ? "shanghai" : "beijing");
        boolean prepared = select.unwrap(PGStatement.class).isUseServerPrepare();
        Suite.equal(i >= 3, prepared || i == 3, "call " + i);
        try (ResultSet result = select.executeQuery()) {
          Suite.equal(List.of(List.of("甲", "乙", "丙").get(i % 3)), Suite.rows(result));
        }
      }
    }
  }

  @Suite.Case
  public void aPreparedStatementWhoseTableChanges() throws Exception {
    String name = Suite.name();
    try (Connection connection = Suite.connect("prepareThreshold", "1")) {
      Suite.execute(connection, "CREATE TABLE " + name + " (a INT)");
      try (PreparedStatement select = connection.prepareStatement("SELECT * FROM " + name)) {
        for (int i = 0; i < 3; ++i) Suite.equal(List.of(), Suite.rows(select.executeQuery()));
        Suite.execute(connection, "DROP TABLE " + name);
        Suite.execute(connection, "CREATE TABLE " + name + " (a STRING, b INT)");
        Suite.execute(connection, "INSERT INTO " + name + " VALUES ('x', 1)");
        // The server refuses to send other rows than those that it told of; the driver then prepares anew.
        Suite.equal(List.of("x|1"), Suite.rows(select.executeQuery()));
        Suite.equal(List.of("x|1"), Suite.rows(connection, "SELECT * FROM " + name));
      }
    }
  }

  @Suite.Case
  public void rowsInPortions() throws Exception {
    try (Connection connection = Suite.connect()) {
      connection.setAutoCommit(false);
      String sql = "SELECT a.id + 3 * (b.id - 1) AS n FROM shop.customer a, shop.customer b ORDER BY n";
      try (Statement statement = connection.createStatement()) {
        statement.setFetchSize(2);
        try (ResultSet result = statement.executeQuery(sql)) {
          Suite.equal(List.of("1", "2", "3", "4", "5", "6", "7", "8", "9"), Suite.rows(result));
        }
      }
      // Two results that are read in turn, of one connection.
      try (PreparedStatement one = connection.prepareStatement(sql);
           PreparedStatement two = connection.prepareStatement("SELECT id FROM shop.customer WHERE id < ? ORDER BY id")) {
        one.setFetchSize(1);
        two.setFetchSize(1);
        two.setLong(1, 3);
        try (ResultSet left = one.executeQuery(); ResultSet right = two.executeQuery()) {
          for (int i = 1; i <= 2; ++i) {
            Suite.holds(left.next() && right.next(), "a row is missing");
            Suite.equal(i, left.getInt(1));
            Suite.equal(i, right.getInt(1));
          }
          Suite.holds(left.next() && !right.next(), "the results end where they do");
        }
      }
      connection.commit();
    }
  }

  @Suite.Case
  public void manyRowsInPortions() throws Exception {
    try (Connection connection = Suite.connect()) {
      connection.setAutoCommit(false);
      StringBuilder sql = new StringBuilder("SELECT a1.id FROM shop.customer a1");
      for (int i = 2; i <= 9; ++i) sql.append(", shop.customer a").append(i);
      try (Statement statement = connection.createStatement()) {
        statement.setFetchSize(100);
        long rows = 0;
        long sum = 0;
        try (ResultSet result = statement.executeQuery(sql.toString())) {
          for (; result.next(); ++rows) sum += result.getLong(1);
        }
        Suite.equal(19683L, rows);  // 3^9
        Suite.equal(39366L, sum);   // of the mean 2
        // Left before its end: the connection goes on.
        try (ResultSet result = statement.executeQuery(sql.toString())) {
          Suite.holds(result.next(), "there is a row");
        }
      }
      connection.commit();
      Suite.equal(List.of("1"), Suite.rows(connection, "SELECT 1"));
    }
  }

  @Suite.Case
  public void maximalRows() throws Exception {
    try (Connection connection = Suite.connect(); Statement statement = connection.createStatement()) {
      statement.setMaxRows(2);
      try (ResultSet result = statement.executeQuery("SELECT id FROM shop.customer ORDER BY id")) {
        Suite.equal(List.of("1", "2"), Suite.rows(result));
      }
    }
  }

  @Suite.Case
  public void errors() throws Exception {
    String[][] wrong = {
        {"SELECT nam FROM shop.customer", "42703", "8"},
        {"SELECT * FROM nowhere", "42P01", "15"},
        {"SELEC 1", "42601", "1"},
        {"SELECT '北京', nam FROM shop.customer", "42703", "14"},
        {"SELECT no_such_function(1)", "42883", "8"},
        {"SELECT CAST('x' AS INT)", "22P02", null},
        {"CREATE TABLE every_type (a INT)", "42P07", null},
        {"CREATE TABLE bad (a INT) WITH ('connector' = 'nothing')", "42704", null},
    };
    for (String mode : List.of("extended", "simple")) {
      try (Connection connection = Suite.connect("preferQueryMode", mode)) {
        for (String[] each : wrong) {
          PSQLException thrown =
              (PSQLException) Suite.fails(each[1], () -> Suite.execute(connection, each[0]));
          Suite.equal("ERROR", thrown.getServerErrorMessage().getSeverity());
          if (each[2] != null) {
            Suite.equal(Integer.parseInt(each[2]), thrown.getServerErrorMessage().getPosition(), each[0]);
          }
          Suite.equal(List.of("1"), Suite.rows(connection, "SELECT 1"));
        }
      }
    }
  }

  @Suite.Case
  public void aHintNamesWhatWasMeant() throws Exception {
    try (Connection connection = Suite.connect()) {
      PSQLException thrown = (PSQLException) Suite.fails(
          "42703", () -> Suite.execute(connection, "SELECT nam FROM shop.customer"));
      Suite.holds(thrown.getServerErrorMessage().getHint().contains("name"), "the hint names the column");
    }
  }

  @Suite.Case
  public void cancel() throws Exception {
    try (Connection connection = Suite.connect(); Statement statement = connection.createStatement()) {
      Timer timer = new Timer(true);
      // Again and again: a cancel that comes before its statement is lost, as in PostgreSQL.
      timer.schedule(new TimerTask() {
        @Override
        public void run() {
          try {
            statement.cancel();
          } catch (SQLException ignored) {
            // The statement may have ended.
          }
        }
      }, 200, 200);
      Suite.fails("57014", () -> statement.executeQuery(Suite.ENDLESS));
      timer.cancel();
      for (int i = 0; ; ++i) {
        try {
          Suite.equal(List.of("1"), Suite.rows(connection, "SELECT 1"));
          break;
        } catch (SQLException late) {  // the last cancel may hit the statement behind
          Suite.holds("57014".equals(late.getSQLState()) && i < 3, "the connection is of use");
        }
      }
    }
  }

  @Suite.Case
  public void aTimeLimitOfTheStatement() throws Exception {
    try (Connection connection = Suite.connect()) {
      Suite.execute(connection, "SET statement_timeout = '200ms'");
      Suite.fails("57014", () -> Suite.rows(connection, Suite.ENDLESS));
      Suite.execute(connection, "SET statement_timeout = 0");
      try (Statement statement = connection.createStatement()) {
        statement.setQueryTimeout(1);  // the driver's own: it cancels
        Suite.fails("57014", () -> statement.executeQuery(Suite.ENDLESS));
      }
      Suite.equal(List.of("1"), Suite.rows(connection, "SELECT 1"));
    }
  }

  @Suite.Case
  public void transactions() throws Exception {
    String name = Suite.name();
    try (Connection connection = Suite.connect(); Connection other = Suite.connect()) {
      Suite.execute(connection, "CREATE TABLE " + name + " (a INT)");
      connection.setAutoCommit(false);
      Suite.execute(connection, "INSERT INTO " + name + " VALUES (1)");
      Suite.equal(List.of("0"), Suite.rows(other, "SELECT COUNT(*) FROM " + name));
      connection.commit();
      Suite.equal(List.of("1"), Suite.rows(other, "SELECT COUNT(*) FROM " + name));
      Suite.execute(connection, "INSERT INTO " + name + " VALUES (2)");
      connection.rollback();
      Suite.equal(List.of("1"), Suite.rows(other, "SELECT COUNT(*) FROM " + name));
      Suite.fails("42703", () -> Suite.rows(connection, "SELECT nowhere"));
      Suite.fails("25P02", () -> Suite.rows(connection, "SELECT 1"));
      connection.rollback();
      Suite.equal(List.of("1"), Suite.rows(connection, "SELECT 1"));
      connection.rollback();
    }
  }

  @Suite.Case
  public void aConnectionThatOnlyReads() throws Exception {
    String name = Suite.name();
    try (Connection connection = Suite.connect()) {
      Suite.execute(connection, "CREATE TABLE " + name + " (a INT)");
      connection.setReadOnly(true);
      connection.setAutoCommit(false);
      Suite.equal(List.of("0"), Suite.rows(connection, "SELECT COUNT(*) FROM " + name));
      Suite.fails("25006", () -> Suite.execute(connection, "INSERT INTO " + name + " VALUES (1)"));
      connection.rollback();
    }
  }

  @Suite.Case
  public void aSavepoint() throws Exception {
    String name = Suite.name();
    try (Connection connection = Suite.connect()) {
      Suite.execute(connection, "CREATE TABLE " + name + " (a INT)");
      connection.setAutoCommit(false);
      Suite.execute(connection, "INSERT INTO " + name + " VALUES (1)");
      Savepoint savepoint = connection.setSavepoint("s");
      Suite.execute(connection, "INSERT INTO " + name + " VALUES (2)");
      Suite.fails("42703", () -> Suite.rows(connection, "SELECT nowhere"));
      connection.rollback(savepoint);
      connection.releaseSavepoint(connection.setSavepoint());
      connection.commit();
      Suite.equal(List.of("1"), Suite.rows(connection, "SELECT a FROM " + name));
      connection.commit();
    }
  }

  @Suite.Case
  public void whatTheServerTellsOfItself() throws Exception {
    try (Connection connection = Suite.connect("ApplicationName", "a suite")) {
      Suite.equal(List.of("a suite"), Suite.rows(connection, "SHOW application_name"));
      connection.setClientInfo("ApplicationName", "another");
      Suite.equal(List.of("another"), Suite.rows(connection, "SHOW application_name"));
      Suite.equal("on", connection.unwrap(PGConnection.class).getParameterStatus("integer_datetimes"));
      Suite.holds(connection.isValid(10), "the connection is valid");
      Suite.equal("public", connection.getSchema());
      connection.setSchema("shop");
      Suite.equal(List.of("3"), Suite.rows(connection, "SELECT COUNT(*) FROM customer"));
    }
  }

  @Suite.Case
  public void simpleQueryMode() throws Exception {
    try (Connection connection = Suite.connect("preferQueryMode", "simple");
         PreparedStatement select =
             connection.prepareStatement("SELECT name FROM shop.customer WHERE id = ? OR name = ?")) {
      select.setLong(1, 2);
      select.setString(2, "it's");
      Suite.equal(List.of("乙"), Suite.rows(select.executeQuery()));
    }
  }

  @Suite.Case
  public void severalStatementsInOne() throws Exception {
    try (Connection connection = Suite.connect(); Statement statement = connection.createStatement()) {
      Suite.holds(statement.execute("SELECT 1; SELECT 2"), "a result comes first");
      Suite.equal(List.of("1"), Suite.rows(statement.getResultSet()));
      Suite.holds(statement.getMoreResults(), "and a second");
      Suite.equal(List.of("2"), Suite.rows(statement.getResultSet()));
    }
  }

  @Suite.Case
  public void aCursorOfASubscription() throws Exception {
    String name = Suite.name();
    try (Connection connection = Suite.connect(); Connection other = Suite.connect()) {
      Suite.execute(connection, "CREATE TABLE " + name + " (k INT, v STRING, PRIMARY KEY (k) NOT ENFORCED)");
      Suite.execute(connection, "INSERT INTO " + name + " VALUES (1, 'a')");
      connection.setAutoCommit(false);
      Suite.execute(connection, "DECLARE c CURSOR FOR SUBSCRIBE TO " + name);
      Suite.equal(List.of("+I|1|a"), changes(connection, 1));
      Suite.execute(other, "INSERT INTO " + name + " VALUES (1, 'b')");
      Suite.equal(List.of("-U|1|a", "+U|1|b"), changes(connection, 2));
      Suite.execute(connection, "CLOSE c");
      connection.commit();
    }
  }

  /** The next changes of the cursor c, without their epochs. */
  private static List<String> changes(Connection connection, int count) throws SQLException {
    List<String> all = new ArrayList<>();
    for (int tries = 0; all.size() < count && tries < 60; ++tries) {
      for (String row : Suite.rows(connection, "FETCH " + (count - all.size()) + " FROM c WITH (TIMEOUT = '1s')")) {
        all.add(row.substring(row.indexOf('|') + 1));
      }
    }
    return all;
  }
}
