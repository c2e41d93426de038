WITH views AS (
  SELECT w, item_id, count(*) AS view_count
  FROM (SELECT *, unnest(hop_ends(t, 300, 3600)) AS w FROM steps WHERE behavior = 'pv')
  WHERE is_open(w, seen, 5)
  GROUP BY ALL
)
SELECT clock(w - 3600) AS window_start, clock(w) AS window_end, place, item_id, view_count
FROM (
  SELECT a.*, 1 + (SELECT count(*) FROM views b
                   WHERE b.w = a.w AND (b.view_count > a.view_count OR (b.view_count = a.view_count AND b.item_id < a.item_id))) AS place
  FROM views a
  -- Only these can be among the first three: it keeps the comparison of all with all small.
  WHERE a.view_count >= (SELECT min(v) FROM (SELECT v FROM (SELECT c.view_count AS v FROM views c WHERE c.w = a.w) ORDER BY v DESC LIMIT 3))
)
WHERE place <= 3;
