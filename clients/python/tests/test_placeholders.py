import datetime

import pytest

from millrace import Error
from millrace._placeholders import http_parameter, number_placeholders


def test_in_order():
    assert number_placeholders("SELECT %s, %s, '100%%'", [1, "a"]) == ("SELECT $1, $2, '100%'", [1, "a"])


def test_by_name_each_once():
    sql, values = number_placeholders("SELECT %(b)s, %(a)s, %(b)s", {"a": 1, "b": 2})
    assert (sql, values) == ("SELECT $1, $2, $1", [2, 1])


@pytest.mark.parametrize(
    ("sql", "params", "message"),
    [
        ("SELECT %s", [], "more placeholders"),
        ("SELECT 1", [1], "0 placeholders, but 1 values"),
        ("SELECT %(a)s", {}, "no value for"),
        ("SELECT %s", {"a": 1}, "params is a mapping"),
        ("SELECT %(a)s", [1], "params is a sequence"),
        ("SELECT 5 % 3", [], "no placeholder"),
    ],
)
def test_refused(sql, params, message):
    with pytest.raises(Error, match=message):
        number_placeholders(sql, params)


def test_values():
    assert http_parameter(b"\x01\xff") == "\\x01ff"
    assert http_parameter(datetime.date(2020, 1, 1)) == "2020-01-01"
    with pytest.raises(Error, match="ARRAY"):
        http_parameter([1])
