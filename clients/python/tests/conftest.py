"""A stand-in for the HTTP side, and a connection to the server that MILLRACE_URL names."""

from __future__ import annotations

import os
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, Iterator, List, NamedTuple, Tuple

import pytest

import millrace


class Request(NamedTuple):
    method: str
    path: str
    headers: Dict[str, str]
    body: bytes


class FakeServer:
    """Answers each request with the next of `answers` (status, headers, body), and keeps the requests."""

    def __init__(self) -> None:
        self.requests: List[Request] = []
        self.answers: List[Tuple[int, Dict[str, str], bytes]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                fake.requests.append(Request(self.command, self.path, headers, body))
                status, sent, answer = fake.answers.pop(0)
                self.send_response(status)
                for name, value in sent.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def http_server() -> Iterator[FakeServer]:
    server = FakeServer()
    yield server
    server.close()


@pytest.fixture
def warehouse() -> Iterator[millrace.Connection]:
    url = os.environ.get("MILLRACE_URL")
    if not url:
        pytest.skip("MILLRACE_URL names no server")
    with millrace.connect(url, os.environ.get("MILLRACE_HTTP", millrace.DEFAULT_HTTP)) as connection:
        yield connection


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"t_{uuid.uuid4().hex[:12]}"
