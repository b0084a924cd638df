#!/usr/bin/env python3
"""`oxbow catalog rebuild`: the list of recordings made again from the bucket alone, Amazon's recordings among it."""

import contextlib
import json
import shutil
import sqlite3
import unittest
import urllib.parse

import oxbow
from amazon_recording import write_amazon_recording
from quick_recordings import folder, ids, listed, record


class CatalogRebuild(unittest.TestCase):
    def setUp(self):
        self.server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n")
        self.addCleanup(self.server.close)

    def rebuild(self, check=True):
        return self.server.cli("catalog", "rebuild", "--json", check=check)

    def lose_recordings(self):
        with contextlib.closing(sqlite3.connect(self.server.data / "oxbow.db")) as database:
            database.execute("DELETE FROM recordings")
            database.commit()

    def answers(self, made):
        """What viewers and the API are told of a channel's recordings, down to the names of its segments."""
        out = {}
        for path in (f"/recording-started-{made['id']}.json", f"/channels/{made['id']}/recordings.json",
                     f"/rewind/{made['id']}.m3u8"):
            out[path] = self.server.get(path).text
        for recording in json.loads(out[f"/channels/{made['id']}/recordings.json"])["recordings"]:
            playlist = self.server.get(recording["playlistUrl"])
            out[recording["playlistUrl"]] = playlist.text
            for entry in oxbow.Playlist(playlist.text).entries[:2]:
                segment = urllib.parse.urljoin(recording["playlistUrl"], entry["uri"])
                out[segment] = self.server.get(segment).body
        # A URL for people has the port in it, which is another one after each start.
        out["list"] = [{**each, "playbackUrl": each["playbackUrl"].removeprefix(self.server.ready["http"])}
                       for each in listed(self.server)]
        return out

    def test_after_it_every_answer_is_the_same(self):
        one, two = self.server.create_channel("one"), self.server.create_channel("two")
        for made in (one, two, one):
            record(self.server, made)
        # What a process has in memory of its own broadcasts is worded a little differently.
        self.assertEqual(self.server.stop(), 0)
        self.server.start()
        self.server.wait_for_recording(one["id"])
        self.server.wait_for_recording(two["id"])
        before = [self.answers(made) for made in (one, two)]
        self.assertGreater(len(before[0]), 7)
        self.assertEqual(self.server.stop(), 0)

        self.lose_recordings()
        done = json.loads(self.rebuild().stdout)
        self.server.start()

        self.assertEqual(done, {"recordings": 3, "newRecordings": 3, "channels": 2, "unknownChannels": [], "leftOut": []})
        self.server.wait_for_recording(one["id"])
        self.server.wait_for_recording(two["id"])
        self.assertEqual([self.answers(made) for made in (one, two)], before)

    def test_a_lock_stays_and_what_is_gone_from_the_bucket_is_gone_from_the_list(self):
        made = self.server.create_channel("one")
        kept, gone = record(self.server, made), record(self.server, made)
        self.server.cli("recording", "lock", kept)
        shutil.rmtree(folder(self.server, gone))
        self.assertEqual(self.server.stop(), 0)

        text = self.server.cli("catalog", "rebuild").stdout
        self.server.start()

        self.assertEqual(text, "Recordings: 1, of 1 channels. Not listed before: 0.\n")
        self.assertEqual([(each["recordingId"], each["locked"]) for each in listed(self.server)], [(kept, True)])

    def test_it_is_refused_while_the_server_runs_and_when_the_bucket_is_not_there(self):
        made = self.server.create_channel("one")
        only = record(self.server, made)
        running = self.rebuild(check=False)
        self.assertEqual(running.returncode, 1)
        self.assertRegex(running.stderr, rf"^oxbow: the database .* is in use by process {self.server.process.pid}; stop it")
        self.assertEqual(self.server.stop(), 0)

        bucket = self.server.data / "bucket"
        bucket.rename(self.server.data / "elsewhere")
        missing = self.rebuild(check=False)
        bucket.mkdir()
        empty = self.rebuild(check=False)
        shutil.rmtree(bucket)
        (self.server.data / "elsewhere").rename(bucket)
        self.server.start()

        self.assertEqual((missing.returncode, empty.returncode), (1, 1))
        self.assertIn("there is no bucket", missing.stderr)
        self.assertIn("has no recording, and 1 are listed", empty.stderr)
        self.assertEqual(ids(self.server), [only])

    def test_recordings_of_amazon_ivs_are_listed_and_play(self):
        made = self.server.create_channel("one")
        ours = record(self.server, made, milliseconds=3_500)
        media = next((folder(self.server, ours) / "media/hls").glob("*/0.ts")).parent
        frames = oxbow.frames(f"{self.server.ready['http']}/rewind/{made['id']}.m3u8", "v:0")
        self.assertEqual(self.server.stop(), 0)
        bucket = self.server.data / "bucket"
        root = "ivs/v1/123456789012"
        write_amazon_recording(bucket, f"{root}/{made['id']}/2099/2/9/22/5/amazon0recrd", made["id"], media)
        padded = f"{root}/{made['id']}/2099/02/09/22/05/padded0recrd"
        total_ms = write_amazon_recording(bucket, padded, made["id"], media, multivariant="multivariant.m3u8")
        write_amazon_recording(bucket, f"{root}/unknown0chan/2023/2/9/22/5/unknown0recd", "unknown0chan", media)
        write_amazon_recording(bucket, f"{root}/unknown0chan/2023/2/9/22/6/going0on0now", "unknown0chan", media, ended=False)

        done = json.loads(self.rebuild().stdout)
        self.server.start()

        self.assertEqual((done["recordings"], done["newRecordings"], done["unknownChannels"]), (4, 3, ["unknown0chan"]))
        self.assertEqual([each["prefix"][-12:] for each in done["leftOut"]], ["going0on0now"])
        self.assertEqual(set(ids(self.server, made["id"])), {ours, "amazon0recrd", "padded0recrd"})
        # Its channel is not ours: it is listed under its id, and whether it is private is not known.
        self.assertEqual(ids(self.server, "unknown0chan"), ["unknown0recd"])
        self.assertEqual(self.server.get("/channels/unknown0chan/recordings.json").status, 404)
        by_key = f"/{root}/unknown0chan/2023/2/9/22/5/unknown0recd/media/hls/master.m3u8"
        self.assertEqual(self.server.get(by_key).status, 404)
        self.assertEqual(self.server.get("/recordings/unknown0recd.ts").status, 404)

        public = {each["id"]: each for each in self.server.get(f"/channels/{made['id']}/recordings.json").json["recordings"]}
        for name in ("amazon0recrd", "padded0recrd"):
            self.assertEqual(public[name]["durationMs"], total_ms)
            self.assertTrue(public[name]["playlistUrl"].endswith("/360p30.m3u8"))
            self.assertEqual(self.server.get("/" + public[name]["masterKey"]).status, 200)
            self.assertEqual(oxbow.frames(self.server.ready["http"] + public[name]["playlistUrl"], "v:0"), frames)
        shown = json.loads(self.server.cli("recording", "show", "padded0recrd", "--json").stdout)["recording"]
        self.assertTrue(shown["playbackUrl"].endswith("/padded0recrd/media/hls/multivariant.m3u8"))
        self.assertEqual(self.server.get(shown["playbackUrl"]).status, 200)
        self.server.cli("recording", "delete", "amazon0recrd")
        self.assertFalse((bucket / root / made["id"] / "2099/2/9/22/5").exists())

    def test_one_that_was_cut_off_is_ended_by_the_next_start(self):
        made = self.server.create_channel("one")
        publisher = oxbow.Publisher(made, oxbow.test_card(gop=1), loop=-1)
        self.addCleanup(publisher.close)
        oxbow.wait_for("a recording of 2 s", 20, lambda: (
            self.server.wait_for_recording(made["id"])["playlistDuration"] >= 1))
        self.server.kill()
        publisher.close()

        self.lose_recordings()
        done = json.loads(self.rebuild().stdout)
        self.server.start()

        self.assertEqual((done["recordings"], done["leftOut"]), (1, []))
        oxbow.wait_for("its end", 60, lambda: "endedAt" in listed(self.server)[0])
        [cut] = listed(self.server)
        self.assertTrue(cut["status"].startswith("RECORDING_ENDED"))
        self.assertGreaterEqual(cut["durationMs"], 1_000)


class Ranges(unittest.TestCase):
    def test_recordings_are_found_by_the_time_that_they_cover(self):
        server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n")
        self.addCleanup(server.close)
        made = server.create_channel("one")
        first, second = record(server, made), record(server, made, 3_900)
        path = f"/channels/{made['id']}/recordings.json"
        by_id = {each["id"]: each for each in server.get(path).json["recordings"]}

        def between(query):
            return [each["id"] for each in server.get(f"{path}?{query}").json["recordings"]]

        self.assertEqual(between(f"from={by_id[first]['startedAt']}"), [second, first])
        self.assertEqual(between(f"to={by_id[second]['startedAt']}"), [first])
        self.assertEqual(between(f"to={by_id[first]['startedAt']}"), [])
        # What is sent faster than it plays lasts as long as its media.
        self.assertEqual(between(f"from={by_id[second]['endedAt']}")[0], second)
        self.assertEqual(between("from=2999-01-01T00:00:00Z"), [])
        self.assertEqual(between("from=0&to=4102444800000"), [second, first])
        self.assertEqual(between("from=2999-01-01T00:00:00%2B01:00&to=2999-01-02T00:00:00Z"), [])


if __name__ == "__main__":
    unittest.main()
