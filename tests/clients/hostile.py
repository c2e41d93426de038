"""Clients that mean harm, or break: the service stays up and its memory bounded. Run by tests/clients/run."""

import os
import re
import resource
import signal
import socket
import struct
import subprocess
import threading
import time
from typing import NamedTuple
from urllib.parse import urlsplit

import psycopg
import pytest
from conftest import ENDLESS


WAIT_SECONDS = 60


def resident_bytes():
    if "MILLRACE_PID" not in os.environ:
        pytest.skip("the memory of a server that runs elsewhere cannot be read")
    with open(f"/proc/{os.environ['MILLRACE_PID']}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors():
    if "MILLRACE_PID" not in os.environ:
        pytest.skip("the descriptors of a server that runs elsewhere cannot be counted")
    return len(os.listdir(f"/proc/{os.environ['MILLRACE_PID']}/fd"))


def addresses(server):
    return [(server.host, server.port), (server.host, urlsplit(server.http).port)]


@pytest.fixture(autouse=True)
def serves_afterwards(server):
    yield
    with psycopg.connect(server.url, connect_timeout=30) as connection:
        assert connection.execute("SELECT COUNT(*) FROM shop.customer").fetchone() == (3,)


def test_garbage_on_both_ports(server):
    for address in addresses(server):
        for garbage in (os.urandom(4096), b"\x00" * 4096, b"\xff" * 4096, b"\x16\x03\x01\x02\x00\x01"):
            with socket.create_connection(address, 30) as client:
                try:
                    client.sendall(garbage)
                except ConnectionError:
                    pass  # refused before all was sent


def test_oversize_messages_take_no_memory(server):
    before = resident_bytes()
    held = []
    for length in (2**31 - 1, 2**30, 10_001):
        client = socket.create_connection((server.host, server.port), 30)
        client.sendall(struct.pack("!II", length, 196608))
        held.append(client)
    assert resident_bytes() - before < 64 << 20
    for client in held:
        client.close()


def test_an_aborted_tls_handshake(server):
    for _ in range(100):
        with socket.create_connection((server.host, server.port), 30) as client:
            client.sendall(struct.pack("!II", 8, 80877103))
            assert client.recv(1) in (b"N", b"S")


def test_statements_cancelled_in_mid_flight(server):
    with psycopg.connect(server.url, autocommit=True) as connection:
        for _ in range(20):
            ended = threading.Event()

            # A cancel that comes before its statement is lost, as in PostgreSQL.
            def cancel(ended=ended):
                while not ended.wait(0.02):
                    connection.cancel()

            canceller = threading.Thread(target=cancel)
            canceller.start()
            with pytest.raises(psycopg.errors.QueryCanceled):
                connection.execute(ENDLESS)
            ended.set()
            canceller.join()


def cancel_until_it_ends(connection, count):
    for _ in range(count):
        ended = threading.Event()

        def cancel(ended=ended):
            while not ended.wait(0.002):
                connection.cancel()

        canceller = threading.Thread(target=cancel)
        canceller.start()
        try:
            with pytest.raises(psycopg.errors.QueryCanceled):
                connection.execute(ENDLESS)
        finally:
            ended.set()
            canceller.join()


def test_a_thousand_cancels_leave_nothing_behind(server):
    at_work = "SELECT pid, query FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"
    with psycopg.connect(server.url, autocommit=True) as watcher:
        connections = [psycopg.connect(server.url, autocommit=True) for _ in range(4)]
        before = descriptors()
        wrong = []

        def work(connection):
            try:
                cancel_until_it_ends(connection, 250)
            except BaseException as error:  # of a thread, or pytest would not hear of it
                wrong.append(error)

        threads = [threading.Thread(target=work, args=[connection]) for connection in connections]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        # The connections of the last cancels may be closing.
        wait_for(lambda: descriptors() <= before, "the descriptors are as many as before")
        wait_for(lambda: watcher.execute(at_work).fetchall() == [], "no statement is left")
        for connection in connections:
            # The last cancel may have come behind the statement that it was for.
            wait_for(lambda connection=connection: answers(connection), "the connection is of use")
            connection.close()


def answers(connection):
    try:
        return connection.execute("SELECT COUNT(*) FROM shop.customer").fetchone() == (3,)
    except psycopg.errors.QueryCanceled:
        return False


def wait_for(condition, what):
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def test_clients_that_die_within_copy(server, name):
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE {name} (a INT)")
        for _ in range(20):
            dying = psycopg.connect(server.url, autocommit=True)
            dying.pgconn.exec_(f"COPY {name} FROM STDIN".encode())
            dying.pgconn.put_copy_data(b"1\n" * 100)
            dying.close()
        assert connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone() == (0,)


def test_ten_thousand_half_open_connections(server):
    count = 10_000
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < count + 500:
        pytest.skip(f"this machine allows {hard} open files, {count + 500} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 500, hard))
    before = resident_bytes()
    held = []
    try:
        for number in range(count):
            client = socket.socket()
            client.settimeout(30)
            client.connect(addresses(server)[number % 2])
            held.append(client)
        # A new client is served, or told at once that there are too many.
        try:
            with psycopg.connect(server.url, connect_timeout=30) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError as error:
            assert "too many" in str(error)
        assert resident_bytes() - before < 512 << 20
    finally:
        for client in held:
            client.close()


# ------------------------------------------------------------------------------------ slow clients


class Strict(NamedTuple):
    url: str
    pgwire: tuple
    http: tuple


HTTP_CONNECTIONS = 20
OWN_PAGE = "https://app.example.com"
POST = b"POST /v1/sql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A server of its own with short limits of time, so that nobody waits for a minute."""
    if "MILLRACE_BINARY" not in os.environ:
        pytest.skip("a server that runs elsewhere has limits of its own")
    argv = [os.environ["MILLRACE_BINARY"], "serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
    argv += ["--login-time", "2 s", "--http-cors", OWN_PAGE]
    for limit in ("header-time=2 s", "body-time=2 s", "request-time=4 s", "idle-time=2 s"):
        argv += ["--http-limit", limit]
    argv += ["--http-limit", f"connections={HTTP_CONNECTIONS}"]
    log = tmp_path_factory.mktemp("strict") / "log"
    with open(log, "wb") as out:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        wait_for(lambda: b"http://" in log.read_bytes() or process.poll() is not None, "the server starts")
        text = log.read_text()
        pgwire = re.search(r"postgresql://\S+@127\.0\.0\.1:(\d+)/", text)
        http = re.search(r"http://127\.0\.0\.1:(\d+)", text)
        assert pgwire and http, text
        port = int(pgwire.group(1))
        url = f"postgresql://millrace@127.0.0.1:{port}/millrace"
        yield Strict(url, ("127.0.0.1", port), ("127.0.0.1", int(http.group(1))))
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_SECONDS) == 0


def drip(address, begin, byte=b"a"):
    """What the server says to a client that sends a byte now and then, until it ends the connection."""
    answer = b""
    deadline = time.monotonic() + WAIT_SECONDS
    with socket.create_connection(address, 30) as client:
        client.settimeout(0.1)
        try:
            client.sendall(begin)
            while time.monotonic() < deadline:
                try:
                    piece = client.recv(4096)
                    if piece == b"":
                        return answer
                    answer += piece
                except TimeoutError:
                    client.sendall(byte)
        except ConnectionError:
            return answer
    raise AssertionError("the server let a slow client go on")


def head_of(address, request):
    """What the server answers, up to the end of its header."""
    with socket.create_connection(address, 30) as client:
        client.settimeout(30)
        client.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            piece = client.recv(4096)
            assert piece != b"", answer
            answer += piece
        return answer.partition(b"\r\n\r\n")[0].decode()


def test_pages_of_other_origins(server, strict):
    asks = "GET /v1/views/sys.dead_letters HTTP/1.1\r\nHost: localhost\r\nOrigin: {}\r\n\r\n"
    # Nobody was allowed by the first server; one origin by the second.
    for address, origin, allowed in (
        (addresses(server)[1], OWN_PAGE, False),
        (strict.http, OWN_PAGE, True),
        (strict.http, "https://evil.example.com", False),
    ):
        answer = head_of(address, asks.format(origin).encode())
        assert answer.startswith("HTTP/1.1 200" if allowed else "HTTP/1.1 403"), answer
        assert (f"Access-Control-Allow-Origin: {origin}" in answer) == allowed, answer
    preflight = "OPTIONS /v1/sql HTTP/1.1\r\nHost: localhost\r\nOrigin: {}\r\nAccess-Control-Request-Method: POST\r\n\r\n"
    assert "Access-Control-Allow-Methods: POST" in head_of(strict.http, preflight.format(OWN_PAGE).encode())
    answer = head_of(strict.http, preflight.format("https://evil.example.com").encode())
    assert answer.startswith("HTTP/1.1 405") and "Access-Control" not in answer


def test_every_page_is_not_let_in_without_passwords():
    if "MILLRACE_BINARY" not in os.environ:
        pytest.skip("a server that runs elsewhere was started by others")
    argv = [os.environ["MILLRACE_BINARY"], "serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
    done = subprocess.run([*argv, "--http-cors", "*"], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1 and "--auth scram" in done.stderr


def served(strict):
    with socket.create_connection(strict.http, 30) as client:
        client.settimeout(30)
        try:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return b"".join(iter(lambda: client.recv(4096), b"")).startswith(b"HTTP/1.1 200")
        except ConnectionError:
            return False


def test_a_header_byte_by_byte(strict):
    answer = drip(strict.http, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    assert answer.startswith(b"HTTP/1.1 408"), answer


def test_a_body_byte_by_byte(strict):
    answer = drip(strict.http, POST + b"Content-Length: 100000\r\n\r\n", b" ")
    assert answer.startswith(b"HTTP/1.1 408"), answer


def test_a_chunked_body_byte_by_byte(strict):
    answer = drip(strict.http, POST + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n", b" ")
    assert answer.startswith(b"HTTP/1.1 408"), answer


def test_a_startup_packet_byte_by_byte(strict):
    assert drip(strict.pgwire, struct.pack("!II", 5000, 196608) + b"user\0") == b""


def test_clients_that_say_nothing(strict):
    for address in (strict.pgwire, strict.http):
        with socket.create_connection(address, 30) as client:
            client.settimeout(WAIT_SECONDS)
            assert client.recv(1) == b""


def test_slow_clients_do_not_keep_others_out(strict):
    held = []
    slow = [(strict.http, b"GET / HTTP/1.1\r\nX: ")] * HTTP_CONNECTIONS + [(strict.pgwire, b"\0\0\x10")] * 200
    try:
        for address, begin in slow:
            client = socket.create_connection(address, 30)
            held.append(client)
            client.sendall(begin)
        # Those of HTTP have all the connections there are, until their time is up; of the others there is no end.
        with psycopg.connect(strict.url, connect_timeout=30) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        wait_for(lambda: served(strict), "a client is served again")
    finally:
        for client in held:
            client.close()
