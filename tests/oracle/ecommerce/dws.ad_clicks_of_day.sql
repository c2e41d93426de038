SELECT clock(t)::DATE AS click_day, user_id, ad_id, count(*) AS clicks
FROM ad_click
GROUP BY ALL;
