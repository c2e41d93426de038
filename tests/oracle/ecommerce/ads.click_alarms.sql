-- The 101st smallest time.
SELECT click_day, user_id, ad_id, clock(list_sort(times)[101]) AS alarm_time
FROM (
  SELECT clock(t)::DATE AS click_day, user_id, ad_id, list(t) AS times
  FROM ad_click
  GROUP BY ALL
)
WHERE len(times) >= 101;
