"""Rows as the JSON that Millrace reads into its types."""

from __future__ import annotations

import base64
import datetime
import decimal
import json
import math
import uuid
from typing import Any, Dict, Iterable, Iterator, Mapping, Optional, Sequence

from ._errors import Error

_MILLISECOND = datetime.timedelta(milliseconds=1)


def json_value(value: Any) -> Any:
    """A value as json.dumps and Millrace both understand it.

    Decimals become strings of their digits, NaN and infinities strings, dates and times SQL text (instants in
    UTC with a Z behind), timedeltas whole milliseconds, bytes base64. numpy's and pandas' scalars are as
    Python's; NaT and NA are None. Raises Error for what has no counterpart.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _float(float(value))
    if isinstance(value, decimal.Decimal):
        return str(value) if value.is_finite() else _float(float(value))
    if type(value).__name__ in ("NaTType", "NAType"):
        return None
    if isinstance(value, datetime.datetime):
        return _timestamp(value)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return _milliseconds(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {_key(key): json_value(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [json_value(inner) for inner in value]
    if hasattr(value, "tolist"):  # numpy's arrays and scalars
        return json_value(value.tolist())
    raise Error(f"a value of type {type(value).__name__} has no counterpart in Millrace: {value!r:.80}")


def _float(value: float) -> Any:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def _timestamp(value: datetime.datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat(" ")[:26]
    instant = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return instant.isoformat(" ")[:26] + "Z"


def _milliseconds(value: datetime.timedelta) -> int:
    if value % _MILLISECOND:
        raise Error(f"an interval has whole milliseconds, {value} has not")
    return value // _MILLISECOND


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    encoded = json_value(key)
    return encoded if isinstance(encoded, str) else json.dumps(encoded)


def encode_row(row: Mapping[str, Any]) -> bytes:
    """One line of NDJSON, with its line end."""
    encoded: Dict[str, Any] = {str(name): json_value(value) for name, value in row.items()}
    return json.dumps(encoded, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"


def row_mappings(rows: Any, columns: Optional[Sequence[str]]) -> Iterator[Mapping[str, Any]]:
    """The rows of an iterable, a pandas DataFrame or an Arrow table, each by column name.

    Rows of an iterable are mappings, or sequences when `columns` names their values.
    """
    if hasattr(rows, "to_batches"):  # pyarrow.Table
        for batch in rows.to_batches():
            yield from batch.to_pylist()
    elif hasattr(rows, "to_pylist"):  # pyarrow.RecordBatch
        yield from rows.to_pylist()
    elif hasattr(rows, "itertuples") and hasattr(rows, "columns"):  # pandas.DataFrame
        yield from _frame_rows(rows)
    elif isinstance(rows, (str, bytes, Mapping)):
        raise Error(
            f"rows are a {type(rows).__name__}, not rows",
            hint="give a list of mappings, a DataFrame or an Arrow table",
        )
    else:
        yield from _iterable_rows(rows, columns)


def _frame_rows(frame: Any) -> Iterator[Dict[str, Any]]:
    names = [str(name) for name in frame.columns]
    # In a column of whole numbers or text, pandas writes what is missing as NaN.
    is_float = [getattr(dtype, "kind", "O") == "f" and not hasattr(dtype, "na_value") for dtype in frame.dtypes]
    for values in frame.itertuples(index=False, name=None):
        yield {
            name: None if not keep and isinstance(value, float) and math.isnan(value) else value
            for name, value, keep in zip(names, values, is_float)
        }


def _iterable_rows(rows: Iterable[Any], columns: Optional[Sequence[str]]) -> Iterator[Mapping[str, Any]]:
    for index, row in enumerate(rows):
        if isinstance(row, Mapping):
            yield row
        elif hasattr(row, "asdict"):
            yield row.asdict()
        elif columns is None:
            raise Error(
                f"row {index} is a {type(row).__name__}, not a mapping",
                hint="give mappings of column name to value, or columns=[…] with sequences",
            )
        elif len(row) != len(columns):
            raise Error(f"row {index} has {len(row)} values, but columns names {len(columns)}")
        else:
            yield dict(zip(columns, row))
