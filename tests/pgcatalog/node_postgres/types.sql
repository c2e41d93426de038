-- node-postgres 8 with pg-types 2 (the query of its README, and the list its scripts make the type table of).

-- @query array types
SELECT typname, oid, typarray FROM pg_type WHERE typtype = 'b' AND typarray IN (SELECT oid FROM pg_type) AND typname IN ('int8', 'text', 'numeric', 'timestamptz') ORDER BY oid
-- @columns typname|oid|typarray
-- @rows 4
-- @row int8|20|1016
-- @row text|25|1009
-- @row timestamptz|1184|1185
-- @row numeric|1700|1231

-- @query one type by name
SELECT oid, typname FROM pg_type WHERE typname = 'jsonb'
-- @columns oid|typname
-- @rows 1
-- @row 3802|jsonb
