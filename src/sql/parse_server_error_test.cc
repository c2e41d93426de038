// Wrong statements of PostgreSQL's clients and the exact words they are answered with.
#include <gtest/gtest.h>

#include <string_view>

#include "sql/parser.h"

namespace millrace::sql {
namespace {

struct Wrong {
  std::string_view sql;
  std::string_view answer;
};

void Check(const Wrong& wrong) {
  const auto parsed = ParseScript(wrong.sql);
  ASSERT_FALSE(parsed.has_value()) << wrong.sql;
  EXPECT_EQ(parsed.error().ToString(), wrong.answer) << wrong.sql;
}

TEST(ParseServerError, SessionsAndTransactions) {
  for (
      const Wrong& wrong : std::initializer_list<Wrong>{
          {"BEGIN READ",
           "42601 at line 1, column 11: expected WRITE or ONLY after READ, found the end of the text"},
          {"BEGIN ISOLATION LEVEL READ COMITTED",
           "42601 at line 1, column 28: expected COMMITTED or UNCOMMITTED after READ, found 'COMITTED'\n"
           "HINT: did you mean COMMITTED?"},
          {"BEGIN READ ONLY, READ WRITE",
           "42601 at line 1, column 18: this mode of the transaction is given twice"},
          {"START", "42601 at line 1, column 6: expected TRANSACTION after START, found the end of the text"},
          {"SAVEPOINT",
           "42601 at line 1, column 10: expected the name of a savepoint, found the end of the text"},
          {"COMMIT PREPARED 'x'",
           "0A000 at line 1, column 8: two-phase commit is not supported\n"
           "HINT: COMMIT and ROLLBACK are"},
          {"PREPARE TRANSACTION 'x'",
           "0A000 at line 1, column 9: two-phase commit is not supported\n"
           "HINT: COMMIT and ROLLBACK are"},
          {"SET TRANSACTION SNAPSHOT 'x'",
           "0A000 at line 1, column 17: SET TRANSACTION SNAPSHOT is not supported\n"
           "HINT: each transaction sees the newest snapshot there is when it begins to read"},
          {"SET statement_timeout 5",
           "42601 at line 1, column 23: expected TO or '=' after the parameter, found the number 5"},
          {"SET a =",
           "42601 at line 1, column 8: expected a value: a string, number or word, or DEFAULT, found the end "
           "of the text"},
          {"SET a = -x", "42601 at line 1, column 10: expected a number, found 'x'"},
          {"SET TIME ZONE INTERVAL '-8' HOUR",
           "0A000 at line 1, column 15: a time zone as an INTERVAL is not supported\n"
           "HINT: write a name such as 'Asia/Shanghai', or 'GMT+08:00'"},
          {"DISCARD x",
           "42601 at line 1, column 9: expected ALL, PLANS, SEQUENCES or TEMPORARY after DISCARD, found 'x'"},
          {"LISTEN c",
           "0A000 at line 1, column 1: LISTEN is not supported\n"
           "HINT: SUBSCRIBE TO a table or view tells of its changes"},
          {"NOTIFY c, 'x'",
           "0A000 at line 1, column 1: NOTIFY is not supported\n"
           "HINT: SUBSCRIBE TO a table or view tells of its changes"},
          {"PREPARE p SELECT 1",
           "42601 at line 1, column 11: expected AS before the statement to prepare, found 'SELECT'"},
          {"PREPARE p AS DROP TABLE t",
           "42601 at line 1, column 14: expected a query or INSERT after PREPARE … AS, found 'DROP'"},
          {"PREPARE p AS INSERT t VALUES (1)",
           "42601 at line 1, column 21: expected INTO or OVERWRITE after INSERT, found 't'"},
          {"EXECUTE p (1",
           "42601 at line 1, column 13: expected ',' or ')' after a value of EXECUTE, found "
           "the end of the text"},
          {"SELECT $",
           "42601 at line 1, column 8: expected the number of a parameter after '$'\n"
           "HINT: parameters are written $1, $2 …"},
          {"SELECT $ 1",
           "42601 at line 1, column 8: expected the number of a parameter after '$'\n"
           "HINT: parameters are written $1, $2 …"},
          {"SELECT $0",
           "42P02 at line 1, column 8: there is no parameter $0\n"
           "HINT: parameters are numbered from $1 to $65535"},
          {"SELECT $65536",
           "42P02 at line 1, column 8: there is no parameter $65536\n"
           "HINT: parameters are numbered from $1 to $65535"},
      }) {
    Check(wrong);
  }
}

TEST(ParseServerError, CursorsAndSubscriptions) {
  for (const Wrong& wrong : std::initializer_list<Wrong>{
           {"DECLARE c FOR SELECT 1",
            "42601 at line 1, column 11: expected CURSOR, or BINARY, INSENSITIVE, SCROLL or NO SCROLL before "
            "it, found 'FOR'"},
           {"DECLARE c CURSOR FOR INSERT INTO t SELECT 1",
            "42601 at line 1, column 22: expected a query or SUBSCRIBE TO … after DECLARE … CURSOR FOR, "
            "found "
            "'INSERT'"},
           {"DECLARE c CURSOR FOR SUBSCRIBE v",
            "42601 at line 1, column 32: expected TO and the name of a table or view after SUBSCRIBE, found "
            "'v'"},
           {"FETCH FORWARD x y", "42601 at line 1, column 17: unexpected 'y' after 'x'"},
           {"FETCH ABSOLUTE FROM c", "42601 at line 1, column 16: expected a number of rows, found 'FROM'"},
           {"FETCH 99999999999999999999 FROM c",
            "42601 at line 1, column 7: this number is too large for a number of rows"},
           {"FETCH ALL FROM c WITH (WAIT = '1s')",
            "42601 at line 1, column 24: expected TIMEOUT as the option of FETCH, found 'WAIT'"},
           {"FETCH ALL FROM c WITH (TIMEOUT = 1)",
            "42601 at line 1, column 34: expected a duration as a string, such as '1s', found the number 1\n"
            "HINT: a string is written in single quotes: '1'"},
           {"CLOSE",
            "42601 at line 1, column 6: expected the name of a cursor, or ALL, found the end of the "
            "text"},
           {"SUBSCRIBE v",
            "42601 at line 1, column 11: expected TO and the name of a table or view after SUBSCRIBE, found "
            "'v'"},
           {"SUBSCRIBE TO v WITH (SNAPSHOT = maybe)",
            "42601 at line 1, column 33: expected TRUE or FALSE after SNAPSHOT =, found 'maybe'"},
           {"SUBSCRIBE TO v WITH (SNAPSHOT, SNAPSHOT)",
            "42601 at line 1, column 32: the option SNAPSHOT is given twice"},
           {"SUBSCRIBE TO v WITH (ENVELOPE = debezium)",
            "42601 at line 1, column 22: expected SNAPSHOT or PROGRESS as an option of a subscription, found "
            "'ENVELOPE'"},
           {"SELECT * FROM (SELECT a FROM t EMIT CHANGES)",
            "0A000 at line 1, column 32: EMIT CHANGES is for a SELECT of its own\n"
            "HINT: a materialized view is always kept up to date; SUBSCRIBE TO it for its changes"},
       }) {
    Check(wrong);
  }
}

TEST(ParseServerError, Copy) {
  for (const Wrong& wrong : std::initializer_list<Wrong>{
           {"COPY t TO '/tmp/x'",
            "42501 at line 1, column 11: COPY TO a file is refused\n"
            "HINT: files of the server cannot be reached: use \\copy, or COPY … FROM STDIN"},
           {"COPY t FROM '/etc/passwd'",
            "42501 at line 1, column 13: COPY FROM a file is refused\n"
            "HINT: files of the server cannot be reached: use \\copy, or COPY … FROM STDIN"},
           {"COPY t FROM PROGRAM 'id'",
            "42501 at line 1, column 13: COPY FROM PROGRAM is refused\n"
            "HINT: files of the server cannot be reached: use \\copy, or COPY … FROM STDIN"},
           {"COPY (SELECT 1) TO 'x.parquet'",
            "42501 at line 1, column 20: COPY TO a file is refused\n"
            "HINT: files of the server cannot be reached: use \\copy, or COPY … FROM STDIN"},
           {"COPY (SELECT 1) FROM STDIN",
            "42601 at line 1, column 17: rows cannot be copied into a query\n"
            "HINT: write COPY table FROM STDIN"},
           {"COPY (DROP TABLE t) TO STDOUT",
            "42601 at line 1, column 7: expected a query or SUBSCRIBE TO … after COPY (, found 'DROP'"},
           {"COPY (SELECT 1 TO STDOUT",
            "42601 at line 1, column 6: this '(' is not closed\n"
            "HINT: end the query of COPY with ')'"},
           {"COPY t",
            "42601 at line 1, column 7: expected TO STDOUT, or FROM STDIN, after COPY and a table, "
            "found the end of the text"},
           {"COPY t FROM STDIN (FORMAT xml)",
            "22023 at line 1, column 20: the COPY format 'xml' is not known\n"
            "HINT: text, csv and binary are"},
           {"COPY t FROM STDIN (DELIMITR ',')",
            "42601 at line 1, column 20: expected an option of COPY, found 'DELIMITR'\n"
            "HINT: did you mean DELIMITER?"},
           {"COPY t FROM STDIN (DELIMITER ',', DELIMITER ';')",
            "42601 at line 1, column 35: the option DELIMITER is given twice"},
           {"COPY t FROM STDIN (DELIMITER '||')",
            "22023 at line 1, column 20: COPY DELIMITER must be one ASCII character, and no line break"},
           {"COPY t FROM STDIN (DELIMITER 'a')",
            "22023 at line 1, column 20: COPY DELIMITER cannot be 'a': escapes of the text format use it"},
           {"COPY t FROM STDIN (FORMAT binary, HEADER)",
            "42601 at line 1, column 35: COPY HEADER is for text and csv only"},
           {"COPY t FROM STDIN (QUOTE 'x')", "42601 at line 1, column 20: COPY QUOTE is for csv only"},
           {"COPY t FROM STDIN (FORMAT csv, FORCE_QUOTE *)",
            "42601 at line 1, column 32: COPY FORCE_QUOTE is for csv and COPY TO only"},
           {"COPY t FROM STDIN (FORMAT csv, DELIMITER '\"')",
            "22023 at line 1, column 32: COPY DELIMITER and QUOTE must differ"},
           {"COPY t FROM STDIN (FORMAT csv, NULL 'a,b')",
            "22023 at line 1, column 32: the NULL text of COPY cannot hold the delimiter or the quote"},
           {"COPY t FROM STDIN (ENCODING 'latin1')",
            "0A000 at line 1, column 20: the encoding 'latin1' is not supported\n"
            "HINT: UTF8 is"},
           {"COPY t TO STDOUT (FREEZE)", "0A000 at line 1, column 19: COPY FREEZE is not supported"},
           {"COPY t FROM STDIN CSV HEADDER",
            "42601 at line 1, column 23: expected an option of COPY, or the end of the statement, found "
            "'HEADDER'"},
           {"COPY t FROM STDIN WHERE a > 1",
            "42601 at line 1, column 19: expected an option of COPY, or the end of the statement, found "
            "'WHERE'"},
       }) {
    Check(wrong);
  }
}

TEST(ParseServerError, RolesAndPrivileges) {
  for (const Wrong& wrong : std::initializer_list<Wrong>{
           {"CREATE ROLE public",
            "42939 at line 1, column 13: 'public' stands for all roles and is not a "
            "role"},
           {"CREATE USER u PASWORD 'x'",
            "42601 at line 1, column 15: expected an option of the role, found 'PASWORD'\n"
            "HINT: did you mean PASSWORD?"},
           {"CREATE USER u PASSWORD x",
            "42601 at line 1, column 24: expected the password as a string, or NULL, found 'x'\n"
            "HINT: a string is written in single quotes: 'x'"},
           {"CREATE ROLE r LOGIN NOLOGIN",
            "42601 at line 1, column 21: 'NOLOGIN' contradicts or repeats an option before it"},
           {"CREATE ROLE r CREATEDB",
            "0A000 at line 1, column 15: the option CREATEDB is not supported\n"
            "HINT: there is one database; GRANT CREATE ON DATABASE lets a role make schemas"},
           {"CREATE ROLE r NOINHERIT",
            "0A000 at line 1, column 15: the option NOINHERIT is not supported\n"
            "HINT: a member always has the privileges of the roles it is in"},
           {"CREATE ROLE r CONNECTION LIMIT -2",
            "22023 at line 1, column 32: a limit cannot be -2\n"
            "HINT: NONE or -1 is no limit"},
           {"CREATE ROLE r MEMORY LIMIT 5",
            "42601 at line 1, column 28: expected a size as a string, such as '512MB', or NONE, found the "
            "number 5\n"
            "HINT: a string is written in single quotes: '5'"},
           {"CREATE ROLE r ROW LIMIT 1 ROW LIMIT 2", "42601 at line 1, column 27: ROW LIMIT is given twice"},
           {"ALTER ROLE r IN ROLE s",
            "42601 at line 1, column 14: expected an option of the role, found 'IN'\n"
            "HINT: GRANT group TO role makes a role a member of a group"},
           {"ALTER ROLE ALL NOLOGIN",
            "42601 at line 1, column 12: options are of one role\n"
            "HINT: ALTER ROLE ALL takes SET and RESET"},
           {"ALTER ROLE r IN DATABASE d SET a = 1",
            "0A000 at line 1, column 14: parameters of a role in one database are not supported\n"
            "HINT: there is one database: leave IN DATABASE out"},
           {"ALTER ROLE r",
            "42601 at line 1, column 13: expected an option of the role, RENAME TO, SET or "
            "RESET, found the end of the text"},
           {"ALTER SYSTEM SET a = 1",
            "0A000 at line 1, column 1: this ALTER is not supported\n"
            "HINT: ALTER ROLE, ALTER DEFAULT PRIVILEGES, ALTER … OWNER TO and ALTER TABLE … SET (…) are"},
           {"CREATE OR REPLACE USER u",
            "0A000 at line 1, column 19: a role or token cannot be replaced\n"
            "HINT: use ALTER ROLE"},
           {"CREATE TOKEN t",
            "42601 at line 1, column 15: expected FOR ROLE after the name of the token, found "
            "the end of the text"},
           {"GRANT SELECT ON t r",
            "42601 at line 1, column 19: expected TO and the name of a role, found 'r'"},
           {"GRANT SELCT ON t TO r",
            "42601 at line 1, column 7: expected a privilege: SELECT, INSERT, USAGE, CREATE, CONNECT or ALL, "
            "found 'SELCT'"},
           {"GRANT UPDATE ON t TO r",
            "0A000 at line 1, column 7: the privilege UPDATE is not supported\n"
            "HINT: SELECT and INSERT are the privileges of tables, USAGE and CREATE of schemas"},
           {"GRANT SELECT (a) ON t TO r",
            "0A000 at line 1, column 14: privileges of columns are not supported\n"
            "HINT: make a view of these columns and grant SELECT on it"},
           {"GRANT USAGE ON t TO r",
            "0LP01 at line 1, column 7: USAGE is no privilege of a table\n"
            "HINT: a table has SELECT and INSERT"},
           {"GRANT SELECT ON SCHEMA s TO r",
            "0LP01 at line 1, column 7: SELECT is no privilege of a schema\n"
            "HINT: a schema has USAGE and CREATE"},
           {"GRANT INSERT ON DATABASE d TO r",
            "0LP01 at line 1, column 7: INSERT is no privilege of the database\n"
            "HINT: the database has CONNECT, CREATE and TEMPORARY"},
           {"GRANT EXECUTE ON FUNCTION f TO r",
            "0A000 at line 1, column 7: the privilege EXECUTE is not supported\n"
            "HINT: SELECT and INSERT are the privileges of tables, USAGE and CREATE of schemas"},
           {"GRANT ALL ON ALL SEQUENCES IN SCHEMA s TO r",
            "0A000 at line 1, column 18: privileges on SEQUENCES are not supported\n"
            "HINT: there are none but built-in ones"},
           {"GRANT analyst TO PUBLIC",
            "0LP01 at line 1, column 18: PUBLIC cannot be a member of a role\n"
            "HINT: grant the privileges themselves TO PUBLIC"},
           {"GRANT analyst TO bob WITH GRANT OPTION",
            "42601 at line 1, column 27: expected ADMIN OPTION after WITH, found 'GRANT'"},
           {"REVOKE SELECT ON t TO r",
            "42601 at line 1, column 20: expected FROM and the name of a role, found 'TO'"},
           {"ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT USAGE ON SCHEMAS TO r",
            "0LP01 at line 1, column 53: schemas are not made in a schema\n"
            "HINT: leave IN SCHEMA out, or write ON TABLES"},
           {"ALTER VIEW v RENAME TO w",
            "0A000 at line 1, column 1: only the owner of an object and options of a table can be altered\n"
            "HINT: ALTER … OWNER TO role, ALTER TABLE … SET ('key' = 'value'); else drop the object and "
            "create it anew"},
           {"ALTER VIEW v SET ('a' = 'b')",
            "0A000 at line 1, column 1: only the owner of an object and options of a table can be altered\n"
            "HINT: ALTER … OWNER TO role, ALTER TABLE … SET ('key' = 'value'); else drop the object and "
            "create "
            "it anew"},
           {"ALTER TABLE t SET ()",
            "42601 at line 1, column 15: no option is named\nHINT: SET ('key' = 'value')"},
           {"ALTER TABLE t RESET ('a' = 'b')",
            "42601 at line 1, column 26: expected ',' or ')' after a key, found '='"},
           {"ALTER TABLE t RESET 'a'",
            "42601 at line 1, column 21: expected '(' after RESET, found the string 'a'"},
           {"COMMENT ON FUNCTION f IS 'x'",
            "42601 at line 1, column 12: expected TABLE, VIEW, MATERIALIZED VIEW, COLUMN, SCHEMA, DATABASE "
            "or "
            "ROLE after COMMENT ON, found 'FUNCTION'"},
           {"COMMENT ON COLUMN a IS 'x'",
            "42601 at line 1, column 21: expected '.' and the name of a column after the table, found 'IS'"},
           {"COMMENT ON TABLE t IS x",
            "42601 at line 1, column 23: expected the comment as a string, or NULL, found 'x'\n"
            "HINT: a string is written in single quotes: 'x'"},
           {"DROP OWNED r", "42601 at line 1, column 12: expected BY after OWNED, found 'r'"},
           {"REASSIGN OWNED BY a",
            "42601 at line 1, column 20: expected TO and the new owner, found the end of the text"},
       }) {
    Check(wrong);
  }
}

}  // namespace
}  // namespace millrace::sql
