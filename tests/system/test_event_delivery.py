#!/usr/bin/env python3
"""Events are lost by nothing: a receiver that is away or refuses, kill -9, SIGTERM, a full disk."""

import resource
import time
import unittest

import oxbow
from event_clients import END, LIFE, EventTestCase, api, config, name_of, names, replay


class EventDelivery(EventTestCase):
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

        # Nobody comes back for half a minute.
        after = self.wait_for_event(server, "Recording End", 1, 60)
        self.assertEqual(after[:len(before)], before)
        self.assertEqual([name for name in names(after) if name != "Ingest Bitrate"],
                         [*LIFE, "Stream End", "Session Ended", "Recording End"])
        self.assertEqual(after[-1][1]["detail"]["recording_status_reason"], "ServerInterrupted")
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
            # One recording that goes on, whenever it was cut off.
            self.assertLessEqual(told.count("Recording Start"), 1)
            self.assertEqual((told.count("Recording End"), told.count("Recording End Failure")), (0, 0))

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
        oxbow.wait_for("the hole", 30, lambda: "is interrupted" in server.log_text())
        limit(resource.RLIM_INFINITY)

        events = self.wait_for_event(server, "Recording Resumed", 1, 40)
        told = [name for name in names(events) if name != "Ingest Bitrate"]
        self.assertEqual(told, [*LIFE, "Recording Interrupted", "Recording Resumed"])
        self.assertEqual([cursor for cursor, _ in events], list(range(1, len(events) + 1)))


if __name__ == "__main__":
    unittest.main()
