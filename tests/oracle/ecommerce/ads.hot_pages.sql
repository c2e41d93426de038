WITH hits AS (
  SELECT w, page, count(*) AS hits
  FROM (SELECT *, unnest(hop_ends(t, 60, 600)) AS w FROM page_view)
  WHERE is_open(w, seen, 60)
  GROUP BY ALL
)
SELECT clock(w - 600) AS window_start, clock(w) AS window_end, place, best[place].page AS page, best[place].hits AS hits
FROM (
  SELECT w, best, unnest(range(1, least(len(best), 3) + 1)) AS place
  FROM (SELECT w, list({'page': page, 'hits': hits} ORDER BY hits DESC, page) AS best FROM hits GROUP BY w)
);
