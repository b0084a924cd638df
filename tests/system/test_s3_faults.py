#!/usr/bin/env python3
"""What an S3 server can do to us: wrong credentials, no bucket, no permission, storms, resets, cut answers."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import certificates
import oxbow
import rgw
import s3_faults
from recording_check import check_recording

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
CONFIG = "[recording]\nreconnect_window_seconds = 0\n"


class S3Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rgw = rgw.Rgw()
        cls.addClassCleanup(cls.rgw.close)
        cls.rgw.aws("s3api", "create-bucket", "--bucket", "recordings")

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="oxbow-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def check_config(self, bucket="recordings", **store):
        config = self.folder / "oxbow.toml"
        config.write_text(self.rgw.configuration(bucket, **store))
        return subprocess.run([oxbow.BINARY, "check-config", config], capture_output=True, text=True,
                              check=False, timeout=60)

    def refused(self, code, *words, **how):
        done = self.check_config(**how)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_a_bucket_that_does_all_passes_the_check(self):
        done = self.check_config()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("was written, read, listed and deleted from; conditional puts work", done.stdout)

    def test_a_wrong_secret_is_told_from_an_unknown_key_and_from_a_missing_bucket(self):
        self.refused(1, "the secret access key is not the one of this key", secret_access_key="wrong")
        self.refused(1, "does not know the access key id", access_key_id="NOBODY")
        self.refused(1, "there is no such bucket", bucket="missing")
        self.refused(1, "Could not resolve host", endpoint="http://no-such-host.invalid")
        self.refused(1, "cannot be reached", endpoint="http://127.0.0.1:1")

    def test_a_missing_permission_is_named(self):
        self.rgw.aws("s3api", "create-bucket", "--bucket", "read-only")
        other = ("OTHERKEY000000000000", "another-secret-0000000000000000000000000")
        self.rgw._run("radosgw-admin", "-c", self.rgw.config, "user", "create", "--uid=other", "--display-name=other",
                      f"--access-key={other[0]}", f"--secret-key={other[1]}")
        policy = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/other"]},
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": ["arn:aws:s3:::read-only", "arn:aws:s3:::read-only/*"]}]}
        self.rgw.aws("s3api", "put-bucket-policy", "--bucket", "read-only", "--policy", json.dumps(policy))
        self.refused(1, "it cannot be written (s3:PutObject)", "the credentials do not allow it", bucket="read-only",
                     access_key_id=other[0], secret_access_key=other[1])
        policy["Statement"][0]["Action"] = ["s3:GetObject", "s3:ListBucket", "s3:PutObject"]
        self.rgw.aws("s3api", "put-bucket-policy", "--bucket", "read-only", "--policy", json.dumps(policy))
        self.refused(1, "objects cannot be deleted (s3:DeleteObject)", bucket="read-only", access_key_id=other[0],
                     secret_access_key=other[1])

    def test_a_clock_that_is_twenty_minutes_off_is_said(self):
        # The server's, because a sanitizer does not go with faketime; each is right about the other being wrong.
        self.rgw.stop_gateway()
        self.rgw.start_gateway(("env", f"LD_PRELOAD={FAKETIME}", "FAKETIME=+20m", "FAKETIME_DONT_FAKE_MONOTONIC=1"))
        self.addCleanup(self.rgw.start_gateway)
        self.addCleanup(self.rgw.stop_gateway)
        self.refused(1, "more than 15 minutes apart")

    def test_halves_of_keys_are_refused_with_their_names(self):
        config = self.folder / "oxbow.toml"
        config.write_text('[store]\nkind = "s3"\naccess_key_id = "A"\n')
        done = subprocess.run([oxbow.BINARY, "check-config", config], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("store.access_key_id and store.secret_access_key belong together", done.stderr)

    def test_credentials_come_from_the_environment_and_from_a_shared_file(self):
        shared = self.folder / "credentials"
        shared.write_text(f"[oxbow]\naws_access_key_id = {self.rgw.access_key}\n"
                          f"aws_secret_access_key = {self.rgw.secret_key}\n")
        config = self.folder / "oxbow.toml"
        base = f'[store]\nkind = "s3"\nbucket = "recordings"\nendpoint = "{self.rgw.endpoint}"\n'
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environments = {
            base: {"AWS_ACCESS_KEY_ID": self.rgw.access_key, "AWS_SECRET_ACCESS_KEY": self.rgw.secret_key},
            base + f'credentials_file = "{shared}"\nprofile = "oxbow"\n': {},
            base + "# by the environment's names\n": {"AWS_SHARED_CREDENTIALS_FILE": str(shared),
                                                      "AWS_PROFILE": "oxbow"}}
        for text, environment in environments.items():
            config.write_text(text)
            done = subprocess.run([oxbow.BINARY, "check-config", config], capture_output=True, text=True, check=False,
                                  env={**clean, **environment})
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_tls_needs_who_vouches_for_the_server(self):
        certificate = certificates.Certificate()
        self.addCleanup(certificate.close)
        proxy = s3_faults.FaultyProxy(self.rgw.endpoint, certificate)
        self.addCleanup(proxy.close)
        self.refused(1, "certificate", endpoint=proxy.endpoint)
        done = self.check_config(endpoint=proxy.endpoint, ca_file=str(certificate.certificate))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue({"PUT", "GET", "DELETE"} <= {method for method, _ in proxy.seen})

    def test_a_bucket_may_be_named_by_the_host(self):
        done = self.check_config(endpoint=f"http://localhost:{self.rgw.port}", path_style=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("was written, read, listed and deleted from", done.stdout)

    def test_the_client_keeps_its_word_with_keys_ranges_and_pages(self):
        done = subprocess.run([os.environ["OXBOW_STORE_TEST"], "--no-skip", "--test-case=real S3*"],
                              capture_output=True, text=True, check=False, timeout=120,
                              env={**os.environ, "OXBOW_TEST_S3_ENDPOINT": self.rgw.endpoint,
                                   "OXBOW_TEST_S3_BUCKET": "recordings", "OXBOW_TEST_S3_KEY": self.rgw.access_key,
                                   "OXBOW_TEST_S3_SECRET": self.rgw.secret_key})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("test cases: 2 | 2 passed", " ".join(done.stdout.split()))

    def test_storms_resets_and_cut_answers_lose_nothing(self):
        proxy = s3_faults.FaultyProxy(self.rgw.endpoint)
        self.addCleanup(proxy.close)
        self.rgw.aws("s3api", "create-bucket", "--bucket", "stormy")
        server = oxbow.Server(self.rgw.configuration("stormy", endpoint=proxy.endpoint) + CONFIG)
        self.addCleanup(server.close)
        channel = server.create_channel("a")
        file = oxbow.test_card(size="320x180", rate=25, gop=1, tone=880, seconds=10)
        proxy.break_next("503", 12, lambda method, path: method == "PUT")
        publisher = oxbow.Publisher(channel, file)
        oxbow.wait_for("the storm to be over", 60, lambda: proxy.times == 0)
        proxy.break_next("reset", 3, lambda method, path: method == "PUT" and path.endswith(".ts"))
        self.assertEqual(publisher.wait(), 0)
        ended = server.wait_until_ended(channel["id"])
        oxbow.wait_for("all uploads", 60, lambda: server.metric("oxbow_upload_backlog_objects") == 0)
        self.assertEqual(proxy.times, 0)
        self.assertGreater(server.metric("oxbow_upload_failures_total"), 0)
        self.assertEqual(server.metric("oxbow_lost_segments_total"), 0)
        copy = self.folder / "copy"
        self.rgw.aws("s3", "sync", "s3://stormy", str(copy), "--only-show-errors")
        check_recording(self, copy / ended["masterKey"].partition("/media/hls/")[0],
                        frames=oxbow.video_packets(file))

        # Read back with an empty cache, with every kind of fault in the first answers.
        self.assertEqual(server.stop(), 0)
        server.start()
        rewind = server.get(f"/rewind/{channel['id']}.m3u8").text.splitlines()[-1]
        entries = oxbow.Playlist(server.get(rewind).text).entries
        is_media = lambda method, path: method == "GET" and path.endswith(".ts")  # noqa: E731
        for fault, entry in zip(("503", "reset", "short", "part"), (entries[0], entries[1], entries[1], entries[1])):
            proxy.break_next(fault, 1, is_media)
            self.assertEqual(server.get(entry["uri"]).status, 200, fault)
        self.assertEqual(oxbow.video_frames(server.ready["http"] + f"/rewind/{channel['id']}.m3u8"),
                         oxbow.video_packets(file))

        # What is not in the cache while the bucket is away is a 503, which says nothing of where the bucket is.
        self.rgw.stop_gateway()
        self.addCleanup(self.rgw.start_gateway)
        away = server.get("/" + ended["masterKey"].replace("master.m3u8", "not-seen-before.ts"))
        self.assertEqual(away.status, 503)
        self.assertEqual(json.loads(away.text), {"error": "ServiceUnavailable",
                                                 "message": "the recording cannot be read now: try again"})


if __name__ == "__main__":
    unittest.main()
