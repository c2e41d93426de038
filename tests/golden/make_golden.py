#!/usr/bin/env python3
"""Writes the golden files of formats on a disk, from the grammars of docs/formats/ alone.

Usage: tests/golden/make_golden.py [FOLDER]     FOLDER is this one if none is given
"""

import pathlib
import struct
import sys


def crc32c(data, crc=0):
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def journal_change(key, value):
    size = 0xFFFFFFFF if value is None else len(value)
    return struct.pack("<II", len(key), size) + key + (value or b"")


def journal_record(sequence, changes):
    payload = b"".join(journal_change(key, value) for key, value in changes)
    checked = struct.pack("<IQ", len(payload), sequence) + payload
    record = b"\xC7" + struct.pack("<I", crc32c(checked)) + checked
    return record + record


def commit_journal_v1():
    head = b"MRCJ" + struct.pack("<IQ", 1, 7)
    head += struct.pack("<I", crc32c(head))
    first = journal_record(7, [(b"checkpoint", b"41"), (b"old", b"x"), (b"catalog", b"")])
    second = journal_record(8, [(b"checkpoint", b"42"), (b"old", None), (b"empty/\xFF", b"gold")])
    return head + first + second


FILES = {
    "commit_journal_v1.bin": commit_journal_v1,
}


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent
    for name, make in FILES.items():
        (folder / name).write_bytes(make())


main()
