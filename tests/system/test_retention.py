#!/usr/bin/env python3
"""Retention: by age, by size, by room on the disk; what is locked, under way or being watched stays; half-done deletes."""

import json
import os
import signal
import time
import unittest

import oxbow
from event_clients import replay
from quick_recordings import folder, ids, listed, record

QUICK = "[recording]\nreconnect_window_seconds = 0\nretention_every = \"1s\"\nkeep_served = \"{served}\"\n"


def config(served="0s", more=""):
    return QUICK.format(served=served) + more


def rule(name="default", **limits):
    return f'[[recording.retention]]\nconfiguration = "{name}"\n' + "".join(
        f'{key} = "{value}"\n' for key, value in limits.items())


class Retention(unittest.TestCase):
    def start(self, text):
        self.server = oxbow.Server(text)
        self.addCleanup(self.server.close)
        self.made = self.server.create_channel("meadow")

    def restart(self, text):
        self.assertEqual(self.server.stop(), 0)
        self.server.config = text
        self.server.start()

    def record(self, count):
        """That many recordings, oldest first."""
        return [record(self.server, self.made) for _ in range(count)]

    def deleted(self):
        """{recording id: reason} of every event that tells of one."""
        events = [event for _, event in replay(self.server) if event["detail-type"] == "Oxbow Recording Change"]
        self.assertEqual(len(events), len({event["detail"]["recording_session_id"] for event in events}))
        for event in events:
            self.assertEqual(event["source"], "oxbow")
        return {event["detail"]["recording_session_id"]: event["detail"]["reason"] for event in events}

    def wait_until_left(self, expected, seconds=20):
        oxbow.wait_for(f"no recording but {expected}", seconds, lambda: ids(self.server) == expected)

    def test_what_is_too_old_goes_but_not_what_is_locked_or_was_served(self):
        self.start(config())
        locked, watched, old = self.record(3)
        self.server.cli("recording", "lock", locked)
        key = next(folder(self.server, watched).glob("media/hls/*/0.ts"))
        path = "/" + str(key.relative_to(self.server.data / "bucket"))
        gone = folder(self.server, old)
        time.sleep(1.1)  # they are older than a second now

        self.restart(config("4s", rule(max_age="1s")))
        deadline = time.monotonic() + 7
        while time.monotonic() < deadline:
            self.assertEqual(self.server.get(path).status, 200)
            time.sleep(0.2)
        self.assertEqual(ids(self.server), [watched, locked])
        self.assertFalse(gone.exists())
        self.assertRegex(self.server.log_text(), rf"\[recording {old}\] deleted by retention: it ended \d+s ago, and "
                                                 "recordings of 'default' are kept for 1s")

        self.wait_until_left([locked])
        self.assertEqual(self.server.get(path).status, 404)
        self.assertEqual(self.deleted(), {old: "max_age", watched: "max_age"})
        self.server.cli("recording", "unlock", locked)
        self.wait_until_left([])
        self.assertIsNone(self.server.metadata(self.made["id"]))

    def test_what_is_above_the_size_goes_the_oldest_first_and_other_configurations_stay(self):
        self.start(config())
        first, second, third = self.record(3)
        sizes = {each["recordingId"]: each["bytes"] for each in listed(self.server)}
        self.assertEqual({each["recordingConfiguration"] for each in listed(self.server)}, {"default"})

        self.restart(config(more=rule("another", max_size="0B") + rule(max_size=f"{sizes[second] + sizes[third]}B")))

        self.wait_until_left([third, second])
        time.sleep(2.5)  # two more rounds
        self.assertEqual(ids(self.server), [third, second])
        self.assertEqual(self.deleted(), {first: "max_size"})

    def test_for_room_the_oldest_go_but_not_what_is_locked_or_under_way(self):
        self.start(config())
        locked, old = self.record(2)
        self.server.cli("recording", "lock", locked)
        self.restart(config(more='keep_free = "99%"\n'))
        self.wait_until_left([locked])
        self.assertEqual(self.deleted(), {old: "keep_free"})

        ingest_url = f"{self.server.ready['rtmp']}/{self.made['streamKey']['value']}"  # another port than before
        publisher = oxbow.Publisher(self.made, oxbow.test_card(seconds=8, gop=1), loop=-1, url=ingest_url)
        self.addCleanup(publisher.close)
        oxbow.wait_for("a recording under way", 20, lambda: (
            self.server.metadata(self.made["id"]).get("recordingStatus") == "RECORDING_STARTED"))
        time.sleep(2.5)  # rounds
        self.assertEqual(len(ids(self.server)), 2)
        self.assertIn(locked, ids(self.server))
        self.assertEqual(self.server.get("/" + self.server.metadata(self.made["id"])["masterKey"]).status, 200)

    def test_a_dry_run_tells_what_would_go_and_why_and_deletes_nothing(self):
        self.start(config())
        old, new = self.record(2)
        size = listed(self.server)[0]["bytes"]
        self.assertIn("not configured", self.server.cli("recording", "retention").stdout)

        self.restart(config(more="retention_dry_run = true\n" + rule(max_size=f"{size}B")))
        plan = json.loads(self.server.cli("recording", "retention", "--json").stdout)
        text = self.server.cli("recording", "retention").stdout
        time.sleep(2.5)  # rounds

        self.assertEqual((plan["configured"], plan["dryRun"], plan["count"]), (True, True, 1))
        self.assertEqual([(each["recordingId"], each["reason"]) for each in plan["recordings"]], [(old, "max_size")])
        self.assertIn(old, text)
        self.assertIn(f"and {size} are kept", text)
        self.assertEqual(ids(self.server), [new, old])
        self.assertEqual(self.deleted(), {})

    def test_a_delete_that_was_killed_half_way_is_not_shown_and_completed_at_the_next_start(self):
        self.start(config())
        older, newer = self.record(2)
        before = self.server.metadata(self.made["id"])
        objects = folder(self.server, newer)
        # So many that it takes a while.
        (objects / "media/more").mkdir()
        for number in range(10_000):
            (objects / f"media/more/{number}.ts").touch()
        delete = os.fork()
        if delete == 0:
            self.server.cli("recording", "delete", newer, check=False)
            os._exit(0)
        oxbow.wait_for("the delete to be under way", 20, lambda: not (objects / "events/recording-started.json").exists())
        self.server.process.send_signal(signal.SIGKILL)
        self.server.process.wait()
        os.waitpid(delete, 0)
        self.assertTrue(any((objects / "media/more").iterdir()))

        self.server.start()
        self.assertEqual(ids(self.server), [older])
        after = self.server.wait_for_recording(self.made["id"])
        self.assertIn(older, after["masterKey"])
        self.assertNotEqual(after["masterKey"], before["masterKey"])
        self.assertEqual(self.server.get("/" + after["masterKey"]).status, 200)
        self.assertEqual(self.server.get(f"/rewind/{self.made['id']}.m3u8").status, 200)
        oxbow.wait_for("the rest of the delete", 120, lambda: not objects.exists())
        oxbow.wait_for("its event", 5, lambda: self.deleted() == {newer: "requested"})
        self.assertEqual(self.server.cli("recording", "show", newer, check=False).returncode, 1)

    def test_a_recording_that_is_deleted_by_hand_is_told_of_once(self):
        self.start(config())
        [only] = self.record(1)

        self.server.cli("recording", "delete", only)

        self.assertEqual(self.server.cli("recording", "delete", only, check=False).returncode, 1)
        oxbow.wait_for("its event", 5, lambda: self.deleted() == {only: "requested"})
        time.sleep(1.5)  # a round
        self.assertEqual(self.deleted(), {only: "requested"})


if __name__ == "__main__":
    unittest.main()
