-- What the views must hold once the events 0 … n - 1 are in, but for the batches `without` of `batch` events each; of the
-- accounts the first `accounts` rows; of the lines the first `m`. Each event is a function of its id.
-- A view that sums up nothing has no row, as in Flink.
CREATE VIEW events AS
  SELECT id, (id * 7919) % 5003 AS user_id, 'item' || ((id * 31) % 97) AS item, (id * 1103515245 + 12345) % 1000 AS v,
         TIMESTAMP '2026-01-01 00:00:00' + to_milliseconds(id) AS ts
  FROM range(getvariable('n')::BIGINT) AS t(id)
  WHERE id // getvariable('batch')::BIGINT NOT IN
        (SELECT unnest(string_split(getvariable('without'), ','))::BIGINT)
  UNION ALL SELECT -1, 0, 'item0', 0, TIMESTAMP '2031-01-01 00:00:00';
CREATE VIEW accounts AS
  SELECT id % 1009 AS k, (max(id) * 1103515245 + 12345) % 1000 AS v, max(id) AS n
  FROM range(getvariable('accounts')::BIGINT) AS t(id) GROUP BY 1;
SELECT 'all_rows' AS name, count(*) AS a, count(DISTINCT id) AS b, sum(v) AS c, sum(user_id) AS d FROM events;
SELECT item, count(*) AS n, sum(v) AS s, max(v) AS hi FROM events GROUP BY item ORDER BY ALL;
SELECT n % 7 AS r, count(*) AS items, sum(s) AS s
  FROM (SELECT item, count(*) AS n, sum(v) AS s FROM events GROUP BY item) GROUP BY 1 ORDER BY ALL;
SELECT count(DISTINCT user_id) AS users FROM events HAVING count(*) > 0;
SELECT item, id, v FROM events QUALIFY row_number() OVER (PARTITION BY item ORDER BY v DESC, id) <= 2 ORDER BY ALL;
SELECT strftime(date_trunc('minute', ts), '%Y-%m-%d %H:%M:%S') AS window_start, item, count(*) AS n, sum(v) AS s,
       count(DISTINCT user_id) AS users
  FROM events WHERE id >= 0 GROUP BY ALL ORDER BY ALL;
SELECT count(*) AS accounts, sum(v) AS v, sum(n) AS n FROM accounts HAVING count(*) > 0;
SELECT count(*) AS n, sum(v) AS v, count(DISTINCT id) AS ids FROM events WHERE v >= 900 HAVING count(*) > 0;
SELECT count(*) AS n, sum(id * 3) AS v, count(DISTINCT id) AS ids FROM range(getvariable('m')::BIGINT) AS t(id)
  HAVING count(*) > 0;
