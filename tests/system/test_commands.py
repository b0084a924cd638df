#!/usr/bin/env python3
"""The command line: exit codes, JSON, the ready file, and what a start refuses."""

import http.client
import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import tempfile
import time
import unittest

import oxbow


def run(*words, **options):
    return subprocess.run([oxbow.BINARY, *map(str, words)], capture_output=True, text=True, timeout=30, **options)


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = oxbow.Server()
        cls.addClassCleanup(cls.server.close)

    def test_the_ready_file_says_where_everything_is(self):
        ready = json.loads((self.server.data / "ready.json").read_text())
        self.assertEqual(ready, self.server.ready)
        self.assertEqual(list(ready), ["pid", "http", "https", "api", "rtmp", "rtmps", "srt", "credentials"])
        self.assertEqual(ready["pid"], self.server.process.pid)
        self.assertEqual(stat.S_IMODE(os.stat(ready["credentials"]).st_mode), 0o600)

    def test_channel_create_prints_what_the_api_gives_and_the_ingest_url(self):
        made = self.server.create_channel("meadow")
        self.assertEqual(made["channel"]["name"], "meadow")
        self.assertEqual(made["ingestUrl"], f"{self.server.ready['rtmp']}/{made['streamKey']['value']}")
        self.assertTrue(made["streamKey"]["value"].startswith("sk_us-east-1_"))
        self.assertRegex(made["id"], r"^[A-Za-z0-9]{12}$")
        shown = json.loads(self.server.cli("channel", "show", made["id"], "--json").stdout)
        self.assertEqual(shown["channel"]["arn"], made["channel"]["arn"])

    def test_a_stock_aws_client_works_with_the_credentials_of_the_first_start(self):
        made = self.server.create_channel("aws")
        done = subprocess.run(
            ["aws", "--region", "us-east-1", "--endpoint-url", self.server.ready["api"], "ivs", "get-channel", "--arn",
             made["channel"]["arn"]], capture_output=True, text=True,
            env={**os.environ, "AWS_SHARED_CREDENTIALS_FILE": self.server.ready["credentials"], "AWS_PAGER": ""})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["channel"]["name"], "aws")

    def test_an_unsigned_call_of_the_api_is_refused(self):
        self.assertEqual(self.server.get(self.server.ready["api"] + "/ListChannels", method="POST").status, 403)

    def test_stream_stop_ends_the_stream_of_the_channel(self):
        made = self.server.create_channel("stopped")
        publisher = oxbow.Publisher(made, oxbow.test_card(seconds=8), loop=-1)
        self.addCleanup(publisher.close)
        self.server.wait_for_recording(made["id"])
        self.assertIn(made["id"], self.server.cli("stream", "list").stdout)
        self.server.cli("stream", "stop", made["id"])
        self.assertNotEqual(publisher.wait(10), 0)
        again = self.server.cli("stream", "stop", made["id"], check=False)
        self.assertEqual(again.returncode, 1)
        self.assertTrue(again.stderr.strip())

    def test_exit_code_2_for_a_wrong_command_line_or_configuration(self):
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder) / "oxbow.toml"
            config.write_text("[edge]\npublic_url = 3\n")
            for words, says in ((["serv"], "serv"), (["serve", "--http", "80"], "--http"),
                                (["serve", "--config", config], "oxbow.toml:2: edge.public_url"),
                                (["check-config", config], "oxbow.toml:2: edge.public_url")):
                done = run(*words)
                self.assertEqual(done.returncode, 2, words)
                self.assertIn(says, done.stderr)
            config.write_text("[edge]\npublic_url = \"https://live.example.org\"\n")
            self.assertEqual(run("check-config", config).returncode, 0)

    def test_exit_code_1_when_the_server_cannot_start_and_one_sentence_why(self):
        second = run("serve", "--data", self.server.data, "--http", "127.0.0.1:0", "--api", "127.0.0.1:0", "--rtmp",
                     "127.0.0.1:0")
        self.assertEqual(second.returncode, 1)
        self.assertEqual(second.stderr.count("\n"), 1, second.stderr)
        with tempfile.TemporaryDirectory() as folder:
            taken = run("serve", "--data", folder, "--http", self.server.ready["http"].removeprefix("http://"),
                        "--api", "127.0.0.1:0", "--rtmp", "127.0.0.1:0")
            self.assertEqual(taken.returncode, 1)
            self.assertIn("cannot listen", taken.stderr)

    def test_only_the_owner_may_read_the_database_and_the_credentials(self):
        files = [self.server.data / name
                 for name in ("oxbow.db", "oxbow.db-wal", "oxbow.db-shm", "oxbow.db.lock", "credentials")]
        self.assertEqual([stat.S_IMODE(file.stat().st_mode) for file in files], [0o600] * 5)

    def test_a_wrong_command_is_told_in_one_line_with_exit_code_2(self):
        for words, says in (
                (["channel", "create", ""], "1 to 128 letters, digits, '-' and '_'"),
                (["channel", "create", "one", "--type", "GOLD"], "BASIC, STANDARD, ADVANCED_SD or ADVANCED_HD"),
                (["channel", "list", "--api", "garbage"], "--api must be a URL"),
                (["help", "channel", "nope"], "'channel nope'"),
                (["serve", "--role", "king"], "all, live, edge or functions"),
                (["serve", "--role", "edge"], "set store.kind = \"s3\""),
                (["serve", "--role", "functions", "--demo"], "store.kind"),
                (["serve", "--data", ""], "--data"),
                (["serve", "--rtmp", "localhost:1935"], "numeric address"),
                (["fly"], "fly")):
            done = run(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertTrue(done.stderr.startswith("oxbow: "), done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertIn(says, done.stderr)

    def test_names_need_not_be_unique_but_are_warned_of(self):
        self.server.create_channel("twin")
        second = self.server.cli("channel", "create", "twin", "--json")
        self.assertEqual(json.loads(second.stdout)["channel"]["name"], "twin")
        self.assertIn("2 channels are called 'twin'", second.stderr)

    def test_what_is_not_there_is_exit_code_1_for_every_command(self):
        for words in (("channel", "show", "nope"), ("recording", "list", "nope"), ("recording", "show", "nope"),
                      ("stream", "stop", "nope")):
            done = self.server.cli(*words, check=False)
            self.assertEqual((done.returncode, done.stdout), (1, ""), words)
            self.assertIn("nope", done.stderr)

    def test_channel_show_tells_the_state_and_the_newest_recording(self):
        made = self.server.create_channel("shown")
        text = self.server.cli("channel", "show", "shown").stdout
        self.assertRegex(text, rf"ARN +{made['channel']['arn']}\n")
        self.assertRegex(text, r"State +offline\n")
        self.assertRegex(text, r"Newest recording +none\n")
        publisher = oxbow.Publisher(made, oxbow.test_card(seconds=8), loop=-1)
        self.addCleanup(publisher.close)
        metadata = self.server.wait_for_recording(made["id"])
        shown = json.loads(self.server.cli("channel", "show", "shown", "--json").stdout)
        self.assertTrue(shown["isLive"])
        self.assertIn(f"/{shown['newestRecording']['recordingId']}/", metadata["masterKey"])

    def test_the_watch_page_is_printed_on_the_public_base(self):
        server = oxbow.Server('[edge]\npublic_url = "https://live.example.org"\n')
        self.addCleanup(server.close)
        self.assertRegex(server.cli("channel", "create", "far").stdout,
                         r"Watch page +https://live\.example\.org/watch/[A-Za-z0-9]{12}\n")

    def test_what_a_request_is_refused_with_before_it_is_read_is_json_too(self):
        host, _, port = self.server.ready["http"].removeprefix("http://").partition(":")
        for request, status in ((b"GET / HTTP/1.1\r\n\r\n", 400), (b"GET / HTTP/3.0\r\n\r\n", 505),
                                (b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431),
                                (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}", 405)):
            with socket.create_connection((host, int(port)), timeout=10) as connection:
                connection.sendall(request)
                answer = http.client.HTTPResponse(connection)
                answer.begin()
                body = json.loads(answer.read())
            self.assertEqual((answer.status, sorted(body)), (status, ["error", "message"]))
            self.assertEqual(answer.headers["Content-Type"], "application/json")
            self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "*")
            self.assertEqual(answer.headers["Allow"], "GET, HEAD, OPTIONS" if status == 405 else None)

    def test_a_client_without_the_credentials_of_the_server_says_which_file_is_missing(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run("channel", "list", "--data", folder, "--api", self.server.ready["api"])
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"{folder}/credentials", done.stderr)
            self.assertIn("--data", done.stderr)

    def test_a_start_that_fails_at_its_last_step_leaves_nothing_running(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run("serve", "--data", folder, "--http", "127.0.0.1:0", "--api", "127.0.0.1:0", "--rtmp",
                       "127.0.0.1:0", "--ready-file", pathlib.Path(folder) / "missing" / "ready.json")
            self.assertEqual(done.returncode, 1)
            self.assertIn("ready.json", done.stderr)
            self.assertFalse((pathlib.Path(folder) / "ready.json").exists())

    def test_sigterm_right_after_the_ready_file_ends_the_server_properly(self):
        with tempfile.TemporaryDirectory() as folder:
            ready = pathlib.Path(folder) / "ready.json"
            server = subprocess.Popen(
                [oxbow.BINARY, "serve", "--data", folder, "--http", "127.0.0.1:0", "--api", "127.0.0.1:0", "--rtmp",
                 "127.0.0.1:0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(server.kill)
            deadline = time.monotonic() + 20
            while not ready.exists() and time.monotonic() < deadline:
                pass  # without a pause: the signal must come as early as it can
            server.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait(timeout=20), 0)
            self.assertFalse(ready.exists())

    def test_a_client_without_a_server_says_what_to_do(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run("channel", "list", "--data", folder)
            self.assertEqual(done.returncode, 1)
            self.assertIn("oxbow serve", done.stderr)

    def test_help_and_version_answer(self):
        self.assertIn("serve", run("help").stdout)
        self.assertIn("--http", run("help", "serve").stdout)
        self.assertRegex(run("version").stdout, r"^oxbow \d+\.\d+\.\d+\n$")
        self.assertEqual(run("--version").stdout, run("version").stdout)
        self.assertEqual("oxbow " + json.loads(run("version", "--json").stdout)["version"] + "\n",
                         run("version").stdout)


if __name__ == "__main__":
    unittest.main()
