-- Questions to the warehouse. What is maintained in materialized views is asked in DuckDB's SQL.

SELECT 'page views, visitors, active visitors by hour' AS question;
SELECT window_start, pv, uv, actives FROM ads.traffic_by_hour ORDER BY window_start;

SELECT 'visits by hour' AS question;
SELECT visit_hour, vv, actions, actions_max FROM ads.visits_by_hour ORDER BY visit_hour;

SELECT 'from viewing to buying, by hour' AS question;
SELECT window_start, viewers, cart_percent, fav_percent, buy_percent FROM ads.funnel_by_hour ORDER BY window_start;

SELECT 'hot items of the hour before 11:00' AS question;
SELECT place, item_id, view_count FROM ads.hot_items WHERE window_end = TIMESTAMP '2026-03-02 11:00:00' ORDER BY place;

SELECT 'takings of the hour before 11:00: the best three cities of each province' AS question;
SELECT province, place, city, orders, amount
FROM ads.top_cities
WHERE window_end = TIMESTAMP '2026-03-02 11:00:00'
ORDER BY sum(amount) OVER (PARTITION BY province) DESC, place
LIMIT 8;

SELECT 'orders, how many were paid, and within fifteen minutes' AS question;
SELECT order_hour, orders, paid, paid_in_time FROM ads.payments_by_hour ORDER BY order_hour;

SELECT 'who is on the blacklist of advertisements, since when' AS question;
SELECT user_id, ad_id, clicks, alarm_time
FROM ads.click_blacklist JOIN ads.click_alarms USING (click_day, user_id, ad_id);

SELECT 'records that are no rows, by table' AS question;
SELECT table_name, count(*) AS records, any_value(reason) AS for_example FROM sys.dead_letters GROUP BY table_name ORDER BY table_name;

SELECT 'rows that came too late, by figure' AS question;
SELECT table_name, count(*) AS late_rows, max(lateness_ms) // 60000 AS minutes_late_max FROM sys.late_rows GROUP BY table_name ORDER BY table_name;
