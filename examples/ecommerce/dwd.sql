-- dwd: clean events. Plain views: they cost nothing until something is computed from them.

CREATE DATABASE IF NOT EXISTS dwd;

CREATE VIEW dwd.user_behavior AS
SELECT user_id, item_id, category_id, behavior, event_time
FROM ods.user_behavior
WHERE behavior IN ('pv', 'cart', 'fav', 'buy') AND user_id IS NOT NULL AND item_id IS NOT NULL;

CREATE VIEW dwd.item_view AS
SELECT user_id, item_id, category_id, event_time
FROM dwd.user_behavior
WHERE behavior = 'pv';

CREATE VIEW dwd.ad_click AS
SELECT user_id, ad_id, province, city, event_time
FROM ods.ad_click
WHERE province <> '';

CREATE VIEW dwd.failed_login AS
SELECT user_id, ip, event_time
FROM ods.login
WHERE outcome = 'fail';

CREATE VIEW dwd.order_event AS
SELECT order_id, event, NULLIF(transaction_id, '') AS transaction_id, event_time
FROM ods.order_event
WHERE event IN ('create', 'pay');

CREATE VIEW dwd.receipt AS
SELECT transaction_id, channel, event_time
FROM ods.receipt;

-- Pages that a person asked for: GET, without what a page brings along.
CREATE VIEW dwd.page_view AS
SELECT ip, page, log_time
FROM (
  SELECT ip, verb, SPLIT_INDEX(url, '?', 0) AS page, log_time
  FROM ods.web_log
)
WHERE verb = 'GET'
  AND NOT REGEXP(LOWER(page), '\.(css|js|png|jpe?g|gif|ico|svg|ttf|woff2?|txt|xml)$');
