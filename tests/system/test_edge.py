#!/usr/bin/env python3
"""The viewers' door: methods, ranges, CORS, caching, and what is not there."""

import re
import unittest
import zlib

import oxbow


class Edge(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n")
        cls.addClassCleanup(cls.server.close)
        cls.made = cls.server.create_channel("class")
        publisher = oxbow.Publisher(cls.made, oxbow.test_card(seconds=4))
        publisher.wait()
        cls.ended = cls.server.wait_until_ended(cls.made["id"])
        cls.folder = "/" + cls.ended["masterKey"].rpartition("/")[0]
        cls.chunk = cls.folder + "/360p30/0.ts"

    def error(self, path, status):
        answer = self.server.get(path)
        self.assertEqual(answer.status, status, path)
        self.assertEqual(sorted(answer.json), ["error", "message"])
        return answer.json

    def test_a_malformed_channel_id_is_400_and_an_unknown_one_404(self):
        self.assertEqual(self.error("/recording-started-a_b.json", 400)["error"], "BadRequest")
        self.assertEqual(self.error("/recording-started-.json", 400)["error"], "BadRequest")
        self.assertEqual(self.error(f"/recording-started-{'a' * 65}.json", 400)["error"], "BadRequest")
        self.assertEqual(self.error(f"/recording-started-{'a' * 64}.json", 404)["error"], "NotFound")
        self.error("/rewind/abcdefghijkl.m3u8", 404)
        self.error("/seg/abcdefghijkl/x/y-0.ts", 404)
        self.error("/channels/abcdefghijkl/recordings.json", 404)
        self.error("/nothing/here", 404)

    def test_there_is_no_default_channel_unless_one_is_named(self):
        self.error("/recording-started-latest.json", 404)

    def test_no_path_leads_out_of_the_bucket(self):
        for path in ("/ivs/v1/../../../oxbow.db", "/ivs/v1/%2e%2e/%2e%2e/%2e%2e/oxbow.db", "/ivs/v1/..%2f..%2foxbow.db",
                     "/ivs/v1//etc/passwd", "/ivs/v1/.", "/ivs/v1/", "/ivs/v1/..\\..\\oxbow.db", "/ivs/v1/%5c..%5coxbow.db",
                     "//etc/passwd", "/seg/../../oxbow.db", "/rewind/../../oxbow.db.m3u8"):
            self.assertIn(self.server.get(path).status, (400, 404), path)
        self.assertEqual(self.server.get("/ivs/v1/a%00b").status, 400)
        self.assertEqual(self.server.get("/recording-started-" + self.made["id"] + ".json/../x").status, 404)

    def test_head_tells_what_get_would_without_the_body(self):
        head, get = self.server.get(self.chunk, method="HEAD"), self.server.get(self.chunk)
        self.assertEqual(head.body, b"")
        self.assertEqual(head.headers["Content-Length"], str(len(get.body)))
        self.assertEqual(get.headers["Content-Type"], "video/mp2t")
        self.assertEqual(get.headers["Cache-Control"], "public, max-age=31536000, immutable")

    def test_a_range_gives_that_part_and_one_beyond_the_end_is_refused(self):
        whole = self.server.get(self.chunk).body
        part = self.server.get(self.chunk, headers={"Range": "bytes=188-375"})
        self.assertEqual((part.status, part.body), (206, whole[188:376]))
        self.assertEqual(part.headers["Content-Range"], f"bytes 188-375/{len(whole)}")
        suffix = self.server.get(self.chunk, headers={"Range": "bytes=-188"})
        self.assertEqual((suffix.status, suffix.body), (206, whole[-188:]))
        beyond = self.server.get(self.chunk, headers={"Range": f"bytes={len(whole)}-"})
        self.assertEqual((beyond.status, beyond.headers["Content-Range"]), (416, f"bytes */{len(whole)}"))

    def test_a_preflight_is_answered_and_other_methods_are_not(self):
        preflight = self.server.get(self.chunk, method="OPTIONS", headers={
            "Origin": "https://example.org", "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "range"})
        self.assertEqual(preflight.status, 204)
        self.assertEqual(preflight.headers["Access-Control-Allow-Origin"], "*")
        self.assertIn("Range", preflight.headers["Access-Control-Allow-Headers"])
        refused = self.server.get(self.chunk, method="DELETE")
        self.assertEqual((refused.status, refused.headers["Allow"]), (405, "GET, HEAD, OPTIONS"))

    def test_the_catalogue_lists_channels_and_their_recordings(self):
        listed = [(channel["id"], channel["isLive"]) for channel in self.server.get("/channels.json").json["channels"]]
        self.assertIn((self.made["id"], False), listed)
        recordings = self.server.get(f"/channels/{self.made['id']}/recordings.json").json["recordings"]
        self.assertEqual([recording["status"] for recording in recordings], ["RECORDING_ENDED"])
        self.assertEqual(oxbow.video_frames(self.server.ready["http"] + recordings[0]["playlistUrl"]), 120)

    def test_the_page_is_in_the_binary_and_its_assets_never_change(self):
        for path in ("/", f"/watch/{self.made['id']}", f"/multi?c={self.made['id']}"):
            page = self.server.get(path)
            self.assertIn("text/html", page.headers["Content-Type"])
            again = self.server.get(path, headers={"If-None-Match": page.headers["ETag"]})
            self.assertEqual((again.status, again.body), (304, b""))

    def test_the_page_runs_only_its_own_scripts_and_other_answers_say_nothing_of_it(self):
        page = self.server.get(f"/watch/{self.made['id']}")
        policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))
        self.assertEqual([policy[of] for of in ("default-src", "script-src", "style-src", "connect-src", "worker-src")],
                         ["'none'"] + ["'self'"] * 4)
        self.assertNotIn("unsafe", page.headers["Content-Security-Policy"])
        self.assertEqual(page.headers["Referrer-Policy"], "strict-origin-when-cross-origin")
        self.assertEqual(page.headers["X-Content-Type-Options"], "nosniff")
        self.assertIsNone(self.server.get(self.chunk).headers["Content-Security-Policy"])

    def test_an_answer_that_the_viewer_has_is_not_sent_again(self):
        id = self.ended["masterKey"].partition("/media/hls/")[0].rpartition("/")[2]
        timeline = f"/rewind/{self.made['id']}/{id}/360p30.m3u8"
        segment = oxbow.Playlist(self.server.get(timeline).text).entries[0]["uri"]
        for path in (timeline, segment, self.chunk, "/" + self.ended["masterKey"], "/", "/channels.json",
                     f"/recording-started-{self.made['id']}.json", f"/rewind/{self.made['id']}.m3u8"):
            first = self.server.get(path)
            again = self.server.get(path, headers={"If-None-Match": f'"other", W/{first.headers["ETag"]}'})
            self.assertEqual((first.status, again.status, again.body), (200, 304, b""), path)
            self.assertEqual(again.headers["ETag"], first.headers["ETag"], path)
            self.assertEqual(again.headers["Cache-Control"], first.headers["Cache-Control"], path)
            self.assertIsNone(again.headers["Content-Length"], path)

    def test_texts_are_one_gzip_member_for_who_takes_it(self):
        for name in ("one", "two", "three"):
            made = self.server.create_channel(name)
            self.addCleanup(self.server.cli, "channel", "delete", made["id"])
        oxbow.wait_for("four channels in the list", 5,
                       lambda: len(self.server.get("/channels.json").json["channels"]) >= 4)
        script = re.search(r'src="(/[^"]+\.js)"', self.server.get("/").text)[1]
        for path in (script, "/channels.json"):
            plain = self.server.get(path)
            coded = self.server.get(path, headers={"Accept-Encoding": "br, gzip;q=0.5"})
            self.assertEqual(coded.headers["Content-Encoding"], "gzip", path)
            self.assertEqual((plain.headers["Vary"], coded.headers["Vary"]), ("Accept-Encoding",) * 2, path)
            self.assertNotEqual(coded.headers["ETag"], plain.headers["ETag"], path)
            member = zlib.decompressobj(31)
            self.assertEqual(member.decompress(coded.body) + member.flush(), plain.body, path)
            self.assertEqual((member.eof, member.unused_data), (True, b""), path)

    def test_a_deleted_recording_is_gone_at_once_for_who_had_it_open(self):
        made = self.server.create_channel("deleted")
        self.addCleanup(self.server.cli, "channel", "delete", made["id"])
        oxbow.Publisher(made, oxbow.test_card(seconds=4)).wait()
        key = self.server.wait_until_ended(made["id"])["masterKey"]
        chunk = "/" + key.rpartition("/")[0] + "/360p30/0.ts"
        self.assertEqual(self.server.get(chunk).status, 200)
        self.server.cli("recording", "delete", key.partition("/media/hls/")[0].rpartition("/")[2])
        self.assertEqual(self.server.get(chunk).status, 404)

    def test_a_recording_is_not_there_under_another_channel(self):
        other = self.server.create_channel("other")
        self.addCleanup(self.server.cli, "channel", "delete", other["id"])
        id = self.ended["masterKey"].partition("/media/hls/")[0].rpartition("/")[2]
        own = f"/rewind/{self.made['id']}/{id}/360p30.m3u8"
        timeline = oxbow.Playlist(self.server.get(own).text)  # held from here on
        self.assertEqual(self.server.get(own).status, 200)
        self.error(own.replace(self.made["id"], other["id"]), 404)
        self.error(timeline.entries[0]["uri"].replace(self.made["id"], other["id"]), 404)

    def test_a_restarted_server_gives_the_saved_metadata_to_its_first_viewer(self):
        server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n")
        self.addCleanup(server.close)
        made = server.create_channel("restarted")
        oxbow.Publisher(made, oxbow.test_card(seconds=4)).wait()
        before = server.wait_until_ended(made["id"])
        self.assertEqual(server.stop(), 0)
        server.start()
        self.assertEqual(server.metadata(made["id"]), before)

    def test_a_deleted_recording_is_gone_everywhere(self):
        publisher = oxbow.Publisher(self.made, oxbow.test_card(seconds=4))
        before = self.ended["masterKey"]
        publisher.wait()
        newer = oxbow.wait_for("the newer recording", 15, lambda: (
            lambda body: body if body["masterKey"] != before and "recordingEndedAt" in body else None)(
                self.server.metadata(self.made["id"])))
        id = newer["masterKey"].partition("/media/hls/")[0].rpartition("/")[2]

        self.assertEqual(self.server.cli("recording", "lock", id).returncode, 0)
        refused = self.server.cli("recording", "delete", id, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("locked", refused.stderr)
        self.server.cli("recording", "unlock", id)
        self.server.cli("recording", "delete", id)

        oxbow.wait_for("the older recording", 5, lambda: self.server.metadata(self.made["id"])["masterKey"] == before)
        self.assertEqual(self.server.get("/" + newer["masterKey"]).status, 404)
        self.assertEqual(self.server.get(f"/rewind/{self.made['id']}/{id}/360p30.m3u8").status, 404)
        self.assertFalse(list(self.server.bucket("ivs").rglob(id)))


if __name__ == "__main__":
    unittest.main()
