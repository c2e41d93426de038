SELECT clock(t)::DATE AS visit_day,
  count(CASE WHEN behavior = 'pv' THEN 1 END) AS pv,
  count(DISTINCT CASE WHEN behavior = 'pv' THEN user_id END) AS uv,
  count(DISTINCT user_id) AS dau
FROM steps
GROUP BY 1;
