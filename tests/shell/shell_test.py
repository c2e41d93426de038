#!/usr/bin/env python3
"""Drives `millrace sql` through a pseudo-terminal, and as a script, against a server that runs.

Usage: tests/shell/shell_test.py BINARY URL [VIEW]
  BINARY  build/dev/millrace or another
  URL     of the server, e.g. postgresql://millrace@127.0.0.1:5433/millrace
  VIEW    a materialized view of it to follow; left out, \\subscribe is not tried

Exits 1 if a check fails, and says which.
"""

import os
import pty
import select
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import fcntl
import time

BINARY, URL = sys.argv[1], sys.argv[2]
VIEW = sys.argv[3] if len(sys.argv) > 3 else None
LIMIT_SECONDS = 20
failures = []


def check(name, condition, shown=""):
    if not condition:
        failures.append(name)
        print(f"FAILED {name}: {shown!r}")


class Shell:
    """A shell on a terminal of 80 columns and 24 rows; what it writes is gathered in `seen`."""

    def __init__(self, state):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            environment = dict(os.environ, TERM="xterm", XDG_STATE_HOME=state)
            os.execve(BINARY, [BINARY, "sql", URL], environment)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.seen = ""

    def send(self, text):
        os.write(self.fd, text.encode())

    def wait_for(self, text, name):
        """Everything up to `text`, which is waited for and must come."""
        end = time.monotonic() + LIMIT_SECONDS
        while text not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            try:
                data = os.read(self.fd, 65536) if ready else b""
            except OSError:
                data = b""
            if not data:
                check(name, False, self.seen[-2000:])
                return ""
            self.seen += data.decode(errors="replace")
        before, _, self.seen = self.seen.partition(text)
        return before

    def leave(self, name):
        self.send("\x04")
        end = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < end:
            ready, _, _ = select.select([self.fd], [], [], 0.1)
            try:
                if ready and not os.read(self.fd, 65536):
                    break
            except OSError:
                break
        _, status = os.waitpid(self.pid, 0)
        check(name, os.waitstatus_to_exitcode(status) == 0, status)


def terminal_checks(state):
    shell = Shell(state)
    shell.wait_for("=> ", "a prompt")
    # Enter goes on while the statement has no end; the cursor keys edit it.
    shell.send("SELECT 40 +\r2 AS anwser\x1b[D\x1b[D\x1b[D\x1b[D")
    shell.wait_for("-> ", "a prompt of a second line")
    shell.send("\x08\x1b[C\x1b[Cx\x08")
    shell.send("\x15\x05\x15 2 AS sum_ab;\r")
    shell.wait_for("(1 row)", "a result of two lines")
    # Keywords are highlighted.
    shell.send("SELECT '订单' AS name;")
    shell.wait_for("\x1b[0;1;34m", "a keyword in its style")
    shell.send("\r")
    check("a result with wide characters", " name\r\n------\r\n 订单\r\n" in shell.wait_for("(1 row)", "a second result"))
    # Ctrl-C clears the line and leaves nothing behind.
    shell.send("SELECT nonsense\x03")
    shell.wait_for("=> ", "a prompt after Ctrl-C")
    # Tab completes.
    shell.send("SEL\t7 AS seven;\r")
    check("Tab completes", "ERROR" not in shell.wait_for("(1 row)", "the completed statement"))
    # Errors have their place marked.
    shell.send("SELECT x_is_no_column;\r")
    check("the place of an error", "LINE 1: SELECT x_is_no_column" in shell.wait_for("^", "an error's mark"))
    # Ctrl-R finds what was typed before, Enter runs it.
    shell.send("\x12sev")
    shell.wait_for("search `sev'", "the search")
    shell.send("\r")
    shell.wait_for(" seven\r\n", "the statement found")
    shell.wait_for("(1 row)", "its result")
    shell.send("\\x\r")
    shell.wait_for("Expanded display is on.", "\\x")
    shell.send("\x1b[A\x1b[A\r")
    shell.wait_for("-[ RECORD 1 ]-", "an expanded result")
    shell.send("\\x\r\\timing\r")
    shell.wait_for("Timing is on.", "\\timing")
    shell.send("SELECT 1 AS one \\watch 0.1\r")
    shell.wait_for("every 0.1 s: SELECT 1 AS one", "\\watch")
    shell.send("q")
    shell.wait_for("\x1b[?1049l", "q leaves \\watch")
    # A paste is not run before Enter.
    shell.send("\x1b[200~SELECT 1 AS pasted;\nSELECT 2 AS also;\x1b[201~")
    shell.send("\r")
    shell.wait_for(" pasted\r\n", "a pasted statement")
    shell.wait_for(" also\r\n", "a second pasted statement")
    if VIEW:
        shell.send(f"\\subscribe {VIEW}\r")
        shell.wait_for("(q leaves)", "the live view")
        shell.send("q")
        shell.wait_for("\x1b[?1049l", "q leaves the live view")
        shell.send("SELECT 3 AS after_view;\r")
        shell.wait_for(" after_view\r\n", "a statement behind the live view")
    shell.leave("Ctrl-D leaves")
    path = os.path.join(state, "millrace", "history")
    check("the history is private", stat.S_IMODE(os.stat(path).st_mode) == 0o600)
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    check("the history has the statements", "SELECT '订单' AS name;" in lines, lines)
    check("the history leaves out what was cleared", "SELECT nonsense" not in lines, lines)


def run(arguments, text=""):
    return subprocess.run([BINARY, "sql", URL, *arguments], input=text, capture_output=True, text=True,
                          timeout=LIMIT_SECONDS, check=False)


def script_checks():
    result = run(["-c", "SELECT 1 AS a, NULL AS b; SELECT 'x' AS c"])
    check("-c", result.stdout == " a | b\n---+------\n 1 | NULL\n(1 row)\n c\n---\n x\n(1 row)\n", result.stdout)
    check("-c is quiet", result.stderr == "" and result.returncode == 0, result.stderr)
    result = run(["--format", "json"], "SELECT 1 AS a,\n true AS b;\n")
    check("piped input as JSON", result.stdout == '{"a":1,"b":true}\n', result.stdout)
    result = run(["--format", "csv"], "SELECT 1 AS a;\nSELECT nope;\nSELECT 2 AS a;\n")
    check("a script ends at its first error", result.stdout == "a\n1\n" and result.returncode == 1, result.stdout)
    check("an error names its line", "LINE 2: SELECT nope" in result.stderr, result.stderr)
    result = run(["-c", "\\nope"])
    check("an unknown command", result.returncode == 1 and "unknown command \\nope" in result.stderr, result.stderr)
    result = run(["-p", "1", "-c", "SELECT 1"])
    check("no server", result.returncode == 2, result.returncode)
    result = run(["-c", "\\subscribe x"])
    check("no terminal", result.returncode == 1 and "terminal" in result.stderr, result.stderr)


with tempfile.TemporaryDirectory() as folder:
    terminal_checks(folder)
script_checks()
print("shell_test: " + (f"{len(failures)} failed" if failures else "passed"))
sys.exit(1 if failures else 0)
