-- dws: what several figures are made of.

CREATE DATABASE IF NOT EXISTS dws;

-- Views of each item in the last hour, every five minutes.
CREATE VIEW dws.item_views AS
SELECT window_start, window_end, item_id, COUNT(*) AS view_count
FROM HOP(TABLE dwd.item_view, DESCRIPTOR(event_time), INTERVAL '5' MINUTE, INTERVAL '1' HOUR)
GROUP BY window_start, window_end, item_id;

-- Visits: a visit ends when its visitor has done nothing for half an hour.
CREATE VIEW dws.visits AS
SELECT window_start, window_end, user_id, COUNT(*) AS actions
FROM SESSION(TABLE dwd.user_behavior PARTITION BY user_id, DESCRIPTOR(event_time), INTERVAL '30' MINUTE)
GROUP BY window_start, window_end, user_id;

-- What each visitor did in an hour, and in which order.
CREATE VIEW dws.visitor_hour AS
SELECT window_start, window_end, user_id,
  MIN(event_time) FILTER (WHERE behavior = 'pv') AS first_view,
  MAX(event_time) FILTER (WHERE behavior = 'cart') AS last_cart,
  MAX(event_time) FILTER (WHERE behavior = 'fav') AS last_fav,
  MAX(event_time) FILTER (WHERE behavior = 'buy') AS last_buy
FROM TUMBLE(TABLE dwd.user_behavior, DESCRIPTOR(event_time), INTERVAL '1' HOUR)
GROUP BY window_start, window_end, user_id;

-- Clicks of a user on an advertisement in a day, up to date at any moment.
CREATE MATERIALIZED VIEW dws.ad_clicks_of_day AS
SELECT CAST(event_time AS DATE) AS click_day, user_id, ad_id, COUNT(*) AS clicks
FROM dwd.ad_click
GROUP BY CAST(event_time AS DATE), user_id, ad_id;

-- The present state of each order.
CREATE MATERIALIZED VIEW dws.order_state AS
SELECT order_id,
  MIN(event_time) FILTER (WHERE event = 'create') AS created_at,
  MIN(event_time) FILTER (WHERE event = 'pay') AS paid_at,
  MAX(transaction_id) AS transaction_id
FROM dwd.order_event
GROUP BY order_id;
