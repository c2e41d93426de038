"""What a power loss may leave of a folder, out of what disk_between has written down of all that was done to it.

Nothing here knows what the files are: those that libraries write by themselves (LMDB's) are cut like all others.

What is taken for granted is what src/env/files.h says: bytes are safe once a sync of their file has answered that began
behind their write, or once a write with O_DSYNC has answered; names once a sync of their folder has; a sector of 512 bytes is
written whole or not at all; a rename is done or not done. Of the rest anything may be left: of a file's unsynced bytes none,
all, a first part or any sectors, each as of any of the writes that met it, with zeros or any bytes where the rest should
be; of the unsynced names of a folder any first ones. A file that is mapped for writing may hold anything. What a failed
sync was to make safe may be lost in pages of 4,096 bytes, and no later sync makes it safe: the system thinks that it is. Only a
write to the same page does, since the page is then written as a whole.
"""

import os
import pathlib
import struct

SECTOR, PAGE = 512, 4096
HEAD = struct.Struct("<BQQQQI")
MADE, EMPTIED, FOLDER = 1, 2, 4


class File:
    def __init__(self, content=b""):
        self.safe = bytearray(content)
        self.pending = []  # (number, offset, bytes), or (None, size, None) for a cut; in their order
        self.doubtful = {}  # page: what a failed sync has not made safe of it
        self.is_mapped = False

    def save(self, offset, data):
        """A change is safe."""
        if data is not None and self.doubtful:
            for page in pages_of(offset, data):
                if page in self.doubtful:
                    apply(self.safe, page * PAGE, self.doubtful.pop(page))
        apply(self.safe, offset, data)

    def sync_failed(self):
        now = self.now()
        cuts = [i for i, change in enumerate(self.pending) if change[2] is None]
        # A file that gets shorter is a matter of names, of which the folder's syncs may fail as well; here it is done.
        for _, offset, data in self.pending[:cuts[-1] + 1] if cuts else []:
            self.save(offset, data)
        for _, offset, data in self.pending[cuts[-1] + 1:] if cuts else self.pending:
            for page in pages_of(offset, data):
                self.doubtful[page] = bytes(now[page * PAGE:(page + 1) * PAGE])
        self.pending.clear()

    def settle_one(self, number):
        """This write is safe, and with it what is older in its place."""
        index = next((i for i, change in enumerate(self.pending) if change[0] == number), None)
        if index is None:
            return
        if any(change[2] is None for change in self.pending[:index]):
            for change in self.pending[:index + 1]:
                self.save(*change[1:])
            del self.pending[:index + 1]
            return
        _, offset, content = self.pending.pop(index)
        end = offset + len(content)
        older = [change for change in self.pending[:index] if change[1] < end and offset < change[1] + len(change[2])]
        for change in older:
            self.pending.remove(change)
            self.save(*change[1:])
        self.save(offset, content)

    def now(self):
        content = bytearray(self.safe)
        for page in sorted(self.doubtful):
            apply(content, page * PAGE, self.doubtful[page])
        for _, offset, data in self.pending:
            apply(content, offset, data)
        return content

    def draw(self, chance):
        """The bytes after a power loss."""
        content = bytearray(self.safe)
        for page in sorted(self.doubtful):
            if chance.random() < 0.5:
                apply(content, page * PAGE, self.doubtful[page])
        if not self.pending:
            return content
        how = chance.choice(("none", "all", "first", "scattered"))
        # Changes of before the last cut that is left are in or out as a whole.
        count = {"none": 0, "all": len(self.pending)}.get(how, chance.randint(0, len(self.pending)))
        left = self.pending[:count]
        cuts = [i for i, change in enumerate(left) if change[2] is None]
        for _, offset, data in left[:cuts[-1] + 1] if cuts else []:
            apply(content, offset, data)
        left = left[cuts[-1] + 1:] if cuts else left
        if how in ("none", "all"):
            for _, offset, data in left:
                apply(content, offset, data)
            return content
        return first_part(content, left, chance) if how == "first" else scattered(content, left, chance)


def apply(content, offset, data):
    if data is None:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset:offset + len(data)] = data


def pages_of(offset, data):
    return range(offset // PAGE, (offset + len(data) - 1) // PAGE + 1)


def first_part(content, changes, chance):
    """The last of the changes up to a border of sectors, the others wholly; the file may be longer than that."""
    for _, offset, data in changes[:-1]:
        apply(content, offset, data)
    if changes:
        _, offset, data = changes[-1]
        end = (offset + chance.randint(0, len(data))) // SECTOR * SECTOR
        apply(content, offset, data[:max(end - offset, 0)])
        if chance.random() < 0.5 and len(content) < offset + len(data):
            content.extend(filling(chance, offset + len(data) - len(content)))
    return content


def scattered(content, changes, chance):
    """Each sector as some of the writes left it, or as it was before."""
    was = len(content)
    end = max([was] + [offset + len(data) for _, offset, data in changes])
    latest = bytearray(content)
    sectors = {}  # sector: its versions
    for _, offset, data in changes:
        apply(latest, offset, data)
        for sector in range(offset // SECTOR, (offset + len(data) - 1) // SECTOR + 1):
            sectors.setdefault(sector, []).append(bytes(latest[sector * SECTOR:(sector + 1) * SECTOR]))
    content.extend(filling(chance, end - was))
    survive = chance.random()
    for sector, versions in sectors.items():
        begin = sector * SECTOR
        if chance.random() < survive:
            version = chance.choice(versions)
            content[begin:begin + len(version)] = version
    # The length is that of some moment.
    size = chance.choice([end, was] + [max(was, offset + len(data)) for _, offset, data in changes])
    del content[size:]
    return content


def filling(chance, size):
    return bytes(size) if chance.random() < 0.5 else chance.randbytes(size)


class Folder:
    def __init__(self):
        self.safe = {}     # name: File or Folder
        self.now = {}
        self.pending = []  # changes of names, each in the list of every folder that it is about


class PowerCut:
    """The folder `root` as it is and as far as it is safe, followed record by record. It begins with what is there now; all
    of that is safe. A disk that lies makes nothing safe by syncs of files and folders whose path has the text `liar`."""

    def __init__(self, root, liar=None):
        self.root_path = os.path.normpath(root)
        self.root = load(root)
        self.liar = liar
        self.lies = set()  # numbers of what is open
        self.open = {}   # number: what is open
        self.syncs = {}  # number of one that is on its way: how much had been done
        self.done = 0    # changes, counted
        self.time = 0    # when the last record was about to be done

    def read(self, trace):
        """Follows a whole trace."""
        for record in records(trace):
            self.follow(record)

    def follow(self, record):
        kind, self.time, a, b, c, path, content = record
        self.done += 1
        if kind == "O":
            self.opened(a, b, path)
        elif kind == "W":
            self.open[a].pending.append((c, b, content))
        elif kind == "w":
            self.open[a].settle_one(b)
        elif kind == "T":
            self.open[a].pending.append((None, b, None))
        elif kind == "B":
            self.syncs[b] = (self.done, list(self.open[a].pending))
        elif kind == "E":
            began = self.syncs.pop(b)
            if a not in self.lies:
                self.synced(self.open[a], *began)
        elif kind == "F":
            if isinstance(self.open[a], File):
                self.open[a].sync_failed()
        elif kind == "P":
            self.open[a].is_mapped = True
        elif kind == "M":
            self.change([(path, Folder())])
        elif kind == "U":
            self.change([(path, None)])
        else:
            to = content.decode()
            self.change([(to, self.find(path)), (path, None)])

    def opened(self, number, how, path):
        if how & MADE:
            self.change([(path, File())])
        found = self.find(path)
        if how & EMPTIED:
            found.pending.append((None, 0, None))
        self.open[number] = found
        if self.liar is not None and self.liar in path:
            self.lies.add(number)

    def synced(self, node, began, changes):
        if isinstance(node, File):
            # Some of them may be safe already by a sync that has overtaken this one.
            covered = set(map(id, changes))
            for change in node.pending:
                if id(change) in covered:
                    node.save(*change[1:])
            node.pending = [change for change in node.pending if id(change) not in covered]
            return
        self.settle_names([change for change in node.pending if change["done"] <= began])

    def settle_names(self, changes):
        """These are safe, and what is older in the folders that they are about."""
        for change in changes:
            for folder, _, _ in change["names"]:
                while folder.pending and folder.pending[0]["done"] < change["done"]:
                    self.settle_names([folder.pending[0]])
            for folder, name, node in change["names"]:
                if change in folder.pending:
                    folder.pending.remove(change)
                put(folder.safe, name, node)

    def change(self, names):
        change = {"done": self.done, "names": []}
        for path, node in names:
            folder, name = self.place(path)
            put(folder.now, name, node)
            change["names"].append((folder, name, node))
        for folder in {id(folder): folder for folder, _, _ in change["names"]}.values():
            folder.pending.append(change)

    def place(self, path):
        parts = pathlib.PurePath(os.path.relpath(path, self.root_path)).parts
        folder = self.root
        for part in parts[:-1]:
            folder = folder.now[part]
        return folder, parts[-1]

    def find(self, path):
        if os.path.normpath(path) == self.root_path:
            return self.root
        folder, name = self.place(path)
        return folder.now[name]

    def make(self, target, chance):
        """Makes the folder `target` as a power loss now may leave the root."""
        write(self.root, pathlib.Path(target), chance, self.draw_names(chance))

    def draw_names(self, chance):
        """The entries of each folder: its first changes, each done in all folders that it is about or in none."""
        folders = {}
        gather(self.root, folders)
        counts = {}
        for key, folder in folders.items():
            how = chance.choice(("none", "all", "some"))
            counts[key] = {"none": 0, "all": len(folder.pending), "some": chance.randint(0, len(folder.pending))}[how]
        is_settled = False
        while not is_settled:
            is_settled = True
            for key, folder in folders.items():
                for index, change in enumerate(folder.pending[:counts[key]]):
                    others = [other for other, _, _ in change["names"] if other is not folder and id(other) in folders]
                    if any(other.pending.index(change) >= counts[id(other)] for other in others):
                        counts[key], is_settled = index, False
                        break
        left = {}
        for key, folder in folders.items():
            entries = dict(folder.safe)
            for change in folder.pending[:counts[key]]:
                for other, name, node in change["names"]:
                    if other is folder:
                        put(entries, name, node)
            left[key] = entries
        return left

    def check(self):
        """That the root is what all records together say: none is missing. Mapped files may differ."""
        compare(self.root, pathlib.Path(self.root_path))


def put(entries, name, node):
    if node is None:
        entries.pop(name, None)
    else:
        entries[name] = node


def gather(folder, found):
    """All folders that are there now or safely, and those that pending changes bring."""
    if id(folder) in found:
        return
    found[id(folder)] = folder
    nodes = [*folder.safe.values(), *folder.now.values()]
    nodes += [node for change in folder.pending for _, _, node in change["names"]]
    for node in nodes:
        if isinstance(node, Folder):
            gather(node, found)


def load(path):
    folder = Folder()
    for entry in os.scandir(path):
        node = load(entry.path) if entry.is_dir() else File(pathlib.Path(entry.path).read_bytes())
        folder.now[entry.name] = folder.safe[entry.name] = node
    return folder


def write(folder, path, chance, left):
    path.mkdir(mode=0o700)
    for name, node in left[id(folder)].items():
        if isinstance(node, Folder):
            write(node, path / name, chance, left)
        elif node.is_mapped:
            (path / name).write_bytes(filling(chance, len(node.now())))
        else:
            (path / name).write_bytes(node.draw(chance))


def compare(folder, path):
    there = {entry.name: entry for entry in os.scandir(path)}
    if there.keys() != folder.now.keys():
        raise ValueError(f"{path}: there is {sorted(there)}, the trace says {sorted(folder.now)}")
    for name, node in folder.now.items():
        if isinstance(node, Folder):
            compare(node, path / name)
        elif not node.is_mapped and (path / name).read_bytes() != node.now():
            raise ValueError(f"{path / name} is not what the trace says")


def records(trace):
    """The whole ones of a trace: (kind, time, three numbers, path, bytes). The last may be torn."""
    content = pathlib.Path(trace).read_bytes()
    place = 0
    while place + 4 <= len(content):
        size = int.from_bytes(content[place:place + 4], "little")
        record = content[place + 4:place + 4 + size]
        if len(record) < size:
            return
        kind, time, a, b, c, path_size = HEAD.unpack_from(record)
        path = record[HEAD.size:HEAD.size + path_size].decode()
        yield chr(kind), time, a, b, c, path, record[HEAD.size + path_size:]
        place += 4 + size
