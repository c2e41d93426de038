-- ods: what the shop's systems write, as it comes. Paths are relative to this folder; ./run gives another
-- one with --data, and follows growing files with --follow.

SET 'table.local-time-zone' = 'Asia/Shanghai';

CREATE DATABASE IF NOT EXISTS ods;

-- Every step of a visitor: pv (page view), cart, fav, buy.
CREATE TABLE ods.user_behavior (
  user_id     BIGINT,
  item_id     BIGINT,
  category_id BIGINT,
  behavior    STRING,
  ts          BIGINT,
  event_time  AS TO_TIMESTAMP_LTZ(ts, 0),
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'data/user_behavior.csv',
  'format' = 'csv'
);

CREATE TABLE ods.ad_click (
  user_id    BIGINT,
  ad_id      BIGINT,
  province   STRING,
  city       STRING,
  ts         BIGINT,
  event_time AS TO_TIMESTAMP_LTZ(ts, 0),
  WATERMARK FOR event_time AS event_time - INTERVAL '10' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'data/ad_click.csv',
  'format' = 'csv'
);

CREATE TABLE ods.login (
  user_id    BIGINT,
  ip         STRING,
  outcome    STRING,
  ts         BIGINT,
  event_time AS TO_TIMESTAMP_LTZ(ts, 0),
  WATERMARK FOR event_time AS event_time - INTERVAL '10' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'data/login.csv',
  'format' = 'csv'
);

-- An order is created, and paid under a number of the payment service.
CREATE TABLE ods.order_event (
  order_id       BIGINT,
  event          STRING,
  transaction_id STRING,
  ts             BIGINT,
  event_time     AS TO_TIMESTAMP_LTZ(ts, 0),
  WATERMARK FOR event_time AS event_time - INTERVAL '10' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'data/order_event.csv',
  'format' = 'csv'
);

-- What the payment services report.
CREATE TABLE ods.receipt (
  transaction_id STRING,
  channel        STRING,
  ts             BIGINT,
  event_time     AS TO_TIMESTAMP_LTZ(ts, 0),
  WATERMARK FOR event_time AS event_time - INTERVAL '60' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'data/receipt.csv',
  'format' = 'csv'
);

-- The web server's log: lines of text, taken apart by a grok pattern.
CREATE TABLE ods.web_log (
  ip       STRING,
  verb     STRING,
  url      STRING,
  log_time TIMESTAMP_LTZ(3),
  WATERMARK FOR log_time AS log_time - INTERVAL '60' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'data/web.log',
  'format' = 'grok',
  'grok.definitions' = 'LOGTIME %{MONTHDAY}/%{MONTHNUM}/%{YEAR}:%{TIME} %{INT}',
  'grok.pattern' = '^%{IPORHOST:ip} %{USER:ident} %{USER:auth} %{LOGTIME:log_time} %{WORD:verb} %{NOTSPACE:url}$',
  'grok.timestamp-format' = 'dd/MM/yyyy:HH:mm:ss Z'
);
