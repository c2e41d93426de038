-- A step belongs to every visit of its visitor that it is not more than half an hour away from, and joins them; but a
-- visit that the watermark has passed is closed, and a late step cannot prolong it. So the steps of each visitor are
-- gone through in the order in which they came, with the list of the visits so far. A step is a visit by itself, from
-- t to half an hour later.
WITH visitors AS (
  SELECT user_id, list([{'s': t, 'e': t + 1800, 'n': 1, 'seen': seen}] ORDER BY line_number) AS steps
  FROM steps
  GROUP BY user_id
), visits AS (
  SELECT user_id, unnest(list_reduce(
    steps,
    lambda visits, step:
      CASE WHEN is_open(list_max([v.e FOR v IN touched(visits, step)] || [step[1].e]), step[1].seen, 5)
        THEN [v FOR v IN visits IF NOT list_contains(touched(visits, step), v)] || [{
          's': list_min([v.s FOR v IN touched(visits, step)] || [step[1].s]),
          'e': list_max([v.e FOR v IN touched(visits, step)] || [step[1].e]),
          'n': 1 + coalesce(list_sum([v.n FOR v IN touched(visits, step)]), 0)::INTEGER,
          'seen': NULL}]
        ELSE visits END,
    []::STRUCT(s BIGINT, e BIGINT, n INTEGER, seen BIGINT)[])) AS visit
  FROM visitors
)
SELECT clock(visit.s // 3600 * 3600) AS visit_hour, count(*) AS vv, sum(visit.n) AS actions, max(visit.n) AS actions_max
FROM visits
GROUP BY 1;
