"""The placeholders of psycopg (%s, %(name)s) as those of HTTP ($1), and values as parameters of HTTP."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Sequence, Tuple, Union

from ._errors import Error
from ._json_rows import json_value

Parameters = Union[Sequence[Any], Mapping[str, Any]]

_PLACEHOLDER = re.compile(r"%(?:(%)|s|\(([^)]*)\)s|(.?))", re.DOTALL)


def number_placeholders(sql: str, params: Parameters) -> Tuple[str, List[Any]]:
    """The statement with $1, $2 … and their values.

    Raises Error when there are more or fewer values than placeholders, or % stands alone.
    """
    values: List[Any] = []
    numbers: Dict[str, int] = {}
    count = 0

    def replace(match: "re.Match[str]") -> str:
        nonlocal count
        if match.group(1):
            return "%"
        if match.group(3) is not None:
            raise Error(
                f"'{match.group()}' at character {match.start() + 1} is no placeholder",
                hint="write %s or %(name)s for a value, %% for a percent sign",
                position=match.start() + 1,
            )
        name = match.group(2)
        if name is None:
            if isinstance(params, Mapping):
                raise Error("%s takes its value from a sequence, but params is a mapping")
            count += 1
            if count > len(params):
                raise Error(f"the statement has more placeholders than the {len(params)} values given")
            values.append(params[count - 1])
            return f"${count}"
        if not isinstance(params, Mapping):
            raise Error(f"%({name})s takes its value from a mapping, but params is a sequence")
        if name not in params:
            raise Error(f"no value for %({name})s")
        if name not in numbers:
            values.append(params[name])
            numbers[name] = len(values)
        return f"${numbers[name]}"

    text = _PLACEHOLDER.sub(replace, sql)
    if not isinstance(params, Mapping) and count != len(params):
        raise Error(f"the statement has {count} placeholders, but {len(params)} values were given")
    return text, values


def http_parameter(value: Any) -> Any:
    """A value as POST /v1/sql takes it: text, a number, a boolean or None."""
    encoded = json_value(value)
    if isinstance(encoded, (list, dict)):
        raise Error(
            f"a {type(value).__name__} cannot be a parameter over HTTP",
            hint="write it into the statement, e.g. ARRAY[%s, %s]",
        )
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "\\x" + bytes(value).hex()
    return encoded
