SELECT order_id, min(clock(t)) FILTER (event = 'create') AS created_at, min(clock(t)) FILTER (event = 'pay') AS paid_at,
  max(NULLIF(transaction_id, '')) AS transaction_id
FROM order_event
WHERE event IN ('create', 'pay')
GROUP BY order_id;
