"""What the programs of this folder share: their command line, and the end of a run."""

from __future__ import annotations

import argparse
import time
from typing import Callable, Iterable, List, Mapping

import millrace


def connect(description: str) -> "tuple[millrace.Connection, argparse.Namespace]":
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--url", default=millrace.DEFAULT_URL)
    parser.add_argument("--http", default=millrace.DEFAULT_HTTP)
    parser.add_argument("--seconds", type=float, default=60, help="end after so long")
    parser.add_argument("--once", action="store_true", help="send one round of events, print the result and end")
    arguments = parser.parse_args()
    return millrace.connect(arguments.url, arguments.http), arguments


def run(
    warehouse: millrace.Connection,
    arguments: argparse.Namespace,
    table: str,
    events: Callable[[], Iterable[Mapping[str, object]]],
    query: str,
) -> None:
    """Posts a round of events each half second and prints what the query finds."""
    deadline = time.monotonic() + arguments.seconds
    while True:
        batch: List[Mapping[str, object]] = list(events())
        warehouse.insert(table, batch, visible=True)
        print(f"--- {len(batch)} events")
        for row in warehouse.execute(query):
            print(*row, sep="\t")
        if arguments.once or time.monotonic() >= deadline:
            return
        time.sleep(0.5)
