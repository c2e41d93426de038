import json

import pytest

from millrace import ConnectionFailed, Error, InsertResult, RejectedRow, RowsRejected, SqlError
from millrace import _insert
from millrace._http import HttpClient


def taken(count, **more):
    return (200, {}, json.dumps({"accepted": count, "rejected": 0, "errors": [], **more}).encode())


def insert(server, rows, batch_rows=100, visible=False, token=None):
    inserter = _insert.Inserter(HttpClient(server.url, token, 10), "ods.word", batch_rows, visible)
    inserter.add_all(rows)
    return inserter.result


def test_batches(http_server):
    http_server.answers = [taken(2), taken(2), taken(1)]
    result = insert(http_server, ({"n": n} for n in range(5)), batch_rows=2, token="secret")
    assert result == InsertResult(accepted=5, rejected=0, errors=[])
    assert [r.body for r in http_server.requests] == [b'{"n":0}\n{"n":1}\n', b'{"n":2}\n{"n":3}\n', b'{"n":4}\n']
    first = http_server.requests[0]
    assert first.path == "/v1/tables/ods.word"
    assert first.headers["content-type"] == "application/x-ndjson"
    assert first.headers["authorization"] == "Bearer secret"


def test_only_the_last_batch_waits_to_be_visible(http_server):
    http_server.answers = [taken(2), taken(2)]
    insert(http_server, ({"n": n} for n in range(4)), batch_rows=2, visible=True)
    assert [r.path for r in http_server.requests] == ["/v1/tables/ods.word", "/v1/tables/ods.word?visible=true"]


def test_no_rows_no_request(http_server):
    assert insert(http_server, []) == InsertResult()
    assert http_server.requests == []


def test_rejected_rows_are_numbered_over_all_batches(http_server):
    error = {"record": 1, "offset": 8, "code": "22P02", "reason": "'x' is not a number"}
    bad = {"accepted": 1, "rejected": 1, "errors": [error]}
    http_server.answers = [taken(2), (200, {}, json.dumps(bad).encode())]
    result = insert(http_server, [{"n": n} for n in (0, 1, 2, "x")], batch_rows=2)
    assert result == InsertResult(3, 1, [RejectedRow(3, "22P02", "'x' is not a number")])
    with pytest.raises(RowsRejected, match="1 of 4 rows.*row 3: 'x'") as raised:
        _insert.check_rejected("ods.word", result)
    assert raised.value.result is result and raised.value.sqlstate == "22P02"


def test_a_batch_of_only_rejected_rows_is_a_report(http_server):
    report = {"accepted": 0, "rejected": 1, "errors": [{"record": 0, "offset": 0, "code": "22P02", "reason": "no"}]}
    http_server.answers = [(400, {}, json.dumps(report).encode())]
    assert insert(http_server, [{"n": "x"}]).rejected == 1


def test_what_found_no_room_is_sent_again(http_server, monkeypatch):
    pauses = []
    monkeypatch.setattr(_insert, "sleep", pauses.append)
    full = {
        "accepted": 1,
        "rejected": 0,
        "errors": [],
        "resume_offset": 8,
        "error": {"code": "53400", "message": "no room"},
    }
    http_server.answers = [(429, {"Retry-After": "1"}, json.dumps(full).encode()), taken(2)]
    result = insert(http_server, [{"n": 0}, {"n": 1}, {"n": 2}])
    assert result.accepted == 3
    assert http_server.requests[1].body == b'{"n":1}\n{"n":2}\n'
    assert pauses == [1.0]


def test_a_table_that_stays_full_is_an_error(http_server, monkeypatch):
    monkeypatch.setattr(_insert, "sleep", lambda _: None)
    body = json.dumps({"error": {"code": "53400", "message": "busy", "hint": "later"}}).encode()
    http_server.answers = [(503, {}, body)] * (_insert.RETRIES_MAX + 1)
    with pytest.raises(SqlError) as raised:
        insert(http_server, [{"n": 0}])
    assert (raised.value.sqlstate, raised.value.message, raised.value.hint) == ("53400", "busy", "later")
    assert http_server.answers == []


def test_no_such_table(http_server):
    http_server.answers = [(404, {}, b'{"error":{"code":"42P01","message":"no table"}}')]
    with pytest.raises(SqlError, match="no table") as raised:
        insert(http_server, [{"n": 0}])
    assert raised.value.sqlstate == "42P01"


def test_nobody_answers(http_server):
    http_server.close()
    with pytest.raises(ConnectionFailed):
        insert(http_server, [{"n": 0}])


def test_wrong_arguments(http_server):
    with pytest.raises(Error, match="batch_rows"):
        insert(http_server, [], batch_rows=0)
    with pytest.raises(Error, match="HTTP address"):
        HttpClient("localhost:8080", None, 1)
