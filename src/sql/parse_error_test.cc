// Wrong statements and the exact words they are answered with.
#include <gtest/gtest.h>

#include <string_view>

#include "sql/parser.h"

namespace millrace::sql {
namespace {

struct Wrong {
  std::string_view sql;
  std::string_view answer;
};

TEST(ParseError, SaysWhatWhereAndWhatWouldWork) {
  constexpr Wrong kWrong[] = {
      {"SELEC a FROM t",
       "42601 at line 1, column 1: expected a statement, found 'SELEC'\n"
       "HINT: did you mean SELECT?"},
      {"SELECT a FORM t",
       "42601 at line 1, column 15: unexpected 't' after 'FORM'\n"
       "HINT: did you mean FROM instead of 'FORM'?"},
      {"SELECT a FROM t WERE a > 1",
       "42601 at line 1, column 22: unexpected 'a' after 'WERE'\n"
       "HINT: did you mean WHERE instead of 'WERE'?"},
      {"SELECT a FROM t WHERE",
       "42601 at line 1, column 22: expected an expression, found the end of the text"},
      {"SELECT a, FROM t",
       "42601 at line 1, column 9: there is a comma before FROM\n"
       "HINT: take the last comma of the select list out"},
      {"SELECT FROM t", "42601 at line 1, column 8: expected an expression, found 'FROM'"},
      {"SELECT a b c FROM t", "42601 at line 1, column 12: unexpected 'c' after 'b'"},
      {"SELECT * FROM t GROUP a", "42601 at line 1, column 23: expected BY after GROUP, found 'a'"},
      {"SELECT a FROM t GROUP BY a HAVIN COUNT(*) > 1",
       "42601 at line 1, column 28: unexpected 'HAVIN' after 'a'\n"
       "HINT: did you mean HAVING?"},
      {"SELECT a FROM t ORDER a", "42601 at line 1, column 23: expected BY after ORDER, found 'a'"},
      {"SELECT a FROM t LIMIT x",
       "42601 at line 1, column 23: expected a whole number after LIMIT, found 'x'"},
      {"SELECT a FROM t LIMIT 1, 2",
       "0A000 at line 1, column 24: LIMIT with two numbers is not supported\n"
       "HINT: write LIMIT count OFFSET start"},
      {"SELECT a FROM t LIMIT 1 LIMIT 2", "42601 at line 1, column 25: a second LIMIT"},
      {"SELECT a FROM (SELECT b FROM t",
       "42601 at line 1, column 31: expected ')' to close the '(' at line 1, column 15, found the end of the "
       "text"},
      {"SELECT a FROM t)", "42601 at line 1, column 16: this ')' closes nothing"},
      {"SELECT (a + b FROM t",
       "42601 at line 1, column 15: expected ')' to close the '(' at line 1, column 8, found 'FROM'"},
      {"SELECT a + FROM t", "42601 at line 1, column 12: expected an expression, found 'FROM'"},
      {"SELECT a == b FROM t",
       "42601 at line 1, column 10: unexpected '=='\n"
       "HINT: values are compared with a single ="},
      {"SELECT a FROM t WHERE a = \"x",
       "42601 at line 1, column 27: this double-quoted name is not closed\n"
       "HINT: end it with \""},
      {"SELECT a FROM t WHERE a = 'x",
       "42601 at line 1, column 27: this string is not closed\n"
       "HINT: end it with '; a quote inside is written twice: ''"},
      {"SELECT `a FROM t",
       "42601 at line 1, column 8: this back-quoted name is not closed\n"
       "HINT: end it with `"},
      {"SELECT a /* comment FROM t",
       "42601 at line 1, column 10: this comment is not closed\n"
       "HINT: end it with */"},
      {"SELECT a:: FROM t", "42601 at line 1, column 12: expected a type, found 'FROM'"},
      {"SELECT a && b FROM t",
       "42601 at line 1, column 10: unexpected '&&'\n"
       "HINT: write AND"},
      {"SELECT timestamp FROM t",
       "42601 at line 1, column 8: 'timestamp' is a reserved word; write it in back-quotes: `timestamp`"},
      {"SELECT t.value FROM t",
       "42601 at line 1, column 10: 'value' is a reserved word; write it in back-quotes: `value`"},
      {"SELECT a AS date FROM t",
       "42601 at line 1, column 13: 'date' is a reserved word; write it in back-quotes: `date`"},
      {"SELECT a AS FROM t",
       "42601 at line 1, column 13: expected a name after AS, found 'FROM'\n"
       "HINT: as a name, write it in back-quotes: `FROM`"},
      {"SELECT CAST(a INT) FROM t",
       "42601 at line 1, column 15: expected AS in CAST(value AS type), found 'INT'\n"
       "HINT: did you mean IN?"},
      {"SELECT CAST(a AS STRNG) FROM t",
       "42704 at line 1, column 18: there is no type 'STRNG'\n"
       "HINT: did you mean 'STRING'?"},
      {"SELECT CAST(a AS TEXT) FROM t",
       "42704 at line 1, column 18: there is no type 'TEXT'\n"
       "HINT: write STRING"},
      {"SELECT CASE a THEN 1 END FROM t", "42601 at line 1, column 15: expected WHEN in CASE, found 'THEN'"},
      {"SELECT CASE WHEN a THEN 1 FROM t",
       "42601 at line 1, column 27: expected WHEN, ELSE or END to close the CASE at line 1, column 8, found "
       "'FROM'"},
      {"SELECT CASE WHEN a THEN 1 ELSE 2 FROM t",
       "42601 at line 1, column 34: expected END to close the CASE at line 1, column 8, found 'FROM'"},
      {"SELECT INTERVAL 5 MINUTE",
       "42601 at line 1, column 17: expected the interval's length as a string, as in INTERVAL '5' MINUTE, "
       "found the number 5\n"
       "HINT: a string is written in single quotes: '5'"},
      {"SELECT INTERVAL '5' MINUTS",
       "22007 at line 1, column 21: expected a unit of time after the interval's length, such as DAY, HOUR, "
       "MINUTE or SECOND, found 'MINUTS'\n"
       "HINT: did you mean MINUTE?"},
      {"SELECT INTERVAL '5' SECOND TO DAY",
       "42601 at line 1, column 31: these two units make no interval\n"
       "HINT: YEAR TO MONTH, and from DAY, HOUR or MINUTE to a smaller one down to SECOND do"},
      {"SELECT a BETWEEN 1 OR 2 FROM t",
       "42601 at line 1, column 20: expected AND after the lower bound of BETWEEN, found 'OR'"},
      {"SELECT a IN () FROM t",
       "42601 at line 1, column 14: expected a value or a query inside IN (…), found ')'"},
      {"SELECT a IN (1, 2 FROM t",
       "42601 at line 1, column 19: expected ',' or ')' in the list of IN, found 'FROM'"},
      {"SELECT a IS EMPTY FROM t",
       "42601 at line 1, column 13: expected NULL, TRUE, FALSE, UNKNOWN, DISTINCT FROM or JSON after IS, "
       "found 'EMPTY'"},
      {"SELECT a NOT 5 FROM t", "42601 at line 1, column 10: unexpected 'NOT' after 'a'"},
      {"SELECT COUNT(* FROM t",
       "42601 at line 1, column 16: expected ',' or ')' after an argument of COUNT, found 'FROM'"},
      {"SELECT COUNT(a b) FROM t",
       "42601 at line 1, column 16: expected ',' or ')' after an argument of COUNT, found 'b'"},
      {"SELECT SUM(a) FILTER WHERE b FROM t",
       "42601 at line 1, column 22: expected '(' after FILTER, found 'WHERE'"},
      {"SELECT SUM(a) OVER PARTITION BY b FROM t",
       "42601 at line 1, column 20: expected '(' or the name of a window after OVER, found 'PARTITION'"},
      {"SELECT SUM(a) OVER (PARTITON BY b) FROM t",
       "42601 at line 1, column 30: expected PARTITION BY, ORDER BY, ROWS, RANGE or ')' in a window, found "
       "'BY'\n"
       "HINT: did you mean PARTITION instead of 'PARTITON'?"},
      {"SELECT SUM(a) OVER (ORDER BY b ROWS 5) FROM t",
       "42601 at line 1, column 38: expected PRECEDING or FOLLOWING in a frame, found ')'"},
      {"SELECT EXTRACT(DAYY FROM ts) FROM t",
       "42601 at line 1, column 16: expected a unit of time in EXTRACT(unit FROM value), such as DAY, HOUR, "
       "MINUTE or SECOND, found 'DAYY'\n"
       "HINT: did you mean DAY?"},
      {"SELECT EXTRACT(DAY, ts) FROM t",
       "42601 at line 1, column 19: expected FROM in EXTRACT(unit FROM value), found ','"},
      {"SELECT TRIM(BOTH 'x', a) FROM t",
       "42601 at line 1, column 21: expected FROM in TRIM(BOTH characters FROM value), found ','"},
      {"SELECT POSITION('a', b) FROM t",
       "42601 at line 1, column 20: expected IN in POSITION(part IN whole), found ','"},
      {"SELECT OVERLAY(a, b, 1) FROM t",
       "42601 at line 1, column 17: expected PLACING in OVERLAY(value PLACING new FROM start FOR length), "
       "found ','"},
      {"SELECT MAP['a', 1, 'b'] ",
       "42601 at line 1, column 23: MAP[…] has a key without a value\n"
       "HINT: as in MAP['a', 1, 'b', 2]"},
      {"SELECT ARRAY(1, 2)",
       "42601 at line 1, column 13: expected '[' after ARRAY, as in ARRAY[1, 2], found '('"},
      {"SELECT 12abc",
       "42601 at line 1, column 8: '12abc' is neither a number nor a name\n"
       "HINT: put a blank after the number; a name that starts with a digit is written in back-quotes"},
      {"SELECT 'a' 'b'",
       "42601 at line 1, column 12: unexpected string 'b' after the string 'a'\n"
       "HINT: a comma or an operator is missing between them; a quote inside a string is written twice: ''"},
      {"SELECT ?",
       "0A000 at line 1, column 8: parameters ('?') are not supported\n"
       "HINT: write $1, $2 …, or the value itself"},
      {"SELECT {fn NOW()}",
       "0A000 at line 1, column 8: '{' is not supported here\n"
       "HINT: write DATE '2020-01-01' or TIMESTAMP '2020-01-01 00:00:00', and functions by their names"},
      {"SELECT a FROM t1 JOIN t2",
       "42601 at line 1, column 25: expected ON or USING after the joined table, found the end of the text"},
      {"SELECT a FROM t1 LEFT SEMI JOIN t2 ON a = b",
       "0A000 at line 1, column 23: SEMI JOIN is not supported\n"
       "HINT: write WHERE EXISTS (…) or WHERE NOT EXISTS (…)"},
      {"SELECT a FROM t1 CROSS t2", "42601 at line 1, column 24: expected JOIN after CROSS, found 't2'"},
      {"SELECT a FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)",
       "42601 at line 1, column 71: expected ')' after the call in TABLE(…, found the end of the text"},
      {"SELECT a FROM TUMBLE(TABLE t, DESCRIPTOR(), INTERVAL '1' HOUR)",
       "42601 at line 1, column 42: expected the name of a column in DESCRIPTOR, found ')'"},
      {"SELECT a FROM t FOR SYSTEM_TIME OF now",
       "42601 at line 1, column 33: expected AS OF after FOR SYSTEM_TIME, found 'OF'"},
      {"SELECT a FROM t EMIT",
       "0A000 at line 1, column 17: EMIT is not supported\n"
       "HINT: results are emitted as SET 'table.exec.emit.early-fire.enabled' and the window say"},
      {"CREATE VIEW v AS SELECT a FROM t EMIT CHANGES",
       "0A000 at line 1, column 34: EMIT CHANGES is for a SELECT of its own\n"
       "HINT: a materialized view is always kept up to date; SUBSCRIBE TO it for its changes"},
      {"SELECT a FROM t AS x /*+ OPTIONS('a'='b') */",
       "42601 at line 1, column 22: a hint stands before the alias\n"
       "HINT: as in FROM t /*+ OPTIONS('k' = 'v') */ AS x"},
      {"SELECT a FROM t /*+ OPTIONS('a'=b) */",
       "42601 at line 1, column 33: expected a string as the value in a hint, found 'b'\n"
       "HINT: a string is written in single quotes: 'b'"},
      {"SELECT a FROM t /*+ OPTIONS('a'='b')",
       "42601 at line 1, column 17: this hint is not closed\n"
       "HINT: end it with */"},
      {"SELECT a FROM t MINUS SELECT b FROM u",
       "0A000 at line 1, column 17: MINUS between queries is not supported\n"
       "HINT: write EXCEPT"},
      {"SELECT a FROM t UNION b",
       "42601 at line 1, column 23: expected a query (SELECT, VALUES or WITH), found 'b'"},
      {"WITH RECURSIVE x AS (SELECT 1) SELECT * FROM x",
       "0A000 at line 1, column 6: WITH RECURSIVE is not supported"},
      {"WITH x (SELECT 1) SELECT * FROM x",
       "42601 at line 1, column 8: expected AS after the name 'x' in WITH, found '('"},
      {"WITH x AS SELECT 1 SELECT * FROM x",
       "42601 at line 1, column 11: expected a query in parentheses after AS, found 'SELECT'"},
      {"SELECT a FROM t QUALIFI ROW_NUMBER() OVER (ORDER BY a) = 1",
       "42601 at line 1, column 25: unexpected 'ROW_NUMBER' after 'QUALIFI'\n"
       "HINT: did you mean QUALIFY instead of 'QUALIFI'?"},
      {"CREATE TABLE t (a INT PRIMRY KEY)",
       "42601 at line 1, column 23: expected ')' or ',' after the column type, found 'PRIMRY'\n"
       "HINT: did you mean PRIMARY?"},
      {"CREATE TABLE t (a INT b INT)",
       "42601 at line 1, column 23: expected ')' or ',' after the column type, found 'b'"},
      {"CREATE TABLE t (a INT,)",
       "42601 at line 1, column 22: there is a comma before ')'\n"
       "HINT: take the last comma of the column list out"},
      {"CREATE TABLE t (a INT",
       "42601 at line 1, column 22: expected ')' or ',' after the column type, found the end of the text"},
      {"CREATE TABLE t (timestamp BIGINT)",
       "42601 at line 1, column 17: 'timestamp' is a reserved word; write it in back-quotes: `timestamp`"},
      {"CREATE TABLE t (a INTT)",
       "42704 at line 1, column 19: there is no type 'INTT'\n"
       "HINT: did you mean 'INT'?"},
      {"CREATE TABLE t (a DATETIME)",
       "42704 at line 1, column 19: there is no type 'DATETIME'\n"
       "HINT: write TIMESTAMP(3)"},
      {"CREATE TABLE t (a INT, PRIMARY KEY (a))",
       "42601 at line 1, column 39: expected NOT ENFORCED after the primary key, found ')'\n"
       "HINT: the source of a stream vouches for its keys; they are not checked, which NOT ENFORCED says"},
      {"CREATE TABLE t (a INT, PRIMARY KEY (a) ENFORCED)",
       "0A000 at line 1, column 40: a primary key cannot be ENFORCED\n"
       "HINT: the source of a stream vouches for its keys; they are not checked, which NOT ENFORCED says"},
      {"CREATE TABLE t (a INT, PRIMARY KEY (a) NOT ENFORCED, PRIMARY KEY (a) NOT ENFORCED)",
       "42P16 at line 1, column 54: a table has one primary key, this is the second"},
      {"CREATE TABLE t (a INT UNIQUE)",
       "0A000 at line 1, column 23: UNIQUE is not supported\n"
       "HINT: PRIMARY KEY NOT ENFORCED is the only constraint"},
      {"CREATE TABLE t (a INT DEFAULT 5)",
       "0A000 at line 1, column 23: DEFAULT is not supported\n"
       "HINT: give the value in the INSERT, or COALESCE in the query"},
      {"CREATE TABLE t (a INT) WITH ('connector' 'kafka')",
       "42601 at line 1, column 42: expected '=' after the option 'connector', found the string 'kafka'"},
      {"CREATE TABLE t (a INT) WITH (connector = 'kafka')",
       "42601 at line 1, column 30: expected an option as 'key' = 'value', found 'connector'\n"
       "HINT: a string is written in single quotes: 'connector'"},
      {"CREATE TABLE t (a INT) WITH ('connector' = kafka)",
       "42601 at line 1, column 44: expected a string as the value of 'connector', found 'kafka'\n"
       "HINT: a string is written in single quotes: 'kafka'"},
      {"CREATE TABLE t (a INT) WITH ('connector' = 'kafka' 'x' = 'y')",
       "42601 at line 1, column 52: expected ',' or ')' after an option, found the string 'x'"},
      {"CREATE TABLE t (a INT) WIHT ('connector' = 'kafka')",
       "42601 at line 1, column 24: unexpected 'WIHT' after ')'\n"
       "HINT: did you mean WITH?"},
      {"CREATE TABLE t (a INT) WITH ('a' = 'b') COMMENT 'x'",
       "42601 at line 1, column 41: COMMENT cannot stand here\n"
       "HINT: the order is: columns, COMMENT, PARTITIONED BY, WITH, then LIKE or AS"},
      {"CREATE TABLE t (a INT) DISTRIBUTED BY (a) INTO 4 BUCKETS",
       "0A000 at line 1, column 24: DISTRIBUTED is not supported\n"
       "HINT: rows are spread over shards by the keys of the query"},
      {"CREATE TABLE t (a ARRAY<INT)",
       "42601 at line 1, column 28: expected '>' after the element type of ARRAY, found ')'"},
      {"CREATE TABLE t (a MAP<INT>)",
       "42601 at line 1, column 26: expected ',' after the key type of MAP, found '>'"},
      {"CREATE TABLE t (a ROW<>)",
       "42601 at line 1, column 22: a ROW type needs at least one field\n"
       "HINT: as in ROW<city STRING, amount INT>"},
      {"CREATE TABLE t (a ROW<x>)", "42601 at line 1, column 24: expected a type, found '>'"},
      {"CREATE TABLE t (a DECIMAL(10, x))", "42601 at line 1, column 31: expected a scale, found 'x'"},
      {"CREATE TABLE t (a INT, WATERMARK ts AS ts)",
       "42601 at line 1, column 34: expected FOR after WATERMARK, found 'ts'"},
      {"CREATE TABLE t (a INT, WATERMARK FOR ts AS)",
       "42601 at line 1, column 43: expected an expression, found ')'"},
      {"CREATE TABLE t",
       "42601 at line 1, column 15: expected '(' and the columns after the table's name, found the end of "
       "the text\n"
       "HINT: the columns may be left out only with LIKE or AS SELECT"},
      {"CREATE TABLE t (a, b INT)",
       "42601 at line 1, column 17: the column 'a' has no type\n"
       "HINT: only CREATE TABLE … AS SELECT takes its columns' types from the query"},
      {"CREATE TABEL t (a INT)",
       "42601 at line 1, column 8: expected TABLE, VIEW, MATERIALIZED VIEW, MATERIALIZED TABLE, SCHEMA or "
       "DATABASE after CREATE, found 'TABEL'\n"
       "HINT: did you mean TABLE?"},
      {"CREATE TABLE IF EXISTS t (a INT)",
       "42601 at line 1, column 14: expected IF NOT EXISTS, found IF EXISTS"},
      {"CREATE VIEW v SELECT 1",
       "42601 at line 1, column 15: expected AS and a query after the view's name, found 'SELECT'"},
      {"CREATE MATERIALIZED v AS SELECT 1",
       "42601 at line 1, column 21: expected VIEW or TABLE after MATERIALIZED, found 'v'"},
      {"CREATE MATERIALIZED VIEW v (a INT) AS SELECT 1",
       "42601 at line 1, column 31: expected ',' or ')' after the column's name, found 'INT'\n"
       "HINT: types come from the query: leave them out here"},
      {"CREATE FUNCTION f AS 'x'",
       "0A000 at line 1, column 8: CREATE FUNCTION is not supported\n"
       "HINT: CREATE makes a TABLE, VIEW, MATERIALIZED VIEW, MATERIALIZED TABLE or SCHEMA"},
      {"CREATE TEMPORARY SCHEMA s", "0A000 at line 1, column 8: only a TABLE or VIEW can be TEMPORARY"},
      {"INSERT t VALUES (1)",
       "42601 at line 1, column 8: expected INTO or OVERWRITE after INSERT, found 't'"},
      {"INSERT INTO t (a, b",
       "42601 at line 1, column 20: expected ',' or ')' after the name of a column, found the end of the "
       "text"},
      {"INSERT INTO t (a) SELEC 1",
       "42601 at line 1, column 19: expected SELECT, VALUES or WITH after INSERT INTO …, found 'SELEC'\n"
       "HINT: did you mean SELECT?"},
      {"INSERT INTO t VALUE (1)",
       "42601 at line 1, column 15: expected SELECT, VALUES or WITH after INSERT INTO …, found 'VALUE'\n"
       "HINT: did you mean VALUES?"},
      {"EXECUTE STATEMENT SET BEGIN END",
       "42601 at line 1, column 1: this statement set is empty\n"
       "HINT: put at least one INSERT between BEGIN and END"},
      {"EXECUTE STATEMENT SET BEGIN INSERT INTO t SELECT 1 END",
       "42601 at line 1, column 52: expected ';' after a statement of a statement set, found 'END'"},
      {"EXECUTE STATEMENT SET BEGIN INSERT INTO t SELECT 1;",
       "42601 at line 1, column 52: expected INSERT or END in a statement set, found the end of the text"},
      {"EXPLAIN SHOW TABLES",
       "42601 at line 1, column 9: expected a query, INSERT, STATEMENT SET or CREATE … AS to explain, found "
       "'SHOW'"},
      {"EXPLAIN CREATE TABLE t (a INT)",
       "0A000 at line 1, column 9: only what runs a query can be explained\n"
       "HINT: a query, INSERT, STATEMENT SET or CREATE … AS"},
      {"SHOW TABELS",
       "42601 at line 1, column 6: expected what to show (TABLES, VIEWS, SCHEMAS, FUNCTIONS, COLUMNS, JOBS, "
       "DELIVERY, CREATE TABLE …), found 'TABELS'\n"
       "HINT: did you mean TABLES?"},
      {"SHOW COLUMNS t",
       "42601 at line 1, column 14: expected FROM or IN and a table's name after SHOW COLUMNS, found 't'"},
      {"SET table.local-time-zone = 'UTC'",
       "42601 at line 1, column 5: expected a parameter or a setting in quotes, found 'table'\n"
       "HINT: SET parameter = value, or SET 'key' = 'value'"},
      {"SET parallelism.default-x = 1",
       "42601 at line 1, column 17: 'default' is a reserved word; write it in back-quotes: `default`"},
      {"SET a-b = 1",
       "42601 at line 1, column 6: expected a setting in quotes, found a name with '-'\n"
       "HINT: both the setting and its value are strings: SET 'key' = 'value'"},
      {"SET 'a' 'b'", "42601 at line 1, column 9: expected '=' after the setting, found the string 'b'"},
      {"DROP t",
       "42601 at line 1, column 6: expected TABLE, VIEW, MATERIALIZED VIEW, SCHEMA or DATABASE after DROP, "
       "found 't'"},
      {"DROP FUNCTION f",
       "0A000 at line 1, column 6: DROP FUNCTION is not supported\n"
       "HINT: TABLE, VIEW, MATERIALIZED VIEW, SCHEMA and DATABASE can be dropped"},
      {"DELETE FROM t",
       "0A000 at line 1, column 1: DELETE is not supported\n"
       "HINT: CREATE, INSERT, SELECT, EXPLAIN, SHOW, DESCRIBE, SET, RESET, USE, DROP and statement sets are"},
      {"UPDATE t SET a = 1",
       "0A000 at line 1, column 1: UPDATE is not supported\n"
       "HINT: CREATE, INSERT, SELECT, EXPLAIN, SHOW, DESCRIBE, SET, RESET, USE, DROP and statement sets are"},
      {"ALTER TABLE t ADD b INT",
       "0A000 at line 1, column 1: only the owner of an object and options of a table can be altered\n"
       "HINT: ALTER … OWNER TO role, ALTER TABLE … SET ('key' = 'value'); else drop the object and create it "
       "anew"},
      {"DESCRIBE",
       "42601 at line 1, column 9: expected the name of a table or view to describe, found the end of the "
       "text"},
      {"USE",
       "42601 at line 1, column 4: expected the name of a schema after USE, found the end of the text"},
      {"a.b.c", "42601 at line 1, column 1: expected a statement, found 'a'"},
      {"SELECT a FROM a.b.c.d",
       "42601 at line 1, column 21: a name has at most 3 parts: catalog.schema.name"},
      {"SELECT ‘x’ FROM t",
       "42601 at line 1, column 8: unexpected character '‘'\n"
       "HINT: that is a full-width or typographic character; SQL wants the ASCII character '"},
      {"SELECT a FROM t; SELEC",
       "42601 at line 1, column 18: expected a statement, found 'SELEC'\n"
       "HINT: did you mean SELECT?"},
      {"SELECT 5 FROM t # x",
       "42601 at line 1, column 17: unexpected character '#'\n"
       "HINT: a name with such a character is written in back-quotes"},
      {"SELECT a FROM t WHERE a LIK 'x'",
       "42601 at line 1, column 25: unexpected 'LIK' after 'a'\n"
       "HINT: did you mean LIKE?"},
      {"SELECT a FROM t WHERE a RLIKE 'x'",
       "0A000 at line 1, column 25: the operator RLIKE is not supported\n"
       "HINT: write REGEXP(value, pattern)"},
      {"SELECT a FROM t // comment",
       "42601 at line 1, column 17: unexpected '//'\n"
       "HINT: a comment starts with -- or /*"},
      {"SELECT X'1G'",
       "42601 at line 1, column 8: a binary string may hold hexadecimal digits only, as in X'1F2E'"},
      {"SELECT U&'\\00zz'",
       "42601 at line 1, column 8: \\00zz is not the code of a character\n"
       "HINT: write \\hhhh or \\+hhhhhh with hexadecimal digits; \\\\ is the character \\ itself"},
      {"SELECT JSON_VALUE(a) FROM t",
       "42601 at line 1, column 20: expected ',' after the JSON text, before the path, found ')'"},
      {"SELECT JSON_VALUE(a, '$.x' RETURN INT) FROM t",
       "42601 at line 1, column 28: expected RETURNING, NULL, ERROR or DEFAULT … ON EMPTY or ON ERROR, or "
       "')' in JSON_VALUE, found 'RETURN'"},
      {"SELECT JSON_OBJECT('k' v) FROM t",
       "42601 at line 1, column 24: expected VALUE after a key of JSON_OBJECT, found 'v'"},
      {"SELECT a <=> b",
       "42601 at line 1, column 10: unexpected '<=>'\n"
       "HINT: write a IS NOT DISTINCT FROM b"},
      {"SELECT CURRENT_TIMESTAMP()",
       "42601 at line 1, column 25: CURRENT_TIMESTAMP is written without parentheses"},
      {"SELECT DISTINCT ON (a) a FROM t",
       "0A000 at line 1, column 17: DISTINCT ON is not supported\n"
       "HINT: keep the first row of each key with ROW_NUMBER() OVER (PARTITION BY key ORDER BY …) = 1"},
      {"SELECT * FROM t MATCH_RECOGNIZE (PATTERN (A B+) DEFINE A AS TRUE",
       "42601 at line 1, column 65: expected ',' or ')' after a definition of MATCH_RECOGNIZE, found the end "
       "of the text"},
      {"SELECT * FROM t MATCH_RECOGNIZE (PATTERN () DEFINE A AS TRUE)",
       "42601 at line 1, column 43: expected a pattern variable, found ')'"},
      {"SELECT * FROM t MATCH_RECOGNIZE (PATERN (A) DEFINE A AS TRUE)",
       "42601 at line 1, column 34: expected PATTERN in MATCH_RECOGNIZE, found 'PATERN'\n"
       "HINT: did you mean PATTERN?"},
      {"SELECT * FROM t PIVOT (SUM(a) FOR b IN (1))",
       "0A000 at line 1, column 17: PIVOT is not supported\n"
       "HINT: write one aggregate with FILTER (WHERE …) for each column"},
      {"SELECT NOT FROM t", "42601 at line 1, column 12: expected an expression, found 'FROM'"},
      {"SELECT 1 + NOT a",
       "42601 at line 1, column 12: NOT cannot stand here\n"
       "HINT: put parentheses around NOT and what it negates"},
      {"SELECT * AS x FROM t", "42601 at line 1, column 10: * cannot have an alias"},
      {"BEGIN STATEMENT SET; INSERT INTO t SELECT 1; ",
       "42601 at line 1, column 46: expected INSERT or END in a statement set, found the end of the text"},
      {"RESET 1",
       "42601 at line 1, column 7: expected a parameter, a setting as a string, or ALL after RESET, found "
       "the "
       "number 1"},
  };
  for (const Wrong& wrong : kWrong) {
    const auto parsed = ParseScript(wrong.sql);
    ASSERT_FALSE(parsed.has_value()) << wrong.sql;
    EXPECT_EQ(parsed.error().ToString(), wrong.answer) << wrong.sql;
  }
}

TEST(ParseError, KnowsTheLineOfALongScript) {
  const auto parsed =
      ParseScript("-- 点击\nCREATE TABLE 点击 (\n  用户 BIGINT,\n  时间 TIMESTAMP(3) PRIMRY\n);\nSELECT 1;");
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().ToString(),
            "42601 at line 4, column 19: expected ')' or ',' after the column type, found 'PRIMRY'\n"
            "HINT: did you mean PRIMARY?");
}

}  // namespace
}  // namespace millrace::sql
