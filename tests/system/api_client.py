"""Calls of the API as bytes on the wire, signed by botocore and checked by nobody on the way."""

import configparser
import http.client
import json
import urllib.parse

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    @property
    def error(self):
        """The error's type as clients read it; None for an answer that is none."""
        return self.headers.get("x-amzn-ErrorType")


class Api:
    """One connection to a server's API."""

    def __init__(self, ready, region="us-east-1"):
        self.url = ready["api"]
        self.host = urllib.parse.urlsplit(self.url).netloc
        file = configparser.ConfigParser()
        file.read(ready["credentials"])
        keys = file["default"]
        self.credentials = Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"])
        self.region = region
        self.connection = http.client.HTTPConnection(self.host, timeout=30)

    def close(self):
        self.connection.close()

    def signed(self, method, target, body=b"", headers=None):
        """The headers of a signed request."""
        request = AWSRequest(method=method, url=self.url + target, data=body,
                             headers={"content-type": "application/json", **(headers or {})})
        SigV4Auth(self.credentials, "ivs", self.region).add_auth(request)
        return dict(request.headers.items())

    def send(self, method, target, body=b"", headers=None):
        self.connection.request(method, target, body=body, headers=headers or {})
        answer = self.connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read())

    def request(self, method, target, body=b""):
        return self.send(method, target, body, self.signed(method, target, body))

    def call(self, operation, members=None):
        return self.request("POST", "/" + operation, json.dumps(members or {}).encode())

    def made(self, operation, members=None):
        """The JSON of a call that must succeed."""
        reply = self.call(operation, members)
        if reply.status >= 300:
            raise AssertionError(f"{operation}: {reply.status} {reply.body.decode()}")
        return reply.json
