#!/usr/bin/env python3
"""Every operation of the service model against the real server: one valid call whose answer has the model's shape,
and each limit of each member passed by one step, which must be refused with the member named."""

import copy
import hashlib
import json
import re
import subprocess
import unittest
import urllib.parse

import ivs_model
import oxbow
from api_client import Api

MODEL = ivs_model.load()
SHAPES = MODEL["shapes"]
ACCOUNT = "arn:aws:ivs:us-east-1:000000000000:"
NO_CONTENT = {"DeleteChannel", "DeleteStreamKey", "DeleteRecordingConfiguration", "DeletePlaybackRestrictionPolicy",
              "PutMetadata"}


def public_key():
    """A new P-384 public key in PEM."""
    private = subprocess.run(["openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout"], capture_output=True,
                             check=True).stdout
    return subprocess.run(["openssl", "ec", "-pubout"], input=private, capture_output=True, check=True).stdout.decode()


class World:
    """What valid calls need to be there."""

    def __init__(self, server):
        self.server = server
        self.api = Api(server.ready)
        self.live = server.create_channel("live")
        self.publisher = oxbow.Publisher(self.live, oxbow.test_card(seconds=8), loop=-1)
        server.wait_for_recording(self.live["id"])
        made = self.api.made("CreateChannel", {"name": "model"})
        self.channel, self.key = made["channel"]["arn"], made["streamKey"]["arn"]
        self.configuration = self.new_configuration()
        self.pair = self.new_pair()
        self.policy = self.new_policy()

    def new_channel(self):
        return self.api.made("CreateChannel")["channel"]["arn"]

    def channel_without_key(self):
        made = self.api.made("CreateChannel")
        self.api.call("DeleteStreamKey", {"arn": made["streamKey"]["arn"]})
        return made["channel"]["arn"]

    def new_key(self):
        return self.api.made("CreateChannel")["streamKey"]["arn"]

    def new_configuration(self):
        return self.api.made("CreateRecordingConfiguration", {
            "destinationConfiguration": {"s3": {"bucketName": "recordings"}}})["recordingConfiguration"]["arn"]

    def new_pair(self):
        return self.api.made("ImportPlaybackKeyPair", {"publicKeyMaterial": public_key()})["keyPair"]["arn"]

    def new_policy(self):
        return self.api.made("CreatePlaybackRestrictionPolicy")["playbackRestrictionPolicy"]["arn"]

    def valid(self, operation):
        """The members of a call that succeeds."""
        live = self.live["channel"]["arn"]
        makers = {
            "BatchGetChannel": lambda: {"arns": [self.channel]},
            "BatchGetStreamKey": lambda: {"arns": [self.key]},
            "BatchStartViewerSessionRevocation": lambda: {
                "viewerSessions": [{"channelArn": self.channel, "viewerId": "v"}]},
            "CreateChannel": lambda: {
                "name": "made", "latencyMode": "NORMAL", "type": "ADVANCED_HD", "insecureIngest": True,
                "recordingConfigurationArn": self.configuration, "tags": {"Über": "größer 1"},
                "preset": "CONSTRAINED_BANDWIDTH_DELIVERY", "playbackRestrictionPolicyArn": self.policy,
                "containerFormat": "TS", "adConfigurationArn": "", "authorized": True},
            "CreateStreamKey": lambda: {"channelArn": self.channel_without_key(), "tags": {"a": "b"}},
            "CreateRecordingConfiguration": lambda: {
                "name": "made", "destinationConfiguration": {"s3": {"bucketName": "recordings"}}, "tags": {"a": "b"},
                "thumbnailConfiguration": {"recordingMode": "INTERVAL", "targetIntervalSeconds": 1,
                                           "resolution": "SD", "storage": ["LATEST"]},
                "recordingReconnectWindowSeconds": 300,
                "renditionConfiguration": {"renditionSelection": "CUSTOM", "renditions": ["HD"]}},
            "CreatePlaybackRestrictionPolicy": lambda: {
                "allowedOrigins": ["https://a.example"], "enableStrictOriginEnforcement": True, "name": "made",
                "allowedCountries": [], "tags": {"a": "b"}},
            "UpdatePlaybackRestrictionPolicy": lambda: {"arn": self.new_policy(), "name": "other"},
            "ImportPlaybackKeyPair": lambda: {"publicKeyMaterial": public_key(), "name": "made"},
            "DeleteChannel": lambda: {"arn": self.new_channel()},
            "DeleteStreamKey": lambda: {"arn": self.new_key()},
            "DeleteRecordingConfiguration": lambda: {"arn": self.new_configuration()},
            "DeletePlaybackKeyPair": lambda: {"arn": self.new_pair()},
            "DeletePlaybackRestrictionPolicy": lambda: {"arn": self.new_policy()},
            "GetStream": lambda: {"channelArn": live},
            "GetStreamSession": lambda: {"channelArn": live},
            "ListStreamSessions": lambda: {"channelArn": live},
            "PutMetadata": lambda: {"channelArn": live, "metadata": "m"},
            "StopStream": lambda: {"channelArn": live},
            "TagResource": lambda: {"resourceArn": self.channel, "tags": {"a b": "c/d"}},
            "UntagResource": lambda: {"resourceArn": self.channel, "tagKeys": ["a b", "é"]},
        }
        maker = makers.get(operation)
        if maker:
            return maker()
        shape = SHAPES[MODEL["operations"][operation]["input"]["shape"]]
        return {member: self.sample(shape["members"][member]["shape"]) for member in shape.get("required", [])}

    def sample(self, name):
        """A valid value of the shape."""
        known = {"ChannelArn": self.channel, "ChannelRecordingConfigurationArn": self.configuration,
                 "RecordingConfigurationArn": self.configuration, "StreamKeyArn": self.key,
                 "PlaybackKeyPairArn": self.pair, "PlaybackRestrictionPolicyArn": self.policy,
                 "ChannelPlaybackRestrictionPolicyArn": self.policy, "ResourceArn": self.channel,
                 "ChannelAdConfigurationArn": ACCOUNT + "ad-configuration/abcdABCDefgh",
                 "S3DestinationBucketName": "recordings", "StreamId": "st-1FQzeLONMT9XTKI43leLSo1",
                 "PaginationToken": "from-1"}
        if name in known:
            return known[name]
        shape = SHAPES[name]
        kind = shape["type"]
        if kind == "structure":
            return {member: self.sample(shape["members"][member]["shape"]) for member in shape.get("required", [])}
        if kind == "list":
            return [self.sample(shape["member"]["shape"])]
        if kind == "map":
            return {"k": "v"}
        if kind == "boolean":
            return False
        if kind in ("integer", "long"):
            return shape.get("min", 1)
        return shape["enum"][0] if "enum" in shape else "a" * max(1, shape.get("min", 1))


def violations(name, sample):
    """(what, value) for every limit of the shape, passed by one step."""
    shape = SHAPES[name]
    kind = shape["type"]
    if kind == "string":
        if "enum" in shape:
            yield "enum", "NOPE"
            return
        if "pattern" in shape:
            yield "pattern", sample[:-1] + "!" if len(sample) > 1 else "!"
        if "max" in shape:
            yield "max", sample + "a" * (shape["max"] + 1 - len(sample))
        if shape.get("min", 0) > 0:
            yield "min", sample[:shape["min"] - 1]
    elif kind in ("integer", "long"):
        if "min" in shape:
            yield "min", shape["min"] - 1
        if "max" in shape:
            yield "max", shape["max"] + 1
    elif kind == "list":
        if shape.get("min", 0) > 0:
            yield "min", []
        if "max" in shape:
            yield "max", sample * (shape["max"] + 1)
    elif kind == "map" and "max" in shape:
        yield "max", {f"k{i}": "v" for i in range(shape["max"] + 1)}


def places(name, path=()):
    """(path, shape name) of every member below the shape; lists lead through their first item."""
    shape = SHAPES[name]
    if shape["type"] == "structure":
        for member, reference in shape["members"].items():
            yield path + (member,), reference["shape"]
            yield from places(reference["shape"], path + (member,))
    elif shape["type"] == "list":
        yield path + (0,), shape["member"]["shape"]
        yield from places(shape["member"]["shape"], path + (0,))


def required(name, path=()):
    """The path of every member that must be there."""
    shape = SHAPES[name]
    if shape["type"] == "structure":
        for member in shape.get("required", []):
            yield path + (member,)
        for member, reference in shape["members"].items():
            yield from required(reference["shape"], path + (member,))
    elif shape["type"] == "list":
        yield from required(shape["member"]["shape"], path + (0,))


def container(world, members, name, path):
    """Where the last step of `path` leads from, made where it lacks."""
    at, shape = members, SHAPES[name]
    for step in path[:-1]:
        inner = shape["member"]["shape"] if isinstance(step, int) else shape["members"][step]["shape"]
        if isinstance(step, int) and not at:
            at.append(world.sample(inner))
        if not isinstance(step, int) and step not in at:
            at[step] = world.sample(inner)
        at, shape = at[step], SHAPES[inner]
    if isinstance(path[-1], int) and not at:
        at.append(None)
    return at


def problems(value, name, where):
    """What of `value` is not as the shape says."""
    shape = SHAPES[name]
    kind = shape["type"]
    if kind == "structure":
        if not isinstance(value, dict):
            return [f"{where} is no object"]
        found = [f"{where}.{member} is missing" for member in shape.get("required", []) if member not in value]
        for member, inner in value.items():
            reference = shape["members"].get(member)
            found += problems(inner, reference["shape"], f"{where}.{member}") if reference else [
                f"{where}.{member} is unknown"]
        return found
    if kind == "list":
        return [p for i, item in enumerate(value) for p in problems(item, shape["member"]["shape"], f"{where}[{i}]")]
    if kind == "map":
        return [] if isinstance(value, dict) else [f"{where} is no object"]
    if kind == "timestamp":
        return [] if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value) else [f"{where} is {value!r}"]
    kinds = {"boolean": bool, "integer": int, "long": int, "string": str}
    if not isinstance(value, kinds[kind]):
        return [f"{where} is {value!r}, not {kind}"]
    if kind != "string":
        return []
    fits = shape.get("min", 0) <= len(value) <= shape.get("max", len(value))
    if "pattern" in shape and "\\p" not in shape["pattern"]:
        fits = fits and re.fullmatch(shape["pattern"], value)
    # A preset that is not set is ""; the enum lists what can be set.
    if "enum" in shape and value:
        fits = fits and value in shape["enum"]
    return [] if fits else [f"{where} is {value!r}"]


class Model(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = oxbow.Server()
        cls.addClassCleanup(cls.server.close)
        cls.world = World(cls.server)
        cls.addClassCleanup(cls.world.publisher.close)
        cls.api = cls.world.api
        cls.addClassCleanup(cls.api.close)

    def send(self, operation, members):
        """As a client would, without its checks: members of the path and the query go there."""
        http = MODEL["operations"][operation]["http"]
        members = dict(members)
        target = http["requestUri"]
        if "{resourceArn}" in target:
            target = target.replace("{resourceArn}", urllib.parse.quote(members.pop("resourceArn"), safe=""))
        if operation == "UntagResource" and "tagKeys" in members:
            keys = [("tagKeys", key) for key in members.pop("tagKeys")]
            target += "?" + urllib.parse.urlencode(keys, quote_via=urllib.parse.quote)
        body = b"" if http["method"] in ("GET", "DELETE") else json.dumps(members).encode()
        return self.api.request(http["method"], target, body)

    def operations(self):
        return [operation for operation in MODEL["operations"] if operation not in ivs_model.ADS]

    def test_a_valid_call_is_answered_in_the_shape_of_the_model(self):
        self.assertGreaterEqual(len(self.operations()), 35)
        # The stream is stopped last: others ask for it.
        for operation in sorted(self.operations(), key="StopStream".__eq__):
            with self.subTest(operation):
                reply = self.send(operation, self.world.valid(operation))
                self.assertRegex(reply.headers["x-amzn-RequestId"], r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
                if operation in NO_CONTENT:
                    self.assertEqual((reply.status, reply.body), (204, b""))
                else:
                    self.assertEqual(reply.status, 200, reply.body)
                    shape = MODEL["operations"][operation].get("output", {"shape": "Empty"})["shape"]
                    self.assertEqual(problems(reply.json, shape, operation), [])

    def refused(self, operation, members, path):
        reply = self.send(operation, members)
        self.assertEqual((reply.status, reply.error), (400, "ValidationException"), (members, reply.body))
        self.assertEqual(reply.json["__type"], "ValidationException")
        self.assertEqual(reply.json["message"], reply.json["exceptionMessage"])
        self.assertIn([step for step in path if isinstance(step, str)][-1], reply.json["message"])

    def test_a_required_member_left_out_is_named(self):
        count = 0
        for operation in self.operations():
            shape = MODEL["operations"][operation]["input"]["shape"]
            valid = self.world.valid(operation)
            for path in required(shape):
                if path == ("resourceArn",):  # without it there is no such path
                    continue
                with self.subTest(f"{operation} {path}"):
                    members = copy.deepcopy(valid)
                    container(self.world, members, shape, path).pop(path[-1], None)
                    self.refused(operation, members, path)
                    count += 1
        self.assertGreater(count, 30)

    def test_every_limit_passed_by_one_step_is_refused(self):
        count = 0
        for operation in self.operations():
            shape = MODEL["operations"][operation]["input"]["shape"]
            valid = self.world.valid(operation)
            for path, name in places(shape):
                # Without an ARN the path leads to no resource.
                for what, value in violations(name, self.world.sample(name)):
                    if path == ("resourceArn",) and what == "min":
                        continue
                    with self.subTest(f"{operation} {path} {what}"):
                        members = copy.deepcopy(valid)
                        container(self.world, members, shape, path)[path[-1]] = value
                        self.refused(operation, members, path)
                        count += 1
        self.assertGreater(count, 150)

    def test_keys_and_values_of_tags_have_their_limits(self):
        for tags in ({"": "v"}, {"k" * 129: "v"}, {"k": "v" * 257}, {"k,": "v"}, {"k": "\U0001f600"}, {"k": 1}):
            with self.subTest(tags):
                self.refused("CreateChannel", {"tags": tags}, ("tags",))
        made = self.api.made("CreateChannel", {"tags": {"ä" * 128: "ж" * 256}})
        self.assertEqual(made["channel"]["tags"], {"ä" * 128: "ж" * 256})

    def test_ad_operations_are_refused_by_name(self):
        for operation in ivs_model.ADS:
            with self.subTest(operation):
                reply = self.api.call(operation)
                self.assertEqual((reply.status, reply.error), (403, "AccessDeniedException"))
                self.assertIn("does not offer ads", reply.json["message"])


class Signatures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = oxbow.Server()
        cls.addClassCleanup(cls.server.close)

    def setUp(self):
        self.api = Api(self.server.ready)
        self.addCleanup(self.api.close)

    def refused(self, error, reply):
        self.assertEqual((reply.error, reply.json["__type"]), (error, error), reply.body)
        self.assertEqual(len(reply.headers["x-amzn-RequestId"]), 36)

    def send(self, headers, body=b"{}"):
        return self.api.send("POST", "/ListChannels", body, headers)

    def test_the_hash_of_the_body_may_be_told_or_not(self):
        body_hash = hashlib.sha256(b"{}").hexdigest()
        self.assertEqual(self.send(self.api.signed("POST", "/ListChannels", b"{}")).status, 200)
        told = self.api.signed("POST", "/ListChannels", b"{}", {"X-Amz-Content-SHA256": body_hash})
        self.assertIn("x-amz-content-sha256", told["Authorization"])
        self.assertEqual(self.send(told).status, 200)

    def test_any_region_is_taken_and_no_other_service(self):
        self.api.region = "eu-central-1"
        self.assertEqual(self.api.call("ListChannels").status, 200)
        signed = self.api.signed("POST", "/ListChannels", b"{}")
        signed["Authorization"] = signed["Authorization"].replace("/ivs/", "/s3/")
        self.refused("InvalidSignatureException", self.send(signed))

    def test_what_is_not_signed_by_a_known_key_is_refused(self):
        signed = self.api.signed("POST", "/ListChannels", b"{}")
        self.refused("MissingAuthenticationTokenException", self.send({}))
        self.refused("IncompleteSignatureException", self.send({"Authorization": "AWS4-HMAC-SHA256 Credential=x"}))
        self.refused("InvalidSignatureException", self.send(signed, b'{"maxResults":1}'))
        self.refused("InvalidSignatureException", self.send(
            {**signed, "X-Amz-Date": signed["X-Amz-Date"][:-7] + "000000Z"}))
        self.api.credentials.secret_key = "x" * 40
        self.refused("InvalidSignatureException", self.api.call("ListChannels"))
        self.api.credentials.access_key = "AKIANOSUCHKEY0000000"
        self.refused("UnrecognizedClientException", self.api.call("ListChannels"))

    def test_a_path_with_escapes_is_signed_encoded_twice(self):
        arn = self.api.made("CreateChannel", {"tags": {"a": "b"}})["channel"]["arn"]
        target = "/tags/" + urllib.parse.quote(arn, safe="")
        self.assertEqual(self.api.request("GET", target).json, {"tags": {"a": "b"}})


if __name__ == "__main__":
    unittest.main()
