"""What can go wrong, as exceptions; all derive from Error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Optional, Type

import psycopg

if TYPE_CHECKING:
    from ._insert import InsertResult

QUERY_CANCELLED = "57014"
CONFIGURATION_LIMIT_EXCEEDED = "53400"


class Error(Exception):
    """Anything that Millrace, or the way to it, refuses.

    message: one sentence, what was wrong and where.
    sqlstate: five characters as in PostgreSQL; None if the server did not say.
    hint: what would work; None if there is nothing to say.
    position: the character of the statement at which it is wrong, the first is 1; None if unknown.
    """

    def __init__(
        self,
        message: str,
        *,
        sqlstate: Optional[str] = None,
        hint: Optional[str] = None,
        position: Optional[int] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.sqlstate = sqlstate
        self.hint = hint
        self.position = position

    def __str__(self) -> str:
        text = self.message
        if self.sqlstate is not None:
            text += f" (SQLSTATE {self.sqlstate})"
        if self.position is not None:
            text += f" at character {self.position}"
        if self.hint:
            text += f"\nHint: {self.hint}"
        return text


class SqlError(Error):
    """The server refused a statement or a request; `sqlstate` says why."""


class QueryCancelled(SqlError):
    """The statement was cancelled, or took longer than statement_timeout (SQLSTATE 57014)."""


class SubscriptionLagged(SqlError):
    """Changes came faster than they were read; the subscription has ended (SQLSTATE 53400)."""


class SubscriptionTimeout(Error, TimeoutError):
    """No change came within the time given; the subscription goes on."""


class ConnectionFailed(Error):
    """The server cannot be reached, or the connection broke."""


class RowsRejected(Error):
    """Rows were no rows of the table; the others were taken. `result` counts both and names the rejected."""

    def __init__(self, message: str, result: InsertResult) -> None:
        super().__init__(message, sqlstate=result.errors[0].sqlstate if result.errors else None)
        self.result = result


def _class_of(sqlstate: Optional[str]) -> Type[SqlError]:
    return QueryCancelled if sqlstate == QUERY_CANCELLED else SqlError


def from_psycopg(error: psycopg.Error) -> Error:
    """The Error that says the same as `error`."""
    diag = error.diag
    if diag.sqlstate is None:
        is_local = isinstance(error, (psycopg.ProgrammingError, psycopg.DataError, psycopg.NotSupportedError))
        return (Error if is_local else ConnectionFailed)(str(error).strip() or type(error).__name__)
    position = diag.statement_position
    return _class_of(diag.sqlstate)(
        diag.message_primary or str(error).strip(),
        sqlstate=diag.sqlstate,
        hint=diag.message_hint,
        position=int(position) if position else None,
    )


def position_in(sql: str, line: int, column: int) -> Optional[int]:
    """The character of `sql`, from 1, at a line and a column, both from 1."""
    lines = sql.split("\n")
    if not 1 <= line <= len(lines) or column < 1:
        return None
    return sum(len(text) + 1 for text in lines[: line - 1]) + column


def from_http(status: int, body: Mapping[str, Any], sql: Optional[str] = None) -> SqlError:
    """The Error in a JSON answer {"error": {"code", "message", "hint", "line", "column"}}."""
    detail = body.get("error")
    if not isinstance(detail, dict):
        return SqlError(f"the server answered with HTTP status {status}")
    sqlstate = detail.get("code")
    position = None
    if sql is not None and "line" in detail:
        position = position_in(sql, int(detail["line"]), int(detail.get("column", 1)))
    return _class_of(sqlstate)(
        str(detail.get("message", f"HTTP status {status}")),
        sqlstate=sqlstate,
        hint=detail.get("hint"),
        position=position,
    )
