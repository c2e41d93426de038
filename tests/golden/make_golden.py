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


def string(text):
    return varint(len(text)) + text


GOLDEN_RATIO = 0x9E3779B97F4A7C15


def place(hash_):
    return hash_ * GOLDEN_RATIO % 2**64


def checkpoint_file(number, kind, first, last, chapters):
    """`chapters`: {name: (puts, removes, blocks, shared)}; a block is (buffer, hashes, flags), shared values (layer,
    buffer). Nothing is compressed, and all spaces are small."""
    out = bytearray(b"MRCP" + struct.pack("<IQQQI", 1, number, first, last, kind))
    out += struct.pack("<I", crc32c(bytes(out)))

    def block(use, buffer):
        offset = len(out)
        head = struct.pack("<IIBBH", len(buffer), len(buffer), 0, use, 0)
        crc = crc32c(struct.pack("<QQ", number, offset) + head + buffer)
        out.extend(struct.pack("<I", crc) + head + buffer)
        return varint(offset) + varint(len(buffer)) + varint(len(buffer))

    index = varint(len(chapters))
    for name, (puts, removes, spaces, blocks, shared) in chapters.items():
        total = sum(16 + len(buffer) for buffer, _, _ in blocks) + sum(16 + len(buffer) for _, buffer in shared)
        index += string(name) + varint(puts) + varint(removes) + varint(total) + varint(len(blocks))
        for buffer, hashes, flags in blocks:
            places = [place(hash_) for hash_ in hashes]
            index += block(1, buffer) + struct.pack("<QQB", min(places, default=2**64 - 1), max(places, default=0),
                                                    flags)
        index += varint(len(shared))
        for layer, buffer in shared:
            index += block(2, buffer) + varint(layer)
        index += varint(0) + varint(spaces[0]) + varint(spaces[1])
    offset = len(out)
    block(3, index)
    tail = struct.pack("<QII", offset, len(index), len(index))
    return bytes(out) + tail + struct.pack("<I", crc32c(tail)) + b"MRCE"


def put(hash_, key, value):
    return b"\x02" + struct.pack("<Q", hash_) + varint(len(key)) + varint(len(value)) + key + value


def remove(hash_, key):
    return b"\x03" + struct.pack("<Q", hash_) + varint(len(key)) + key


def shared_value(shard, shards, name, value):
    return b"\x05" + varint(shard) + varint(shards) + varint(len(name)) + varint(len(value)) + name + value


def checkpoint_base_v1():
    # By place: the hashes 0, 2, 1 (0x3C6E..., 0x9E37...).
    count = b"\x01" + b"\x01" + string(b"g") + put(0, b"nobody", b"") + put(2, b"rome", b"2") + put(1, b"oslo", b"5")
    window = b"\x01" + b"\x01" + string(b"w1") + put(7, b"k", b"v")
    return checkpoint_file(1, 2, 1, 3, {
        b"job 1/count": (4, 0, (2, 80), [(count, [0, 2, 1], 2), (window, [7], 0)],
                         [(1, b"\x01" + shared_value(0, 2, b"watermark", b"10")),
                          (3, b"\x01" + shared_value(1, 2, b"watermark", b"30"))]),
        b"job 2/gone": (1, 0, (1, 15), [(b"\x01" + put(5, b"x", b"y"), [5], 2)], []),
    })


def checkpoint_delta_v1():
    drop = b"\x04" + varint(0) + varint(1) + string(b"w1")
    records = b"\x01" + b"\x01" + string(b"g") + remove(2, b"rome") + put(1, b"oslo", b"6") + drop
    return checkpoint_file(4, 1, 5, 5, {b"job 1/count": (1, 1, (1, 30), [(records, [2, 1], 3)], [])})


def checkpoint_manifest_v1():
    base = varint(1) + b"\x02" + varint(1) + varint(3) + varint(len(checkpoint_base_v1())) + varint(0)
    delta = varint(4) + b"\x01" + varint(5) + varint(5) + varint(len(checkpoint_delta_v1())) + varint(0)
    return b"\x01" + varint(5) + varint(5) + varint(2) + base + delta + varint(1) + string(b"job 2/gone") + varint(5)


NULL_HASH = 0x5A17C0DE0BADF00D  # of a row that is NULL in the only column by which it is spread


def text(value):
    return struct.pack("<I", len(value)) + value


def stretch_of(hash_):
    """The hash whose place is the first of the stretch in which this one lies."""
    firsts = [-(-(i * 2**64) // shards) for shards in range(1, 65) for i in range(shards)]
    first = max(begin for begin in firsts if begin <= place(hash_))
    return first * pow(GOLDEN_RATIO, -1, 2**64) % 2**64


def rows_of_batch(numbers):
    """A batch of (a INT, s STRING, x DOUBLE): NULL, the number as text, half of it."""
    texts = [str(number).encode() for number in numbers]
    count = len(numbers)
    return (b"\x01\x00" + varint(count) + varint(3)
            + b"\x03\x01\x00" + integers([0] * count, 4, 0, 0)
            + b"\x08\x00" + integers([len(t) for t in texts], 4, 1, 0) + varint(sum(map(len, texts))) + b"".join(texts)
            + b"\x07\x00" + b"".join(struct.pack("<d", number / 2) for number in numbers))


def table_rows_v1():
    """The states of four tables (a INT, s STRING, x DOUBLE), each behind its length: with the primary key (a, x), a
    multiset spread by a, an append table of which part 1 of 2 wrote all, one spread by a."""
    keyed = b"\x01" + b"\x01" + string(b"k" + bytes(8))
    keyed += put(0, b"\x00" + struct.pack("<id", 7, 0.0), b"\x00" + text(b"seven") + struct.pack("<d", -0.0))
    keyed += put(0, b"\x01" + struct.pack("<d", 1.5), b"\x01" + struct.pack("<d", 1.5))
    multiset = b"\x01" + b"\x01" + string(b"m")
    multiset += put(NULL_HASH, b"\x01" + text(b"x") + struct.pack("<d", 2.5),
                    varint(300) + b"\x00" + struct.pack("<d", 2.5))
    half = 2**63 * pow(GOLDEN_RATIO, -1, 2**64) % 2**64
    append = b"\x01" + b"\x01" + string(b"a" + struct.pack("<Q", 2**63))
    append += put(half, struct.pack("<Q", 9), rows_of_batch([30]))
    append += put(half, struct.pack("<Q", 4), rows_of_batch([10, 20]))
    stretch = stretch_of(NULL_HASH)
    spread = b"\x01" + b"\x01" + string(b"b")
    spread += put(stretch, struct.pack("<QQ", 3, stretch), string(varint(2)) + rows_of_batch([1, 3]))
    spread += put(stretch, struct.pack("<QQ", 4, stretch), string(b"") + rows_of_batch([2]))
    return b"".join(struct.pack("<I", len(state)) + state for state in (keyed, multiset, append, spread))


FILES = {
    "checkpoint_base_v1.bin": checkpoint_base_v1,
    "checkpoint_delta_v1.bin": checkpoint_delta_v1,
    "checkpoint_manifest_v1.bin": checkpoint_manifest_v1,
    "batch_v1.bin": batch_v1,
    "commit_journal_v1.bin": commit_journal_v1,
    "table_rows_v1.bin": table_rows_v1,
}


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent
    for name, make in FILES.items():
        (folder / name).write_bytes(make())


main()
