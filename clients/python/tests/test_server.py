"""Against a server: MILLRACE_URL=postgresql://… and MILLRACE_HTTP=http://… name it; skipped without."""

import datetime
import decimal
import threading

import pytest

import millrace


@pytest.fixture
def counts(warehouse, name):
    """A table `name` of words, and a view `name`_counts of how often each came."""
    warehouse.execute(f"CREATE TABLE {name} (w STRING, n INT) WITH ('connector' = 'http', 'format' = 'json')")
    warehouse.execute(
        f"CREATE MATERIALIZED VIEW {name}_counts AS SELECT w, COUNT(*) AS c, SUM(n) AS n FROM {name} GROUP BY w"
    )
    return name


def test_execute(warehouse):
    result = warehouse.execute("SELECT %s AS a, %s AS b", [7, "七"])
    assert [column.name for column in result.columns] == ["a", "b"]
    assert result.rows == [(7, "七")]
    assert warehouse.execute("SELECT 1").scalar() == 1


def test_types(warehouse):
    row = warehouse.execute(
        "SELECT CAST('1.50' AS DECIMAL(10, 2)) AS m, DATE '2020-02-29' AS d, TIMESTAMP '2020-02-29 01:02:03.5' AS ts, "
        "TRUE AS b, CAST(NULL AS INT) AS missing"
    ).rows[0]
    assert row["m"] == decimal.Decimal("1.50") and str(row["m"]) == "1.50"
    assert row["d"] == datetime.date(2020, 2, 29)
    assert row["ts"] == datetime.datetime(2020, 2, 29, 1, 2, 3, 500000)
    assert row["b"] is True and row["missing"] is None


def test_error(warehouse):
    with pytest.raises(millrace.SqlError) as raised:
        warehouse.execute("SELECT nowhere FROM sys.dead_letters")
    assert raised.value.sqlstate == "42703" and raised.value.position == 8
    assert "nowhere" in raised.value.message


def test_error_over_http(warehouse):
    pytest.importorskip("pyarrow")
    with pytest.raises(millrace.SqlError) as raised:
        warehouse.arrow("SELECT nowhere FROM sys.dead_letters")
    assert raised.value.sqlstate == "42703" and raised.value.position == 8


def test_insert_and_query(warehouse, counts):
    rows = [{"w": f"w{i % 10}", "n": 1} for i in range(2500)]
    result = warehouse.insert(counts, rows, batch_rows=1000, visible=True)
    assert (result.accepted, result.rejected) == (2500, 0)
    assert warehouse.execute(f"SELECT c, n FROM {counts}_counts WHERE w = 'w3'").rows == [(250, 250)]


def test_insert_into_a_plain_table(warehouse, name):
    warehouse.execute(f"CREATE TABLE {name} (id INT, seen TIMESTAMP(3), m DECIMAL(10, 2))")
    at = datetime.datetime(2020, 1, 2, 3, 4, 5, 678000)
    warehouse.insert(name, [(1, at, decimal.Decimal("9.90"))], columns=["id", "seen", "m"], visible=True)
    assert warehouse.execute(f"SELECT id, seen, m FROM {name}").rows == [(1, at, decimal.Decimal("9.90"))]


def test_insert_frame_and_arrow(warehouse, counts):
    pandas = pytest.importorskip("pandas")
    pyarrow = pytest.importorskip("pyarrow")
    warehouse.insert(counts, pandas.DataFrame({"w": ["a", "b"], "n": [1, 2]}))
    warehouse.insert(counts, pyarrow.table({"w": ["a"], "n": [5]}), visible=True)
    assert warehouse.execute(f"SELECT w, n FROM {counts}_counts ORDER BY w").rows == [("a", 6), ("b", 2)]
    assert warehouse.arrow(f"SELECT w, n FROM {counts}_counts WHERE w = %s", ["a"]).to_pylist() == [{"w": "a", "n": 6}]
    assert warehouse.execute(f"SELECT w FROM {counts}_counts ORDER BY w").df()["w"].tolist() == ["a", "b"]


def test_rejected_rows(warehouse, counts):
    with pytest.raises(millrace.RowsRejected) as raised:
        warehouse.insert(counts, [{"w": "ok", "n": 1}, {"w": "bad", "n": "many"}], visible=True)
    assert raised.value.result.accepted == 1
    assert [error.index for error in raised.value.result.errors] == [1]
    result = warehouse.insert(counts, [{"w": "bad", "n": "many"}], raise_rejected=False)
    assert (result.accepted, result.rejected) == (0, 1)


def test_no_such_table(warehouse):
    with pytest.raises(millrace.SqlError) as raised:
        warehouse.insert("nowhere_at_all", [{"a": 1}])
    assert raised.value.sqlstate == "42P01"


def test_subscribe(warehouse, counts):
    warehouse.insert(counts, [{"w": "tea", "n": 2}], visible=True)
    with warehouse.subscribe(f"{counts}_counts", timeout=30) as changes:
        assert changes.columns == ("w", "c", "n")
        first = next(changes)
        assert (first.op, tuple(first.row)) == ("+I", ("tea", 1, 2))
        warehouse.insert(counts, [{"w": "tea", "n": 3}])
        before, after = next(changes), next(changes)
        assert (before.op, tuple(before.row)) == ("-U", ("tea", 1, 2))
        assert (after.op, after.row["c"], after.row["n"]) == ("+U", 2, 5)
        assert before.epoch == after.epoch > first.epoch


def test_subscribe_without_snapshot(warehouse, counts):
    warehouse.insert(counts, [{"w": "tea", "n": 2}], visible=True)
    with warehouse.subscribe(f"{counts}_counts", snapshot=False, timeout=30) as changes:
        assert changes.poll(0.2) is None
        warehouse.insert(counts, [{"w": "silk", "n": 1}])
        assert next(changes).row["w"] == "silk"


def test_epochs(warehouse, counts):
    with warehouse.subscribe(f"{counts}_counts") as changes:
        epochs = changes.epochs(timeout=30)
        assert next(epochs)[1] == []
        warehouse.insert(counts, [{"w": "a", "n": 1}, {"w": "b", "n": 1}])
        seen = []
        while len(seen) < 2:
            seen += next(epochs)[1]
        assert {change.row["w"] for change in seen} == {"a", "b"}


def test_subscription_timeout_and_end(warehouse, counts):
    changes = warehouse.subscribe(f"{counts}_counts", timeout=0.1)
    with pytest.raises(TimeoutError):
        next(changes)
    changes.close()
    changes.close()
    assert changes.closed and list(changes) == []


def test_a_waiting_subscription_is_closed_from_another_thread(warehouse, counts):
    changes = warehouse.subscribe(f"{counts}_counts")
    seen = []
    reader = threading.Thread(target=lambda: seen.extend(changes))
    reader.start()
    changes.close()
    reader.join(30)
    assert not reader.is_alive() and seen == []


def test_subscribe_to_nothing(warehouse):
    with pytest.raises(millrace.SqlError) as raised:
        warehouse.subscribe("nowhere_at_all")
    assert raised.value.sqlstate == "42P01"


def test_snapshot(warehouse, counts):
    with warehouse.snapshot():
        before = warehouse.execute(f"SELECT COUNT(*) FROM {counts}_counts").scalar()
        warehouse.insert(counts, [{"w": "new", "n": 1}], visible=True)
        assert warehouse.execute(f"SELECT COUNT(*) FROM {counts}_counts").scalar() == before
    assert warehouse.execute(f"SELECT COUNT(*) FROM {counts}_counts").scalar() == before + 1


def test_cancel(warehouse, counts):
    # A cursor over a view in which nothing happens would wait for ten minutes.
    timer = threading.Timer(0.3, warehouse.cancel)
    with pytest.raises(millrace.QueryCancelled), warehouse.snapshot():
        warehouse.execute(f"DECLARE c CURSOR FOR SUBSCRIBE TO {counts}_counts WITH (SNAPSHOT = false)")
        timer.start()
        warehouse.execute("FETCH 1 FROM c WITH (TIMEOUT = '600s')")
    assert warehouse.execute("SELECT 1").scalar() == 1
