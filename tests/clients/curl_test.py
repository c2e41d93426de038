"""curl: rows in, statements, views, changes, and what is refused, over HTTP."""

import gzip
import json
import os
import subprocess

JSON = ("-H", "Content-Type: application/json")


def run(curl, sql, *arguments, parameters=()):
    body = json.dumps({"sql": sql, "parameters": list(parameters)})
    return curl("/v1/sql", *JSON, *arguments, data=body.encode())


def words(curl, name):
    """A table of words with a view that counts them."""
    run(curl, f"CREATE TABLE {name} (w STRING, n INT) WITH ('connector' = 'http', 'format' = 'json')")
    answer = run(curl, f"CREATE MATERIALIZED VIEW {name}_c AS SELECT w, SUM(n) AS n FROM {name} GROUP BY w")
    assert answer.status == 200, answer.body


def counts(curl, name):
    answer = curl(f"/v1/views/{name}_c?order=w&format=json")
    assert answer.status == 200, answer.body
    return answer.json()["rows"]


def post(curl, name, kind, body, *arguments):
    return curl(f"/v1/tables/{name}?visible=true", "-H", f"Content-Type: {kind}", *arguments, data=body)


def test_health(curl):
    assert curl("/healthz").status == 200
    assert curl("/readyz").status == 200
    document = curl("/v1/openapi.json").json()
    assert document["openapi"].startswith("3.") and "/v1/sql" in document["paths"]


def test_a_key_needs_a_data_folder(curl):
    run(curl, "CREATE TABLE keyed (a INT)")
    answer = curl("/v1/tables/keyed", *JSON, "-H", "Idempotency-Key: k1", data=b'{"a":1}')
    assert answer.status == 400 and "--data" in answer.json()["error"]["hint"], answer.body
    run(curl, "DROP TABLE keyed")


def test_metrics(curl):
    answer = curl("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.body.decode().splitlines()
    assert any(line.startswith("# TYPE millrace_") for line in lines)
    for line in lines:
        if line and not line.startswith("#"):
            float(line.rsplit(" ", 1)[1])


def test_rows_in_every_form(curl, name):
    words(curl, name)
    lines = b'{"w":"a","n":1}\n{"w":"b","n":2}\n'
    for kind, body, coding in (
        ("application/x-ndjson", lines, ()),
        ("application/json", b'[{"w":"a","n":1},{"w":"b","n":2}]', ()),
        ("text/csv", b"a,1\nb,2\n", ()),
        ("application/x-ndjson", gzip.compress(lines), ("-H", "Content-Encoding: gzip")),
    ):
        answer = post(curl, name, kind, body, *coding)
        assert answer.status == 200 and answer.json()["accepted"] == 2, answer.body
    assert counts(curl, name) == [["a", 4], ["b", 8]]


def test_wrong_rows_are_named_and_kept(curl, name):
    words(curl, name)
    answer = post(curl, name, "application/x-ndjson", b'{"w":"a","n":1}\nno row\n{"w":"b","n":"x"}\n')
    report = answer.json()
    assert answer.status == 200 and (report["accepted"], report["rejected"]) == (1, 2)
    assert [(error["record"], error["offset"]) for error in report["errors"]] == [(1, 16), (2, 23)]
    kept = run(curl, f"SELECT COUNT(*) AS n FROM sys.dead_letters WHERE table_name LIKE '%{name}'")
    assert kept.json()["rows"] == [[2]]


def test_a_statement_with_parameters(curl):
    answer = run(curl, "SELECT name FROM shop.customer WHERE id = $1 AND city = $2", parameters=[3, "beijing"])
    assert answer.status == 200 and answer.json()["rows"] == [["丙"]]
    assert answer.json()["columns"] == [{"name": "name", "type": "STRING"}]


def test_an_error(curl):
    answer = run(curl, "SELECT\n  nam FROM shop.customer")
    error = answer.json()["error"]
    assert answer.status == 400 and error["code"] == "42703"
    assert (error["line"], error["column"]) == (2, 3) and "name" in error["hint"]


def test_a_view_in_every_form(curl):
    path = "/v1/views/shop.by_city?order=city"
    assert curl(path).json()["rows"] == [["beijing", 2], ["shanghai", 1]]
    accept = curl(path, "-H", "Accept: application/x-ndjson")
    assert accept.body == b'{"city":"beijing","customers":2}\n{"city":"shanghai","customers":1}\n'
    assert curl(path + "&format=csv").body.decode().split() == ["city,customers", "beijing,2", "shanghai,1"]
    import pyarrow

    table = pyarrow.ipc.open_stream(curl(path + "&format=arrow").body).read_all()
    assert table.to_pylist() == [{"city": "beijing", "customers": 2}, {"city": "shanghai", "customers": 1}]


def test_filters(curl):
    assert curl("/v1/views/shop.customer?city=beijing&id=gt.1&select=name").json()["rows"] == [["丙"]]
    assert curl("/v1/views/shop.customer?id=in.(1,2)&order=id.desc&limit=1&select=id").json()["rows"] == [[2]]
    assert curl("/v1/views/shop.customer?nam=x").status == 400
    assert curl("/v1/views/shop.customer?id=gt.x").status == 400


def test_every_type_as_arrow_is_what_json_says(curl):
    import pyarrow

    table = pyarrow.ipc.open_stream(curl("/v1/views/every_type?order=id&format=arrow").body).read_all()
    rows = curl("/v1/views/every_type?order=id").json()
    assert table.column_names == [column["name"] for column in rows["columns"]]
    first = table.to_pylist()[0]
    assert (first["b"], first["i1"], first["i8"], str(first["m"])) == (True, -5, 5000000000, "1234.50")
    assert str(first["m38"]) == "1234567890123456789012345678.0123456789"
    assert (first["s"], first["bin"], first["d"].isoformat()) == ("plain", b"\x00\xff\x10", "2020-02-29")
    assert first["ts6"].isoformat() == "2020-02-29T01:02:03.000001"
    assert (first["a4"], first["ax"], first["aa"]) == ([1, 2, 3], ["a", "b c", 'd"e', "NULL"], [[1, 2], [3, 4]])
    assert first["r"] == {"x": 7, "y": "z"} and dict(first["mp"]) == {"k": 1}
    missing = table.to_pylist()[2]
    assert {name for name, value in missing.items() if value is not None} == {"id"}


def test_changes_are_sent_as_events(curl, server, name):
    words(curl, name)
    post(curl, name, "application/x-ndjson", b'{"w":"a","n":1}\n')
    stream = subprocess.Popen(
        ["curl", "-sSN", "--max-time", "60", f"{server.http}/v1/views/{name}_c/changes"], stdout=subprocess.PIPE
    )
    seen = []
    for line in stream.stdout:
        if not line.startswith(b"data: "):
            continue
        data = json.loads(line[6:])
        if "op" in data:
            seen.append((data["op"], data["row"]["n"]))
        if len(seen) == 1 and "epoch" in data:  # the snapshot has come
            post(curl, name, "application/x-ndjson", b'{"w":"a","n":2}\n')
        if len(seen) == 3:
            break
    stream.kill()
    stream.wait()
    assert seen == [("+I", 1), ("-U", 1), ("+U", 3)]


def test_what_is_not_there(curl):
    assert curl("/nowhere").status == 404
    assert curl("/v1/views/nowhere").status == 404
    assert curl("/v1/tables/nowhere", data=b"{}").status == 404
    assert curl("/v1/sql").status == 405
    assert curl("/v1/sql", *JSON, data=b"{").status == 400


def test_a_client_that_leaves_ends_its_statement(curl, server):
    from conftest import ENDLESS

    body = json.dumps({"sql": ENDLESS})
    argv = ["curl", "-sS", "--max-time", "1", *JSON, "--data-binary", body, server.http + "/v1/sql"]
    assert subprocess.run(argv, capture_output=True, check=False).returncode == 28
    # All threads of the pool are free again: otherwise these would wait.
    for _ in range((os.cpu_count() or 1) * 4):
        assert run(curl, "SELECT COUNT(*) AS n FROM shop.customer").json()["rows"] == [[3]]
