"""Clients that mean harm, or break: the service stays up and its memory bounded. Run by tests/clients/run."""

import os
import resource
import socket
import struct
import threading
from urllib.parse import urlsplit

import psycopg
import pytest
from conftest import ENDLESS


def resident_bytes():
    if "MILLRACE_PID" not in os.environ:
        pytest.skip("the memory of a server that runs elsewhere cannot be read")
    with open(f"/proc/{os.environ['MILLRACE_PID']}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


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
