"""Events and users of each kind in each minute: Spark Streaming's windows over a log of user events."""

import datetime
import random

from stream import connect, run

clock = datetime.datetime(2026, 1, 1)


def events():
    """A hundred events of the next two minutes, some of them ten seconds out of order."""
    global clock
    for _ in range(100):
        clock += datetime.timedelta(seconds=1.2)
        ts = clock - datetime.timedelta(seconds=random.choice([0, 0, 0, 10]))
        yield {"user_id": random.randrange(20), "kind": random.choice(["view", "cart", "buy"]), "ts": ts}


warehouse, arguments = connect(__doc__)
warehouse.execute("DROP MATERIALIZED VIEW IF EXISTS user_minute")
warehouse.execute("DROP TABLE IF EXISTS user_event")
warehouse.execute(
    "CREATE TABLE user_event (user_id INT, kind STRING, ts TIMESTAMP(3), "
    "WATERMARK FOR ts AS ts - INTERVAL '10' SECOND) WITH ('connector' = 'http', 'format' = 'json')"
)
warehouse.execute(
    """CREATE MATERIALIZED VIEW user_minute AS
       SELECT window_start, kind, COUNT(*) AS events, COUNT(DISTINCT user_id) AS users
       FROM TUMBLE(TABLE user_event, DESCRIPTOR(ts), INTERVAL '1' MINUTE)
       GROUP BY window_start, window_end, kind"""
)
run(warehouse, arguments, "user_event", events, "SELECT * FROM user_minute ORDER BY window_start DESC, kind LIMIT 9")
