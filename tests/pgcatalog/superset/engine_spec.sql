-- Superset 4 and later, PostgresEngineSpec (superset/db_engine_specs/postgres.py); what it reads through SQLAlchemy with psycopg2 is in sqlalchemy/.

-- @query databases
SELECT datname FROM pg_database
WHERE datistemplate = false
-- @columns datname
-- @rows 1
-- @row millrace

-- @query the session to cancel
SELECT pg_backend_pid()
-- @columns pg_backend_pid
-- @rows 1
-- @row *
