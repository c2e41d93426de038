"""A durable warehouse for tests that break it: the process, the events that are posted to it, and what its views must
hold of them. Its tables and views are in warehouse.sql; expected.sql computes the same in DuckDB, of events that are
functions of their numbers."""

import csv
import http.client
import io
import json
import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ORACLE = ROOT / "build/dev/tests/oracle/duckdb_query"
DATA_FAILED = 74
ITEMS, ACCOUNTS = 97, 1009
# Closes every window; it is in expected.sql.
LAST_EVENT = '{"id":-1,"user_id":0,"item":"item0","v":0,"ts":"2031-01-01 00:00:00.000"}'
VIEWS = [
    ("all_rows", "SELECT 'all_rows' AS name, count(*) AS a, count(DISTINCT id) AS b, sum(v) AS c, sum(user_id) AS d "
                 "FROM all_rows"),
    ("by_item", "SELECT item, n, s, hi FROM by_item"),
    ("by_n", "SELECT r, items, s FROM by_n"),
    ("visitors", "SELECT users FROM visitors"),
    ("top", "SELECT item, id, v FROM top"),
    ("per_minute", "SELECT strftime(window_start, '%Y-%m-%d %H:%M:%S') AS window_start, item, n, s, users FROM per_minute "
                   "WHERE window_start < TIMESTAMP '2030-01-01 00:00:00'"),
    ("balance", "SELECT accounts, v, n FROM balance"),
    ("big_sum", "SELECT n, v, ids FROM big_sum"),
    ("line_sum", "SELECT n, v, ids FROM line_sum"),
]
HEADS = [["name", "a", "b", "c", "d"], ["item", "n", "s", "hi"], ["r", "items", "s"], ["users"], ["item", "id", "v"],
         ["window_start", "item", "n", "s", "users"], ["accounts", "v", "n"], ["n", "v", "ids"], ["n", "v", "ids"]]


class Broken(Exception):
    """The warehouse has not done what it must."""


def free_ports(count):
    """Ports that nobody listens on now, for a warehouse that must come back at the same ones."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def value_of(number):
    return (number * 1103515245 + 12345) % 1000


def event_line(number):
    seconds, millis = divmod(number, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return (f'{{"id":{number},"user_id":{number * 7919 % 5003},"item":"item{number * 31 % ITEMS}","v":{value_of(number)},'
            f'"ts":"2026-01-{days + 1:02} {hour:02}:{minute:02}:{second:02}.{millis:03}"}}')


def account_line(number):
    return f'{{"k":{number % ACCOUNTS},"v":{value_of(number)},"n":{number}}}'


def file_line(number):
    return f"{number},{number * 3}\n"


class Warehouse:
    """`millrace serve --data`. With `ports` (PostgreSQL's, HTTP's) it comes back at these; otherwise at any, and start()
    waits until it is ready."""

    def __init__(self, binary, data, log_path, ports=None, options=()):
        self.binary = binary
        self.data = data
        self.options = options
        self.ports = ports
        self.port = ports[1] if ports else None
        self.process = None
        self.log_path = log_path

    def start(self, environment=None, seconds=120, preexec=None):
        """False if it has ended before it was ready (which only a start without `ports` tells)."""
        pg_port, port = self.ports or (0, 0)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--data", str(self.data), "--listen", f"127.0.0.1:{pg_port}", "--http",
                 f"127.0.0.1:{port}", *self.options], stdout=log if self.ports else subprocess.PIPE, stderr=log,
                env={**os.environ, **(environment or {})}, preexec_fn=preexec)
        return True if self.ports else self.read_port(seconds)

    def read_port(self, seconds):
        told, deadline = b"", time.monotonic() + seconds
        while b"  data " not in told:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                self.kill()
                raise Broken(f"not ready after {seconds} s")
            piece = os.read(self.process.stdout.fileno(), 4096)
            if not piece:
                return False
            told += piece
        self.port = int(re.search(rb"http://127\.0\.0\.1:(\d+)", told)[1])
        return True

    def errors(self):
        return pathlib.Path(self.log_path).read_text(encoding="utf-8", errors="replace")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        return self.wait(30)

    def stop(self):
        """A stop in order; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait(60)

    def wait(self, seconds):
        """The exit code, once it has ended."""
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Broken(f"it has not ended within {seconds} s") from None
        finally:
            if self.process.stdout and self.process.poll() is not None:
                self.process.stdout.close()

    def request(self, method, path, body=None, headers=None, timeout=120):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def await_ready(self, seconds=120):
        """Waits until it serves; how long that took."""
        started = time.monotonic()
        while time.monotonic() - started < seconds:
            if self.process.poll() is not None:
                raise Broken(f"the warehouse ended with {self.process.returncode} by itself; its log: {self.log_path}")
            try:
                if self.request("GET", "/readyz", timeout=5)[0] == 200:
                    return time.monotonic() - started
            except OSError:
                pass
            except http.client.HTTPException:
                pass
            time.sleep(0.01)
        raise Broken(f"the warehouse was not ready after {seconds} s; its log: {self.log_path}")

    def sql(self, text, accept=None):
        headers = {"Content-Type": "application/json"}
        if accept:
            headers["Accept"] = accept
        status, answer = self.request("POST", "/v1/sql", json.dumps({"sql": text}), headers)
        if status != 200:
            raise Broken(f"{status} for {text}: {answer.decode()}")
        return answer.decode()

    def rows(self, text):
        return [tuple(row) for row in list(csv.reader(io.StringIO(self.sql(text, "text/csv"))))[1:]]

    def post(self, table, body, key=None, visible=False):
        """The status and what is told."""
        headers = {"Content-Type": "application/x-ndjson"}
        if key:
            headers["Idempotency-Key"] = key
        status, answer = self.request("POST", f"/v1/tables/{table}{'?visible=true' if visible else ''}", body, headers)
        return status, json.loads(answer)

    def make_tables(self, lines_path):
        script = (HERE / "warehouse.sql").read_text(encoding="utf-8").replace("${lines}", str(lines_path))
        for statement in script.split(";\n"):
            if statement.strip():
                self.sql(statement)

    def await_lines(self, lines, seconds=60):
        """Waits until all lines of the followed file are in the view of them, and all that is in the log in the others."""
        deadline = time.monotonic() + seconds
        while self.rows("SELECT coalesce(sum(n), 0) FROM line_sum") != [(str(lines),)]:
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        # The answer comes with the next epoch, which has all that was acknowledged or came into the log.
        status, answer = self.post("probe", '{"x":1}', visible=True)
        if status != 200:
            raise Broken(f"{status} for a row of the probe: {answer}")


def expected_views(events, batch, without, accounts, lines, oracle=ORACLE):
    """The rows of each view, sorted, as DuckDB computes them."""
    missing = ",".join(map(str, without)) or "-1"
    answer = subprocess.run([oracle, f"n={events}", f"batch={batch}", f"without={missing}", f"accounts={accounts}",
                             f"m={lines}", str(HERE / "expected.sql")], check=True, capture_output=True, text=True).stdout
    tables = []
    for row in csv.reader(io.StringIO(answer)):
        if len(tables) < len(HEADS) and row == HEADS[len(tables)]:
            tables.append([])
        else:
            tables[-1].append(tuple(row))
    return [sorted(table) for table in tables]


def differences(warehouse, expected):
    """What views do not hold what they must, as sentences."""
    found = []
    for (name, text), rows_expected in zip(VIEWS, expected, strict=True):
        rows = sorted(warehouse.rows(text))
        if rows == rows_expected:
            continue
        wrong = [row for row in rows if row not in set(rows_expected)][:3]
        missing = [row for row in rows_expected if row not in set(rows)][:3]
        found.append(f"{name}: {len(rows)} rows, {len(rows_expected)} expected; not expected {wrong}, missing {missing}")
    return found
