WITH counted AS (
  SELECT * FROM (
    SELECT *, unnest(generate_series((t // 300 + 1) * 300, (t // 3600 + 1) * 3600, 300)) AS w FROM steps)
  WHERE is_open(w, seen, 5)
)
SELECT clock((w - 1) // 3600 * 3600) AS window_start, clock(w) AS window_end,
  count(CASE WHEN behavior = 'pv' THEN 1 END) AS pv,
  count(DISTINCT CASE WHEN behavior = 'pv' THEN user_id END) AS uv
FROM counted
GROUP BY w;
