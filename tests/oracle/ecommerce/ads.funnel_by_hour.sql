-- Visitors counted by what is true of them: there is a later (or simultaneous) step after the first view.
WITH hours AS (
  SELECT *, t // 3600 AS h FROM steps WHERE is_open(t // 3600 * 3600 + 3600, seen, 5)
), viewers AS (
  SELECT h, user_id, min(t) AS first_view FROM hours WHERE behavior = 'pv' GROUP BY h, user_id
), counts AS (
  SELECT h, count(*) AS viewers,
    sum(CASE WHEN EXISTS (SELECT 1 FROM hours s WHERE s.h = v.h AND s.user_id = v.user_id AND s.behavior = 'cart' AND s.t >= v.first_view) THEN 1 ELSE 0 END)::BIGINT AS carters,
    sum(CASE WHEN EXISTS (SELECT 1 FROM hours s WHERE s.h = v.h AND s.user_id = v.user_id AND s.behavior = 'fav' AND s.t >= v.first_view) THEN 1 ELSE 0 END)::BIGINT AS favers,
    sum(CASE WHEN EXISTS (SELECT 1 FROM hours s WHERE s.h = v.h AND s.user_id = v.user_id AND s.behavior = 'buy' AND s.t >= v.first_view) THEN 1 ELSE 0 END)::BIGINT AS buyers
  FROM viewers v
  GROUP BY h
)
-- Percent to two places, a half rounded up, in whole numbers.
SELECT clock(h * 3600) AS window_start, clock(h * 3600 + 3600) AS window_end, viewers, carters, favers, buyers,
  (((carters * 20000 + viewers) // (2 * viewers)) / 100)::DECIMAL(5, 2) AS cart_percent,
  (((favers * 20000 + viewers) // (2 * viewers)) / 100)::DECIMAL(5, 2) AS fav_percent,
  (((buyers * 20000 + viewers) // (2 * viewers)) / 100)::DECIMAL(5, 2) AS buy_percent
FROM counts;
