"""The ten hottest search words of the last minute, each ten seconds: Spark Streaming's reduceByKeyAndWindow."""

import datetime
import random

from stream import connect, run

WORDS = ["tea", "silk", "porcelain", "ink", "paper", "jade", "rice", "salt", "bamboo", "lacquer", "lantern", "kite"]
clock = datetime.datetime(2026, 1, 1)


def searches():
    """A hundred searches of the next thirty seconds; the events' own time moves the windows."""
    global clock
    for _ in range(100):
        clock += datetime.timedelta(milliseconds=300)
        yield {"word": random.choices(WORDS, range(1, len(WORDS) + 1))[0], "ts": clock}


warehouse, arguments = connect(__doc__)
warehouse.execute("DROP MATERIALIZED VIEW IF EXISTS hot_top")
warehouse.execute("DROP TABLE IF EXISTS hot_search")
warehouse.execute(
    "CREATE TABLE hot_search (word STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) "
    "WITH ('connector' = 'http', 'format' = 'json')"
)
warehouse.execute(
    """CREATE MATERIALIZED VIEW hot_top AS SELECT window_end, place, word, n FROM (
         SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY n DESC, word) AS place
         FROM (SELECT window_start, window_end, word, COUNT(*) AS n
               FROM HOP(TABLE hot_search, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '1' MINUTE)
               GROUP BY window_start, window_end, word))
       WHERE place <= 10"""
)
run(
    warehouse,
    arguments,
    "hot_search",
    searches,
    "SELECT * FROM hot_top WHERE window_end = (SELECT MAX(window_end) FROM hot_top) ORDER BY place",
)
