-- millrace: SELECT table_name, window_start, window_end, lateness_ms, COUNT(*) AS late_rows FROM sys.late_rows WHERE table_name LIKE '%orders_by_%' OR table_name = 'ads.top_cities' GROUP BY ALL
SELECT figure AS table_name, clock(w - 3600) AS window_start, clock(w) AS window_end, (seen - 10 - t) * 1000 AS lateness_ms,
  count(*) AS late_rows
FROM (SELECT *, t // 300 * 300 + 3600 AS w FROM orders WHERE amount > 0),
  (VALUES ('dws.orders_by_city'), ('ads.orders_by_province'), ('ads.top_cities')) figures(figure)
WHERE NOT is_open(w, seen, 10)
GROUP BY ALL;
