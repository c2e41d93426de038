SELECT clock(w - 3600) AS window_start, clock(w) AS window_end, province, count(*) AS clicks,
  count(DISTINCT user_id) AS users
FROM (SELECT *, unnest(hop_ends(t, 300, 3600)) AS w FROM ad_click)
WHERE is_open(w, seen, 10)
GROUP BY w, province;
