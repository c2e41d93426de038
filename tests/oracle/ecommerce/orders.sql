-- Orders, one JSON object a line; a line that is none is left out. The amount is taken as it is written, in cents.
CREATE TABLE orders AS
SELECT *, max(t) OVER (ORDER BY line_number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS seen
FROM (
  SELECT line_number, line ->> 'province' AS province, line ->> 'city' AS city,
    (line ->> 'amount')::DECIMAL(10, 2) AS amount, (line ->> 'ts')::BIGINT + 28800 AS t
  FROM lines_of(getvariable('orders'))
  WHERE line <> '' AND json_valid(line)
);

CREATE TABLE orders_in_windows AS
SELECT * FROM (SELECT *, unnest(hop_ends(t, 300, 3600)) AS w FROM orders WHERE amount > 0)
WHERE is_open(w, seen, 10);
