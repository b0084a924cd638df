#!/usr/bin/env python3
"""A start that must fail: its exit code, its one sentence, nothing left behind, and nobody else disturbed."""

import atexit
import contextlib
import functools
import os
import pathlib
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import unittest

import oxbow

FREE_PORTS = {"--http": "127.0.0.1:0", "--api": "127.0.0.1:0", "--rtmp": "127.0.0.1:0"}
AS_ROOT = () if os.geteuid() == 0 else ("sudo", "-n")
AS_NOBODY = (*AS_ROOT, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
PAGE = 4096


def run(*words, as_nobody=False):
    command = [*AS_NOBODY, binary_for_all()] if as_nobody else [oxbow.BINARY]
    return subprocess.run([*command, *map(str, words)], capture_output=True, text=True, errors="replace", timeout=60)


@functools.cache
def binary_for_all():
    """A copy of the program where every user may run it: a build folder may be its owner's alone."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="oxbow-start-"))
    atexit.register(shutil.rmtree, folder)
    folder.chmod(0o755)
    return shutil.copy(oxbow.BINARY, folder / "oxbow")


def all_files(folder):
    return sorted(str(path.relative_to(folder)) for path in pathlib.Path(folder).rglob("*"))


@contextlib.contextmanager
def small_disk(folder, size):
    """A file system of its own, of `size`, mounted there."""
    folder.mkdir()
    subprocess.run([*AS_ROOT, "mount", "-t", "tmpfs", "-o", f"mode=777,size={size}", "none", folder], check=True)
    try:
        yield
    finally:
        subprocess.run([*AS_ROOT, "umount", folder], check=True)


class WrongStart(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="oxbow-start-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.folder.chmod(0o755)
        self.data = self.folder / "data"

    def refused(self, says, *options, code=1, as_nobody=False, **ports):
        """Starts the server, which must refuse with `code` and one line that has all of `says`, and leave no trace."""
        there = all_files(self.folder)
        listen = {**FREE_PORTS, **{f"--{name}": address for name, address in ports.items()}}
        done = run("serve", "--data", self.data, *(word for pair in listen.items() for word in pair), *options,
                   as_nobody=as_nobody)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertTrue(done.stderr.startswith("oxbow: "), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        for part in (says,) if isinstance(says, str) else says:
            self.assertIn(part, done.stderr)
        self.assertEqual(all_files(self.folder), there)

    def used_before(self):
        """A data directory as a server leaves it."""
        self.data.mkdir(exist_ok=True)
        server = oxbow.Server(data=self.data)
        server.stop()
        return self.data / "oxbow.db"

    # --- The database ------------------------------------------------------------------------------------------------

    def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(self):
        database = self.used_before()
        with contextlib.closing(sqlite3.connect(database)) as open_database:
            open_database.execute("UPDATE schema_version SET version = 99")
            open_database.commit()
        bytes_before = database.read_bytes()
        self.refused(("oxbow.db", "schema version 99", "use the newer oxbow"))
        self.assertEqual(database.read_bytes(), bytes_before)

    def test_a_file_that_is_no_database_is_told_from_a_damaged_and_a_foreign_one(self):
        database = self.used_before()
        whole = database.read_bytes()
        for content, says in ((b"this was never a database" * 400, "it is no database; move it away"),
                              (whole[:PAGE] + b"\xa5" * (len(whole) - PAGE), "it is damaged; restore it"),
                              (whole[:len(whole) // 2], "it is damaged; restore it")):
            database.write_bytes(content)
            self.refused(("cannot open the database", says))
            self.assertEqual(database.read_bytes(), content)

    def test_the_database_of_another_program_is_not_taken_over(self):
        self.data.mkdir()
        with contextlib.closing(sqlite3.connect(self.data / "oxbow.db")) as other:
            other.execute("CREATE TABLE channels (frequency)")
            other.commit()
        self.refused("is it a database of oxbow?")

    def test_a_folder_in_the_place_of_the_database(self):
        (self.data / "oxbow.db").mkdir(parents=True)
        self.refused(("oxbow.db", "Is a directory"))

    # --- The data directory ------------------------------------------------------------------------------------------

    def test_a_data_directory_that_this_user_may_not_write(self):
        self.refused(("cannot make the data directory", "Permission denied", "--data"), as_nobody=True)
        self.data.mkdir()
        self.refused(("oxbow.db.lock", "Permission denied", "this user may write there"), as_nobody=True)

    def test_a_data_directory_of_another_user_is_left_as_it_is(self):
        self.used_before()
        self.refused(("oxbow.db.lock", "Permission denied"), as_nobody=True)

    def test_a_data_directory_that_became_read_only(self):
        self.used_before()
        self.data.chmod(0o555)
        subprocess.run([*AS_ROOT, "chown", "-R", "65534:65534", self.data], check=True)
        self.refused(("cannot open the database", "it cannot be written"), as_nobody=True)

    def test_a_read_only_file_system(self):
        with small_disk(self.data, "4m"):
            self.used_before()
            subprocess.run([*AS_ROOT, "mount", "-o", "remount,ro", self.data], check=True)
            self.refused(("oxbow.db.lock", "Read-only file system"))

    def test_a_full_disk(self):
        for free, says in ((0, "free space on its file system"), (40 * 1024, "the disk is full; free space on it"),
                           (16 * PAGE, "the disk is full; free space on it")):
            disk = self.data
            with small_disk(disk, "1m"):
                (disk / "filled").write_bytes(bytes(1024 * 1024 - free))
                self.refused(says)
            disk.rmdir()

    def test_a_file_in_the_place_of_the_data_directory_or_of_the_bucket(self):
        self.data.write_text("not a folder")
        self.refused(("cannot make the data directory", "Not a directory", "--data"))
        self.data.unlink()
        self.data.mkdir()
        (self.data / "bucket").write_text("not a folder")
        self.refused(("bucket", "Not a directory"))

    def test_the_data_directory_of_a_running_server_which_never_notices(self):
        self.data.mkdir(exist_ok=True)
        server = oxbow.Server(data=self.data)
        self.addCleanup(server.close)
        ready = (self.data / "ready.json").read_text()
        self.refused(("is in use by process", str(server.process.pid), "stop it, or choose another"))
        self.assertEqual((self.data / "ready.json").read_text(), ready)
        self.assertEqual(server.get("/channels.json").status, 200)
        self.assertEqual(server.create_channel("after")["channel"]["name"], "after")

    # --- Credentials -------------------------------------------------------------------------------------------------

    def test_broken_credentials_are_named_with_their_line_or_profile(self):
        self.used_before()
        for text, says in (("nonsense\n", "Line 1 of the credentials file"),
                           ("[default]\naws_access_key_id = A\n", "Profile 'default'"),
                           ("#" * (64 * 1024 + 1), "longer than 65536 bytes")):
            (self.data / "credentials").write_text(text)
            self.refused(says)

    def test_a_folder_in_the_place_of_the_credentials_keeps_its_rights(self):
        (self.data / "credentials").mkdir(parents=True)
        self.refused("is no file")
        self.assertEqual((self.data / "credentials").stat().st_mode & 0o777, 0o755)

    # --- Addresses ---------------------------------------------------------------------------------------------------

    def test_an_address_that_another_program_has(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            address = f"127.0.0.1:{other.getsockname()[1]}"
            for name in ("http", "api", "rtmp"):
                self.refused((f"listen on {address}: Address already in use", f"choose another with --{name}"),
                             **{name: address})

    def test_an_address_of_another_machine_and_a_port_for_root_alone(self):
        self.refused(("Cannot assign requested address", "an address of this machine with --http"), http="192.0.2.1:0")
        self.folder.chmod(0o777)
        self.refused(("Permission denied", "choose a port from 1024 up with --api"), api="127.0.0.1:80",
                     as_nobody=True)

    def test_two_listeners_on_one_address_are_a_wrong_configuration(self):
        for http, api, rtmp, says in (("127.0.0.1:5080", "127.0.0.1:5080", "127.0.0.1:0", "--http (edge.listen) and --api"),
                                      ("0.0.0.0:5080", "127.0.0.1:0", "127.0.0.1:5080", "--http (edge.listen) and --rtmp")):
            self.refused((says, "would both listen on port 5080: give each a port of its own"), code=2, http=http,
                         api=api, rtmp=rtmp)

    def test_a_ready_file_that_cannot_be_written(self):
        self.refused(("cannot write", "missing/ready.json", "No such file or directory"), "--ready-file",
                     self.folder / "missing/ready.json")

    def test_after_a_failed_start_the_next_one_works(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            self.refused("Address already in use", http=f"127.0.0.1:{other.getsockname()[1]}")
        self.data.mkdir(exist_ok=True)
        server = oxbow.Server(data=self.data)
        self.addCleanup(server.close)
        self.assertEqual(server.create_channel("first")["channel"]["name"], "first")


class WrongConfiguration(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="oxbow-start-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.folder.chmod(0o755)
        self.file = self.folder / "oxbow.toml"

    def refused(self, says, as_nobody=False):
        """`check-config` and `serve` say the same, with exit code 2; nothing is made."""
        there = all_files(self.folder)
        for words in (("check-config", self.file), ("serve", "--config", self.file, "--data", self.folder / "data")):
            done = run(*words, as_nobody=as_nobody)
            self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertIn(says, done.stderr)
        self.assertEqual(all_files(self.folder), there)

    def test_a_wrong_line_is_named_with_its_key(self):
        for text, says in (
                ("[edge]\nfoo = 1\n", "oxbow.toml:2: edge.foo is no key that Oxbow knows; 'oxbow help configuration'"),
                ("region = 3\n", "oxbow.toml:1: region must be a text in quotes"),
                ("\nedge = 3\n", "oxbow.toml:2: edge is a section: write [edge]"),
                ("[recording]\nreconnect_window_seconds = 301\n", "oxbow.toml:2: recording.reconnect_window_seconds must "
                                                                   "be a number of seconds from 0 to 300"),
                ("[recording]\nreconnect_window_seconds = -1\n", "from 0 to 300"),
                ("[edge]\nlisten = \"127.0.0.1:65536\"\n", "edge.listen must be ADDR:PORT"),
                ("[edge]\nlisten = \"localhost:80\"\n", "edge.listen must have a numeric address"),
                ("data = \"a\\u0000b\"\n", "oxbow.toml:1: data must have no control characters"),
                ("[edge]\npublic_url = \"http://a\\r\\nX: y\"\n", "edge.public_url must have no control characters"),
                ("\"a\\u001b[31m\" = 1\n", "a\\x1b[31m is no key"),
                ("data = \"a\"\ndata = \"b\"\n", "oxbow.toml:2: this is not TOML: "),
                ("data = \"unfinished\n", "oxbow.toml:1: this is not TOML: "),
                ("a = " + "[" * 10_000 + "]" * 10_000 + "\n", "oxbow.toml:1: this is not TOML: "),
                ("[edge]\nlisten = \"127.0.0.1:5080\"\n[api]\nlisten = \"127.0.0.1:5080\"\n",
                 "--http (edge.listen) and --api (api.listen) would both listen on port 5080")):
            self.file.write_text(text)
            self.refused(says)

    def test_bytes_that_are_no_text(self):
        for content in (b"data = \"\xff\xfe\"\n", "data = \"a\"\n".encode("utf-16"), b"data = \"a\0b\"\n"):
            self.file.write_bytes(content)
            self.refused("oxbow.toml:1: this is not TOML: ")

    def test_the_longest_file_is_taken_and_the_next_byte_refused(self):
        self.file.write_text("#" * (1024 * 1024))
        self.assertEqual(run("check-config", self.file).returncode, 0)
        self.file.write_text("#" * (1024 * 1024 + 1))
        self.refused("oxbow.toml is larger than 1 MiB, which no configuration is")
        with self.file.open("wb") as file:
            file.truncate(100 * 1024 * 1024)
        self.refused("is larger than 1 MiB")

    def test_what_is_not_a_file_or_cannot_be_read(self):
        self.refused("oxbow.toml: No such file or directory")
        self.file.mkdir()
        self.refused("oxbow.toml: it is not a file")
        self.file.rmdir()
        os.mkfifo(self.file)
        self.refused("oxbow.toml: it is not a file")
        self.file.unlink()
        self.file.write_text("data = \"a\"\n")
        self.file.chmod(0)
        self.refused("oxbow.toml: Permission denied", as_nobody=True)

    def test_the_configuration_that_help_prints_is_valid_and_says_the_defaults(self):
        text = run("help", "configuration").stdout
        self.file.write_text(text)
        self.assertEqual(run("check-config", self.file).returncode, 0)
        self.assertIn('listen = "127.0.0.1:8080"', text)


if __name__ == "__main__":
    unittest.main()
