#!/usr/bin/env python3
"""The event log: a stream's life told in order, to webhooks, by replay, as server-sent events, over kill -9."""

import configparser
import datetime
import hashlib
import hmac
import http.server
import json
import resource
import signal
import subprocess
import threading
import time
import unittest
import urllib.parse
import urllib.request

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


class Events(unittest.TestCase):
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

    def test_the_full_life_of_a_stream_is_told_in_order_everywhere(self):
        receiver = self.receive()
        server = self.start(config(receiver))
        made = server.create_channel("class")
        viewers = self.listen(server.ready["http"] + "/events")
        log = self.listen(server.ready["api"] + "/events", signed_headers(server, "/events"))
        self.assertEqual(server.get(server.ready["api"] + "/events/log").status, 403)
        self.assertEqual(server.get(server.ready["api"] + "/events").status, 403)

        first = self.publish(made)
        live = server.wait_for_recording(made["id"])
        playlist = server.get(live["livePlaybackUrl"]).text.splitlines()[-1]
        for agent in ("one", "two", "one"):
            server.get(playlist, headers={"User-Agent": agent})
        stream = json.loads(server.cli("stream", "list", "--json").stdout)["streams"][0]
        self.assertEqual((stream["state"], stream["viewerCount"]), ("LIVE", 2))
        time.sleep(6)
        first.process.send_signal(signal.SIGSTOP)
        self.wait_for_event(server, "Starvation Start")
        self.assertEqual(json.loads(server.cli("stream", "list", "--json").stdout)["streams"][0]["health"], "STARVING")
        first.process.send_signal(signal.SIGCONT)
        self.wait_for_event(server, "Starvation End")
        self.assertEqual(json.loads(server.cli("stream", "list", "--json").stdout)["streams"][0]["health"], "HEALTHY")
        first.kill()
        self.wait_for_event(server, "Session Ended")
        second = self.publish(made, seconds=4, loop=0)
        self.assertEqual(second.wait(), 0)
        events = self.wait_for_event(server, "Recording End")

        # 640x360 of the test card is above the 1.5 Mbit/s of a BASIC channel: told, not disconnected.
        told = [name for name in names(events) if name != "Ingest Bitrate"]
        self.assertEqual(told, [*LIFE, "Starvation Start", "Starvation End", "Stream End", "Session Ended",
                                "Session Created", "Stream Start", "Stream End", "Session Ended", "Recording End"])
        breach = next(event for _, event in events if name_of(event) == "Ingest Bitrate")["detail"]
        self.assertEqual((breach["limit_value"], breach["limit_unit"]), (1_500_000, "bits per second"))
        self.assertGreater(breach["exceeded_by"], 0)

        self.check_envelopes(made, events)
        streams = list(dict.fromkeys(event["detail"]["stream_id"] for _, event in events))
        end = events[-1][1]["detail"]
        self.assertEqual(end["recording_session_stream_ids"], streams)
        self.assertEqual(end["recording_s3_bucket_name"], "recordings")
        prefix = live["masterKey"].partition("/media/hls/")[0]
        self.assertEqual(end["recording_s3_key_prefix"], prefix)
        file = json.loads((server.bucket(prefix) / "events/recording-ended.json").read_text())
        self.assertEqual(end["recording_duration_ms"], file["media"]["hls"]["duration_ms"])

        oxbow.wait_for("all deliveries", 10, lambda: len(receiver.taken) == len(events))
        self.assertEqual(receiver.taken, events)
        self.assertEqual(receiver.wrong, [])
        oxbow.wait_for("all of the log's stream", 10, lambda: len(log.events) == len(events))
        self.assertEqual([(int(id), data) for id, _, data in log.events], events)
        self.assertEqual(replay(server, after=events[4][0]), events[5:])
        self.assertEqual(replay(server, channel=made["id"]), events)
        self.check_viewers(server, made, viewers)
        self.assertEqual(server.stop(), 0)

    def check_envelopes(self, made, events):
        self.assertEqual([cursor for cursor, _ in events], list(range(1, len(events) + 1)))
        self.assertEqual(len({event["id"] for _, event in events}), len(events))
        for _, event in events:
            self.assertEqual(set(event), {"version", "id", "detail-type", "source", "account", "time", "region",
                                          "resources", "detail"})
            self.assertEqual(event["resources"], [made["channel"]["arn"]])
            self.assertEqual(event["detail"]["channel_name"], "class")
            self.assertRegex(event["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def check_viewers(self, server, made, viewers):
        heard = oxbow.wait_for("offline", 10, lambda: (
            lambda events: events if events and events[-1][1] == "offline" else None)(list(viewers.events)))
        self.assertEqual(heard[0][1:], ("state", {"channels": []}))
        kinds = [event for _, event, _ in heard if event != "recording-grew"]
        self.assertEqual(kinds, ["state", "recording-started", "live", "interrupted", "live", "interrupted",
                                 "recording-ended", "offline"])
        self.assertIn("recording-grew", [event for _, event, _ in heard])
        self.assertTrue(viewers.text.startswith("retry: 2000\n\n"))
        again = self.listen(server.ready["http"] + "/events", {"Last-Event-ID": heard[2][0]})
        oxbow.wait_for("what was missed", 10, lambda: len(again.events) == len(heard) - 3)
        self.assertEqual(again.events, heard[3:])

    def test_a_receiver_that_was_away_gets_all_in_order_and_one_that_refuses_leaves_a_dead_letter(self):
        receiver = self.receive()
        server = self.start(config(receiver, "[events]\nretry_for_seconds = 20\n"))
        made = server.create_channel("class")
        port = receiver.port
        receiver.close()
        publisher = self.publish(made, seconds=4, loop=0)
        self.assertEqual(publisher.wait(), 0)
        events = self.wait_for_event(server, "Recording End")

        back = self.receive(port)
        oxbow.wait_for("all deliveries", 30, lambda: len(back.taken) == len(events))
        self.assertEqual(back.taken, events)

        back.answer = lambda event: 400 if name_of(event) == "Session Created" else 204
        publisher = self.publish(made, seconds=4, loop=0)
        self.assertEqual(publisher.wait(), 0)
        events = self.wait_for_event(server, "Recording End", 2)
        oxbow.wait_for("the deliveries behind the dead letter", 45, lambda: len(back.taken) == len(events) - 1)
        refused = [cursor for cursor, event in events if name_of(event) == "Session Created"][1]
        self.assertEqual([cursor for cursor, _ in back.taken], [c for c, _ in events if c != refused])
        self.assertGreater(back.refused, 1)
        letters = api(server, "/events/dead-letters").json
        self.assertEqual(letters["deadLetters"], [{"receiver": f"http://127.0.0.1:{port}/hook", "cursor": refused,
                                                   "why": "it answered 400"}])
        self.assertEqual(back.wrong, [])

    def test_kill_9_loses_and_renumbers_nothing_and_the_next_start_tells_the_ends(self):
        receiver = self.receive()
        server = self.start(config(receiver))
        made = server.create_channel("class")
        publisher = self.publish(made)
        server.wait_for_recording(made["id"])
        before = self.wait_for_event(server, "Recording Start")
        server.kill()
        publisher.kill()

        server.start()

        after = self.wait_for_event(server, "Recording End Failure")
        self.assertEqual(after[:len(before)], before)
        self.assertEqual([name for name in names(after) if name != "Ingest Bitrate"],
                         [*LIFE, "Stream End", "Session Ended", "Recording End Failure"])
        self.assertEqual(after[-1][1]["detail"]["recording_status_reason"], "InternalServerException")
        self.assertGreater(after[-1][1]["detail"]["recording_duration_ms"], 0)
        oxbow.wait_for("all deliveries", 20, lambda: {c for c, _ in receiver.taken} == {c for c, _ in after})
        once = list(dict.fromkeys(cursor for cursor, _ in receiver.taken))
        self.assertEqual(once, [cursor for cursor, _ in after])
        server.kill()
        server.start()
        self.assertEqual(replay(server), after)

    def test_killed_again_and_again_no_cursor_ever_names_two_events(self):
        receiver = self.receive()
        server = self.start(config(receiver))
        made = [server.create_channel(name) for name in ("one", "two")]
        seen = {}
        for round in range(4):
            publishers = [self.publish(channel, seconds=4, server=server) for channel in made]
            self.wait_for_event(server, "Session Created", 2 * (round + 1))
            time.sleep(0.7 * round)
            listed = replay(server, limit=100)
            server.kill()
            for publisher in publishers:
                publisher.kill()
            for cursor, event in listed + receiver.taken:
                self.assertEqual(seen.setdefault(cursor, event), event)
            server.start()

        events = self.wait_for_event(server, "Session Ended", 8)
        self.assertEqual([cursor for cursor, _ in events], list(range(1, len(events) + 1)))
        self.assertEqual({cursor: dict(events)[cursor] for cursor in seen}, seen)
        oxbow.wait_for("all deliveries", 20, lambda: {c for c, _ in receiver.taken} == {c for c, _ in events})
        for channel in made:
            told = names(events, channel["id"])
            self.assertEqual(told.count("Stream Start"), told.count("Stream End"))
            starts, ends = told.count("Recording Start"), told.count("Recording End Failure")
            self.assertEqual((starts, told.count("Recording End")), (ends, 0))

    def test_sigterm_while_live_tells_all_ends_before_the_server_is_gone(self):
        receiver = self.receive()
        server = self.start(config(receiver))
        made = server.create_channel("class")
        publisher = self.publish(made)
        server.wait_for_recording(made["id"])

        self.assertEqual(server.stop(), 0)

        told = [name for name in names(receiver.taken) if name != "Ingest Bitrate"]
        self.assertEqual(told, [*LIFE, *END])
        publisher.kill()
        server.start()
        self.assertEqual(replay(server), receiver.taken)

    def test_a_full_disk_delays_events_and_loses_none(self):
        server = self.start(config().replace("= 4", "= 0"))
        made = server.create_channel("class")
        self.publish(made)
        server.wait_for_recording(made["id"])
        self.wait_for_event(server, "Recording Start")
        limit = lambda bytes: resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE,
                                               (bytes, resource.RLIM_INFINITY))

        limit(4096)
        oxbow.wait_for("the failure", 30, lambda: (
            server.metadata(made["id"]).get("recordingStatus") == "RECORDING_ENDED_WITH_FAILURE"))
        limit(resource.RLIM_INFINITY)

        events = self.wait_for_event(server, "Recording Start", 2, 40)
        told = [name for name in names(events) if name not in ("Ingest Bitrate", "Recording Start Failure")]
        self.assertEqual(told, [*LIFE, "Recording End Failure", "Recording Start"])
        self.assertEqual([cursor for cursor, _ in events], list(range(1, len(events) + 1)))

    def test_three_channels_at_once_keep_each_its_order(self):
        receiver = self.receive()
        server = self.start(config(receiver))
        made = [server.create_channel(name) for name in ("one", "two", "three")]
        publishers = [self.publish(channel, seconds=4, loop=0) for channel in made]
        for publisher in publishers:
            self.assertEqual(publisher.wait(), 0)
        events = self.wait_for_event(server, "Recording End", 3)

        oxbow.wait_for("all deliveries", 20, lambda: len(receiver.taken) == len(events))
        self.assertEqual(receiver.taken, events)
        for channel in made:
            told = [name for name in names(events, channel["id"]) if name != "Ingest Bitrate"]
            self.assertEqual(told, [*LIFE, *END])
            self.assertEqual(names(replay(server, channel=channel["id"])), names(events, channel["id"]))
            one = self.listen(server.ready["api"] + f"/events?channel={channel['id']}",
                              signed_headers(server, f"/events?channel={channel['id']}"))
            oxbow.wait_for("its events", 10, lambda: len(one.events) == len(names(events, channel["id"])))
            self.assertEqual([name_of(data) for _, _, data in one.events], names(events, channel["id"]))

    def test_a_publisher_above_the_limits_is_disconnected_where_it_is_configured(self):
        server = self.start(config(None, "[ingest]\nenforce_limits = true\n"))
        made = server.create_channel("class")
        publisher = self.publish(made, seconds=4, size="2000x500")

        publisher.wait(40)

        events = self.wait_for_event(server, "Session Ended")
        breach = next(event for _, event in events if name_of(event) == "Ingest Resolution")["detail"]
        self.assertEqual((breach["limit_value"], breach["exceeded_by"], breach["limit_unit"]),
                         (1920, 80, "pixels per edge"))

    def test_wrong_questions_are_refused_with_what_is_wrong(self):
        server = self.start(config())
        for query, word in (("after=x", "after"), ("limit=0", "limit"), ("limit=1001", "limit"),
                            ("channel=a.b", "channel")):
            answer = api(server, f"/events/log?{query}")
            self.assertEqual((answer.status, answer.json["__type"]), (400, "ValidationException"))
            self.assertIn(word, answer.json["message"])
        self.assertEqual(api(server, "/events/log?limit=1000").json,
                         {"events": [], "next": 0, "oldest": 0, "newest": 0})
        self.assertEqual(api(server, "/events/nothing").status, 404)
        self.assertEqual(server.get("/events?channel=unknown").status, 404)


if __name__ == "__main__":
    unittest.main()
