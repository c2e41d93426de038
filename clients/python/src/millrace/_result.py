"""Result: what a statement gave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator, List, NamedTuple, Optional, Sequence

from ._errors import Error
from ._row import Row

if TYPE_CHECKING:
    import pandas
    import pyarrow


class Column(NamedTuple):
    """A column of a result: its name, PostgreSQL's name of its type, and that type's number."""

    name: str
    type: str
    oid: int
    precision: Optional[int] = None  # of numeric
    scale: Optional[int] = None


class Result:
    """The rows of a statement, all of them; iterable more than once. Statements without rows have none.

    tag: what the server says it did, e.g. "SELECT 3" or "CREATE TABLE".
    columns: of the rows; empty without rows.
    rows: the rows.
    """

    def __init__(self, tag: str, columns: Sequence[Column], rows: List[Row]) -> None:
        self.tag = tag
        self.columns = list(columns)
        self.rows = rows

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def scalar(self) -> Any:
        """The one value of a result of one row and one column. Raises Error for any other shape."""
        if len(self.rows) != 1 or len(self.columns) != 1:
            raise Error(f"scalar() needs one row and one column, there are {len(self.rows)} and {len(self.columns)}")
        return self.rows[0][0]

    def df(self) -> pandas.DataFrame:
        """The rows as a pandas DataFrame. Values are Python's (Decimal, datetime …). Needs pandas."""
        import pandas

        names = [column.name for column in self.columns]
        return pandas.DataFrame([tuple(row) for row in self.rows], columns=pandas.Index(names, dtype=object))

    def arrow(self) -> pyarrow.Table:
        """The rows as an Arrow table with the types of the columns. Needs pyarrow.

        For large results Connection.arrow(sql) is faster: it never makes Python values.
        """
        import pyarrow

        from ._arrow_types import arrow_type, arrow_values

        names = [column.name for column in self.columns]
        arrays = []
        for index, column in enumerate(self.columns):
            values = [row[index] for row in self.rows]
            arrays.append(pyarrow.array(arrow_values(column, values), arrow_type(column)))
        return pyarrow.Table.from_arrays(arrays, names=names)

    def __repr__(self) -> str:
        return f"<Result {self.tag!r}, {len(self.rows)} rows>"
