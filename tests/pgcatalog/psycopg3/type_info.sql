-- psycopg 3.3: what TypeInfo.fetch() and its like send (captured from the client).

-- @query 1, pg_type
SELECT
    typname AS name, oid, typarray AS array_oid,
    oid::regtype::text AS regtype, typdelim AS delimiter
FROM pg_type t
WHERE t.oid = to_regtype($1)
ORDER BY t.oid
-- @parameter jsonb
-- @columns name|oid|array_oid|regtype|delimiter
-- @row *|*|*|*|*

-- @query 2, pg_type
SELECT
    typname AS name, oid, typarray AS array_oid,
    oid::regtype::text AS regtype, typdelim AS delimiter
FROM pg_type t
WHERE t.oid = to_regtype($1)
ORDER BY t.oid
-- @parameter hstore
-- @columns name|oid|array_oid|regtype|delimiter
-- @rows 0

-- @query 3, pg_type
SELECT name, oid, array_oid, regtype, array_agg(label) AS labels
FROM (
    SELECT
        t.typname AS name, t.oid AS oid, t.typarray AS array_oid,
        t.oid::regtype::text AS regtype, e.enumlabel AS label
    FROM pg_type t
    LEFT JOIN  pg_enum e
    ON e.enumtypid = t.oid
    WHERE t.oid = to_regtype($1)
    ORDER BY e.enumsortorder
) x
GROUP BY name, oid, array_oid, regtype
-- @parameter mood
-- @columns name|oid|array_oid|regtype|labels
-- @rows 0

-- @query 4, pg_type
SELECT t.typname AS name, t.oid AS oid, t.typarray AS array_oid,
    t.oid::regtype::text AS regtype,
    r.rngsubtype AS subtype_oid
FROM pg_type t
JOIN pg_range r ON t.oid = r.rngtypid
WHERE t.oid = to_regtype($1)
-- @parameter int4range
-- @columns name|oid|array_oid|regtype|subtype_oid
-- @row *|*|*|*|*

-- @query 5, pg_type
SELECT
    t.typname AS name, t.oid AS oid, t.typarray AS array_oid,
    t.oid::regtype::text AS regtype,
    coalesce(a.fnames, '{}') AS field_names,
    coalesce(a.ftypes, '{}') AS field_types
FROM pg_type t
LEFT JOIN (
    SELECT
        attrelid,
        array_agg(attname) AS fnames,
        array_agg(atttypid) AS ftypes
    FROM (
        SELECT a.attrelid, a.attname, a.atttypid
        FROM pg_attribute a
        JOIN pg_type t ON t.typrelid = a.attrelid
        WHERE t.oid = to_regtype($1)
        AND a.attnum > 0
        AND NOT a.attisdropped
        ORDER BY a.attnum
    ) x
    GROUP BY attrelid
) a ON a.attrelid = t.typrelid
WHERE t.oid = to_regtype($1)
-- @parameter ods.orders
-- @columns name|oid|array_oid|regtype|field_names|field_types
-- @rows 1
-- @row orders|{{type ods.orders}}|{{type ods.orders[]}}|ods.orders|{order_id,城市,amount,tags,created_at,net}|{20,1043,1700,1009,1114,1700}

-- @query 6, pg_type
SELECT t.typname AS name, t.oid AS oid, t.typarray AS array_oid,
    t.oid::regtype::text AS regtype,
    r.rngtypid AS range_oid, r.rngsubtype AS subtype_oid
FROM pg_type t
JOIN pg_range r ON t.oid = r.rngmultitypid
WHERE t.oid = to_regtype($1)
-- @parameter int4multirange
-- @columns name|oid|array_oid|regtype|range_oid|subtype_oid
-- @row *|*|*|*|*|*
