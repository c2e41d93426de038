-- The raw files as tables, read by plain DuckDB, line by line: a line that is no row is left out, and each row
-- bears `seen`, the greatest time of the rows before it in its file (NULL: it is the first). A watermark is
-- `seen` less the bound of the table.
--
-- Times are seconds on the shop's clock (Asia/Shanghai, +08:00 all year), so that days and hours begin at
-- multiples. Variables: behavior, ad_click, login, order_event, receipt, web_log, orders (paths).

SET threads = 1;

CREATE MACRO lines_of(path) AS TABLE
  SELECT generate_subscripts(lines, 1) AS line_number, rtrim(unnest(lines), chr(13)) AS line
  FROM (SELECT string_split(content, chr(10)) AS lines FROM read_text(path));

CREATE MACRO cells_of(path, width) AS TABLE
  SELECT line_number, string_split(line, ',') AS cells
  FROM lines_of(path)
  WHERE line <> '' AND len(string_split(line, ',')) = width;

CREATE MACRO clock(seconds) AS make_timestamp((seconds)::BIGINT * 1000000);

-- Whether a row still counts in a window: none of Flink's windows takes a row once the watermark has come to its
-- last millisecond.
CREATE MACRO is_open(window_end, seen, bound) AS
  seen IS NULL OR (seen - bound) * 1000 < window_end * 1000 - 1;

CREATE TABLE behavior AS
SELECT *, max(t) OVER (ORDER BY line_number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS seen
FROM (
  SELECT line_number, TRY_CAST(cells[1] AS BIGINT) AS user_id, TRY_CAST(cells[2] AS BIGINT) AS item_id,
    cells[4] AS behavior, TRY_CAST(cells[5] AS BIGINT) + 28800 AS t
  FROM cells_of(getvariable('behavior'), 5)
  WHERE TRY_CAST(cells[1] AS BIGINT) IS NOT NULL AND TRY_CAST(cells[2] AS BIGINT) IS NOT NULL
    AND TRY_CAST(cells[3] AS BIGINT) IS NOT NULL AND TRY_CAST(cells[5] AS BIGINT) IS NOT NULL
);

-- Without what is neither a view, cart, favourite nor purchase; `seen` has counted them all.
CREATE TABLE steps AS SELECT * FROM behavior WHERE behavior IN ('pv', 'cart', 'fav', 'buy');

CREATE TABLE ad_click AS
SELECT *, max(t) OVER (ORDER BY line_number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS seen
FROM (
  SELECT line_number, cells[1]::BIGINT AS user_id, cells[2]::BIGINT AS ad_id, cells[3] AS province,
    cells[5]::BIGINT + 28800 AS t
  FROM cells_of(getvariable('ad_click'), 5)
);

CREATE TABLE login AS
SELECT *, max(t) OVER (ORDER BY line_number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS seen
FROM (
  SELECT line_number, cells[1]::BIGINT AS user_id, cells[2] AS ip, cells[3] AS outcome, cells[4]::BIGINT + 28800 AS t
  FROM cells_of(getvariable('login'), 4)
);

CREATE TABLE order_event AS
SELECT line_number, cells[1]::BIGINT AS order_id, cells[2] AS event, cells[3] AS transaction_id,
  cells[4]::BIGINT + 28800 AS t
FROM cells_of(getvariable('order_event'), 4);

CREATE TABLE receipt AS
SELECT *, max(t) OVER (ORDER BY line_number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS seen
FROM (
  SELECT line_number, cells[1] AS transaction_id, cells[2] AS channel, cells[3]::BIGINT + 28800 AS t
  FROM cells_of(getvariable('receipt'), 3)
);

CREATE TABLE request AS
SELECT *, max(t) OVER (ORDER BY line_number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS seen
FROM (
  SELECT line_number, words[6] AS method, string_split(words[7], '?')[1] AS page,
    epoch(strptime(words[4], '%d/%m/%Y:%H:%M:%S'))::BIGINT + 28800 AS t
  FROM (SELECT line_number, string_split(line, ' ') AS words FROM lines_of(getvariable('web_log')))
  WHERE len(words) = 7 AND words[5] = '+0000'
);

CREATE TABLE page_view AS
SELECT * FROM request
WHERE method = 'GET'
  AND NOT (contains(page, '.') AND lower(string_split(page, '.')[-1]) IN
    ('css', 'js', 'png', 'jpg', 'jpeg', 'gif', 'ico', 'svg', 'ttf', 'woff', 'woff2', 'txt', 'xml'));

-- The ends of the windows of `size` seconds, one every `slide`, that hold the second t.
CREATE MACRO hop_ends(t, slide, size) AS
  generate_series((t // slide + 1) * slide, (t // slide) * slide + size, slide);

-- Of a visitor's visits, those still open that a step (a list of one) touches.
CREATE MACRO touched(visits, step) AS
  [v FOR v IN visits IF v.s <= step[1].e AND v.e >= step[1].s AND is_open(v.e, step[1].seen, 5)];
