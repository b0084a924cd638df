#!/usr/bin/env python3
"""The bucket is a real Ceph RGW: recorded into it, through an outage, a crash and a restart; played out of it."""

import json
import pathlib
import subprocess
import tempfile
import unittest

import oxbow
import rgw
from recording_check import check_recording

SECRET = "a-secret-of-the-tests"
CONFIG = "[recording]\nreconnect_window_seconds = 0\n"


class S3Bucket(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rgw = rgw.Rgw()
        cls.addClassCleanup(cls.rgw.close)

    def make_bucket(self, name):
        self.rgw.aws("s3api", "create-bucket", "--bucket", name)
        return name

    def serve(self, bucket, data=None, config=CONFIG, **store):
        server = oxbow.Server(self.rgw.configuration(bucket, **store) + config, data=data)
        self.addCleanup(server.close)
        return server

    def copy_of(self, bucket):
        """The whole bucket as a folder, fetched by Amazon's client."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="oxbow-test-bucket-"))
        self.addCleanup(subprocess.run, ["rm", "-rf", folder], check=True)
        self.rgw.aws("s3", "sync", f"s3://{bucket}", str(folder), "--only-show-errors")
        return folder

    def wait_for_uploads(self, server):
        oxbow.wait_for("the backlog to be gone", 60, lambda: server.metric("oxbow_upload_backlog_objects") == 0)

    def test_a_broadcast_is_recorded_through_an_outage_and_replayed_out_of_the_bucket(self):
        bucket = self.make_bucket("recordings")
        server = self.serve(bucket)
        channel = server.create_channel("a")
        file = oxbow.test_card(size="320x180", rate=25, gop=1, tone=880, seconds=10)
        publisher = oxbow.Publisher(channel, file, loop=1)
        live = server.wait_for_recording(channel["id"])
        self.rgw.stop_gateway()
        rewind = server.get(f"/rewind/{channel['id']}.m3u8").text.splitlines()[-1]

        def listed():
            return len(oxbow.Playlist(server.get(rewind).text).entries)

        before = listed()
        oxbow.wait_for("ten seconds more while the bucket is away", 30, lambda: listed() >= before + 10)
        self.assertGreater(server.metric("oxbow_upload_backlog_objects"), 0)
        # Nothing of what viewers ask for needs the bucket: all of it is here still.
        self.assertEqual(server.get("/" + live["masterKey"]).status, 200)
        for entry in oxbow.Playlist(server.get(rewind).text).entries:
            self.assertEqual(server.get(entry["uri"]).status, 200)
        self.rgw.start_gateway()
        self.assertEqual(publisher.wait(), 0)
        ended = server.wait_until_ended(channel["id"])
        self.assertEqual(ended["recordingStatus"], "RECORDING_ENDED")
        self.wait_for_uploads(server)
        self.assertEqual(server.metric("oxbow_lost_segments_total"), 0)

        folder = self.copy_of(bucket)
        prefix = folder / ended["masterKey"].partition("/media/hls/")[0]
        check_recording(self, prefix, frames=2 * oxbow.video_packets(file))
        saved = json.loads((folder / f"recording-started-{channel['id']}.json").read_text())
        self.assertEqual(saved["channel_arn"], channel["channel"]["arn"])
        self.assertEqual([path for path in (server.data / "uploads").iterdir()], [])

        # A start later nothing is here: all of it comes out of the bucket.
        self.assertEqual(server.stop(), 0)
        server.start()
        self.assertEqual(server.metadata(channel["id"])["masterKey"], ended["masterKey"])
        played = server.ready["http"] + f"/rewind/{channel['id']}.m3u8"
        self.assertEqual(oxbow.video_frames(played), 2 * oxbow.video_packets(file))
        self.assertEqual(oxbow.video_frames(server.ready["http"] + "/" + ended["masterKey"]),
                         2 * oxbow.video_packets(file))
        rebuilt = json.loads(self.rebuilt(server, bucket))
        self.assertEqual(rebuilt["recordings"], 1)

    def rebuilt(self, server, bucket):
        """The catalogue made again from the bucket alone."""
        self.assertEqual(server.stop(), 0)
        (server.data / "oxbow.db").unlink()
        config = server.data / "oxbow.toml"
        done = subprocess.run([oxbow.BINARY, "catalog", "rebuild", "--data", server.data, "--config", config, "--json"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        server.start()
        return done.stdout

    def test_what_waits_when_the_server_is_killed_is_uploaded_by_the_next(self):
        bucket = self.make_bucket("killed")
        self.rgw.stop_gateway()
        server = self.serve(bucket)  # a bucket that is away is no reason not to go live
        channel = server.create_channel("b")
        file = oxbow.test_card(size="320x180", rate=25, gop=1, tone=880, seconds=10)
        publisher = oxbow.Publisher(channel, file)
        server.wait_for_recording(channel["id"])
        oxbow.wait_for("objects that wait", 20, lambda: server.metric("oxbow_upload_backlog_objects") >= 4)
        server.kill()
        publisher.close()
        self.rgw.start_gateway()
        server.start()
        self.assertEqual(server.stop(), 0)  # ends the recording, which else would wait for its publisher
        server.start()
        ended = server.wait_until_ended(channel["id"])
        self.wait_for_uploads(server)
        folder = self.copy_of(bucket)
        check_recording(self, folder / ended["masterKey"].partition("/media/hls/")[0])

    def test_a_notification_of_the_bucket_runs_save_recording_start_meta(self):
        """Somebody else records into the bucket; Ceph RGW tells of it."""
        bucket = self.make_bucket("foreign")
        server = self.serve(bucket, config=CONFIG + f"[notifications]\nsecret = \"{SECRET}\"\n")
        channel = server.create_channel("d")
        hook = f"{server.ready['api']}/notifications/s3"
        topic = json.loads(self.rgw.aws("sns", "create-topic", "--name", "recordings", "--attributes", json.dumps(
            {"push-endpoint": f"{hook}?secret={SECRET}"})))["TopicArn"]
        self.rgw.aws("s3api", "put-bucket-notification-configuration", "--bucket", bucket,
                     "--notification-configuration", json.dumps({"TopicConfigurations": [{
                         "Id": "oxbow", "TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]}))
        prefix = f"ivs/v1/123456789012/{channel['id']}/2026/11/22/9/5/PfG4abcd1234"
        started = server.data / "started.json"
        started.write_text(json.dumps({
            "version": "v1", "recording_started_at": "2026-11-22T09:05:00Z",
            "channel_arn": f"arn:aws:ivs:us-west-2:123456789012:channel/{channel['id']}",
            "recording_status": "RECORDING_STARTED",
            "media": {"hls": {"path": "media/hls", "playlist": "master.m3u8", "renditions": []}}}))
        self.rgw.aws("s3", "cp", str(started), f"s3://{bucket}/{prefix}/events/recording-started.json")
        self.wait_for_uploads(server)
        saved = oxbow.wait_for("saved metadata", 20, lambda: self.object(bucket, f"recording-started-{channel['id']}.json"))
        self.assertEqual(json.loads(saved)["media"]["hls"]["path"], prefix + "/media/hls")
        self.assertEqual(server.get(hook, {"x-oxbow-secret": "wrong"}).status, 403)

    def object(self, bucket, key):
        try:
            return self.rgw.aws("s3", "cp", f"s3://{bucket}/{key}", "-")
        except AssertionError:
            return None

    def test_a_deleted_recording_is_gone_from_the_bucket(self):
        bucket = self.make_bucket("deleted")
        server = self.serve(bucket)
        channel = server.create_channel("c")
        publisher = oxbow.Publisher(channel, oxbow.test_card(size="320x180", rate=25, gop=1, tone=880, seconds=10),
                                    seconds=4)
        ended = (publisher.wait(), server.wait_until_ended(channel["id"]))[1]
        self.wait_for_uploads(server)
        recording = ended["masterKey"].split("/")[-4]
        server.cli("recording", "delete", recording)
        oxbow.wait_for("an empty bucket", 30, lambda: not self.rgw.aws(
            "s3api", "list-objects-v2", "--bucket", bucket, "--query", "Contents[].Key", "--output", "text"
        ).replace("None", "").strip())


if __name__ == "__main__":
    unittest.main()
