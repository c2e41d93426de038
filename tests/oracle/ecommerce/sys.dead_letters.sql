-- millrace: SELECT table_name, COUNT(*) AS records FROM sys.dead_letters WHERE table_name <> 'ods.orders' GROUP BY table_name
-- Lines that are no rows, by table; each once, however many figures read the table.
SELECT table_name, count(*) AS records FROM (
  SELECT 'ods.user_behavior' AS table_name FROM lines_of(getvariable('behavior'))
  WHERE line <> '' AND line_number NOT IN (SELECT line_number FROM behavior)
  UNION ALL
  SELECT 'ods.web_log' FROM lines_of(getvariable('web_log'))
  WHERE line <> '' AND line_number NOT IN (SELECT line_number FROM request)
)
GROUP BY table_name;
