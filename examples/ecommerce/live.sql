-- Figures of the present moment, over live_ods.sql and the layers dwd, dws, ads: correct with every event that
-- comes in, or every few seconds of the shop's time.

-- One row: everything since the start.
CREATE MATERIALIZED VIEW ads.live_orders AS
SELECT COUNT(*) AS orders, SUM(amount) AS amount, COUNT(DISTINCT user_id) AS customers
FROM dwd.orders;

CREATE MATERIALIZED VIEW ads.live_traffic AS
SELECT COUNT(*) AS events,
  COUNT(*) FILTER (WHERE behavior = 'pv') AS pv,
  COUNT(DISTINCT user_id) AS visitors
FROM dwd.user_behavior;

CREATE MATERIALIZED VIEW ads.live_clicks AS
SELECT COUNT(*) AS clicks FROM dwd.ad_click;

CREATE MATERIALIZED VIEW ads.live_failed_logins AS
SELECT COUNT(*) AS failures FROM dwd.failed_login;

-- Takings of each city: read one of them by its name.
CREATE MATERIALIZED VIEW ads.live_cities AS
SELECT city, COUNT(*) AS orders, SUM(amount) AS amount
FROM dwd.orders
GROUP BY city;

-- Orders of each ten seconds, final when these are over.
CREATE MATERIALIZED VIEW ads.orders_of_ten_seconds AS
SELECT window_start, window_end, COUNT(*) AS orders, SUM(amount) AS amount
FROM TUMBLE(TABLE dwd.orders, DESCRIPTOR(event_time), INTERVAL '10' SECOND)
GROUP BY window_start, window_end;

-- The three most viewed items of the last minute, every ten seconds.
CREATE MATERIALIZED VIEW ads.hot_items_of_minute AS
SELECT window_start, window_end, place, item_id, view_count
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY view_count DESC, item_id) AS place
  FROM (
    SELECT window_start, window_end, item_id, COUNT(*) AS view_count
    FROM HOP(TABLE dwd.item_view, DESCRIPTOR(event_time), INTERVAL '10' SECOND, INTERVAL '1' MINUTE)
    GROUP BY window_start, window_end, item_id
  )
)
WHERE place <= 3;
