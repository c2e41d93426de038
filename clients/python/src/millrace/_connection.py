"""Connection: SQL, inserts, Arrow results and subscriptions of one warehouse."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Sequence

import psycopg

from ._errors import Error, from_http, from_psycopg
from ._http import HttpClient
from ._insert import BATCH_ROWS, Inserter, InsertResult, check_rejected
from ._json_rows import row_mappings
from ._placeholders import Parameters, http_parameter, number_placeholders
from ._result import Column, Result
from ._row import Row
from ._subscription import Subscription, subscribe_statement

if TYPE_CHECKING:
    import pyarrow

DEFAULT_URL = "postgresql://localhost:5433/millrace"
DEFAULT_HTTP = "http://localhost:8080"
_ARROW_STREAM = "application/vnd.apache.arrow.stream"


def connect(
    url: str = DEFAULT_URL,
    http: str = DEFAULT_HTTP,
    token: Optional[str] = None,
    *,
    http_timeout: float = 600.0,
    **options: Any,
) -> Connection:
    """Opens a connection.

    url: of the PostgreSQL side, as libpq reads it; user and password may stand in it.
    http: of the HTTP side, which inserts and Arrow results use; it is connected to when first needed.
    token: bearer token for HTTP; not needed where the server trusts this machine.
    http_timeout: seconds for which an HTTP answer may be silent.
    options: of libpq, e.g. user="…", password="…", application_name="…", sslmode="verify-full".

    Raises ConnectionFailed when nothing answers at `url`, SqlError when it refuses the user.
    """
    return Connection(url, http, token, http_timeout=http_timeout, **options)


class Connection:
    """A connection. One thread at a time, but for cancel(). Each statement is its own transaction."""

    def __init__(
        self, url: str, http: str, token: Optional[str] = None, *, http_timeout: float = 600.0, **options: Any
    ) -> None:
        options.setdefault("application_name", "millrace-python")
        self._url = url
        self._options: Dict[str, Any] = options
        self._http = HttpClient(http, token, http_timeout)
        self._psycopg = self._open()

    def _open(self) -> psycopg.Connection[Any]:
        try:
            return psycopg.connect(self._url, autocommit=True, **self._options)
        except psycopg.Error as error:
            raise from_psycopg(error) from error

    # ------------------------------------------------------------------------------- SQL

    def execute(self, sql: str, params: Optional[Parameters] = None) -> Result:
        """Runs one statement and reads all its rows.

        params: values for %s (a sequence) or %(name)s (a mapping); with them a percent sign is written %%.
        Raises SqlError with sqlstate, hint and position, QueryCancelled, ConnectionFailed.
        """
        try:
            with self._psycopg.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
                cursor.execute(sql.encode(), params)
                columns = self._columns(cursor)
                names = [column.name for column in columns]
                rows = [Row(names, values) for values in cursor.fetchall()] if columns else []
                return Result(cursor.statusmessage or "", columns, rows)
        except psycopg.Error as error:
            raise from_psycopg(error) from error

    def _columns(self, cursor: psycopg.Cursor[Any]) -> List[Column]:
        columns = []
        for column in cursor.description or ():
            info = self._psycopg.adapters.types.get(column.type_code)
            name = str(column.type_code)
            if info is not None:
                name = info.name if info.oid == column.type_code else f"{info.name}[]"
            columns.append(Column(column.name, name, column.type_code, column.precision, column.scale))
        return columns

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Within it, all statements read the warehouse as of one moment (BEGIN … COMMIT)."""
        try:
            with self._psycopg.transaction():
                yield
        except psycopg.Error as error:
            raise from_psycopg(error) from error

    def cancel(self) -> None:
        """Cancels the statement that runs; its execute() raises QueryCancelled. Any thread."""
        self._psycopg.cancel()

    @property
    def psycopg(self) -> psycopg.Connection[Any]:
        """The psycopg connection below, for what this class does not cover (COPY, cursors, notices)."""
        return self._psycopg

    # ------------------------------------------------------------------------------- Arrow

    def arrow(self, sql: str, params: Optional[Parameters] = None) -> pyarrow.Table:
        """Runs a query over HTTP and returns its rows as an Arrow table. Needs pyarrow.

        The statement has a session of its own: settings and transactions of this connection do not apply.
        params: as of execute(); values are text, numbers, booleans, dates and times.
        Raises SqlError when the server refuses it or the statement has no rows, ConnectionFailed.
        """
        import pyarrow

        values: List[Any] = []
        text = sql
        if params is not None:
            text, values = number_placeholders(sql, params)
        body = json.dumps({"sql": text, "parameters": [http_parameter(value) for value in values]})
        headers = {"Content-Type": "application/json", "Accept": _ARROW_STREAM}
        answer = self._http.request("POST", "/v1/sql", body.encode(), headers)
        if answer.status != 200:
            raise from_http(answer.status, answer.json(), text)
        if not answer.headers.get("content-type", "").startswith(_ARROW_STREAM):
            raise Error(f"the statement has no rows: {answer.json().get('tag', answer.status)}")
        return pyarrow.ipc.open_stream(answer.body).read_all()

    # ------------------------------------------------------------------------------- rows in

    def insert(
        self,
        table: str,
        rows: Any,
        *,
        columns: Optional[Sequence[str]] = None,
        batch_rows: int = BATCH_ROWS,
        visible: bool = False,
        raise_rejected: bool = True,
    ) -> InsertResult:
        """Adds rows to a table, in batches, over HTTP.

        table: "table" or "schema.table", without quotes.
        rows: an iterable of mappings, or of sequences with `columns`; a pandas DataFrame; an Arrow table. An
            iterable is read as it is sent, never as a whole.
        batch_rows: rows of a request at most; a request also ends at 16 MiB.
        visible: return only when queries see all rows.
        raise_rejected: raise RowsRejected at the end when rows were no rows of the table; else they are only
            counted and named in the result. The others are taken either way.

        While the table has no room the batch is sent again from where it was not taken. When it raises,
        earlier batches stay taken. Raises SqlError, RowsRejected, ConnectionFailed (the batch under way may
        then have been taken or not).
        """
        inserter = Inserter(self._http, table, batch_rows, visible)
        inserter.add_all(row_mappings(rows, columns))
        if raise_rejected:
            check_rejected(table, inserter.result)
        return inserter.result

    # ------------------------------------------------------------------------------- changes out

    def subscribe(self, view: str, snapshot: bool = True, timeout: Optional[float] = None) -> Subscription:
        """The changes of a view or table, as they happen, over a connection of their own.

        view: its name as in SQL.
        snapshot: first the rows that there are, as +I.
        timeout: seconds to wait for the next change before SubscriptionTimeout; None: for ever.
        Raises SqlError when there is no such view or it may not be read.
        """
        return Subscription(self._open(), subscribe_statement(view, snapshot), timeout)

    # ------------------------------------------------------------------------------- the end

    def close(self) -> None:
        """Ends the connection; subscriptions made from it go on. Again: does nothing."""
        self._psycopg.close()
        self._http.close()

    @property
    def closed(self) -> bool:
        """Whether it was closed, or broke."""
        return self._psycopg.closed

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
