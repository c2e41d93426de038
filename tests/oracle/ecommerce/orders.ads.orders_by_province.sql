SELECT clock(w - 3600) AS window_start, clock(w) AS window_end, province, count(*) AS orders, sum(amount) AS amount
FROM orders_in_windows
GROUP BY w, province;
