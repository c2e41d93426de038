WITH sums AS (
  SELECT w, province, city, count(*) AS orders, sum(amount) AS amount
  FROM orders_in_windows
  GROUP BY ALL
)
SELECT clock(w - 3600) AS window_start, clock(w) AS window_end, province, place, city, orders, amount
FROM (
  SELECT a.*, 1 + (SELECT count(*) FROM sums b
                   WHERE b.w = a.w AND b.province = a.province
                     AND (b.amount > a.amount OR (b.amount = a.amount AND b.city < a.city))) AS place
  FROM sums a
)
WHERE place <= 3;
