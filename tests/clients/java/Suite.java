import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.UUID;

/**
 * PgJDBC against the server that tests/clients/run names in the environment. Runs the methods that are marked as a Case,
 * each on a new object, and prints {@code N passed, N failed, N skipped}.
 */
public final class Suite {
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.METHOD)
  @interface Case {}

  /** A statement that nobody waits for the end of. */
  static final String ENDLESS = endless();

  private static final List<Class<?>> CLASSES =
      List.of(StatementsTest.class, TypesTest.class, MetadataTest.class, CopyTest.class);

  interface Action {
    void run() throws Exception;
  }

  private Suite() {}

  public static void main(String[] arguments) throws Exception {
    int passed = 0;
    int failed = 0;
    for (Class<?> tests : CLASSES) {
      Method[] methods = tests.getDeclaredMethods();
      Arrays.sort(methods, Comparator.comparing(Method::getName));
      for (Method method : methods) {
        if (!method.isAnnotationPresent(Case.class)) continue;
        try {
          method.invoke(tests.getDeclaredConstructor().newInstance());
          ++passed;
        } catch (InvocationTargetException thrown) {
          ++failed;
          System.out.println("FAILED " + tests.getSimpleName() + "." + method.getName() + ":");
          thrown.getCause().printStackTrace(System.out);
        }
      }
    }
    System.out.println(passed + " passed, " + failed + " failed, 0 skipped");
    System.exit(failed == 0 ? 0 : 1);
  }

  /** A connection; properties are name, value, name, value. */
  static Connection connect(String... properties) throws SQLException {
    Properties given = new Properties();
    given.setProperty("user", System.getenv("MILLRACE_USER"));
    for (int i = 0; i < properties.length; i += 2) given.setProperty(properties[i], properties[i + 1]);
    return DriverManager.getConnection(url(), given);
  }

  static String url() {
    return "jdbc:postgresql://" + System.getenv("MILLRACE_HOST") + ":" + System.getenv("MILLRACE_PORT") + "/"
        + System.getenv("MILLRACE_DATABASE");
  }

  /** A name that no other test uses. */
  static String name() {
    return "t_" + UUID.randomUUID().toString().replace("-", "").substring(0, 12);
  }

  static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** All rows, as getString gives them, values joined by "|". */
  static List<String> rows(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement(); ResultSet result = statement.executeQuery(sql)) {
      return rows(result);
    }
  }

  static List<String> rows(ResultSet result) throws SQLException {
    List<String> rows = new ArrayList<>();
    int columns = result.getMetaData().getColumnCount();
    while (result.next()) {
      List<String> values = new ArrayList<>();
      for (int i = 1; i <= columns; ++i) values.add(result.getString(i));
      rows.add(String.join("|", values.stream().map(String::valueOf).toList()));
    }
    return rows;
  }

  /** The named columns of all rows. */
  static List<String> columns(ResultSet result, String... names) throws SQLException {
    List<String> rows = new ArrayList<>();
    while (result.next()) {
      List<String> values = new ArrayList<>();
      for (String name : names) values.add(String.valueOf(result.getString(name)));
      rows.add(String.join("|", values));
    }
    return rows;
  }

  /** The rows of every_type in the text that PostgreSQL gives them; null for NULL. */
  static List<List<String>> everyType() throws IOException {
    Path file = Path.of(System.getenv("MILLRACE_EVERY_TYPE"));
    List<List<String>> rows = new ArrayList<>();
    for (String line : Files.readString(file, StandardCharsets.UTF_8).split("\n")) {
      List<String> row = new ArrayList<>();
      for (String field : line.split("\t", -1)) row.add(unescape(field));
      rows.add(row);
    }
    return rows;
  }

  static void equal(Object expected, Object found) {
    equal(expected, found, "");
  }

  static void equal(Object expected, Object found, String what) {
    if (!Objects.deepEquals(expected, found)) {
      throw new AssertionError(what + ": expected " + shown(expected) + ", found " + shown(found));
    }
  }

  static void holds(boolean condition, String what) {
    if (!condition) throw new AssertionError(what);
  }

  /** The exception of an action that must fail with this SQLSTATE. */
  static SQLException fails(String state, Action action) throws Exception {
    try {
      action.run();
    } catch (SQLException thrown) {
      if (!state.equals(thrown.getSQLState())) {
        throw new AssertionError("expected " + state + ", found " + thrown.getSQLState(), thrown);
      }
      return thrown;
    }
    throw new AssertionError("nothing failed; expected " + state);
  }

  private static String shown(Object value) {
    return value instanceof Object[] array ? Arrays.deepToString(array)
        : value instanceof byte[] bytes    ? Arrays.toString(bytes)
                                           : String.valueOf(value);
  }

  private static String endless() {
    StringBuilder sql = new StringBuilder("SELECT SUM(a1.id + a21.id) FROM ");
    for (int i = 1; i <= 21; ++i) sql.append(i == 1 ? "" : ", ").append("shop.customer a").append(i);
    return sql.toString();
  }

  /** A field of COPY's text format. */
  private static String unescape(String field) {
    if (field.equals("\\N")) return null;
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < field.length(); ++i) {
      char c = field.charAt(i);
      if (c == '\\') {
        c = field.charAt(++i);
        c = switch (c) {
          case 't' -> '\t';
          case 'n' -> '\n';
          case 'r' -> '\r';
          default -> c;
        };
      }
      text.append(c);
    }
    return text.toString();
  }
}
