SELECT clock(t // 60 * 60) AS window_start, clock(t // 60 * 60 + 60) AS window_end, user_id, count(*) AS failures,
  count(DISTINCT ip) AS addresses
FROM login
WHERE outcome = 'fail' AND is_open(t // 60 * 60 + 60, seen, 10)
GROUP BY t // 60, user_id
HAVING count(*) >= 2;
