-- ods of the live warehouse: the tables of ods.sql and orders.sql, but rows are posted to them over HTTP, and
-- times (ts) are in milliseconds. The other layers are the same. See ./demo.

SET 'table.local-time-zone' = 'Asia/Shanghai';

CREATE DATABASE IF NOT EXISTS ods;

-- Every step of a visitor: pv (page view), cart, fav, buy.
CREATE TABLE ods.user_behavior (
  user_id     BIGINT,
  item_id     BIGINT,
  category_id BIGINT,
  behavior    STRING,
  ts          BIGINT,
  event_time  AS TO_TIMESTAMP_LTZ(ts, 3),
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'http', 'format' = 'json');

CREATE TABLE ods.ad_click (
  user_id    BIGINT,
  ad_id      BIGINT,
  province   STRING,
  city       STRING,
  ts         BIGINT,
  event_time AS TO_TIMESTAMP_LTZ(ts, 3),
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'http', 'format' = 'json');

CREATE TABLE ods.login (
  user_id    BIGINT,
  ip         STRING,
  outcome    STRING,
  ts         BIGINT,
  event_time AS TO_TIMESTAMP_LTZ(ts, 3),
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'http', 'format' = 'json');

-- An order is created, and paid under a number of the payment service.
CREATE TABLE ods.order_event (
  order_id       BIGINT,
  event          STRING,
  transaction_id STRING,
  ts             BIGINT,
  event_time     AS TO_TIMESTAMP_LTZ(ts, 3),
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'http', 'format' = 'json');

-- What the payment services report.
CREATE TABLE ods.receipt (
  transaction_id STRING,
  channel        STRING,
  ts             BIGINT,
  event_time     AS TO_TIMESTAMP_LTZ(ts, 3),
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'http', 'format' = 'json');

CREATE TABLE ods.orders (
  order_id   BIGINT,
  user_id    BIGINT,
  province   STRING,
  city       STRING,
  amount     DECIMAL(10, 2),
  ts         BIGINT,
  event_time AS TO_TIMESTAMP_LTZ(ts, 3),
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'http', 'format' = 'json');

-- The web server's log: lines of text (text/plain), taken apart by a grok pattern.
CREATE TABLE ods.web_log (
  ip       STRING,
  verb     STRING,
  url      STRING,
  log_time TIMESTAMP_LTZ(3),
  WATERMARK FOR log_time AS log_time - INTERVAL '5' SECOND
) WITH (
  'connector' = 'http',
  'format' = 'grok',
  'grok.definitions' = 'LOGTIME %{MONTHDAY}/%{MONTHNUM}/%{YEAR}:%{TIME} %{INT}',
  'grok.pattern' = '^%{IPORHOST:ip} %{USER:ident} %{USER:auth} %{LOGTIME:log_time} %{WORD:verb} %{NOTSPACE:url}$',
  'grok.timestamp-format' = 'dd/MM/yyyy:HH:mm:ss Z'
);
