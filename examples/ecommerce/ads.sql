-- ads: the figures.

CREATE DATABASE IF NOT EXISTS ads;

-- Hot items: the three most viewed of the last hour, every five minutes.
CREATE MATERIALIZED VIEW ads.hot_items AS
SELECT window_start, window_end, place, item_id, view_count
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY view_count DESC, item_id) AS place
  FROM dws.item_views
)
WHERE place <= 3;

-- PV (page views), UV (visitors who viewed) and actives (who did anything), by hour.
CREATE MATERIALIZED VIEW ads.traffic_by_hour AS
SELECT window_start, window_end,
  COUNT(*) FILTER (WHERE behavior = 'pv') AS pv,
  COUNT(DISTINCT user_id) FILTER (WHERE behavior = 'pv') AS uv,
  COUNT(DISTINCT user_id) AS actives
FROM TUMBLE(TABLE dwd.user_behavior, DESCRIPTOR(event_time), INTERVAL '1' HOUR)
GROUP BY window_start, window_end;

-- The hour so far, every five minutes.
CREATE MATERIALIZED VIEW ads.traffic_of_running_hour AS
SELECT window_start, window_end,
  COUNT(*) FILTER (WHERE behavior = 'pv') AS pv,
  COUNT(DISTINCT user_id) FILTER (WHERE behavior = 'pv') AS uv
FROM CUMULATE(TABLE dwd.user_behavior, DESCRIPTOR(event_time), INTERVAL '5' MINUTE, INTERVAL '1' HOUR)
GROUP BY window_start, window_end;

-- PV, UV and DAU (daily active users) of each day, up to date at any moment. No window: nothing is too late.
CREATE MATERIALIZED VIEW ads.traffic_by_day AS
SELECT CAST(event_time AS DATE) AS visit_day,
  COUNT(*) FILTER (WHERE behavior = 'pv') AS pv,
  COUNT(DISTINCT user_id) FILTER (WHERE behavior = 'pv') AS uv,
  COUNT(DISTINCT user_id) AS dau
FROM dwd.user_behavior
GROUP BY CAST(event_time AS DATE);

-- VV: visits by the hour in which they began, and how long they are.
CREATE MATERIALIZED VIEW ads.visits_by_hour AS
SELECT FLOOR(window_start TO HOUR) AS visit_hour,
  COUNT(*) AS vv,
  SUM(actions) AS actions,
  MAX(actions) AS actions_max
FROM dws.visits
GROUP BY FLOOR(window_start TO HOUR);

-- The way to the cash desk, by hour: of the visitors who viewed something, how many then filled the cart,
-- marked a favourite, bought; in percent of the viewers.
CREATE MATERIALIZED VIEW ads.funnel_by_hour AS
SELECT window_start, window_end, viewers, carters, favers, buyers,
  CAST(carters * 100.0 / NULLIF(viewers, 0) AS DECIMAL(5, 2)) AS cart_percent,
  CAST(favers * 100.0 / NULLIF(viewers, 0) AS DECIMAL(5, 2)) AS fav_percent,
  CAST(buyers * 100.0 / NULLIF(viewers, 0) AS DECIMAL(5, 2)) AS buy_percent
FROM (
  SELECT window_start, window_end,
    COUNT(first_view) AS viewers,
    COUNT(*) FILTER (WHERE last_cart >= first_view) AS carters,
    COUNT(*) FILTER (WHERE last_fav >= first_view) AS favers,
    COUNT(*) FILTER (WHERE last_buy >= first_view) AS buyers
  FROM dws.visitor_hour
  GROUP BY window_start, window_end
);

-- Clicks on advertisements by province in the last hour, every five minutes.
CREATE MATERIALIZED VIEW ads.clicks_by_province AS
SELECT window_start, window_end, province, COUNT(*) AS clicks, COUNT(DISTINCT user_id) AS users
FROM HOP(TABLE dwd.ad_click, DESCRIPTOR(event_time), INTERVAL '5' MINUTE, INTERVAL '1' HOUR)
GROUP BY window_start, window_end, province;

-- Who clicked on one advertisement more than a hundred times in a day ...
CREATE MATERIALIZED VIEW ads.click_blacklist AS
SELECT click_day, user_id, ad_id, clicks
FROM dws.ad_clicks_of_day
WHERE clicks > 100;

-- ... and one alarm for each, with the time of the click that was too much.
CREATE MATERIALIZED VIEW ads.click_alarms AS
SELECT click_day, user_id, ad_id, event_time AS alarm_time
FROM (
  SELECT CAST(event_time AS DATE) AS click_day, user_id, ad_id, event_time,
    ROW_NUMBER() OVER (PARTITION BY CAST(event_time AS DATE), user_id, ad_id ORDER BY event_time) AS click_number
  FROM dwd.ad_click
)
WHERE click_number = 101;

-- Failed logins of a user in a minute: two and more.
CREATE MATERIALIZED VIEW ads.login_failures AS
SELECT window_start, window_end, user_id, COUNT(*) AS failures, COUNT(DISTINCT ip) AS addresses
FROM TUMBLE(TABLE dwd.failed_login, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)
GROUP BY window_start, window_end, user_id
HAVING COUNT(*) >= 2;

-- Hot pages: the three most asked for in the last ten minutes, every minute.
CREATE MATERIALIZED VIEW ads.hot_pages AS
SELECT window_start, window_end, place, page, hits
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY hits DESC, page) AS place
  FROM (
    SELECT window_start, window_end, page, COUNT(*) AS hits
    FROM HOP(TABLE dwd.page_view, DESCRIPTOR(log_time), INTERVAL '1' MINUTE, INTERVAL '10' MINUTE)
    GROUP BY window_start, window_end, page
  )
)
WHERE place <= 3;

-- Orders by the hour of their creation: how many were paid, and paid within fifteen minutes. Corrected with
-- each payment that comes in.
CREATE MATERIALIZED VIEW ads.payments_by_hour AS
SELECT FLOOR(CAST(created_at AS TIMESTAMP(3)) TO HOUR) AS order_hour,
  COUNT(*) AS orders,
  COUNT(paid_at) AS paid,
  COUNT(*) FILTER (WHERE paid_at <= created_at + INTERVAL '15' MINUTE) AS paid_in_time
FROM dws.order_state
GROUP BY FLOOR(CAST(created_at AS TIMESTAMP(3)) TO HOUR);

-- Quality of the payment channels, by ten minutes: receipts that each reported.
CREATE MATERIALIZED VIEW ads.receipts_by_channel AS
SELECT window_start, window_end, channel, COUNT(*) AS receipts, COUNT(DISTINCT transaction_id) AS transactions
FROM TUMBLE(TABLE dwd.receipt, DESCRIPTOR(event_time), INTERVAL '10' MINUTE)
GROUP BY window_start, window_end, channel;
