"""Rows into a table, in batches over HTTP."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from typing import Any, Iterable, List, Mapping
from urllib.parse import quote

from ._errors import Error, RowsRejected, from_http
from ._http import Answer, HttpClient, retry_pause, sleep
from ._json_rows import encode_row

BATCH_ROWS = 10_000
# A request is sent when its body has grown to this, whatever the number of rows.
BATCH_BYTES = 16 << 20
RETRIES_MAX = 20


@dataclass(frozen=True)
class RejectedRow:
    """A row that the server could not take; it is in sys.dead_letters too.

    index: its number among the rows given to insert(), from 0.
    """

    index: int
    sqlstate: str
    reason: str


@dataclass
class InsertResult:
    """How many rows were taken and rejected. The server names up to 100 rejected rows of a batch in `errors`."""

    accepted: int = 0
    rejected: int = 0
    errors: List[RejectedRow] = field(default_factory=list)


class Inserter:
    """One insert(): collects rows into batches, posts them, adds up the answers."""

    def __init__(self, client: HttpClient, table: str, batch_rows: int, visible: bool) -> None:
        if batch_rows < 1:
            raise Error(f"batch_rows is {batch_rows}; it must be 1 or more")
        self._client = client
        self._table = table
        self._batch_rows = batch_rows
        self._visible = visible
        self._lines: List[bytes] = []
        self._bytes = 0
        self._first_row = 0
        self.result = InsertResult()

    def add_all(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Takes all rows; a batch is posted when the next row begins another, so that the last is known."""
        for row in rows:
            line = encode_row(row)
            if len(self._lines) >= self._batch_rows or self._bytes >= BATCH_BYTES:
                self._post(is_last=False)
            self._lines.append(line)
            self._bytes += len(line)
        if self._lines:
            self._post(is_last=True)

    # visible: rows become visible in order, so only the last batch has to wait.
    def _post(self, is_last: bool) -> None:
        path = f"/v1/tables/{quote(self._table, safe='.')}"
        if self._visible and is_last:
            path += "?visible=true"
        lines = self._lines
        for attempt in range(RETRIES_MAX + 1):
            answer = self._client.request(
                "POST", path, b"".join(lines), {"Content-Type": "application/x-ndjson"}
            )
            lines = self._take(answer, lines, can_repeat=attempt < RETRIES_MAX)
            if not lines:
                break
            sleep(retry_pause(answer, attempt))
        self._lines = []
        self._bytes = 0

    # Adds up one answer; the lines that are to be sent again.
    def _take(self, answer: Answer, lines: List[bytes], can_repeat: bool) -> List[bytes]:
        report = answer.json()
        if "accepted" not in report:
            if answer.status in (429, 503) and can_repeat:
                return lines
            raise from_http(answer.status, report)
        self.result.accepted += int(report["accepted"])
        self.result.rejected += int(report.get("rejected", 0))
        for error in report.get("errors", ()):
            index = self._first_row + int(error["record"])
            self.result.errors.append(RejectedRow(index, str(error["code"]), str(error["reason"])))
        resume = report.get("resume_offset")
        if answer.status in (429, 503) and resume is not None and can_repeat:
            taken = _lines_before(lines, int(resume))
            self._first_row += taken
            return lines[taken:]
        if "error" in report:
            raise from_http(answer.status, report)
        self._first_row += len(lines)
        return []


def _lines_before(lines: List[bytes], offset: int) -> int:
    """How many lines begin before a byte of the body."""
    begins: List[int] = []
    begin = 0
    for line in lines:
        begins.append(begin)
        begin += len(line)
    return bisect.bisect_left(begins, offset)


def check_rejected(table: str, result: InsertResult) -> None:
    """Raises RowsRejected if there are any."""
    if result.rejected == 0:
        return
    first = f"; row {result.errors[0].index}: {result.errors[0].reason}" if result.errors else ""
    total = result.accepted + result.rejected
    raise RowsRejected(f"{table}: {result.rejected} of {total} rows were rejected{first}", result)
