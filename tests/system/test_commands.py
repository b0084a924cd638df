#!/usr/bin/env python3
"""The command line: exit codes, JSON, the ready file, and what a start refuses."""

import json
import os
import pathlib
import stat
import subprocess
import tempfile
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

    def test_a_client_without_a_server_says_what_to_do(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run("channel", "list", "--data", folder)
            self.assertEqual(done.returncode, 1)
            self.assertIn("oxbow serve", done.stderr)

    def test_help_and_version_answer(self):
        self.assertIn("serve", run("help").stdout)
        self.assertIn("--http", run("help", "serve").stdout)
        self.assertRegex(run("version").stdout, r"^oxbow \d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    unittest.main()
