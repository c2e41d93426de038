import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.util.List;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;
import org.postgresql.copy.CopyOut;

/** CopyManager: rows in and out, and a subscription whose rows come as they change. */
public final class CopyTest {
  private static CopyManager copy(Connection connection) throws Exception {
    return connection.unwrap(PGConnection.class).getCopyAPI();
  }

  @Suite.Case
  public void rowsInAndOut() throws Exception {
    String name = Suite.name();
    try (Connection connection = Suite.connect()) {
      Suite.execute(connection, "CREATE TABLE " + name + " (id INT, s STRING)");
      String rows = "1\t北京\n2\t\\N\n3\ttab\\t\n";
      Suite.equal(3L, copy(connection).copyIn("COPY " + name + " FROM STDIN", new StringReader(rows)));
      StringWriter out = new StringWriter();
      Suite.equal(3L, copy(connection).copyOut("COPY (SELECT * FROM " + name + " ORDER BY id) TO STDOUT", out));
      Suite.equal(rows, out.toString());
    }
  }

  @Suite.Case
  public void everyFormat() throws Exception {
    for (String options : List.of("(FORMAT csv, HEADER)", "(FORMAT binary)", "(FORMAT csv, DELIMITER ';')")) {
      String name = Suite.name();
      try (Connection connection = Suite.connect()) {
        Suite.execute(connection, "CREATE TABLE " + name + " (id BIGINT, name STRING, city VARCHAR(40))");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        copy(connection).copyOut("COPY shop.customer TO STDOUT " + options, out);
        ByteArrayInputStream in = new ByteArrayInputStream(out.toByteArray());
        Suite.equal(3L, copy(connection).copyIn("COPY " + name + " FROM STDIN " + options, in, 7));
        Suite.equal(List.of("1|甲|beijing", "2|乙|shanghai", "3|丙|beijing"),
            Suite.rows(connection, "SELECT * FROM " + name + " ORDER BY id"));
      }
    }
  }

  @Suite.Case
  public void aWrongLine() throws Exception {
    String name = Suite.name();
    try (Connection connection = Suite.connect()) {
      Suite.execute(connection, "CREATE TABLE " + name + " (id INT)");
      Suite.fails("22P02",
          () -> copy(connection).copyIn("COPY " + name + " FROM STDIN", new StringReader("1\nx\n")));
      Suite.equal(List.of("1"), Suite.rows(connection, "SELECT 1"));
    }
  }

  @Suite.Case
  public void aCopyThatTheClientGivesUp() throws Exception {
    String name = Suite.name();
    try (Connection connection = Suite.connect()) {
      Suite.execute(connection, "CREATE TABLE " + name + " (id INT)");
      CopyIn in = copy(connection).copyIn("COPY " + name + " FROM STDIN");
      byte[] row = "1\n".getBytes(StandardCharsets.UTF_8);
      in.writeToCopy(row, 0, row.length);
      in.cancelCopy();
      Suite.equal(List.of("0"), Suite.rows(connection, "SELECT COUNT(*) FROM " + name));
    }
  }

  @Suite.Case
  public void aSubscription() throws Exception {
    String name = Suite.name();
    try (Connection connection = Suite.connect(); Connection other = Suite.connect()) {
      Suite.execute(connection, "CREATE TABLE " + name + " (k INT, v STRING, PRIMARY KEY (k) NOT ENFORCED)");
      Suite.execute(connection, "INSERT INTO " + name + " VALUES (1, 'a')");
      CopyOut changes = copy(connection).copyOut("COPY (SUBSCRIBE TO " + name + ") TO STDOUT");
      Suite.equal("+I\t1\ta", change(changes));
      Suite.execute(other, "INSERT INTO " + name + " VALUES (1, 'b')");
      Suite.equal("-U\t1\ta", change(changes));
      Suite.equal("+U\t1\tb", change(changes));
      connection.unwrap(PGConnection.class).cancelQuery();
      Suite.fails("57014", changes::readFromCopy);
      Suite.equal(List.of("1|b"), Suite.rows(connection, "SELECT * FROM " + name));
    }
  }

  /** The next row of a subscription, without its epoch. */
  private static String change(CopyOut changes) throws Exception {
    String line = new String(changes.readFromCopy(), StandardCharsets.UTF_8);
    return line.substring(line.indexOf('\t') + 1, line.length() - 1);
  }
}
