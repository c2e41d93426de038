"""Counts words as they come: Spark Streaming's reduceByKey with state, as one view."""

import random

from stream import connect, run

LINES = ["to be or not to be", "all the world is a stage", "be not afraid of greatness"]

warehouse, arguments = connect(__doc__)
warehouse.execute("CREATE TABLE IF NOT EXISTS wc_word (w STRING) WITH ('connector' = 'http', 'format' = 'json')")
warehouse.execute("DROP MATERIALIZED VIEW IF EXISTS wc_count")
warehouse.execute("CREATE MATERIALIZED VIEW wc_count AS SELECT w, COUNT(*) AS n FROM wc_word GROUP BY w")
run(
    warehouse,
    arguments,
    "wc_word",
    lambda: [{"w": word} for line in random.choices(LINES, k=10) for word in line.split()],
    "SELECT w, n FROM wc_count ORDER BY n DESC, w LIMIT 10",
)
