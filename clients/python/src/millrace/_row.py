"""Row: the values of one row, by number and by column name."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Iterator, Sequence, Tuple, Union

from typing import SupportsIndex, overload


class Row(Tuple[Any, ...]):
    """A tuple whose values can be asked for by column name too: row[0], row["city"].

    Of columns of the same name the first is found by name.
    """

    columns: Tuple[str, ...]

    def __new__(cls, columns: Sequence[str], values: Iterable[Any]) -> Row:
        row = super().__new__(cls, tuple(values))
        row.columns = tuple(columns)
        return row

    @overload
    def __getitem__(self, key: SupportsIndex) -> Any: ...

    @overload
    def __getitem__(self, key: slice) -> Tuple[Any, ...]: ...

    @overload
    def __getitem__(self, key: str) -> Any: ...

    def __getitem__(self, key: Union[SupportsIndex, slice, str]) -> Any:
        if not isinstance(key, str):
            return super().__getitem__(key)
        try:
            return super().__getitem__(self.columns.index(key))
        except ValueError:
            raise KeyError(f"no column {key!r}; there are {', '.join(self.columns)}") from None

    def items(self) -> Iterator[Tuple[str, Any]]:
        """Pairs of name and value, in the order of the columns."""
        return zip(self.columns, self)

    def asdict(self) -> Dict[str, Any]:
        """The values by column name."""
        return dict(self.items())

    def __repr__(self) -> str:
        return f"Row({', '.join(f'{name}={value!r}' for name, value in self.items())})"

    # Pickling and copying need the columns.
    def __reduce__(self) -> Tuple[Any, ...]:
        return (Row, (self.columns, tuple(self)))
