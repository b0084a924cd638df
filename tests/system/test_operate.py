#!/usr/bin/env python3
"""What docs/operate.md promises an operator: a copy made beside the running server is a backup."""

import contextlib
import pathlib
import shutil
import sqlite3
import tempfile
import unittest

import oxbow


class Operate(unittest.TestCase):
    def test_a_backup_of_a_running_server_has_its_channels_keys_and_recordings(self):
        server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n")
        self.addCleanup(server.close)
        made = server.create_channel("meadow")
        publisher = oxbow.Publisher(made, oxbow.test_card(gop=1), seconds=4)
        self.addCleanup(publisher.close)
        self.assertEqual(publisher.wait(), 0)
        ended = server.wait_until_ended(made["id"])

        backup = pathlib.Path(tempfile.mkdtemp(prefix="oxbow-backup-"))
        self.addCleanup(shutil.rmtree, backup, ignore_errors=True)
        with contextlib.closing(sqlite3.connect(server.data / "oxbow.db")) as running, \
                contextlib.closing(sqlite3.connect(backup / "oxbow.db")) as copy:
            running.backup(copy)
        shutil.copy(server.data / "credentials", backup / "credentials")
        shutil.copytree(server.data / "bucket", backup / "bucket")
        restored = oxbow.Server(data=backup)
        self.addCleanup(restored.close)

        self.assertEqual(restored.metadata(made["id"]), ended)
        self.assertEqual(restored.get("/" + ended["masterKey"]).body, server.get("/" + ended["masterKey"]).body)
        self.assertIn(made["streamKey"]["value"], restored.cli("channel", "show", "meadow").stdout)


if __name__ == "__main__":
    unittest.main()
