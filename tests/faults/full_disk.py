"""A durable warehouse on a small disk that others fill up and make room on again."""

import os
import pathlib
import subprocess
import tempfile
import time

from load import Account, Load, check
from warehouse import Broken, Warehouse

DISK_MB = 24
ROUNDS = 4


def fill(path):
    """Takes all room that there is."""
    with open(path, "ab", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass


def one_round(warehouse, account, lines, ballast, number):
    load = Load(warehouse, account, lines)
    try:
        time.sleep(0.4)
        refusals, fine_until = account.refusals, time.monotonic() + 60
        while account.refusals < refusals + 40 and time.monotonic() < fine_until and load.failure is None:
            fill(ballast)
            time.sleep(0.02)
        if account.refusals < refusals + 40:
            raise Broken(f"{account.refusals - refusals} refusals on a full disk, errors {account.errors[:3]}")
        queries, acknowledged, statements = load.queries, len(account.answered), len(account.object_times)
        while load.queries < queries + 5:
            if load.failure or time.monotonic() > fine_until:
                raise Broken(f"no queries on a full disk: {load.failure}")
            time.sleep(0.01)
        if number % 2:
            # The room is gone when it ends, too; what it may not keep then it has not acknowledged.
            return False
        os.truncate(ballast, 0)
        while len(account.answered) < acknowledged + 50 or len(account.object_times) < statements + 2:
            if load.failure or time.monotonic() > fine_until + 60:
                raise Broken(f"it does not go on when there is room: {load.failure}, errors {account.errors[:3]}")
            time.sleep(0.01)
        return True
    finally:
        load.stop()


def run(binary, options):
    """True if all held; says what was done."""
    with tempfile.TemporaryDirectory(prefix="millrace-full-") as name:
        folder = pathlib.Path(name)
        disk = folder / "disk"
        disk.mkdir()
        mounted = os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", disk], check=False, stderr=subprocess.DEVNULL).returncode == 0
        if not mounted:
            print("a full disk: left out, it takes the right to mount one")
            return True
        account, lines = Account(), folder / "lines.csv"
        lines.touch()
        warehouse = Warehouse(binary, disk / "data", folder / "serve.log", options=options)
        try:
            if not warehouse.start():
                raise Broken("it does not start")
            warehouse.make_tables(lines)
            for number in range(ROUNDS):
                if one_round(warehouse, account, lines, disk / "ballast", number):
                    continue
                warehouse.kill()
                os.truncate(disk / "ballast", 0)
                if not warehouse.start():
                    raise Broken("it does not start again")
            if warehouse.process.poll() is not None:
                raise Broken(f"it has ended with {warehouse.process.returncode}")
            warehouse.kill()
            if not warehouse.start():
                raise Broken("it does not start again")
            check(warehouse, account)
            if (code := warehouse.stop()) != 0:
                raise Broken(f"a stop in order ended with {code}")
            print(f"a disk of {DISK_MB} MB, filled {ROUNDS} times: {account.refusals} refusals, {len(account.answered)} batches and "
                  f"{len(account.object_times)} statements acknowledged; all of it held")
            return True
        except Broken as broken:
            print(f"FAILED on a full disk: {broken}\n{warehouse.errors()[-2000:]}")
            return False
        finally:
            if warehouse.process and warehouse.process.poll() is None:
                warehouse.kill()
            subprocess.run(["umount", disk], check=False)
