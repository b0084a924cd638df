#!/usr/bin/env python3
"""OBS Studio publishes: the encoder that most broadcasters have, started as they have it."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import oxbow  # noqa: E402
from recording_check import check_recording  # noqa: E402

PROFILE = """[General]
Name=Test
[Video]
BaseCX=640
BaseCY=360
OutputCX=640
OutputCY=360
FPSType=0
FPSCommon=30
[Output]
Mode=Simple
[SimpleOutput]
StreamEncoder=x264
VBitrate=400
ABitrate=96
UseAdvanced=true
Preset=ultrafast
[Audio]
SampleRate=48000
ChannelSetup=Stereo
"""
# No question at the start may wait for an answer.
GLOBAL = """[General]
FirstRun=true
LastVersion=486539266
EnableAutoUpdates=false
[BasicWindow]
WarnBeforeStartingStream=false
"""
SCENES = {
    "name": "Test", "current_scene": "Scene", "current_program_scene": "Scene", "scene_order": [{"name": "Scene"}],
    "sources": [
        {"id": "color_source", "name": "Color", "settings": {"color": 4286513152, "width": 640, "height": 360}},
        {"id": "scene", "name": "Scene", "settings": {"items": [{"name": "Color", "visible": True, "id": 1}]}},
    ],
}


class Obs:
    """OBS in a screen that nobody sees, with a profile of its own, streaming from the start."""

    def __init__(self, url, key):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="oxbow-obs-"))
        studio = self.home / "obs-studio"
        profile = studio / "basic/profiles/Test"
        profile.mkdir(parents=True)
        (studio / "basic/scenes").mkdir(parents=True)
        (studio / "global.ini").write_text(GLOBAL)
        (profile / "basic.ini").write_text(PROFILE)
        (profile / "service.json").write_text(json.dumps(
            {"type": "rtmp_custom", "settings": {"server": url, "key": key, "use_auth": False}}))
        (studio / "basic/scenes/Test.json").write_text(json.dumps(SCENES))
        environment = {**os.environ, "HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home),
                       "XDG_RUNTIME_DIR": str(self.home), "LIBGL_ALWAYS_SOFTWARE": "1", "QT_QPA_PLATFORM": "xcb",
                       # It asks for news when it starts: nobody is to be asked.
                       "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
        self.log = open(self.home / "obs.log", "wb")
        # The screen is a process of its own: whoever ends OBS must not have to look for it.
        reader, writer = os.pipe()
        self.screen = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x720x24", "-nolisten", "tcp"],
            pass_fds=[writer], stdout=self.log, stderr=self.log)
        os.close(writer)
        with os.fdopen(reader) as display:
            environment["DISPLAY"] = ":" + display.readline().strip()
        self.process = subprocess.Popen(
            ["obs", "--profile", "Test", "--collection", "Test", "--startstreaming", "--multi"],
            stdout=self.log, stderr=self.log, env=environment)

    def stop(self):
        """Ends it as the window manager would; then by force."""
        for process in (self.process, self.screen):
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def text(self):
        return (self.home / "obs.log").read_text(errors="replace")

    def close(self):
        self.stop()
        self.log.close()
        shutil.rmtree(self.home, ignore_errors=True)


class ObsPublishes(unittest.TestCase):
    def setUp(self):
        self.server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n")
        self.addCleanup(self.server.close)
        self.made = self.server.create_channel("studio")
        self.obs = Obs(self.server.ready["rtmp"], self.made["streamKey"]["value"])
        self.addCleanup(self.obs.close)

    def test_what_obs_streams_is_one_whole_recording_without_a_discontinuity(self):
        live = self.server.wait_for_recording(self.made["id"], seconds=60)
        rewind = self.server.get(f"/rewind/{self.made['id']}.m3u8").text.splitlines()[-1]
        oxbow.wait_for("20 s of it", 60, lambda: oxbow.Playlist(self.server.get(rewind).text).total_ms > 20_000)
        self.obs.stop()
        ended = self.server.wait_until_ended(self.made["id"])

        self.assertEqual(ended["masterKey"], live["masterKey"])
        check_recording(self, self.server.bucket(ended["masterKey"].partition("/media/hls/")[0]))
        playlist = oxbow.Playlist(self.server.get(rewind).text)
        self.assertNotIn("DISCONTINUITY", playlist.text)
        frames = oxbow.video_frames(self.server.ready["http"] + rewind)
        self.assertAlmostEqual(frames, playlist.total_ms / 1000 * 30, delta=3)
        self.assertIn("RESOLUTION=640x360", self.server.get("/" + ended["masterKey"]).text)
        log = self.server.log_text()
        self.assertIn(" 0 dropped, 0 composition times clamped", log)


if __name__ == "__main__":
    unittest.main()
