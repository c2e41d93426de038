"""What goes on in a durable warehouse while its disk fails: posts, statements, a followed file and queries, with an account
of what was acknowledged and when."""

import copy
import http.client
import json
import threading
import time

from warehouse import LAST_EVENT, Broken, account_line, differences, event_line, expected_views, file_line

BATCH = 10
OBJECTS_ALIVE = 3
RETRY_SECONDS = 0.005


class Account:
    """What the clients know. It outlives the process of the warehouse, and can be copied."""

    def __init__(self):
        self.batches = 0          # events: numbers 0 … that were sent, or are about to be
        self.answered = {}        # batch: when its acknowledgement was seen, time.monotonic_ns()
        self.unanswered = set()
        self.account_batches = 0  # acknowledged ones, in order
        self.account_times = []
        self.lines = 0
        self.statements = 0       # tried ones
        self.objects = {}         # name: its kind
        self.objects_in_doubt = {}  # name: its kind, if it is there
        self.object_times = []    # (when, name, kind or None)
        self.refusals = 0         # for want of room
        self.errors = []          # others, each as (status, text)

    def copy(self):
        return copy.deepcopy(self)


class Load:
    """Threads that use one warehouse until stop(), or until it is gone."""

    def __init__(self, warehouse, account, lines_path, writers=4):
        self.warehouse = warehouse
        self.account = account
        self.lines_path = lines_path
        self.mutex = threading.Lock()
        self.is_stopped = False
        self.failure = None
        self.queries = 0
        works = [self.write_events] * writers + [self.write_accounts, self.write_lines, self.define, self.query]
        self.threads = [threading.Thread(target=self.run, args=(work,), daemon=True) for work in works]
        for thread in self.threads:
            thread.start()

    def run(self, work):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.warehouse.port, timeout=60)
            while not self.is_stopped and self.failure is None:
                try:
                    work(connection)
                except (OSError, http.client.HTTPException):
                    connection.close()
                    if self.warehouse.process.poll() is not None:
                        return
                    time.sleep(RETRY_SECONDS)
        except Exception as failure:  # noqa: BLE001: told by the main thread
            self.failure = failure

    def stop(self):
        """Lets what is under way come to its end."""
        self.is_stopped = True
        for thread in self.threads:
            thread.join(120)
            if thread.is_alive():
                raise Broken("a request has not been answered for two minutes")
        if self.failure is not None:
            raise self.failure

    def ask(self, connection, path, body, headers):
        """True if it was acknowledged, False if it was refused for want of room, None otherwise."""
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status == 200:
            return True
        if answer.status == 507:
            if '"53100"' not in text:
                raise Broken(f"507 without its code: {text}")
            with self.mutex:
                self.account.refusals += 1
            time.sleep(RETRY_SECONDS)
            return False
        if answer.status not in (429, 503):
            with self.mutex:
                self.account.errors.append((answer.status, text))
        time.sleep(RETRY_SECONDS)
        return None

    def post(self, connection, table, key, lines):
        return self.ask(connection, f"/v1/tables/{table}", "\n".join(lines),
                        {"Content-Type": "application/x-ndjson", "Idempotency-Key": key})

    def write_events(self, connection):
        account = self.account
        with self.mutex:
            if len(account.unanswered) > 16:
                batch = min(account.unanswered)
            else:
                batch = account.batches
                account.batches += 1
            account.unanswered.add(batch)
        while not self.is_stopped:
            if self.post(connection, "events", f"e{batch}", events_of(batch)):
                with self.mutex:
                    account.answered.setdefault(batch, time.monotonic_ns())
                    account.unanswered.discard(batch)
                return

    def write_accounts(self, connection):
        account = self.account
        if self.post(connection, "accounts", f"a{account.account_batches}", accounts_of(account.account_batches)):
            account.account_times.append(time.monotonic_ns())
            account.account_batches += 1

    def write_lines(self, _connection):
        with open(self.lines_path, "a", encoding="utf-8") as file:
            file.write("".join(map(file_line, range(self.account.lines, self.account.lines + 10))))
        self.account.lines += 10
        time.sleep(0.01)

    def define(self, connection):
        """Makes and drops tables and views, one after the other. What was refused for want of room has changed nothing."""
        account = self.account
        if len(account.objects) > OBJECTS_ALIVE:
            name = next(iter(account.objects))
            kind, after = account.objects[name], None
            statement = f"DROP {kind} {name}"
        else:
            name = f"x{account.statements}"
            kind = after = ("TABLE", "VIEW", "MATERIALIZED VIEW")[account.statements % 3]
            statement = {"TABLE": f"CREATE TABLE {name} (a INT) WITH ('connector' = 'http', 'format' = 'json')",
                         "VIEW": f"CREATE VIEW {name} AS SELECT id FROM all_rows",
                         "MATERIALIZED VIEW": f"CREATE MATERIALIZED VIEW {name} AS SELECT count(*) AS n FROM accounts"}[kind]
        account.statements += 1
        account.objects_in_doubt[name] = kind
        while not self.is_stopped:
            told = self.ask(connection, "/v1/sql", json.dumps({"sql": statement}), {"Content-Type": "application/json"})
            if told is None:
                # Nobody knows; the warehouse is about to end.
                account.objects.pop(name, None)
                return
            if told:
                del account.objects_in_doubt[name]
                account.objects.pop(name, None)
                if after:
                    account.objects[name] = after
                account.object_times.append((time.monotonic_ns(), name, after))
                break
        time.sleep(0.02)

    def query(self, connection):
        connection.request("POST", "/v1/sql", json.dumps({"sql": "SELECT count(*), sum(v) FROM all_rows"}),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            raise Broken(f"{answer.status} for a query: {text}")
        self.queries += 1
        time.sleep(0.02)


def events_of(batch):
    return map(event_line, range(batch * BATCH, (batch + 1) * BATCH))


def accounts_of(batch):
    return map(account_line, range(batch * BATCH, (batch + 1) * BATCH))


def check(warehouse, account, moment=None):
    """A warehouse that has come back: what was acknowledged (before the moment) is there, nothing is there in part or twice,
    and the views are those of it; then what had no answer is sent again. A cut back `account.lines` counts for all lines."""
    warehouse.await_lines(account.lines)
    present = check_events(warehouse, account, moment)
    accounts = check_accounts(warehouse, account, moment)
    check_objects(warehouse, account, moment)

    # Batches that are in already are known by their keys; others are taken now. Those at the ends of what is there.
    known = sorted(present)[:1] + sorted(present)[-2:]
    unknown = sorted(set(range(account.batches)) - present)[:8]
    for batch in known + unknown:
        status, told = warehouse.post("events", "\n".join(events_of(batch)), f"e{batch}")
        if status != 200 or told["accepted"] != BATCH or bool(told.get("repeated")) != (batch in present):
            raise Broken(f"batch {batch}, {'known' if batch in present else 'unknown'}: {status} {told}")
    present.update(unknown)
    status, told = warehouse.post("events", LAST_EVENT, "last")
    if status != 200:
        raise Broken(f"{status} for the last event: {told}")
    warehouse.await_lines(account.lines)
    expected = expected_views(account.batches * BATCH, BATCH, sorted(set(range(account.batches)) - present), accounts * BATCH,
                              account.lines)
    wrong = differences(warehouse, expected)
    if wrong:
        raise Broken("\n  ".join(["views are wrong:", *wrong]))


def check_events(warehouse, account, moment):
    """The batches that are there."""
    counts = warehouse.rows(f"SELECT id // {BATCH} AS b, count(*), count(DISTINCT id) FROM all_rows GROUP BY b")
    torn = [row for row in counts if row[1:] != (str(BATCH), str(BATCH))]
    if torn:
        raise Broken(f"batches that are there in part or twice (batch, rows, ids): {torn[:5]}")
    present = {int(row[0]) for row in counts}
    lost = {batch for batch, when in account.answered.items() if moment is None or when < moment} - present
    if lost:
        raise Broken(f"{len(lost)} acknowledged batches are lost: {sorted(lost)[:10]}")
    unsent = {batch for batch in present if batch >= account.batches}
    if unsent:
        raise Broken(f"batches that nobody has sent: {sorted(unsent)[:10]}")
    return present


def check_accounts(warehouse, account, moment):
    """How many batches of accounts are there: one after the other, and at most one that had no answer."""
    there = int(warehouse.rows("SELECT coalesce(max(n) + 1, 0) FROM accounts")[0][0]) // BATCH
    least = sum(moment is None or when < moment for when in account.account_times)
    if not least <= there <= account.account_batches + 1:
        raise Broken(f"{there} batches of accounts are there, {least} to {account.account_batches + 1} expected")
    return there


def check_objects(warehouse, account, moment):
    """What was made and dropped by acknowledged statements."""
    found = {name for (name,) in warehouse.rows(r"SELECT relname FROM pg_class WHERE regexp_full_match(relname, 'x\d+')")}
    sure, in_doubt = set(), set(account.objects_in_doubt)
    for when, name, kind in account.object_times:
        if moment is not None and when >= moment:
            in_doubt.add(name)
        elif kind:
            sure.add(name)
        else:
            sure.discard(name)
    sure -= in_doubt
    if not sure <= found <= sure | in_doubt:
        raise Broken(f"objects: {sorted(found)}, expected {sorted(sure)}, in doubt {sorted(in_doubt)}")
