"""Who gets events: a webhook's end, a reader of the log, a listener to server-sent events; and a test case with them."""

import configparser
import datetime
import hashlib
import hmac
import http.server
import json
import subprocess
import threading
import time
import unittest
import urllib.parse

import oxbow

SECRET = "0123456789abcdef"
LIFE = ["Session Created", "Stream Start", "Recording Start"]
END = ["Stream End", "Session Ended", "Recording End"]


class Receiver:
    """A webhook's end: checks every signature, keeps what it took, answers as it is told."""

    def __init__(self, port=0):
        self.taken, self.wrong, self.refused = [], [], 0
        self.answer = lambda event: 204
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                parts = dict(part.split("=") for part in self.headers["Oxbow-Signature"].split(","))
                expected = hmac.new(SECRET.encode(), f"{parts['t']}.".encode() + body, hashlib.sha256).hexdigest()
                if parts["v1"] != expected or abs(time.time() - int(parts["t"])) > 60:
                    receiver.wrong.append(body)
                event = json.loads(body)
                status = receiver.answer(event)
                if status < 300:
                    receiver.taken.append((int(self.headers["Oxbow-Event-Cursor"]), event))
                else:
                    receiver.refused += 1
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def config(receiver=None, more=""):
    text = f"[recording]\nreconnect_window_seconds = 4\n{more}"
    if receiver:
        text += f'[[events.webhooks]]\nurl = "http://127.0.0.1:{receiver.port}/hook"\nsecret = "{SECRET}"\n'
    return text


def signed_headers(server, path):
    """AWS Signature Version 4 of a GET, with the credentials of the first start."""
    keys = configparser.ConfigParser()
    keys.read(server.ready["credentials"])
    key, secret = keys["default"]["aws_access_key_id"], keys["default"]["aws_secret_access_key"]
    url = urllib.parse.urlsplit(server.ready["api"] + path)
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{now[:8]}/us-east-1/ivs/aws4_request"
    query = "&".join(sorted(url.query.split("&"))) if url.query else ""
    request = "\n".join(["GET", url.path, query, f"host:{url.netloc}", f"x-amz-date:{now}", "", "host;x-amz-date",
                         hashlib.sha256(b"").hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(request.encode()).hexdigest()])
    signing = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        signing = hmac.new(signing, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(signing, text.encode(), hashlib.sha256).hexdigest()
    return {"X-Amz-Date": now, "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/{scope}, "
                                                f"SignedHeaders=host;x-amz-date, Signature={signature}"}


def api(server, path):
    return server.get(server.ready["api"] + path, headers=signed_headers(server, path))


def replay(server, after=0, limit=3, channel=None):
    """The whole log behind a cursor, page by page: [(cursor, event)]."""
    out = []
    while True:
        query = f"/events/log?after={after}&limit={limit}" + (f"&channel={channel}" if channel else "")
        page = api(server, query).json
        out += [(item["cursor"], item["event"]) for item in page["events"]]
        if len(page["events"]) < limit:
            return out
        after = page["next"]


def name_of(event):
    detail = event["detail"]
    return detail.get("event_name") or detail.get("recording_status") or detail["limit_name"]


def names(events, channel=None):
    return [name_of(event) for _, event in events
            if channel is None or event["resources"][0].endswith("/" + channel)]


class Sse:
    """curl reads server-sent events: [(id, event, data)]."""

    def __init__(self, url, headers):
        words = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
        self.process = subprocess.Popen(["curl", "-sN", "--max-time", "120", *words, url], stdout=subprocess.PIPE)
        self.events, self.text = [], ""
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        fields = {}
        for line in self.process.stdout:
            line = line.decode().rstrip("\n")
            self.text += line + "\n"
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value
            elif not line:
                if "data" in fields:
                    self.events.append((fields.get("id"), fields.get("event"), json.loads(fields["data"])))
                fields = {}

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class EventTestCase(unittest.TestCase):
    def start(self, *args, **options):
        server = oxbow.Server(*args, **options)
        self.addCleanup(server.close)
        return server

    def receive(self, port=0):
        receiver = Receiver(port)
        self.addCleanup(receiver.close)
        return receiver

    def publish(self, made, seconds=8, loop=-1, size="640x360", server=None):
        # After a restart the server has another port.
        url = f"{server.ready['rtmp']}/{made['streamKey']['value']}" if server else None
        publisher = oxbow.Publisher(made, oxbow.test_card(seconds=seconds, size=size), loop=loop, url=url)
        self.addCleanup(publisher.close)
        return publisher

    def listen(self, url, headers=None):
        sse = Sse(url, headers or {})
        self.addCleanup(sse.close)
        return sse

    def wait_for_event(self, server, name, count=1, seconds=30):
        return oxbow.wait_for(f"{count} x {name}", seconds, lambda: (
            lambda events: events if names(events).count(name) >= count else None)(replay(server, limit=100)))
