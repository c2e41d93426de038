import datetime
import decimal
import json

import pytest

from millrace import Error
from millrace._json_rows import encode_row, json_value, row_mappings

UTC8 = datetime.timezone(datetime.timedelta(hours=8))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (2**63 - 1, 9223372036854775807),
        (0.1, 0.1),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (decimal.Decimal("12345678901234567890.10"), "12345678901234567890.10"),
        (decimal.Decimal("NaN"), "NaN"),
        ("北京\n", "北京\n"),
        (b"\x00\xff\x10", "AP8Q"),
        (datetime.date(2020, 2, 29), "2020-02-29"),
        (datetime.time(1, 2, 3, 4), "01:02:03.000004"),
        (datetime.datetime(2020, 2, 29, 1, 2, 3), "2020-02-29 01:02:03"),
        (datetime.datetime(2020, 2, 29, 1, 2, 3, 5, UTC8), "2020-02-28 17:02:03.000005Z"),
        (datetime.timedelta(hours=1, milliseconds=5), 3600005),
        ([1, None, [2]], [1, None, [2]]),
        ({"k": decimal.Decimal("1.5"), 7: datetime.date(2020, 1, 1)}, {"k": "1.5", "7": "2020-01-01"}),
    ],
)
def test_value(value, expected):
    assert json_value(value) == expected


def test_an_interval_of_microseconds_is_refused():
    with pytest.raises(Error, match="whole milliseconds"):
        json_value(datetime.timedelta(microseconds=1))


def test_an_unknown_type_is_named():
    with pytest.raises(Error, match="type object"):
        json_value(object())


def test_a_row_is_one_line():
    line = encode_row({"a": "x\ny", "b": 1})
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert json.loads(line) == {"a": "x\ny", "b": 1}


def test_numpy_scalars_and_arrays():
    numpy = pytest.importorskip("numpy")
    assert json_value(numpy.int32(5)) == 5
    assert json_value(numpy.float64("nan")) == "NaN"
    assert json_value(numpy.array([1, 2])) == [1, 2]
    assert json_value(numpy.bool_(True)) is True


def test_rows_of_a_frame():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "id": pandas.array([1, None], dtype="Int64"),
            "name": ["甲", None],
            "at": pandas.to_datetime(["2020-01-01 00:00:01.5", None]),
            "rate": [1.5, float("nan")],
        }
    )
    rows = [{key: json_value(value) for key, value in row.items()} for row in row_mappings(frame, None)]
    assert rows == [
        {"id": 1, "name": "甲", "at": "2020-01-01 00:00:01.500000", "rate": 1.5},
        {"id": None, "name": None, "at": None, "rate": "NaN"},
    ]


def test_rows_of_an_arrow_table():
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"id": [1, 2], "tags": [["a"], None]})
    assert list(row_mappings(table, None)) == [{"id": 1, "tags": ["a"]}, {"id": 2, "tags": None}]


def test_sequences_need_columns():
    assert list(row_mappings([(1, "a")], ["id", "name"])) == [{"id": 1, "name": "a"}]
    with pytest.raises(Error, match="columns"):
        list(row_mappings([(1, "a")], None))
    with pytest.raises(Error, match="row 1 has 1 values"):
        list(row_mappings([(1, "a"), (2,)], ["id", "name"]))


@pytest.mark.parametrize("rows", ["text", b"bytes", {"id": 1}])
def test_what_is_no_rows(rows):
    with pytest.raises(Error, match="not rows"):
        list(row_mappings(rows, None))
