#!/usr/bin/env python3
"""The event log: a stream's life told in order, to a webhook, by replay, and as server-sent events."""

import json
import signal
import time
import unittest

import oxbow
from event_clients import END, LIFE, EventTestCase, api, config, name_of, names, replay, signed_headers


class Events(EventTestCase):
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

    def test_a_publisher_beyond_the_quota_of_streams_is_refused_and_told_once(self):
        server = self.start(config(None, "[api.quotas]\nconcurrent_streams = 1\n"))
        first, second = server.create_channel("first"), server.create_channel("second")
        self.publish(first)
        self.wait_for_event(server, "Stream Start")

        for _ in range(2):
            self.assertNotEqual(self.publish(second).wait(), 0)

        events = self.wait_for_event(server, "Concurrent Broadcasts")
        told = [event for _, event in events if name_of(event) == "Concurrent Broadcasts"]
        self.assertEqual([event["resources"] for event in told], [[]])
        self.assertEqual(told[0]["detail"], {"limit_name": "Concurrent Broadcasts", "limit_value": 1,
                                             "exceeded_by": 1, "limit_unit": "active streams"})
        self.assertIn("api.quotas.concurrent_streams", server.log_text())

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
