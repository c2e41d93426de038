"""The server under test, as tests/clients/run names it in the environment, and psql and curl to ask it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import uuid
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

import pytest

FOLDER = Path(__file__).resolve().parent
TYPES = FOLDER / "expected" / "every_type.tsv"
# A statement that nobody waits for the end of.
ENDLESS = "SELECT SUM(a1.id + a21.id) FROM " + ", ".join(f"shop.customer a{i}" for i in range(1, 22))


class Server(NamedTuple):
    host: str
    port: int
    http: str
    user: str
    database: str

    @property
    def url(self) -> str:
        return f"postgresql://{self.user}@{self.host}:{self.port}/{self.database}"


class Psql(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture(scope="session")
def server() -> Server:
    if "MILLRACE_PORT" not in os.environ:
        pytest.exit("tests/clients/run starts the server and runs these", 2)
    return Server(
        os.environ["MILLRACE_HOST"],
        int(os.environ["MILLRACE_PORT"]),
        os.environ["MILLRACE_HTTP"],
        os.environ["MILLRACE_USER"],
        os.environ["MILLRACE_DATABASE"],
    )


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"t_{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def psql(server: Server):
    """psql(statement or command, …, stdin=None, options=[…]) -> Psql; aligned output off unless asked for."""

    def run(*commands: str, stdin: Optional[str] = None, options: Optional[List[str]] = None, timeout=120) -> Psql:
        argv = ["psql", "-X", "-w", server.url, *(["-At"] if options is None else options)]
        for command in commands:
            argv += ["-c", command]
        environment = {**os.environ, "PGCLIENTENCODING": "UTF8", "PSQL_PAGER": "", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            argv, input=stdin, capture_output=True, text=True, timeout=timeout, env=environment, check=False
        )
        return Psql(done.returncode, done.stdout, done.stderr)

    return run


class Answer(NamedTuple):
    status: int
    headers: Dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@pytest.fixture(scope="session")
def curl(server: Server, tmp_path_factory):
    """curl(path, *arguments, data=None) -> Answer."""
    folder = tmp_path_factory.mktemp("curl")

    def run(path: str, *arguments: str, data: Optional[bytes] = None) -> Answer:
        argv = ["curl", "-sS", "--max-time", "60", "-D", str(folder / "head"), "-o", str(folder / "body"), *arguments]
        (folder / "body").write_bytes(b"")
        if data is not None:
            argv += ["--data-binary", "@-"]
        done = subprocess.run([*argv, server.http + path], input=data, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        head = (folder / "head").read_bytes().decode("latin-1")
        last = head.strip().split("\r\n\r\n")[-1]  # behind any 100 Continue
        status = int(re.match(r"HTTP/1\.1 (\d+)", last).group(1))
        headers = dict(line.split(": ", 1) for line in last.split("\r\n")[1:] if ": " in line)
        return Answer(status, {key.lower(): value for key, value in headers.items()}, (folder / "body").read_bytes())

    return run


def unescape(field: str) -> Optional[str]:
    """A field of COPY's text format; NULL is None."""
    if field == "\\N":
        return None
    controls = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}
    return re.sub(r"\\(.)", lambda match: controls.get(match.group(1), match.group(1)), field, flags=re.DOTALL)


@pytest.fixture(scope="session")
def every_type() -> List[List[Optional[str]]]:
    """The rows of every_type in the text that PostgreSQL gives them."""
    lines = TYPES.read_text("utf-8").splitlines()
    return [[unescape(field) for field in line.split("\t")] for line in lines]
