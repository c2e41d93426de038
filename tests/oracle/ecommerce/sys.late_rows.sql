-- millrace: SELECT table_name, window_start, window_end, lateness_ms, COUNT(*) AS late_rows FROM sys.late_rows WHERE table_name NOT LIKE '%orders_by_%' AND table_name <> 'ads.top_cities' GROUP BY ALL
-- Rows of which no window was open any more, by figure, with the last of their windows and by how much they were late.
WITH last_windows AS (
  SELECT 'ads.hot_items' AS table_name, t, seen, 5 AS bound, t // 300 * 300 + 3600 AS w, 3600 AS size
  FROM steps WHERE behavior = 'pv'
  UNION ALL SELECT 'ads.traffic_by_hour', t, seen, 5, t // 3600 * 3600 + 3600, 3600 FROM steps
  UNION ALL SELECT 'ads.traffic_of_running_hour', t, seen, 5, t // 3600 * 3600 + 3600, 3600 FROM steps
  UNION ALL SELECT 'ads.funnel_by_hour', t, seen, 5, t // 3600 * 3600 + 3600, 3600 FROM steps
  UNION ALL SELECT 'ads.visits_by_hour', t, seen, 5, t + 1800, 1800 FROM steps
  UNION ALL SELECT 'ads.clicks_by_province', t, seen, 10, t // 300 * 300 + 3600, 3600 FROM ad_click
  UNION ALL SELECT 'ads.login_failures', t, seen, 10, t // 60 * 60 + 60, 60 FROM login WHERE outcome = 'fail'
  UNION ALL SELECT 'ads.hot_pages', t, seen, 60, t // 60 * 60 + 600, 600 FROM page_view
  UNION ALL SELECT 'ads.receipts_by_channel', t, seen, 60, t // 600 * 600 + 600, 600 FROM receipt
)
SELECT table_name, clock(w - size) AS window_start, clock(w) AS window_end, (seen - bound - t) * 1000 AS lateness_ms,
  count(*) AS late_rows
FROM last_windows
WHERE NOT is_open(w, seen, bound)
GROUP BY ALL;
