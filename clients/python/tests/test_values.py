"""Rows, results, errors and the text of COPY."""

import copy
import pickle

import psycopg
import pytest

import millrace
from millrace import Column, Error, QueryCancelled, Result, Row
from millrace._errors import from_http, from_psycopg, position_in
from millrace._subscription import split_copy_line, subscribe_statement


def test_row():
    row = Row(["city", "n"], ["北京", 3])
    assert row == ("北京", 3) and row["n"] == 3 and row[0] == "北京" and row[-1:] == (3,)
    assert row.asdict() == {"city": "北京", "n": 3}
    assert repr(row) == "Row(city='北京', n=3)"
    with pytest.raises(KeyError, match="there are city, n"):
        row["m"]


def test_row_is_copied_with_its_columns():
    row = Row(["n"], [3])
    assert copy.copy(row)["n"] == 3
    assert pickle.loads(pickle.dumps(row))["n"] == 3


def result(rows):
    return Result("SELECT", [Column("a", "int4", 23), Column("b", "text", 25)], [Row(["a", "b"], r) for r in rows])


def test_result():
    two = result([(1, "x"), (2, None)])
    assert len(two) == 2 and [row["a"] for row in two] == [1, 2] == [row["a"] for row in two]
    with pytest.raises(Error, match="there are 2 and 2"):
        two.scalar()
    assert Result("SELECT 1", [Column("a", "int4", 23)], [Row(["a"], [7])]).scalar() == 7


def test_result_as_frame_and_arrow():
    pytest.importorskip("pandas")
    pyarrow = pytest.importorskip("pyarrow")
    two = result([(1, "x"), (2, None)])
    assert two.df().shape == (2, 2) and list(two.df()["a"]) == [1, 2]
    assert two.arrow().schema == pyarrow.schema([("a", pyarrow.int32()), ("b", pyarrow.string())])
    assert two.arrow().to_pylist() == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    assert result([]).arrow().num_rows == 0 and list(result([]).df().columns) == ["a", "b"]


def test_arrow_types():
    pyarrow = pytest.importorskip("pyarrow")
    from millrace._arrow_types import arrow_type

    assert arrow_type(Column("a", "numeric", 1700, 10, 2)) == pyarrow.decimal128(10, 2)
    assert arrow_type(Column("a", "numeric", 1700)) is None
    assert arrow_type(Column("a", "int8[]", 1016)) == pyarrow.list_(pyarrow.int64())
    assert arrow_type(Column("a", "timestamptz", 1184)) == pyarrow.timestamp("us", tz="UTC")


def test_position():
    assert position_in("SELECT\n  城, x", 2, 6) == 13
    assert position_in("SELECT", 3, 1) is None


def test_error_of_http():
    body = {"error": {"code": "42703", "message": "no column", "hint": "there is a", "line": 1, "column": 8}}
    error = from_http(400, body, "SELECT x")
    assert (error.sqlstate, error.message, error.hint, error.position) == ("42703", "no column", "there is a", 8)
    assert str(error) == "no column (SQLSTATE 42703) at character 8\nHint: there is a"
    assert "502" in str(from_http(502, {}))
    assert isinstance(from_http(504, {"error": {"code": "57014", "message": "late"}}), QueryCancelled)


def test_error_without_a_server():
    with pytest.raises(millrace.ConnectionFailed):
        millrace.connect("postgresql://127.0.0.1:1/millrace", connect_timeout=5)
    assert isinstance(from_psycopg(psycopg.OperationalError("gone")), millrace.ConnectionFailed)
    assert type(from_psycopg(psycopg.ProgrammingError("wrong number of values"))) is Error


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (b"1\t+I\tab\n", [b"1", b"+I", b"ab"]),
        (b"\\N\t\t\\\\N\n", [None, b"", b"\\N"]),
        (b"a\\tb\\nc\\\\d\n", [b"a\tb\nc\\d"]),
        ("北\\b京\n".encode(), ["北\b京".encode()]),
    ],
)
def test_copy_line(line, fields):
    assert split_copy_line(line) == fields


def test_subscribe_statement():
    assert subscribe_statement("ads.top", True) == "SUBSCRIBE TO ads.top WITH (SNAPSHOT = true, PROGRESS = true)"
    assert "SNAPSHOT = false" in subscribe_statement("v", False)
    for name in ("", " ", "v; DROP TABLE t"):
        with pytest.raises(Error, match="no name of a view"):
            subscribe_statement(name, True)
