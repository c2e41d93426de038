WITH created AS (
  SELECT order_id, min(t) AS t FROM order_event WHERE event = 'create' GROUP BY order_id
), paid AS (
  SELECT order_id, min(t) AS t FROM order_event WHERE event = 'pay' GROUP BY order_id
)
SELECT clock(created.t // 3600 * 3600) AS order_hour, count(*) AS orders, count(paid.t) AS paid,
  sum(CASE WHEN paid.t <= created.t + 900 THEN 1 ELSE 0 END) AS paid_in_time
FROM created FULL JOIN paid USING (order_id)
GROUP BY created.t // 3600;
