-- psql 15.18: what Tab sends (captured from the client; the same texts are in src/bin/psql/tab-complete.c).

-- @query 1, pg_class
SELECT c.relname, NULL::pg_catalog.text FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'S', 'v', 'm', 'f', 'p') AND (c.relname) LIKE '%' AND pg_catalog.pg_table_is_visible(c.oid) AND c.relnamespace <> (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'pg_catalog')
UNION ALL
SELECT NULL::pg_catalog.text, n.nspname FROM pg_catalog.pg_namespace n WHERE n.nspname LIKE '%' AND n.nspname NOT LIKE E'pg\\_%'
LIMIT 1000
-- @columns relname|text
-- @row \N|ods
-- @row \N|dws

-- @query 2, pg_class
SELECT c.relname, n.nspname FROM pg_catalog.pg_class c, pg_catalog.pg_namespace n WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'S', 'v', 'm', 'f', 'p') AND (c.relname) LIKE 'o%' AND n.nspname = 'ods'
LIMIT 1000
-- @columns relname|nspname
-- @rows 1
-- @row orders|ods

-- @query 3, pg_class
SELECT c.relname, NULL::pg_catalog.text FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'S', 'v', 'm', 'f', 'p') AND (c.relname) LIKE 'dw%' AND pg_catalog.pg_table_is_visible(c.oid) AND c.relnamespace <> (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'pg_catalog')
UNION ALL
SELECT NULL::pg_catalog.text, n.nspname FROM pg_catalog.pg_namespace n WHERE n.nspname LIKE 'dw%' AND n.nspname NOT LIKE E'pg\\_%'
LIMIT 1000
-- @columns relname|text
-- @rows 1
-- @row \N|dws

-- @query 4, pg_class
SELECT c.relname, NULL::pg_catalog.text FROM pg_catalog.pg_class c WHERE (c.relname) LIKE 'od%' AND pg_catalog.pg_table_is_visible(c.oid) AND c.relnamespace <> (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'pg_catalog')
UNION ALL
SELECT NULL::pg_catalog.text, n.nspname FROM pg_catalog.pg_namespace n WHERE n.nspname LIKE 'od%' AND n.nspname NOT LIKE E'pg\\_%'
LIMIT 1000
-- @columns relname|text
-- @rows 1
-- @row \N|ods

-- @query 5, pg_class
SELECT c.relname, n.nspname FROM pg_catalog.pg_class c, pg_catalog.pg_namespace n WHERE c.relnamespace = n.oid AND (c.relname) LIKE '%' AND n.nspname = 'ods'
LIMIT 1000
-- @columns relname|nspname
-- @rows 3
-- @row orders_pkey|ods
-- @row Events|ods
-- @row orders|ods

-- @query 6, pg_class
SELECT c.relname, n.nspname FROM pg_catalog.pg_class c, pg_catalog.pg_namespace n WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND (c.relname) LIKE '%' AND n.nspname = 'ods'
LIMIT 1000
-- @columns relname|nspname
-- @rows 2
-- @row Events|ods
-- @row orders|ods

-- @query 7, pg_class
SELECT c.relname, n.nspname FROM pg_catalog.pg_class c, pg_catalog.pg_namespace n WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'f', 'v', 'p') AND (c.relname) LIKE '%' AND n.nspname = 'ods'
LIMIT 1000
-- @columns relname|nspname
-- @rows 2
-- @row Events|ods
-- @row orders|ods

-- @query 8, pg_attribute
SELECT a.attname, NULL::pg_catalog.text FROM pg_catalog.pg_attribute a, pg_catalog.pg_class c, pg_catalog.pg_namespace nr WHERE c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped AND (a.attname) LIKE 'or%' AND c.relname = 'orders' AND c.relnamespace = nr.oid AND nr.nspname = 'ods'
LIMIT 1000
-- @columns attname|text
-- @row *|*

-- @query 9, pg_settings
SELECT pg_catalog.lower(name) FROM pg_catalog.pg_settings  WHERE context IN ('user', 'superuser')    AND pg_catalog.lower(name) LIKE pg_catalog.lower('sea%')
LIMIT 1000
-- @columns lower
-- @row *

-- @query 10, pg_namespace
SELECT nspname FROM pg_catalog.pg_namespace  WHERE nspname LIKE '%' AND nspname NOT LIKE E'pg\\_toast%' AND nspname NOT LIKE E'pg\\_temp%'
LIMIT 1000
-- @columns nspname
-- @row ods
-- @row dws

-- @query 11, pg_database
SELECT datname FROM pg_catalog.pg_database  WHERE datname LIKE '%'
LIMIT 1000
-- @columns datname
-- @row millrace

-- @query 12, pg_class
SELECT c.relname, n.nspname FROM pg_catalog.pg_class c, pg_catalog.pg_namespace n WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'S', 'v', 'm', 'f', 'p') AND (c.relname) LIKE '%' AND n.nspname = 'ods'
LIMIT 1000
-- @columns relname|nspname
-- @rows 2
-- @row Events|ods
-- @row orders|ods

-- @query 13, pg_roles
SELECT rolname    FROM pg_catalog.pg_roles   WHERE rolname LIKE '%'
LIMIT 1000
-- @columns rolname
-- @row millrace
-- @row analyst
-- @row reader

-- @query 14, pg_class
SELECT c.relname, n.nspname FROM pg_catalog.pg_class c, pg_catalog.pg_namespace n WHERE c.relnamespace = n.oid AND c.relkind IN ('v') AND (c.relname) LIKE '%' AND n.nspname = 'dws'
LIMIT 1000
-- @columns relname|nspname
-- @rows 1
-- @row big_orders|dws

-- @query 15, pg_class
SELECT c.relname, n.nspname FROM pg_catalog.pg_class c, pg_catalog.pg_namespace n WHERE c.relnamespace = n.oid AND c.relkind IN ('m') AND (c.relname) LIKE '%' AND n.nspname = 'dws'
LIMIT 1000
-- @columns relname|nspname
-- @rows 1
-- @row city_sales|dws

-- @query 16, pg_type
SELECT t.typname, NULL::pg_catalog.text FROM pg_catalog.pg_type t WHERE (t.typrelid = 0  OR (SELECT c.relkind = 'c'     FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid)) AND t.typname !~ '^_' AND (t.typname) LIKE '%' AND pg_catalog.pg_type_is_visible(t.oid)
UNION ALL
SELECT NULL::pg_catalog.text, n.nspname FROM pg_catalog.pg_namespace n WHERE n.nspname LIKE '%' AND n.nspname NOT LIKE E'pg\\_%'
LIMIT 1000
-- @columns typname|text
-- @row \N|ods
-- @row \N|dws

-- @query 17, pg_proc
SELECT p.proname, NULL::pg_catalog.text FROM pg_catalog.pg_proc p WHERE p.prokind != 'p' AND (p.proname) LIKE 'city%' AND pg_catalog.pg_function_is_visible(p.oid)
UNION ALL
SELECT NULL::pg_catalog.text, n.nspname FROM pg_catalog.pg_namespace n WHERE n.nspname LIKE 'city%' AND n.nspname NOT LIKE E'pg\\_%'
LIMIT 1000
-- @columns proname|text
-- @row *|*

-- @query 18, pg_settings
SELECT pg_catalog.lower(name) FROM pg_catalog.pg_settings  WHERE pg_catalog.lower(name) LIKE pg_catalog.lower('%')
LIMIT 1000
-- @columns lower
-- @row *

-- @query 19, pg_prepared_statements
SELECT name    FROM pg_catalog.pg_prepared_statements   WHERE name LIKE '%'
LIMIT 1000
-- @columns name
-- @rows 0
