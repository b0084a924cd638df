#!/usr/bin/env python3
"""No secret stands in a log line, in an error or in a list: neither access keys' nor streams'."""

import json
import subprocess
import unittest

import oxbow
from api_client import Api


class Secrets(unittest.TestCase):
    def test_no_secret_is_told_where_nobody_asked_for_it(self):
        server = oxbow.Server(config='[log]\nlevel = "debug"\n')
        self.addCleanup(server.close)
        api = Api(server.ready)
        self.addCleanup(api.close)
        made = server.create_channel("one")
        arn, key = made["channel"]["arn"], made["streamKey"]
        second = json.loads(server.cli("credential", "create", "--json").stdout)["credential"]["secretAccessKey"]
        secrets = [key["value"], api.credentials.secret_key, second]
        publisher = oxbow.Publisher(made, oxbow.test_card(seconds=8), seconds=4)
        self.addCleanup(publisher.close)
        server.wait_for_recording(made["id"])

        told = [api.call(operation, members).body.decode() for operation, members in (
            ("ListChannels", {}), ("ListStreamKeys", {"channelArn": arn}), ("ListStreams", {}),
            ("GetStream", {"channelArn": arn}), ("GetStreamSession", {"channelArn": arn}), ("GetChannel", {"arn": arn}),
            ("BatchGetChannel", {"arns": [arn]}), ("oxbow/ListCredentials", {}),
            # The right secret in the wrong place, so that the error could repeat it.
            ("GetStreamKey", {"arn": key["value"]}), ("GetChannel", {"arn": key["value"]}),
            ("CreateStreamKey", {"channelArn": arn}), ("CreateChannel", {"name": key["value"] + "!"}),
            ("PutMetadata", {"channelArn": arn, "metadata": key["value"]}),
            ("oxbow/DeleteCredential", {"accessKeyId": "AKIANOSUCH"}))]
        publisher.wait(20)
        wrong = Api(server.ready)
        self.addCleanup(wrong.close)
        wrong.credentials.secret_key = "x" * 40
        told.append(wrong.call("ListChannels").body.decode())
        self.assertIn("InvalidSignatureException", told[-1])
        # A publisher whose key is one character short is refused, and logged.
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", oxbow.test_card(seconds=8), "-t", "1", "-c", "copy",
                        "-f", "flv", made["ingestUrl"][:-1]], capture_output=True, timeout=30)
        server.stop()
        log = server.log_text()
        server.start()

        self.assertIn(made["id"], log)
        for secret in secrets:
            self.assertNotIn(secret, log)
            self.assertNotIn(secret[:-1], log)
            for answer in told:
                self.assertNotIn(secret, answer)


if __name__ == "__main__":
    unittest.main()
