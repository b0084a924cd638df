"""What a power loss leaves of a folder: the log that disk_faults.cc wrote, played back up to a moment.

The model is a journaling file system at its least helpful. Names (files and folders made, renamed, removed) survive in
order, up to some moment: the last sync of a folder or of everything commits all of them that came before it; what came
later may be there, up to any point. The bytes of a file survive where the file was synced, or everything was; what was
written later may be there in part, be missing, or be zeros where the size got ahead of the bytes. `random` None is the
worst of it: nothing that was not synced survives.

Source: disk_faults.cc; ext4(5), data=ordered and its delayed allocation.
"""

import os
import pathlib
import struct

CREATE, MAKE_FOLDER, WRITE, TRUNCATE, RENAME, REMOVE, SYNC, SYNC_ALL = range(1, 9)
HEAD = struct.Struct("<B7xQQQQII")


class Node:
    def __init__(self, folder):
        self.entries = {} if folder else None
        self.durable = b""
        self.later = []  # (number of the call, offset or None for a truncate, bytes or size)


def read_log(file):
    data = pathlib.Path(file).read_bytes()
    at = 0
    while at + HEAD.size <= len(data):
        op, number, inode, other, offset, name_bytes, data_bytes = HEAD.unpack_from(data, at)
        at += HEAD.size
        name = data[at:at + name_bytes].decode()
        at += name_bytes
        if at + data_bytes > len(data):
            return  # the process was killed while it wrote this
        yield op, number, inode, other, offset, name, data[at:at + data_bytes]
        at += data_bytes


class Disk:
    """In: a folder as it is when the process starts; all of it is durable."""

    def __init__(self, folder):
        self.root = os.lstat(folder).st_ino
        self.nodes = {}   # inode now: Node
        self.names = []   # (number of the call, change), not durable yet
        self.take_in(pathlib.Path(folder))

    def take_in(self, path):
        node = self.nodes[os.lstat(path).st_ino] = Node(path.is_dir())
        if not path.is_dir():
            node.durable = path.read_bytes()
            return node
        for entry in path.iterdir():
            if not entry.is_symlink():
                node.entries[entry.name] = self.take_in(entry)
        return node

    def play(self, log, random=None):
        """Out: what is there after the power has gone at the end of the log: {path: bytes or None of a folder}."""
        current = {inode: dict(node.entries) for inode, node in self.nodes.items() if node.entries is not None}
        folder_of = dict(self.nodes)
        for op, number, inode, other, offset, name, data in log:
            if op in (CREATE, MAKE_FOLDER):
                node = folder_of[other] = Node(op == MAKE_FOLDER)
                if op == MAKE_FOLDER:
                    current[other] = {}
                self.change(current, folder_of, number, inode, name, node)
            elif op == REMOVE:
                self.change(current, folder_of, number, inode, name, None)
            elif op == RENAME:
                old, _, new = name.partition("/")
                node = current[inode].get(old)
                if node is None:
                    continue
                current[inode].pop(old)
                current[other][new] = node
                # One step: a journal has both names of a rename or the old one.
                self.names.append((number, [(folder_of[inode], old, None), (folder_of[other], new, node)]))
            elif op == WRITE and inode in folder_of:
                folder_of[inode].later.append((number, offset, data))
            elif op == TRUNCATE and inode in folder_of:
                folder_of[inode].later.append((number, None, offset))
            elif op == SYNC and inode in folder_of and folder_of[inode].entries is None:
                self.sync_file(folder_of[inode], number)
            elif op in (SYNC, SYNC_ALL):
                self.sync_names(number)
                if op == SYNC_ALL:
                    for node in set(folder_of.values()):
                        self.sync_file(node, number)
        if random is not None and self.names:
            self.sync_names(random.choice([change[0] for change in self.names]))
        return dict(self.what_is_there(folder_of[self.root], "", random))

    def change(self, current, folder_of, number, inode, name, node):
        if node is None:
            current[inode].pop(name, None)
        else:
            current[inode][name] = node
        self.names.append((number, [(folder_of[inode], name, node)]))

    def sync_names(self, number):
        for at, changes in self.names:
            if at > number:
                continue
            for folder, name, node in changes:
                if node is None:
                    folder.entries.pop(name, None)
                else:
                    folder.entries[name] = node
        self.names = [change for change in self.names if change[0] > number]

    @staticmethod
    def sync_file(node, number):
        if node.entries is not None:
            return
        node.durable = applied(node.durable, [each for each in node.later if each[0] <= number])
        node.later = [each for each in node.later if each[0] > number]

    def what_is_there(self, node, path, random):
        for name, child in node.entries.items():
            where = f"{path}/{name}" if path else name
            if child.entries is None:
                yield where, child.durable if random is None else torn(child, random)
            else:
                yield where, None
                yield from self.what_is_there(child, where, random)


def applied(content, changes):
    content = bytearray(content)
    for _, offset, data in changes:
        if offset is None:
            content = content[:data] + bytes(max(0, data - len(content)))
        else:
            content += bytes(max(0, offset - len(content)))
            content[offset:offset + len(data)] = data
    return bytes(content)


def torn(node, random):
    """Some of what was not synced: its beginning, the last write of it torn, now and then zeros in its place."""
    count = random.randint(0, len(node.later))
    kept = node.later[:count]
    if kept and kept[-1][1] is not None:
        number, offset, data = kept[-1]
        size = random.randint(0, len(data))
        kept[-1] = (number, offset, bytes(len(data)) if random.random() < 0.3 else data[:size])
    return applied(node.durable, kept)


def build(folder, there):
    """Makes `folder` what play() said."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    for path, content in there.items():
        where = folder / path
        if content is None:
            where.mkdir(parents=True, exist_ok=True)
        else:
            where.parent.mkdir(parents=True, exist_ok=True)
            where.write_bytes(content)
            if where.name == "credentials" or where.name.startswith("oxbow.db"):
                where.chmod(0o600)
