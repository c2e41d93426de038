-- Orders with their amounts, all layers: for shops that record city and amount with an order.

-- Unless it is there already: live_ods.sql makes it a table that takes rows over HTTP.
CREATE TABLE IF NOT EXISTS ods.orders (
  order_id   BIGINT,
  user_id    BIGINT,
  province   STRING,
  city       STRING,
  amount     DECIMAL(10, 2),
  ts         BIGINT,
  event_time AS TO_TIMESTAMP_LTZ(ts, 0),
  WATERMARK FOR event_time AS event_time - INTERVAL '10' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'data/order.jsonl',
  'format' = 'json'
);

CREATE VIEW dwd.orders AS
SELECT order_id, user_id, province, city, amount, event_time
FROM ods.orders
WHERE amount > 0;

-- Orders by city in the last hour, every five minutes.
CREATE MATERIALIZED VIEW dws.orders_by_city AS
SELECT window_start, window_end, province, city, COUNT(*) AS orders, SUM(amount) AS amount
FROM HOP(TABLE dwd.orders, DESCRIPTOR(event_time), INTERVAL '5' MINUTE, INTERVAL '1' HOUR)
GROUP BY window_start, window_end, province, city;

CREATE MATERIALIZED VIEW ads.orders_by_province AS
SELECT window_start, window_end, province, COUNT(*) AS orders, SUM(amount) AS amount
FROM HOP(TABLE dwd.orders, DESCRIPTOR(event_time), INTERVAL '5' MINUTE, INTERVAL '1' HOUR)
GROUP BY window_start, window_end, province;

-- The three cities of each province with the highest amount in the last hour, every five minutes.
CREATE MATERIALIZED VIEW ads.top_cities AS
SELECT window_start, window_end, province, place, city, orders, amount
FROM (
  SELECT *, ROW_NUMBER() OVER (
    PARTITION BY window_start, window_end, province ORDER BY amount DESC, city) AS place
  FROM (
    SELECT window_start, window_end, province, city, COUNT(*) AS orders, SUM(amount) AS amount
    FROM HOP(TABLE dwd.orders, DESCRIPTOR(event_time), INTERVAL '5' MINUTE, INTERVAL '1' HOUR)
    GROUP BY window_start, window_end, province, city
  )
)
WHERE place <= 3;
