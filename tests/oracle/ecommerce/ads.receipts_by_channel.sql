SELECT clock(t // 600 * 600) AS window_start, clock(t // 600 * 600 + 600) AS window_end, channel,
  count(*) AS receipts, count(DISTINCT transaction_id) AS transactions
FROM receipt
WHERE is_open(t // 600 * 600 + 600, seen, 60)
GROUP BY t // 600, channel;
