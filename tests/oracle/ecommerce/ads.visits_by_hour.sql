-- A step more than half an hour after the one before begins a visit; with exactly half an hour between them the
-- two windows touch, and are one. Batch gives the streaming answer unless a step came late for a visit of its
-- visitor that had been closed, and would have prolonged it: this fails where that is so.
CREATE TABLE late_check AS
SELECT CASE WHEN count(*) > 0 THEN error('a step touches a closed visit') END
FROM steps a JOIN steps b ON b.user_id = a.user_id
WHERE b.line_number < a.line_number AND b.t + 1800 BETWEEN a.t AND a.seen - 5;

WITH marked AS (
  SELECT user_id, t, CASE WHEN t - lag(t) OVER (PARTITION BY user_id ORDER BY t) <= 1800 THEN 0 ELSE 1 END AS begins
  FROM steps
  WHERE is_open(t + 1800, seen, 5)
), visits AS (
  SELECT user_id, visit, min(t) AS began, count(*) AS actions
  FROM (SELECT *, sum(begins) OVER (PARTITION BY user_id ORDER BY t) AS visit FROM marked)
  GROUP BY user_id, visit
)
SELECT clock(began // 3600 * 3600) AS visit_hour, count(*) AS vv, sum(actions) AS actions, max(actions) AS actions_max
FROM visits
GROUP BY 1;
