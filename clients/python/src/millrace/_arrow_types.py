"""Columns of PostgreSQL's types as Arrow's. Imports pyarrow: only for callers that want Arrow."""

from __future__ import annotations

import json
from typing import Any, List

import pyarrow as pa

from ._result import Column

_TYPES = {
    "bool": pa.bool_(),
    "int2": pa.int16(),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "oid": pa.int64(),
    "float4": pa.float32(),
    "float8": pa.float64(),
    "text": pa.string(),
    "varchar": pa.string(),
    "bpchar": pa.string(),
    "name": pa.string(),
    "json": pa.string(),
    "jsonb": pa.string(),
    "bytea": pa.binary(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", tz="UTC"),
    "interval": pa.duration("us"),
}


def arrow_type(column: Column) -> Any:
    """The Arrow type; None, for Arrow to infer, where there is none."""
    is_array = column.type.endswith("[]")
    name = column.type[:-2] if is_array else column.type
    if name == "numeric":
        scalar = None if column.precision is None else pa.decimal128(min(column.precision, 38), column.scale or 0)
    else:
        scalar = _TYPES.get(name)
    if scalar is None or not is_array:
        return scalar
    return pa.list_(scalar)


def arrow_values(column: Column, values: List[Any]) -> List[Any]:
    """The values as the type takes them: JSON as its text."""
    if column.type not in ("json", "jsonb"):
        return values
    return [None if value is None else json.dumps(value, ensure_ascii=False) for value in values]
