#!/usr/bin/env python3
"""Debian's AWS CLI against the real server: every operation it has, errors by name, paginators."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import oxbow
from api_client import Api

AWS = "/usr/bin/aws" if os.path.exists("/usr/bin/aws") else "aws"


class AwsCli(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = oxbow.Server()
        cls.addClassCleanup(cls.server.close)
        cls.live = cls.server.create_channel("live")
        cls.publisher = oxbow.Publisher(cls.live, oxbow.test_card(seconds=8), loop=-1)
        cls.addClassCleanup(cls.publisher.close)
        cls.driven = set()

    def run_aws(self, operation, **members):
        options = []
        for name, value in members.items():
            options += [f"--{name.replace('_', '-')}"]
            if value is False:
                options[-1] = f"--no-{name.replace('_', '-')}"
            elif value is not True:
                options += [value if isinstance(value, str) else json.dumps(value)]
        self.driven.add(operation)
        return subprocess.run(
            [AWS, "--region", "us-east-1", "--endpoint-url", self.server.ready["api"], "--output", "json", "ivs",
             operation, *options], capture_output=True, text=True, timeout=60,
            env={**os.environ, "AWS_SHARED_CREDENTIALS_FILE": self.server.ready["credentials"], "AWS_PAGER": "",
                 "AWS_CONFIG_FILE": os.devnull, "AWS_PROFILE": "default", "PATH": "/usr/bin:/bin"})

    def aws(self, operation, **members):
        done = self.run_aws(operation, **members)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, error, operation, **members):
        done = self.run_aws(operation, **members)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn(f"({error})", done.stderr)

    def test_every_operation_is_driven(self):
        made = self.aws("create-channel", name="one", type="BASIC", tags={"a": "b"}, latency_mode="NORMAL")
        channel, key = made["channel"]["arn"], made["streamKey"]["arn"]
        self.assertEqual(self.aws("get-channel", arn=channel)["channel"]["name"], "one")
        self.assertEqual(self.aws("batch-get-channel", arns=[channel])["channels"][0]["tags"], {"a": "b"})
        self.assertEqual(self.aws("update-channel", arn=channel, name="two")["channel"]["name"], "two")
        self.assertEqual(len(self.aws("list-channels", filter_by_name="two")["channels"]), 1)
        self.assertEqual(self.aws("get-stream-key", arn=key)["streamKey"]["value"], made["streamKey"]["value"])
        self.assertEqual(len(self.aws("batch-get-stream-key", arns=[key])["streamKeys"]), 1)
        self.assertNotIn("value", self.aws("list-stream-keys", channel_arn=channel)["streamKeys"][0])
        self.refused("ServiceQuotaExceededException", "create-stream-key", channel_arn=channel)
        self.aws("delete-stream-key", arn=key)
        self.assertIn("value", self.aws("create-stream-key", channel_arn=channel)["streamKey"])

        self.aws("tag-resource", resource_arn=channel, tags={"x y": "z"})
        self.aws("untag-resource", resource_arn=channel, tag_keys=["a"])
        self.assertEqual(self.aws("list-tags-for-resource", resource_arn=channel)["tags"], {"x y": "z"})

        configuration = self.aws("create-recording-configuration", name="c", destination_configuration={
            "s3": {"bucketName": "recordings"}})["recordingConfiguration"]
        self.assertEqual(configuration["state"], "CREATING")
        arn = configuration["arn"]
        read = oxbow.wait_for("ACTIVE", 10, lambda: self.aws("get-recording-configuration", arn=arn)[
            "recordingConfiguration"]["state"] == "ACTIVE")
        self.assertTrue(read)
        self.assertEqual(len(self.aws("list-recording-configurations")["recordingConfigurations"]), 2)
        self.aws("update-channel", arn=channel, recording_configuration_arn=arn)
        self.refused("ConflictException", "delete-recording-configuration", arn=arn)
        self.aws("delete-channel", arn=channel)
        self.aws("delete-recording-configuration", arn=arn)

        with tempfile.TemporaryDirectory() as folder:
            pem = pathlib.Path(folder) / "public.pem"
            private = subprocess.run(["openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout"],
                                     capture_output=True, check=True).stdout
            subprocess.run(["openssl", "ec", "-pubout", "-out", pem], input=private, capture_output=True, check=True)
            pair = self.aws("import-playback-key-pair", public_key_material=f"file://{pem}")["keyPair"]
        self.assertRegex(pair["fingerprint"], r"^([0-9a-f]{2}:){15}[0-9a-f]{2}$")
        self.assertEqual(self.aws("get-playback-key-pair", arn=pair["arn"])["keyPair"], pair)
        self.assertEqual(len(self.aws("list-playback-key-pairs")["keyPairs"]), 1)
        self.aws("delete-playback-key-pair", arn=pair["arn"])

        live = self.live["channel"]["arn"]
        self.server.wait_for_recording(self.live["id"])
        stream = self.aws("get-stream", channel_arn=live)["stream"]
        self.assertEqual(stream["state"], "LIVE")
        self.assertEqual(len(self.aws("list-streams", filter_by={"health": "HEALTHY"})["streams"]), 1)
        session = self.aws("get-stream-session", channel_arn=live, stream_id=stream["streamId"])["streamSession"]
        self.assertEqual(session["channel"]["arn"], live)
        self.assertEqual(len(self.aws("list-stream-sessions", channel_arn=live)["streamSessions"]), 1)
        self.refused("ConflictException", "delete-channel", arn=live)
        self.aws("put-metadata", channel_arn=live, metadata="größe")
        self.aws("stop-stream", channel_arn=live)

        # What it offers stands in its answer to an operation that there is not.
        told = self.run_aws("no-such-operation").stderr.partition("valid choices are:")[2]
        offered = set(re.findall(r"\b[a-z]+(?:-[a-z]+)+\b", told))
        self.assertGreater(len(offered), 25, told)
        self.assertEqual(offered - self.driven, set())

    def test_errors_carry_their_names_and_messages(self):
        gone = "arn:aws:ivs:us-east-1:000000000000:channel/none"
        offline = self.aws("create-channel", name="offline")["channel"]["arn"]
        self.refused("ResourceNotFoundException", "get-channel", arn=gone)
        self.refused("ChannelNotBroadcasting", "get-stream", channel_arn=offline)
        self.refused("ValidationException", "create-channel", name="bad name!")
        done = self.run_aws("get-stream", channel_arn=offline)
        self.assertIn("The channel is not currently online.", done.stderr)

    def test_the_paginator_walks_250_channels(self):
        api = Api(self.server.ready)
        self.addCleanup(api.close)
        for _ in range(250):
            api.made("CreateChannel", {"name": "many"})
        self.assertEqual(len(self.aws("list-channels", filter_by_name="many")["channels"]), 250)


if __name__ == "__main__":
    unittest.main()
