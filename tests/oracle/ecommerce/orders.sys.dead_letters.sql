-- millrace: SELECT COUNT(*) AS records FROM sys.dead_letters WHERE table_name = 'ods.orders'
SELECT count(*) AS records FROM lines_of(getvariable('orders')) WHERE line <> '' AND NOT json_valid(line);
