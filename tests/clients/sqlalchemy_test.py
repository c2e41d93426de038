"""SQLAlchemy 2 over psycopg: reflection, and statements that it writes itself."""

import decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql


@pytest.fixture(scope="module")
def engine(server):
    engine = sa.create_engine(server.url.replace("postgresql://", "postgresql+psycopg://"))
    yield engine
    engine.dispose()


def test_reflection_of_names(engine):
    inspector = sa.inspect(engine)
    assert {"public", "shop"} <= set(inspector.get_schema_names())
    assert inspector.default_schema_name == "public"
    assert "every_type" in inspector.get_table_names()
    assert inspector.get_table_names("shop") == ["customer"]
    assert inspector.get_view_names("shop") == ["beijing"]
    assert inspector.get_materialized_view_names("shop") == ["by_city"]
    assert inspector.has_table("customer", schema="shop") and not inspector.has_table("nowhere")


def test_reflection_of_columns(engine):
    inspector = sa.inspect(engine)
    columns = {column["name"]: column for column in inspector.get_columns("customer", schema="shop")}
    assert isinstance(columns["id"]["type"], sa.BIGINT) and columns["id"]["nullable"] is False
    assert isinstance(columns["name"]["type"], sa.TEXT) and columns["name"]["nullable"] is True
    assert isinstance(columns["city"]["type"], sa.VARCHAR) and columns["city"]["type"].length == 40
    assert inspector.get_pk_constraint("customer", schema="shop")["constrained_columns"] == ["id"]
    assert inspector.get_foreign_keys("customer", schema="shop") == []
    assert inspector.get_unique_constraints("customer", schema="shop") == []
    assert inspector.get_check_constraints("customer", schema="shop") == []
    inspector.get_indexes("customer", schema="shop")
    inspector.get_table_comment("customer", schema="shop")


def test_reflection_of_every_type(engine):
    types = {column["name"]: column["type"] for column in sa.inspect(engine).get_columns("every_type")}
    expected = {
        "b": sa.BOOLEAN, "i1": sa.SMALLINT, "i2": sa.SMALLINT, "i4": sa.INTEGER, "i8": sa.BIGINT,
        "m": sa.NUMERIC, "m38": sa.NUMERIC, "f4": sa.REAL, "f8": sa.DOUBLE_PRECISION, "c": sa.CHAR,
        "v": sa.VARCHAR, "s": sa.TEXT, "bin": postgresql.BYTEA, "d": sa.DATE, "t": sa.TIME, "ts": sa.TIMESTAMP,
        "tz": sa.TIMESTAMP, "iv": postgresql.INTERVAL, "a4": sa.ARRAY, "ax": sa.ARRAY, "mp": sa.JSON, "r": sa.JSON,
    }  # fmt: skip
    wrong = {name: types[name] for name, kind in expected.items() if not isinstance(types[name], kind)}
    assert wrong == {}
    assert (types["m"].precision, types["m"].scale) == (10, 2)
    assert types["tz"].timezone is True and types["ts"].timezone is False


def test_a_whole_schema_is_reflected(engine):
    metadata = sa.MetaData()
    metadata.reflect(engine, schema="shop", views=True)
    assert {"shop.customer", "shop.beijing", "shop.by_city"} <= set(metadata.tables)
    customer = metadata.tables["shop.customer"]
    assert [column.name for column in customer.primary_key] == ["id"]
    with engine.connect() as connection:
        query = sa.select(customer.c.name).where(customer.c.city == "beijing").order_by(customer.c.id.desc()).limit(1)
        assert connection.execute(query).scalar_one() == "丙"
        count = sa.select(sa.func.count()).select_from(customer).where(customer.c.id.in_([1, 2]))
        assert connection.execute(count).scalar_one() == 2


def test_view_definition(engine):
    assert "customer" in sa.inspect(engine).get_view_definition("beijing", schema="shop")


def test_tables_are_made_filled_and_dropped(engine, name):
    metadata = sa.MetaData()
    table = sa.Table(
        name,
        metadata,
        sa.Column("id", sa.Integer),
        sa.Column("name", sa.String(20)),
        sa.Column("amount", sa.Numeric(10, 2)),
        sa.Column("is_open", sa.Boolean),
    )
    metadata.create_all(engine)
    with engine.begin() as connection:
        rows = [
            {"id": n, "name": f"n{n}", "amount": decimal.Decimal(n) / 2, "is_open": n % 2 == 0} for n in range(1, 4)
        ]
        connection.execute(sa.insert(table), rows)
    with engine.connect() as connection:
        found = connection.execute(sa.select(table).order_by(table.c.id)).mappings().all()
        assert [dict(row) for row in found] == rows
        total = connection.execute(sa.select(sa.func.sum(table.c.amount)).where(table.c.is_open)).scalar_one()
        assert total == decimal.Decimal("1.00")
    metadata.drop_all(engine)
    assert not sa.inspect(engine).has_table(name)


def test_a_decimal_literal_keeps_its_digits(engine):
    value = decimal.Decimal("1.234567890123456789")
    with engine.connect() as connection:
        assert connection.execute(sa.select(sa.literal(value))).scalar_one() == value


def test_an_error(engine):
    with engine.connect() as connection, pytest.raises(sa.exc.ProgrammingError) as raised:
        connection.execute(sa.text("SELECT nam FROM shop.customer"))
    assert raised.value.orig.sqlstate == "42703"


def test_a_server_side_cursor(engine):
    with engine.connect().execution_options(stream_results=True, max_row_buffer=1) as connection:
        rows = connection.execute(sa.text("SELECT id FROM shop.customer ORDER BY id"))
        assert [row.id for row in rows] == [1, 2, 3]
