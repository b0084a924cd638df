#!/usr/bin/env python3
"""Behaviours: headers by path, what is private in spite of them, the request log, the counts; of one real server."""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import unittest

import api_client
import oxbow
from oxbow import wait_for

BEHAVIOURS = """
[recording]
reconnect_window_seconds = 0

[edge]
request_log = "on"
request_log_format = "json"
request_log_file = "{log}"

[[edge.behaviours]]
name = "media"
path = "*.ts"
cache_control = "public, max-age=60"
cors = {{ origins = ["https://*.example.org"], expose = ["ETag"] }}
headers = [{{ name = "X-Served-By", value = "oxbow" }}, {{ name = "Edge-Cache-Tag", value = "media" }}]

[[edge.behaviours]]
name = "metadata"
path = "/recording-started-*.json"
cache_control = "public, max-age=31536000, immutable"
function = "GetLatestRecordingStartMeta"
headers = [{{ name = "Edge-Cache-Tag", value = "metadata" }}]

[[edge.behaviours]]
name = "plain"
path = "/channels*.json"
compress = false

[[edge.behaviours]]
name = "rest"
path = "*"
cache_control = "public, max-age=31536000, immutable"
security = {{ strict_transport_security = "max-age=1", frame_options = "DENY" }}
"""
AT_HOME = {"Origin": "https://www.example.org"}
AWAY = {"Origin": "https://evil.net/.example.org"}


def oxbow_says(*words):
    return subprocess.run([oxbow.BINARY, *map(str, words)], capture_output=True, text=True, timeout=60)


class Behaviours(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="oxbow-behaviours-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.log = cls.folder / "requests.log"
        cls.server = oxbow.Server(BEHAVIOURS.format(log=cls.log))
        cls.addClassCleanup(cls.server.close)
        cls.public = cls.server.create_channel("public")
        cls.private = cls.server.create_channel("private", "--private")
        cls.token = cls.make_token()
        publishers = [oxbow.Publisher(made, oxbow.test_card(seconds=4)) for made in (cls.public, cls.private)]
        for publisher in publishers:
            publisher.wait()
        cls.ended = cls.server.wait_until_ended(cls.public["id"])
        cls.chunk = "/" + cls.ended["masterKey"].rpartition("/")[0] + "/360p30/0.ts"

    @classmethod
    def make_token(cls):
        key = cls.folder / "viewer.pem"
        subprocess.run(["openssl", "ecparam", "-name", "secp384r1", "-noout", "-genkey", "-out", key], check=True)
        public = subprocess.run(["openssl", "ec", "-in", key, "-pubout"], check=True, capture_output=True, text=True)
        api = api_client.Api(cls.server.ready)
        api.call("ImportPlaybackKeyPair", {"publicKeyMaterial": public.stdout})
        api.close()
        return cls.server.cli("token", "create", "--channel", cls.private["id"], "--key", key).stdout.strip()

    def lines(self, file=None):
        return [json.loads(line) for line in (file or self.log).read_text().splitlines()]

    def wait_for_line(self, mark, file=None):
        """The line of the request with this User-Agent."""
        return wait_for(f"a line of {mark}", 5, lambda: next(
            (line for line in self.lines(file) if line["agent"] == mark), None))

    def test_each_path_has_the_headers_of_its_behaviour(self):
        media = self.server.get(self.chunk, headers=AT_HOME)
        self.assertEqual(media.headers["Cache-Control"], "public, max-age=60")
        self.assertEqual(media.headers["X-Served-By"], "oxbow")
        self.assertEqual(media.headers["Access-Control-Allow-Origin"], AT_HOME["Origin"])
        self.assertEqual(media.headers["Access-Control-Expose-Headers"], "ETag")
        self.assertEqual(media.headers["Vary"], "Origin")
        away = self.server.get(self.chunk, headers=AWAY)
        self.assertNotIn("Access-Control-Allow-Origin", away.headers)
        self.assertEqual(away.headers["Vary"], "Origin")
        rest = self.server.get("/", headers={**AWAY, "Accept-Encoding": "gzip"})
        self.assertEqual(rest.headers["Access-Control-Allow-Origin"], "*")
        self.assertEqual(rest.headers["Content-Encoding"], "gzip")
        self.assertEqual(rest.headers["X-Frame-Options"], "DENY")
        self.assertNotIn("Strict-Transport-Security", rest.headers)  # by HTTP
        plain = self.server.get("/channels.json", headers={"Accept-Encoding": "gzip"})
        self.assertEqual((plain.headers["Cache-Control"], plain.headers["Content-Encoding"]), ("max-age=1", None))

    def test_the_path_is_matched_as_it_is_meant(self):
        twice = self.server.get(self.chunk.replace("/0.ts", "/%30.t%73"))
        self.assertEqual((twice.status, twice.headers["Cache-Control"]), (200, "public, max-age=60"))
        upper = self.server.get(self.chunk.replace("/0.ts", "/0.TS"))
        self.assertEqual((upper.status, upper.headers["X-Served-By"]), (404, None))

    def test_an_error_is_kept_for_a_second_whatever_its_behaviour_says(self):
        gone = self.server.get("/nothing.ts")
        self.assertEqual((gone.status, gone.headers["Cache-Control"]), (404, "max-age=1"))
        outside = self.server.get(self.chunk, headers={"Range": "bytes=99999999-"})
        self.assertEqual((outside.status, outside.headers["Cache-Control"]), (416, "max-age=1"))

    def test_what_is_private_stays_private(self):
        paths = [f"/recording-started-{self.private['id']}.json", f"/rewind/{self.private['id']}.m3u8"]
        for path in paths:
            refused = self.server.get(path, headers=AT_HOME)
            self.assertEqual((refused.status, refused.headers["Cache-Control"]), (403, "private, no-store"), path)
            self.assertNotIn("Edge-Cache-Tag", refused.headers)
            taken = self.server.get(f"{path}?token={self.token}", headers=AT_HOME)
            self.assertEqual((taken.status, taken.headers["Cache-Control"]), (200, "private, no-store"), path)
            self.assertNotIn("Edge-Cache-Tag", taken.headers)
        session = taken.text[taken.text.index("/p/"):].split("\n")[0]
        playlist = self.server.get(session)
        segment = re.search(r"^[^#\s].*\.ts$", playlist.text, re.MULTILINE)[0]
        base = session.rpartition("/")[0]
        media = self.server.get(os.path.normpath(f"{base}/{segment}"), headers=AT_HOME)
        for answer in (playlist, media):
            self.assertEqual((answer.status, answer.headers["Cache-Control"]), (200, "private, no-store"))
            self.assertNotIn("Edge-Cache-Tag", answer.headers)

    def test_an_explanation_says_what_is_answered(self):
        config = self.server.data / "oxbow.toml"
        for path in (self.chunk, "/", "/channels.json", f"/recording-started-{self.public['id']}.json"):
            said = json.loads(oxbow_says("behaviours", "explain", path, "--config", config, "--json").stdout)
            answer = self.server.get(path, headers=AT_HOME)
            for line in said["answerHeaders"]:
                name, _, value = line.partition(": ")
                if value not in ("as the answer says itself",) and " the Origin" not in f" {value}" and \
                        name not in ("Strict-Transport-Security", "Content-Encoding", "Vary"):
                    self.assertEqual(answer.headers[name], value, path)
        listed = oxbow_says("behaviours", "list", "--config", config)
        self.assertEqual((listed.returncode, len(listed.stdout.splitlines())), (0, 4))
        built_in = oxbow_says("behaviours", "explain", self.chunk + "?x=1")
        self.assertIn("behaviour   media, number 5 of 11: /ivs/v1/*.ts", built_in.stdout)

    def test_the_documentation_has_the_list_and_an_example_that_works(self):
        page = (oxbow.ROOT / "docs/behaviours.md").read_text()
        documented = re.findall(r"^\| \d+ \| `([^`]+)` \| (\w+) \|", page, re.MULTILINE)
        built_in = json.loads(oxbow_says("behaviours", "list", "--json").stdout)["behaviours"]
        self.assertEqual(documented, [(each["path"], each["name"]) for each in built_in])
        for number, example in enumerate(re.findall(r"```toml\n(.*?)```", page, re.DOTALL)):
            config = self.folder / f"example-{number}.toml"
            config.write_text(example)
            self.assertEqual(oxbow_says("check-config", config).stderr, "")

    def test_a_list_that_is_wrong_is_one_sentence_and_exit_code_2(self):
        config = self.folder / "wrong.toml"
        config.write_text('[[edge.behaviours]]\npath = "*"\nheaders = [{ name = "X-A", value = "1\\r\\nX-B: 2" }]\n')
        for words in (("check-config", config), ("behaviours", "list", "--config", config),
                      ("serve", "--config", config, "--data", self.folder / "data")):
            done = oxbow_says(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertEqual(done.stderr, f"oxbow: {config}:3: edge.behaviours[1].headers[1].value must have 1 to 1783 "
                                          "printable ASCII characters, no space at either end\n")
        self.assertFalse((self.folder / "data").exists())

    def test_answers_are_counted_by_behaviour_and_class(self):
        def count(name, behaviour, status):
            try:
                return self.server.metric(f'{name}{{behaviour="{behaviour}",status="{status}"}}')
            except StopIteration:
                return 0
        before = [count("oxbow_requests_total", "media", "2xx"), count("oxbow_sent_bytes_total", "media", "2xx"),
                  count("oxbow_requests_total", "rest", "4xx")]
        size = len(self.server.get(self.chunk).body)
        self.server.get("/nothing-here")
        wait_for("the counts", 5, lambda: count("oxbow_requests_total", "rest", "4xx") == before[2] + 1)
        self.assertEqual(count("oxbow_requests_total", "media", "2xx"), before[0] + 1)
        self.assertEqual(count("oxbow_sent_bytes_total", "media", "2xx"), before[1] + size)
        self.assertEqual(self.server.metric("oxbow_request_log_lost_total"), 0)

    def test_the_request_log_has_every_answer_and_no_secret(self):
        size = len(self.server.get(self.chunk, headers={"User-Agent": "reader"}).body)
        line = self.wait_for_line("reader")
        self.assertEqual([line[name] for name in ("remote", "method", "target", "protocol", "status", "bytes", "complete",
                                                  "behaviour")],
                         ["127.0.0.1", "GET", self.chunk, "HTTP/1.1", 200, size, True, "media"])
        path = f"/rewind/{self.private['id']}.m3u8"
        referer = f"https://example.org/watch/x?token={self.token}"
        taken = self.server.get(f"{path}?to%6ben={self.token}&parts=0", headers={"User-Agent": "owner", "Referer": referer})
        session = taken.text[taken.text.index("/p/"):].split("\n")[0]
        self.server.get(session, headers={"User-Agent": "in-session"})
        self.assertEqual(self.wait_for_line("owner")["target"], f"{path}?to%6ben=***&parts=0")
        self.assertTrue(self.wait_for_line("in-session")["target"].startswith("/p/***/rewind/"))
        written = self.log.read_text()
        self.assertNotIn(self.token, written)
        self.assertNotIn(session.split("/")[2], written)

    def test_the_file_of_the_log_may_be_moved(self):
        self.server.get("/", headers={"User-Agent": "before"})
        self.wait_for_line("before")
        old = self.log.with_suffix(".1")
        self.log.rename(old)
        wait_for("a new file", 5, self.log.exists)
        self.server.get("/", headers={"User-Agent": "behind"})
        self.wait_for_line("behind")
        self.assertNotIn("behind", old.read_text())
        self.log.rename(self.log.with_suffix(".2"))
        self.server.process.send_signal(signal.SIGHUP)
        wait_for("a new file", 5, self.log.exists)
        self.assertEqual(self.server.get("/").status, 200)

    def test_without_its_function_the_metadata_is_the_object_that_was_saved(self):
        by_function = self.server.metadata(self.public["id"])
        server = oxbow.Server('[[edge.behaviours]]\npath = "*"\n', data=tempfile.mkdtemp(prefix="oxbow-test-"))
        self.addCleanup(server.close)
        made = server.create_channel("saved")
        oxbow.Publisher(made, oxbow.test_card(seconds=4)).wait()
        saved = wait_for("the object", 20, lambda: (lambda answer: answer.status == 200 and answer.json)(
            server.get(f"/recording-started-{made['id']}.json")))
        self.assertIn("isChannelLive", by_function)
        self.assertNotIn("isChannelLive", saved)
        self.assertEqual(saved["channel_arn"], made["channel"]["arn"])
        self.assertEqual(server.get("/recording-started-unknown.json").status, 404)


if __name__ == "__main__":
    unittest.main()
