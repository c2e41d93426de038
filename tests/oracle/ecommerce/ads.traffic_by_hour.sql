SELECT clock(t // 3600 * 3600) AS window_start, clock(t // 3600 * 3600 + 3600) AS window_end,
  sum(CASE behavior WHEN 'pv' THEN 1 ELSE 0 END) AS pv,
  len(list_distinct(list(user_id) FILTER (behavior = 'pv'))) AS uv,
  len(list_distinct(list(user_id))) AS actives
FROM steps
WHERE is_open(t // 3600 * 3600 + 3600, seen, 5)
GROUP BY t // 3600;
