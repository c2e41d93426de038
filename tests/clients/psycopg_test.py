"""psycopg 3: parameters and results in text and binary, errors, cancel, COPY, cursors, pipelines, subscriptions."""

import datetime
import decimal
import struct
import threading

import psycopg
import pytest
from conftest import ENDLESS
from psycopg import pq
from psycopg.types.json import Json

F4 = 8  # where every_type has its FLOAT



def shown(row):
    """A row to be compared: psycopg reads a real as a double, of its text or of its four bytes."""
    return [struct.pack("f", value) if column == F4 and value is not None else repr(value)
            for column, value in enumerate(row)]  # fmt: skip


@pytest.fixture
def connection(server):
    with psycopg.connect(server.url, autocommit=True) as connection:
        yield connection


def fetch(connection, sql, params=None, binary=False):
    with connection.cursor(binary=binary) as cursor:
        return cursor.execute(sql, params).fetchall()


def test_definitions_rows_and_queries(connection, name):
    connection.execute(f"CREATE TABLE {name} (id INT, city STRING, PRIMARY KEY (id) NOT ENFORCED)")
    cursor = connection.cursor()
    cursor.executemany(f"INSERT INTO {name} VALUES (%s, %s)", [(1, "北京"), (2, None), (1, "上海")])
    assert fetch(connection, f"SELECT * FROM {name} ORDER BY id") == [(1, "上海"), (2, None)]
    connection.execute(f"DROP TABLE {name}")
    with pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute(f"SELECT * FROM {name}")


def test_text_of_every_type(connection, every_type):
    result = connection.pgconn.exec_params(b"SELECT * FROM every_type ORDER BY id", [], result_format=0)
    assert result.status == pq.ExecStatus.TUPLES_OK, result.error_message
    for row in range(result.ntuples):
        for column in range(result.nfields):
            value = result.get_value(row, column)
            found = None if value is None else value.decode()
            assert found == every_type[row][column], result.fname(column)


def test_binary_is_what_text_is(connection):
    sql = "SELECT * FROM every_type WHERE id <> 2 ORDER BY id"
    text = fetch(connection, sql)
    # Python has no year 9999.99… problem here, but an interval of months is 30 days each to psycopg, in both.
    for text_row, binary_row in zip(text, fetch(connection, sql, binary=True)):
        assert shown(text_row) == shown(binary_row)
    assert len(text) == 3


def test_binary_of_the_ends_of_ranges(connection):
    sql = "SELECT * FROM every_type WHERE id = 2"
    assert repr(fetch(connection, sql)) == repr(fetch(connection, sql, binary=True))


def test_binary_comes_as_binary_for_each_type(connection):
    result = connection.pgconn.exec_params(b"SELECT * FROM every_type WHERE id = 1", [], result_format=1)
    assert result.status == pq.ExecStatus.TUPLES_OK, result.error_message
    assert [result.fformat(i) for i in range(result.nfields)] == [1] * result.nfields
    sizes = {result.fname(i).decode(): len(result.get_value(0, i)) for i in range(result.nfields)}
    fixed = {"b": 1, "i1": 2, "i2": 2, "i4": 4, "i8": 8, "f4": 4, "f8": 8, "d": 4, "t": 8, "ts": 8, "tz": 8, "iv": 16}
    assert {column: sizes[column] for column in fixed} == fixed


VALUES = [
    (True, "BOOLEAN"),
    (-128, "TINYINT"),
    (32767, "SMALLINT"),
    (-(2**31), "INT"),
    (2**63 - 1, "BIGINT"),
    (decimal.Decimal("-12345678.90"), "DECIMAL(10, 2)"),
    (decimal.Decimal("9999999999999999999999999999.9999999999"), "DECIMAL(38, 10)"),
    (0.5, "FLOAT"),
    (-1.5e300, "DOUBLE"),
    ("tab\t'北京'\\", "STRING"),
    (b"\x00\xff", "BYTES"),
    (datetime.date(1, 1, 1), "DATE"),
    (datetime.time(23, 59, 59), "TIME(0)"),
    (datetime.datetime(9999, 12, 31, 23, 59, 59, 999999), "TIMESTAMP(6)"),
    (datetime.datetime(2020, 2, 29, 1, 2, 3, 250000, datetime.timezone.utc), "TIMESTAMP_LTZ(3)"),
    ([1, None, -3], "ARRAY<INT>"),
    (["a,b", '"', None, "NULL", ""], "ARRAY<STRING>"),
    (None, "INT"),
]


@pytest.mark.parametrize(("value", "kind"), VALUES, ids=[f"{kind}-{n}" for n, (_, kind) in enumerate(VALUES)])
@pytest.mark.parametrize("placeholder", ["%t", "%b"], ids=["text", "binary"])
def test_a_parameter_comes_back(connection, value, kind, placeholder):
    if isinstance(value, str) and placeholder == "%b":
        value = str(value)
    rows = fetch(connection, f"SELECT CAST({placeholder} AS {kind}) AS a", [value])
    assert rows == [(value,)]
    assert fetch(connection, f"SELECT CAST({placeholder} AS {kind}) AS a", [value], binary=True) == rows


EXACT = [
    "0",
    "-0.00",
    "1.50",
    "1E+3",
    "0.0000000000000000000000000000000000001",
    "0.12345678901234567890123456789012345678",
    "12345678901234567890123456789012345678",
    "-99999999999999999999.999999999999999999",
]


@pytest.mark.parametrize("text", EXACT)
@pytest.mark.parametrize("placeholder", ["%t", "%b"], ids=["text", "binary"])
def test_a_numeric_parameter_keeps_its_digits(connection, text, placeholder):
    value = decimal.Decimal(text)
    [[back, doubled]] = fetch(connection, f"SELECT {placeholder} AS a, {placeholder} + 0 AS b", [value, value])
    assert back == value and doubled == value
    assert -back.as_tuple().exponent == max(0, -value.as_tuple().exponent)


@pytest.mark.parametrize("text", ["1E+38", "1E-39", "1.00000000000000000000000000000000000001", "NaN", "Infinity"])
@pytest.mark.parametrize("placeholder", ["%t", "%b"], ids=["text", "binary"])
def test_a_numeric_parameter_beyond_38_digits_is_refused(connection, text, placeholder):
    with pytest.raises(psycopg.errors.NumericValueOutOfRange):
        fetch(connection, f"SELECT {placeholder} AS a", [decimal.Decimal(text)])


def test_a_numeric_parameter_is_compared_exactly(connection, name):
    connection.execute(f"CREATE TABLE {name} (m DECIMAL(10, 2), PRIMARY KEY (m) NOT ENFORCED)")
    connection.execute(f"INSERT INTO {name} VALUES (%s), (%s)", [decimal.Decimal("5.01"), decimal.Decimal("7.004")])
    assert fetch(connection, f"SELECT m FROM {name} ORDER BY m") == [
        (decimal.Decimal("5.01"),),
        (decimal.Decimal("7.00"),),  # as PostgreSQL rounds into a column
    ]
    for value in (decimal.Decimal("5.005"), decimal.Decimal("5.0100001"), "5.005"):
        assert fetch(connection, f"SELECT m FROM {name} WHERE m = %s", [value]) == []
    assert fetch(connection, f"SELECT m FROM {name} WHERE m = %s", [decimal.Decimal("5.0100")]) != []
    assert fetch(connection, f"SELECT COUNT(*) FROM {name} WHERE m > %s", [decimal.Decimal("5.005")]) == [(2,)]
    values = [decimal.Decimal("5.0100"), decimal.Decimal("6.12345678901234567890")]
    assert fetch(connection, f"SELECT m FROM {name} WHERE m = ANY(%s)", [values]) == [(decimal.Decimal("5.01"),)]


def test_a_cast_to_numeric_keeps_the_digits(connection):
    value = decimal.Decimal("1.23456789")
    assert fetch(connection, "SELECT %s::numeric, CAST(%s AS DECIMAL), %s::NUMERIC(5, 2)", [value, value, value]) == [
        (value, value, decimal.Decimal("1.23"))
    ]
    assert fetch(connection, "SELECT %s::numeric", [str(value)]) == [(value,)]


def test_intervals_go_in(connection, name):
    connection.execute(f"CREATE TABLE {name} (iv INTERVAL DAY TO SECOND(6), im INTERVAL YEAR TO MONTH)")
    value = datetime.timedelta(days=-400, hours=3, microseconds=5)
    connection.execute(f"INSERT INTO {name} VALUES (%s, %s)", [value, "-1 years -2 mons"])
    assert fetch(connection, f"SELECT iv, im = INTERVAL '-14 months' FROM {name}") == [(value, True)]
    with pytest.raises(psycopg.errors.InvalidDatetimeFormat):
        connection.execute(f"INSERT INTO {name} (im) VALUES (%s)", [value])


def test_a_column_that_hangs_on_a_numeric_parameter_has_no_precision(connection):
    cursor = connection.execute("SELECT %s AS a, m FROM every_type WHERE id = 1", [decimal.Decimal("1.5")])
    assert cursor.description[0].precision is None and cursor.description[1].precision == 10


def test_texts_without_a_type_are_joined(connection):
    assert fetch(connection, "SELECT %s || %s", ["a", "b"]) == [("ab",)]
    assert fetch(connection, "SELECT %s || '-' || name FROM shop.customer WHERE id = %s", ["n", 1]) == [("n-甲",)]


@pytest.mark.parametrize("placeholder", ["%t", "%b"], ids=["text", "binary"])
@pytest.mark.parametrize("binary", [False, True])
def test_intervals(connection, placeholder, binary):
    value = datetime.timedelta(days=3, hours=-2, microseconds=5)
    assert fetch(connection, f"SELECT {placeholder} AS i", [value], binary=binary) == [(value,)]
    later = datetime.datetime(2020, 2, 29, 1, 2, 3)
    assert fetch(connection, f"SELECT CAST('{later}' AS TIMESTAMP) + {placeholder} AS t", [value], binary=binary) == [
        (later + value,)
    ]
    assert fetch(connection, "SELECT iv FROM every_type WHERE iv < %s ORDER BY iv", [value], binary=binary) == [
        (datetime.timedelta(microseconds=-1000),),
        (datetime.timedelta(0),),
        (datetime.timedelta(hours=2, minutes=3, seconds=4, milliseconds=500),),
    ]


def test_columns_have_the_names_that_postgresql_gives(connection):
    cursor = connection.execute(
        "SELECT count(*), max(id), id + 1, %s, 'x', upper(name), name, CAST(id AS INT), CASE WHEN true THEN 1 END,"
        " coalesce(name, ''), id AS a FROM shop.customer GROUP BY id, name",
        ["p"],
    )
    assert [column.name for column in cursor.description] == [
        "count", "max", "?column?", "?column?", "?column?", "upper", "name", "id", "case", "coalesce", "a",
    ]  # fmt: skip
    cursor = connection.execute("SELECT count(*), c.*, max(id) FROM shop.customer c GROUP BY ALL")
    assert [column.name for column in cursor.description] == ["count", "id", "name", "city", "max"]
    assert connection.execute("SELECT sum(1) UNION ALL SELECT count(*)").description[0].name == "sum"


def test_set_config(connection):
    assert fetch(connection, "SELECT set_config('application_name', 'a', false)") == [("a",)]
    assert fetch(connection, "SELECT pg_catalog.set_config(%s, %s, %s)", ["TimeZone", "Asia/Shanghai", False]) == [
        ("Asia/Shanghai",)
    ]
    assert str(connection.info.timezone) == "Asia/Shanghai"
    with connection.transaction():
        connection.execute("SELECT set_config('application_name', 'b', true) AS x, set_config('TimeZone', 'UTC', true)")
        assert fetch(connection, "SHOW application_name") == [("b",)]
    assert fetch(connection, "SHOW application_name") == [("a",)]
    assert fetch(connection, "SELECT set_config('application_name', 'c', true)") == [("c",)]
    assert fetch(connection, "SHOW application_name") == [("a",)]
    connection.execute("SELECT set_config('search_path', 'shop', false)")
    assert fetch(connection, "SELECT name FROM customer WHERE id = 1") == [("甲",)]
    with pytest.raises(psycopg.errors.UndefinedObject):
        connection.execute("SELECT set_config('no_such_parameter', 'x', false)")


def test_parameters_meet_columns(connection):
    assert fetch(connection, "SELECT name FROM shop.customer WHERE id = %s AND city = %s", [3, "beijing"]) == [("丙",)]
    assert fetch(connection, "SELECT name FROM shop.customer WHERE id = ANY(%s) ORDER BY id", [[1, 2]]) == [
        ("甲",),
        ("乙",),
    ]


def test_a_prepared_statement_is_used_again(connection):
    for number in (1, 2, 3, 1):
        rows = connection.execute("SELECT id FROM shop.customer WHERE id = %s", [number], prepare=True).fetchall()
        assert rows == [(number,)]


def test_a_prepared_statement_outlives_its_table(connection, name):
    connection.execute(f"CREATE TABLE {name} (a INT)")
    sql = f"SELECT * FROM {name}"
    connection.execute(sql, prepare=True)
    connection.execute(f"DROP TABLE {name}")
    with pytest.raises(psycopg.Error):
        connection.execute(sql, prepare=True)
    assert fetch(connection, "SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    ("sql", "state", "position"),
    [
        ("SELECT nam FROM shop.customer", "42703", 8),
        ("SELECT * FROM nowhere", "42P01", 15),
        ("SELEC 1", "42601", 1),
        ("SELECT '北京', nam FROM shop.customer", "42703", 14),
        ("SELECT no_such_function(1)", "42883", 8),
        ("SELECT CAST('x' AS INT)", "22P02", None),
        ("CREATE TABLE every_type (a INT)", "42P07", None),
        ("CREATE TABLE bad (a INT) WITH ('connector' = 'nothing')", "42704", None),
    ],
)
def test_errors(connection, sql, state, position):
    with pytest.raises(psycopg.Error) as raised:
        connection.execute(sql)
    diag = raised.value.diag
    assert diag.sqlstate == state, diag.message_primary
    assert diag.severity == "ERROR"
    if position is not None:
        assert diag.statement_position == str(position)
    assert fetch(connection, "SELECT 1") == [(1,)]


def test_a_hint_names_what_was_meant(connection):
    with pytest.raises(psycopg.errors.UndefinedColumn) as raised:
        connection.execute("SELECT nam FROM shop.customer")
    assert "name" in raised.value.diag.message_hint


def test_cancel(connection):
    timer = threading.Timer(0.3, connection.cancel)
    timer.start()
    with pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute(ENDLESS)
    timer.join()
    assert fetch(connection, "SELECT 1") == [(1,)]


def test_a_failed_block(server):
    with psycopg.connect(server.url) as connection:
        with pytest.raises(psycopg.Error):
            connection.execute("SELECT nowhere")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            connection.execute("SELECT 1")
        connection.rollback()
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_block_reads_one_moment(connection, server, name):
    connection.execute(f"CREATE TABLE {name} (a INT)")
    with connection.transaction():
        assert fetch(connection, f"SELECT COUNT(*) FROM {name}") == [(0,)]
        with psycopg.connect(server.url, autocommit=True) as other:
            other.execute(f"INSERT INTO {name} VALUES (1)")
            assert fetch(other, f"SELECT COUNT(*) FROM {name}") == [(1,)]
        assert fetch(connection, f"SELECT COUNT(*) FROM {name}") == [(0,)]
    assert fetch(connection, f"SELECT COUNT(*) FROM {name}") == [(1,)]


def test_a_pipeline(connection):
    with connection.pipeline():
        cursors = [connection.execute("SELECT %s + 1", [n]) for n in range(20)]
    assert [cursor.fetchone()[0] for cursor in cursors] == [n + 1 for n in range(20)]


def test_an_error_in_a_pipeline_is_where_it_was(connection):
    with pytest.raises(psycopg.errors.UndefinedColumn):
        with connection.pipeline() as pipeline:
            connection.execute("SELECT 1")
            connection.execute("SELECT nowhere FROM shop.customer")
            pipeline.sync()
    assert fetch(connection, "SELECT 1") == [(1,)]


def test_a_named_cursor(server):
    with psycopg.connect(server.url) as connection:
        with connection.cursor("c") as cursor:
            cursor.itersize = 1
            cursor.execute("SELECT id FROM shop.customer ORDER BY id")
            assert [column.name for column in cursor.description] == ["id"]
            assert [row[0] for row in cursor] == [1, 2, 3]
        with pytest.raises(psycopg.errors.InvalidCursorName):
            connection.execute("FETCH 1 FROM c")


def test_rows_one_by_one(connection):
    rows = list(connection.cursor().stream("SELECT id FROM shop.customer ORDER BY id"))
    assert rows == [(1,), (2,), (3,)]


@pytest.mark.parametrize("options", ["", "(FORMAT binary)", "(FORMAT csv)", "(FORMAT csv, DELIMITER ';', NULL 'nil')"])
def test_copy_out_and_in(connection, name, options):
    shape = fetch(connection, "SHOW CREATE TABLE every_type")[0][-1]
    connection.execute(shape[shape.index("CREATE TABLE") :].replace("every_type", name, 1))
    cursor = connection.cursor()
    with cursor.copy(f"COPY (SELECT * FROM every_type) TO STDOUT {options}") as copy:
        data = b"".join(bytes(piece) for piece in copy)
    with cursor.copy(f"COPY {name} FROM STDIN {options}") as copy:
        for begin in range(0, len(data), 7):  # pieces end anywhere
            copy.write(data[begin : begin + 7])
    assert cursor.rowcount == 4
    sql = "COPY (SELECT * FROM {} ORDER BY id) TO STDOUT"
    with cursor.copy(sql.format("every_type")) as copy:
        expected = b"".join(bytes(piece) for piece in copy)
    with cursor.copy(sql.format(name)) as copy:
        assert b"".join(bytes(piece) for piece in copy) == expected


def test_rows_by_binary_copy(connection, name):
    connection.execute(f"CREATE TABLE {name} (id BIGINT, m DECIMAL(10, 2), seen TIMESTAMP(3), tags ARRAY<STRING>)")
    rows = [(n, decimal.Decimal(n) / 4, datetime.datetime(2020, 1, 1, 0, 0, n), [f"t{n}", None]) for n in range(50)]
    with connection.cursor().copy(f"COPY {name} FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(["int8", "numeric", "timestamp", "text[]"])
        for row in rows:
            copy.write_row(row)
    assert fetch(connection, f"SELECT * FROM {name} ORDER BY id") == rows


def test_a_copy_that_the_client_gives_up(connection, name):
    connection.execute(f"CREATE TABLE {name} (a INT)")
    with pytest.raises(ZeroDivisionError):
        with connection.cursor().copy(f"COPY {name} FROM STDIN") as copy:
            copy.write(b"1\n")
            raise ZeroDivisionError
    assert fetch(connection, f"SELECT COUNT(*) FROM {name}") == [(0,)]


def test_a_subscription(connection, server, name):
    connection.execute(f"CREATE TABLE {name} (k INT, v STRING, PRIMARY KEY (k) NOT ENFORCED)")
    connection.execute(f"INSERT INTO {name} VALUES (1, 'a')")
    with connection.cursor().copy(f"COPY (SUBSCRIBE TO {name}) TO STDOUT") as copy:
        rows = copy.rows()
        assert next(rows)[1:] == ("+I", "1", "a")
        with psycopg.connect(server.url, autocommit=True) as other:
            other.execute(f"INSERT INTO {name} VALUES (1, 'b')")
        assert next(rows)[1:] == ("-U", "1", "a")
        assert next(rows)[1:] == ("+U", "1", "b")
        connection.cancel()
        with pytest.raises(psycopg.errors.QueryCanceled):
            next(rows)
    # Leaving the block raises the same; the connection is of use afterwards.


def test_json_is_read_as_such(connection):
    assert fetch(connection, "SELECT mp, r FROM every_type WHERE id = 1") == [({"k": 1}, {"x": 7, "y": "z"})]


def test_json_goes_into_a_map_and_a_row(connection, name):
    connection.execute(f"CREATE TABLE {name} (id INT, m MAP<STRING, INT>, r ROW<x INT, y ARRAY<STRING>>)")
    rows = [(1, {"k": 1, "红": None}, {"x": 7, "y": ["a", None]}), (2, None, None), (3, {}, {"x": None, "y": []})]
    as_json = [[row[0], *[None if value is None else Json(value) for value in row[1:]]] for row in rows]
    with connection.cursor().copy(f"COPY {name} FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(["int4", "json", "json"])
        for row in as_json:
            copy.write_row(row)
    assert fetch(connection, f"SELECT * FROM {name} ORDER BY id") == rows
    for row in as_json:
        connection.execute(f"INSERT INTO {name} VALUES (%s, %s, %s)", row)
    assert fetch(connection, f"SELECT * FROM {name} ORDER BY id") == [row for row in rows for _ in range(2)]
    connection.execute(f"DROP TABLE {name}")
    connection.execute(f"CREATE TABLE {name} (id INT, m MAP<STRING, INT>, r ROW<x INT, y ARRAY<STRING>>)")
    connection.cursor().executemany(f"INSERT INTO {name} VALUES (%s, %s, %s)", as_json)
    assert fetch(connection, f"SELECT * FROM {name} ORDER BY id", binary=True) == rows
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        with connection.cursor().copy(f"COPY {name} FROM STDIN") as copy:
            copy.write(b'4\t{"k": "many"}\t\\N\n')


def test_json_as_a_parameter_is_text(connection):
    assert fetch(connection, "SELECT CAST(%s AS STRING) AS j", [Json({"a": 1})]) == [('{"a": 1}',)]


def test_what_the_server_tells_of_itself(connection):
    info = connection.info
    assert info.server_version >= 140000
    assert info.encoding == "utf-8"
    assert info.parameter_status("integer_datetimes") == "on"
    assert info.parameter_status("standard_conforming_strings") == "on"
    assert str(info.timezone) == "UTC"


def test_a_role_that_is_not_there(server):
    with pytest.raises(psycopg.OperationalError) as raised:
        psycopg.connect(server.url.replace("millrace@", "nobody_at_all@"))
    assert "nobody_at_all" in str(raised.value)


def test_asyncio(server):
    import asyncio

    async def run():
        async with await psycopg.AsyncConnection.connect(server.url, autocommit=True) as connection:
            cursor = await connection.execute("SELECT name FROM shop.customer WHERE id = %s", [2])
            return await cursor.fetchone()

    assert asyncio.run(run()) == ("乙",)
