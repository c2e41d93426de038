"""Client of Millrace, the real-time data warehouse.

>>> import millrace
>>> with millrace.connect() as warehouse:                                   # doctest: +SKIP
...     warehouse.execute("CREATE TABLE word (w STRING) WITH ('connector' = 'http', 'format' = 'json')")
...     warehouse.execute("CREATE MATERIALIZED VIEW counts AS SELECT w, COUNT(*) AS n FROM word GROUP BY w")
...     warehouse.insert("word", [{"w": "tea"}, {"w": "silk"}, {"w": "tea"}], visible=True)
...     print(warehouse.execute("SELECT * FROM counts ORDER BY w").df())
...     with warehouse.subscribe("counts") as changes:
...         for change in changes:
...             print(change.op, change.row["w"], change.row["n"])

SQL and subscriptions travel over the PostgreSQL protocol (psycopg), inserts and Arrow results over HTTP.
"""

from ._connection import DEFAULT_HTTP, DEFAULT_URL, Connection, connect
from ._errors import (
    ConnectionFailed,
    Error,
    QueryCancelled,
    RowsRejected,
    SqlError,
    SubscriptionLagged,
    SubscriptionTimeout,
)
from ._insert import InsertResult, RejectedRow
from ._result import Column, Result
from ._row import Row
from ._subscription import Change, Subscription

__all__ = [
    "DEFAULT_HTTP",
    "DEFAULT_URL",
    "Change",
    "Column",
    "Connection",
    "ConnectionFailed",
    "Error",
    "InsertResult",
    "QueryCancelled",
    "RejectedRow",
    "Result",
    "Row",
    "RowsRejected",
    "SqlError",
    "Subscription",
    "SubscriptionLagged",
    "SubscriptionTimeout",
    "connect",
]
__version__ = "0.1.0"
