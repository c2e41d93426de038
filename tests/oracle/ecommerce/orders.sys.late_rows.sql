-- millrace: SELECT DISTINCT window_start, window_end, lateness_ms FROM sys.late_rows
-- Rows of which no window was open any more, with the last of their windows, by how much they were late. The same row
-- is late for several figures with the same windows: once here.
WITH last_windows AS (
  SELECT t, seen, 5 AS bound, t // 300 * 300 + 3600 AS w, 3600 AS size FROM steps WHERE behavior = 'pv'
  UNION ALL SELECT t, seen, 5, t // 3600 * 3600 + 3600, 3600 FROM steps
  UNION ALL SELECT t, seen, 5, t + 1800, 1800 FROM steps
  UNION ALL SELECT t, seen, 10, t // 300 * 300 + 3600, 3600 FROM ad_click
  UNION ALL SELECT t, seen, 10, t // 60 * 60 + 60, 60 FROM login WHERE outcome = 'fail'
  UNION ALL SELECT t, seen, 60, t // 60 * 60 + 600, 600 FROM page_view
  UNION ALL SELECT t, seen, 60, t // 600 * 600 + 600, 600 FROM receipt
  UNION ALL SELECT t, seen, 10, t // 300 * 300 + 3600, 3600 FROM orders WHERE amount > 0
)
SELECT DISTINCT clock(w - size) AS window_start, clock(w) AS window_end, (seen - bound - t) * 1000 AS lateness_ms
FROM last_windows
WHERE NOT is_open(w, seen, bound);
