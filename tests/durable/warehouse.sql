CREATE TABLE events (id BIGINT, user_id BIGINT, item STRING, v BIGINT, ts TIMESTAMP(3),
                     WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'http', 'format' = 'json');
CREATE TABLE accounts (k BIGINT, v BIGINT, n BIGINT, PRIMARY KEY (k) NOT ENFORCED);
CREATE TABLE big (id BIGINT, v BIGINT);
CREATE TABLE probe (x BIGINT);
CREATE TABLE lines (id BIGINT, v BIGINT)
    WITH ('connector' = 'filesystem', 'path' = '${lines}', 'format' = 'csv', 'source.monitor-interval' = '20 ms');
CREATE MATERIALIZED VIEW all_rows AS SELECT id, user_id, item, v, ts FROM events;
CREATE MATERIALIZED VIEW by_item AS SELECT item, count(*) AS n, sum(v) AS s, max(v) AS hi FROM events GROUP BY item;
CREATE MATERIALIZED VIEW by_n AS SELECT n % 7 AS r, count(*) AS items, sum(s) AS s FROM by_item GROUP BY n % 7;
CREATE MATERIALIZED VIEW visitors AS SELECT count(DISTINCT user_id) AS users FROM events;
CREATE MATERIALIZED VIEW top AS
    SELECT item, id, v FROM (SELECT item, id, v, ROW_NUMBER() OVER (PARTITION BY item ORDER BY v DESC, id) AS r FROM events)
    WHERE r <= 2;
CREATE MATERIALIZED VIEW per_minute AS
    SELECT window_start, item, count(*) AS n, sum(v) AS s, count(DISTINCT user_id) AS users
    FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, item;
CREATE MATERIALIZED VIEW balance AS SELECT count(*) AS accounts, sum(v) AS v, sum(n) AS n FROM accounts;
CREATE MATERIALIZED VIEW big_sum AS SELECT count(*) AS n, sum(v) AS v, count(DISTINCT id) AS ids FROM big;
CREATE MATERIALIZED VIEW line_sum AS SELECT count(*) AS n, sum(v) AS v, count(DISTINCT id) AS ids FROM lines;
INSERT INTO big SELECT id, v FROM events WHERE v >= 900;
