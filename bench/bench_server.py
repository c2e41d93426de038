"""A `millrace serve` to be measured, its use of the machine, and the little of PostgreSQL's protocol that a point
read needs. Python's standard library only."""

import ctypes
import os
import re
import signal
import socket
import struct
import subprocess
import threading

TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """Serves the files on free ports; ends with this process, however that ends."""

    def __init__(self, binary, files, cpus=None, arguments=()):
        libc = ctypes.CDLL(None)

        def before_exec():
            libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
            if cpus:
                os.sched_setaffinity(0, cpus)

        self.process = subprocess.Popen(
            [binary, "serve", *files, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True, preexec_fn=before_exec)
        self.pg_port = self.http_port = None
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line)
            if match := re.search(r"postgresql://\S+:([0-9]+)/", line):
                self.pg_port = int(match.group(1))
            elif match := re.search(r"HTTP +http://\S+:([0-9]+)", line):
                self.http_port = int(match.group(1))
                break
        if self.http_port is None:
            raise SystemExit("the server does not start:\n" + "".join(self.lines))
        threading.Thread(target=self.drain, daemon=True).start()

    def drain(self):
        for line in self.process.stdout:
            self.lines = [*self.lines[-50:], line]

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_mb(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def machine_busy_seconds():
    """Processor seconds that all processes of the machine have used."""
    with open("/proc/stat") as stat:
        fields = [int(field) for field in stat.readline().split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / TICKS


class PgError(Exception):
    pass


class PgClient:
    """One connection to a server that trusts it; one prepared statement with one text parameter at a time."""

    def __init__(self, port, user="millrace", database="millrace"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        body = struct.pack("!i", 196608) + f"user\0{user}\0database\0{database}\0\0".encode()
        self.socket.sendall(struct.pack("!i", len(body) + 4) + body)
        self.until_ready()

    def message(self):
        while True:
            if len(self.buffer) >= 5:
                size = struct.unpack_from("!i", self.buffer, 1)[0] + 1
                if len(self.buffer) >= size:
                    kind, body = self.buffer[:1], self.buffer[5:size]
                    self.buffer = self.buffer[size:]
                    return kind, body
            received = self.socket.recv(65536)
            if not received:
                raise PgError("the server closed the connection")
            self.buffer += received

    def until_ready(self):
        """The rows of the answer: a list of texts (None: NULL) each."""
        rows, error = [], None
        while True:
            kind, body = self.message()
            if kind == b"Z":
                if error:
                    raise PgError(error)
                return rows
            if kind == b"E":
                error = body.replace(b"\0", b" ").decode()
            elif kind == b"D":
                row, at = [], 2
                for _ in range(struct.unpack_from("!h", body)[0]):
                    size = struct.unpack_from("!i", body, at)[0]
                    at += 4
                    row.append(None if size < 0 else body[at:at + size].decode())
                    at += max(size, 0)
                rows.append(row)

    @staticmethod
    def frame(kind, body):
        return kind + struct.pack("!i", len(body) + 4) + body

    def prepare(self, statement):
        self.socket.sendall(self.frame(b"P", b"s\0" + statement.encode() + b"\0\0\0") + self.frame(b"S", b""))
        self.until_ready()

    def execute(self, value):
        text = str(value).encode()
        bind = b"\0s\0\0\0" + struct.pack("!hi", 1, len(text)) + text + struct.pack("!h", 0)
        self.socket.sendall(self.frame(b"B", bind) + self.frame(b"E", b"\0" + struct.pack("!i", 0)) +
                            self.frame(b"S", b""))
        return self.until_ready()

    def query(self, statement):
        self.socket.sendall(self.frame(b"Q", statement.encode() + b"\0"))
        return self.until_ready()

    def close(self):
        self.socket.sendall(self.frame(b"X", b""))
        self.socket.close()
