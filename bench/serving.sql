-- What bench/serving measures: events as a web shop's, some 150 bytes each, and what is kept over them.

SET 'table.local-time-zone' = 'UTC';
CREATE DATABASE IF NOT EXISTS bench;

CREATE TABLE bench.events (
  user_id     BIGINT,
  event       STRING,
  page        STRING,
  city        STRING,
  amount      DECIMAL(10, 2),
  duration_ms INT,
  ts          BIGINT,
  event_time  AS TO_TIMESTAMP_LTZ(ts, 3),
  WATERMARK FOR event_time AS event_time - INTERVAL '1' SECOND
) WITH ('connector' = 'http', 'format' = 'json');

-- The table of point reads: a row a user.
CREATE MATERIALIZED VIEW bench.by_user AS
SELECT user_id, COUNT(*) AS events, SUM(amount) AS amount
FROM bench.events
GROUP BY user_id;

CREATE MATERIALIZED VIEW bench.by_city_and_second AS
SELECT window_start, window_end, city, COUNT(*) AS events, SUM(amount) AS amount
FROM TUMBLE(TABLE bench.events, DESCRIPTOR(event_time), INTERVAL '1' SECOND)
GROUP BY window_start, window_end, city;

-- The same events into a table whose rows are thrown away: reading, decoding and counting alone.
CREATE TABLE bench.dropped (
  user_id     BIGINT,
  event       STRING,
  page        STRING,
  city        STRING,
  amount      DECIMAL(10, 2),
  duration_ms INT,
  ts          BIGINT
) WITH ('connector' = 'http', 'format' = 'json');

CREATE TABLE bench.nowhere WITH ('connector' = 'blackhole') LIKE bench.dropped (EXCLUDING ALL);
INSERT INTO bench.nowhere SELECT * FROM bench.dropped;
