"""Subscription: the changes of a view, as they happen."""

from __future__ import annotations

import re
import selectors
import socket
import threading
import time
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer

from ._errors import (
    CONFIGURATION_LIMIT_EXCEEDED,
    ConnectionFailed,
    Error,
    SubscriptionLagged,
    SubscriptionTimeout,
    from_psycopg,
)
from ._row import Row

PROGRESS = "P"
_FIRST_COLUMN = 2  # behind mr_epoch and mr_op


class Change(NamedTuple):
    """One change of a view.

    epoch: changes of the same epoch became visible together.
    op: "+I" a new row, "-U" and "+U" a row before and after it changed, "-D" a row that is gone.
    row: the row, by column number and name.
    """

    epoch: int
    op: str
    row: Row


class Subscription:
    """An iterator over the changes of a view, over a connection of its own. Close it, or use it in `with`.

    One thread at a time; close() may be called from another.
    """

    def __init__(self, connection: psycopg.Connection[Any], statement: str, timeout: Optional[float]) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._timeout = timeout
        self._is_open = True
        # Held while the connection is used, so that close() from another thread does not take it away.
        self._lock = threading.RLock()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        self._selector.register(self._pgconn.socket, selectors.EVENT_READ)
        self.columns: Tuple[str, ...] = ()
        """Names of the view's columns."""
        try:
            names, oids = self._describe(statement)
            self.columns = tuple(names[_FIRST_COLUMN:])
            self._transformer = Transformer(connection)
            self._transformer.set_loader_types(oids, pq.Format.TEXT)
            self._begin(statement)
        except psycopg.Error as error:
            self.close()
            raise from_psycopg(error) from error
        except BaseException:
            self.close()
            raise

    def _describe(self, statement: str) -> Tuple[List[str], List[int]]:
        self._check(self._pgconn.prepare(b"", statement.encode()))
        description = self._check(self._pgconn.describe_prepared(b""))
        count = description.nfields
        names = [(description.fname(i) or b"").decode() for i in range(count)]
        return names, [description.ftype(i) for i in range(count)]

    def _begin(self, statement: str) -> None:
        self._check(self._pgconn.exec_(f"COPY ({statement}) TO STDOUT".encode()))

    def _check(self, result: pq.abc.PGresult) -> pq.abc.PGresult:
        if result.status == pq.ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(result, encoding="utf-8")
        return result

    # ------------------------------------------------------------------------------- reading

    def __iter__(self) -> Iterator[Change]:
        return self

    def __next__(self) -> Change:
        """The next change. Waits for as long as the subscription's timeout, then raises SubscriptionTimeout.

        Raises SubscriptionLagged when the server gave the subscription up because it was read too slowly.
        """
        change = self.poll(self._timeout)
        if change is None:
            if not self._is_open:
                raise StopIteration
            raise SubscriptionTimeout(f"no change came within {self._timeout} s")
        return change

    def poll(self, timeout: Optional[float] = 0) -> Optional[Change]:
        """The next change, or None when none comes within `timeout` seconds (None: waits) or it has ended."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            line = self._read_line(deadline)
            if line is None:
                return None
            change = self._parse(line)
            if change.op != PROGRESS:
                return change

    def epochs(self, timeout: Optional[float] = None) -> Iterator[Tuple[int, List[Change]]]:
        """Epoch by epoch, the changes that became visible together; the snapshot first, even when empty.

        Ends when no epoch with changes has come for `timeout` seconds (None: the subscription's own).
        """
        wait = self._timeout if timeout is None else timeout
        deadline = None if wait is None else time.monotonic() + wait
        changes: List[Change] = []
        is_first = True
        while True:
            line = self._read_line(deadline)
            if line is None:
                return
            change = self._parse(line)
            if change.op != PROGRESS:
                changes.append(change)
            elif changes or is_first:
                yield change.epoch, changes
                changes = []
                is_first = False
                deadline = None if wait is None else time.monotonic() + wait

    def _parse(self, line: bytes) -> Change:
        epoch, op, *values = self._transformer.load_sequence(split_copy_line(line))
        return Change(epoch, op, Row(self.columns, values))

    # One line of COPY data; None: the deadline is over, or the subscription has ended.
    def _read_line(self, deadline: Optional[float]) -> Optional[bytes]:
        with self._lock:
            return self._read_line_locked(deadline)

    def _read_line_locked(self, deadline: Optional[float]) -> Optional[bytes]:
        try:
            while self._is_open:
                size, data = self._pgconn.get_copy_data(1)
                if size > 0:
                    return bytes(data)
                if size < 0:
                    self._finish()
                    return None
                remaining = None if deadline is None else max(deadline - time.monotonic(), 0)
                readable = [key.fileobj for key, _ in self._selector.select(remaining)]
                if self._pgconn.socket in readable:
                    self._pgconn.consume_input()
                elif not readable:
                    return None
            return None
        except psycopg.Error as error:
            self.close()
            raise from_psycopg(error) from error
        except OSError as error:
            self.close()
            raise ConnectionFailed(str(error)) from error

    # COPY has ended: as it should, or by an error.
    def _finish(self) -> None:
        result = self._pgconn.get_result()
        was_open = self._is_open
        self.close()
        if was_open and result is not None and result.status == pq.ExecStatus.FATAL_ERROR:
            error = from_psycopg(psycopg.errors.error_from_result(result, encoding="utf-8"))
            if error.sqlstate == CONFIGURATION_LIMIT_EXCEEDED:
                raise SubscriptionLagged(error.message, sqlstate=error.sqlstate, hint=error.hint)
            raise error

    # ------------------------------------------------------------------------------- the end

    def close(self) -> None:
        """Ends the subscription and its connection; a waiting reader is woken. Again: does nothing."""
        self._is_open = False
        try:
            self._wake_writer.send(b"x")
        except OSError:
            pass  # closed before
        with self._lock:
            self._selector.close()
            self._connection.close()
            self._wake_reader.close()
            self._wake_writer.close()

    @property
    def closed(self) -> bool:
        """Whether it has ended or was closed."""
        return not self._is_open

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Subscription {', '.join(self.columns)}{'' if self._is_open else ', closed'}>"


_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_CONTROLS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def split_copy_line(line: bytes) -> List[Optional[bytes]]:
    """The fields of a line of COPY's text format, without its escapes; NULL is None."""
    fields: List[Optional[bytes]] = []
    for field in line.rstrip(b"\n").split(b"\t"):
        if field == b"\\N":
            fields.append(None)
        elif b"\\" in field:
            fields.append(_ESCAPE.sub(lambda match: _CONTROLS.get(match.group(1), match.group(1)), field))
        else:
            fields.append(field)
    return fields


def subscribe_statement(view: str, snapshot: bool) -> str:
    """SUBSCRIBE TO a view named as in SQL. Raises Error when the name cannot be one."""
    if not view.strip() or ";" in view:
        raise Error(f"'{view}' is no name of a view", hint='give "view" or "schema.view"')
    return f"SUBSCRIBE TO {view} WITH (SNAPSHOT = {'true' if snapshot else 'false'}, PROGRESS = true)"
