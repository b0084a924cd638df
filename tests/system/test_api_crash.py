#!/usr/bin/env python3
"""The server is killed in the middle of a thousand writes: what was answered is there, and the database is sound."""

import random
import sqlite3
import threading
import unittest

import oxbow
from api_client import Api

WRITERS = 4
WRITES = 1_000


class Writer(threading.Thread):
    """Creates channels, renames every second one and deletes every fifth, until nobody answers."""

    def __init__(self, ready, number):
        super().__init__()
        self.api, self.number = Api(ready), number
        self.names = {}  # arn -> the name that was answered last
        self.deleted = set()
        self.writes = 0

    def run(self):
        try:
            while self.writes < WRITES // WRITERS:
                self.write_one(f"w{self.number}-{self.writes}")
        except OSError:
            pass  # killed
        finally:
            self.api.close()

    def write_one(self, name):
        arn = self.answered("CreateChannel", {"name": name})["channel"]["arn"]
        self.names[arn] = name
        if self.writes % 2 == 0:
            # From here on either name may be the last one, until the answer tells.
            self.names[arn] = None
            self.answered("UpdateChannel", {"arn": arn, "name": name + "-renamed"})
            self.names[arn] = name + "-renamed"
        if self.writes % 5 == 0:
            name, self.names[arn] = self.names[arn], None
            self.answered("DeleteChannel", {"arn": arn})
            del self.names[arn]
            self.deleted.add(arn)

    def answered(self, operation, members):
        try:
            made = self.api.made(operation, members)
        except Exception as error:
            if isinstance(error, AssertionError):
                raise
            raise OSError(str(error)) from error
        self.writes += 1
        return made


def channels(api):
    out, token = {}, {}
    while True:
        page = api.made("ListChannels", {"maxResults": 100, **token})
        out.update({channel["arn"]: channel["name"] for channel in page["channels"]})
        if "nextToken" not in page:
            return out
        token = {"nextToken": page["nextToken"]}


class Crash(unittest.TestCase):
    def killed_in_the_middle(self, seed):
        server = oxbow.Server()
        self.addCleanup(server.close)
        writers = [Writer(server.ready, number) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        part = random.Random(seed).randrange(WRITES // 5, WRITES * 4 // 5)
        oxbow.wait_for(f"{part} writes", 120, lambda: sum(writer.writes for writer in writers) >= part)
        server.kill()
        for writer in writers:
            writer.join(30)
        written = sum(writer.writes for writer in writers)
        self.assertLess(written, WRITES, "the server was killed after the last write")

        base = sqlite3.connect(server.data / "oxbow.db")
        self.assertEqual(base.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        self.assertEqual(base.execute("PRAGMA foreign_key_check").fetchall(), [])
        base.close()
        server.start()
        api = Api(server.ready)
        self.addCleanup(api.close)
        found = channels(api)
        for writer in writers:
            for arn, name in writer.names.items():
                if name is not None:
                    self.assertEqual(found.get(arn), name)
            self.assertEqual(writer.deleted & found.keys(), set())
        # At most one call of each writer may be there without an answer.
        known = set().union(*(writer.names.keys() for writer in writers))
        self.assertLessEqual(len(found.keys() - known), WRITERS)

    def test_every_answered_write_is_there_after_a_kill(self):
        for seed in (1, 2, 3):
            with self.subTest(seed):
                self.killed_in_the_middle(seed)


if __name__ == "__main__":
    unittest.main()
