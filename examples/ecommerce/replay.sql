-- Figures as they change, a line each: +I a new one, -U and +U its correction (what was, what is now).

-- The hour so far, every five minutes of the shop's time.
CREATE TABLE traffic (until_time STRING, view_text STRING, visitors STRING)
WITH ('connector' = 'print', 'print-identifier' = 'traffic of the hour ');
INSERT INTO traffic
SELECT DATE_FORMAT(window_end, 'HH:mm'), CONCAT(CAST(pv AS STRING), ' views'),
  CONCAT(CAST(uv AS STRING), ' visitors')
FROM ads.traffic_of_running_hour;

-- The most viewed item of the last hour, every five minutes.
CREATE TABLE hottest (until_time STRING, item STRING, view_text STRING)
WITH ('connector' = 'print', 'print-identifier' = 'hottest item        ');
INSERT INTO hottest
SELECT DATE_FORMAT(window_end, 'HH:mm'), CONCAT('item ', CAST(item_id AS STRING)),
  CONCAT(CAST(view_count AS STRING), ' views')
FROM ads.hot_items
WHERE place = 1;

-- Orders of the running hour while it runs: corrected every two seconds.
SET 'table.exec.emit.early-fire.enabled' = 'true';
SET 'table.exec.emit.early-fire.delay' = '2 s';
CREATE TABLE takings (from_time STRING, orders STRING, amount DECIMAL(38, 2))
WITH ('connector' = 'print', 'print-identifier' = 'orders of the hour  ');
INSERT INTO takings
SELECT DATE_FORMAT(window_start, 'HH:mm'), CONCAT(CAST(COUNT(*) AS STRING), ' orders'), SUM(amount)
FROM TUMBLE(TABLE dwd.orders, DESCRIPTOR(event_time), INTERVAL '1' HOUR)
GROUP BY window_start, window_end;
RESET 'table.exec.emit.early-fire.enabled';
RESET 'table.exec.emit.early-fire.delay';

-- Somebody clicks on one advertisement over and over.
CREATE TABLE alarms (at_time STRING, who STRING, what STRING)
WITH ('connector' = 'print', 'print-identifier' = 'ALARM               ');
INSERT INTO alarms
SELECT DATE_FORMAT(alarm_time, 'HH:mm:ss'), CONCAT('user ', CAST(user_id AS STRING)),
  CONCAT('101 clicks on advertisement ', CAST(ad_id AS STRING))
FROM ads.click_alarms;

-- When an hour is over: how far its visitors came.
CREATE TABLE funnel (from_time STRING, viewers STRING, carters STRING, favers STRING, buyers STRING)
WITH ('connector' = 'print', 'print-identifier' = 'funnel of the hour  ');
INSERT INTO funnel
SELECT DATE_FORMAT(window_start, 'HH:mm'), CONCAT(CAST(viewers AS STRING), ' viewed'),
  CONCAT(CAST(cart_percent AS STRING), ' % cart'), CONCAT(CAST(fav_percent AS STRING), ' % favourite'),
  CONCAT(CAST(buy_percent AS STRING), ' % bought')
FROM ads.funnel_by_hour;
