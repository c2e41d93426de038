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


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def integers(values, bytes_wide, width, minimum):
    out = bytes([width]) + minimum.to_bytes(bytes_wide, "little", signed=True)
    return out + b"".join((value - minimum).to_bytes(width, "little") for value in values)


def batch_v1():
    """Three rows: INT, STRING with a null, BIGINT constant, BOOLEAN, DECIMAL(38, 0), DOUBLE, ARRAY<SMALLINT>,
    ROW<a TINYINT, b FLOAT>."""
    head = b"\x01\x03" + varint(3) + varint(8)
    kinds = integers([0, 1, 2], 1, 1, 0)
    watermarks = integers([-5, -5, 1000], 8, 2, -5)
    columns = [
        b"\x03\x00" + integers([-7, 100_000, 0], 4, 4, -7),
        b"\x08\x01\x05" + integers([1, 0, 21], 4, 1, 0) + varint(22) + "x".encode() + "long é string of 20.".encode(),
        b"\x04\x02" + integers([2**40], 8, 0, 2**40),
        b"\x00\x00" + integers([1, 0, 1], 1, 1, 0),
        b"\x05\x00" + integers([10**30, -1, 0], 16, 16, -1),
        b"\x07\x00" + struct.pack("<3d", 1.5, float("-inf"), 0.0),
        b"\x09\x01\x03" + integers([2, 1, 0], 8, 1, 0) + b"\x02\x00" + integers([9, 300, -1], 2, 2, -1),
        b"\x0A\x01\x06" + b"\x01\x00" + integers([0, 1, 2], 1, 1, 0)
        + b"\x06\x01\x02" + struct.pack("<3f", 0, 0.25, 0),
    ]
    return head + kinds + watermarks + b"".join(columns)


FILES = {
    "batch_v1.bin": batch_v1,
    "commit_journal_v1.bin": commit_journal_v1,
}


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent
    for name, make in FILES.items():
        (folder / name).write_bytes(make())


main()
