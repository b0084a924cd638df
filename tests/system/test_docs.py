#!/usr/bin/env python3
"""The commands of docs/publish.md, as they stand there, put a channel on the air; no page has what a merge left."""

import re
import signal
import subprocess
import tempfile
import unittest

import oxbow

PAGE = (oxbow.ROOT / "docs/publish.md").read_text()


def commands(program):
    """The commands of the page that begin with `program`, continued lines joined."""
    joined = PAGE.replace("\\\n", " ")
    return [line.strip() for line in re.findall(rf"^    {program} .*$", joined, re.M)]


class Docs(unittest.TestCase):
    def setUp(self):
        self.server = oxbow.Server()
        self.addCleanup(self.server.close)

    def goes_live(self, command):
        made = self.server.create_channel("documented")
        self.assertIn("rtmp://HOST:1935/app/STREAM_KEY", command)
        command = command.replace("rtmp://HOST:1935/app/STREAM_KEY", made["ingestUrl"]).replace(
            "film.mp4", str(oxbow.film())).replace("ffmpeg ", "exec ffmpeg -nostdin ").replace("gst-", "exec gst-")
        with tempfile.TemporaryFile() as output, subprocess.Popen(command, shell=True, stdout=output,
                                                                  stderr=output) as encoder:
            try:
                self.server.wait_for_recording(made["id"])
                self.assertIsNone(encoder.poll())
            finally:
                encoder.send_signal(signal.SIGINT)
                encoder.wait(timeout=20)

    def test_the_commands_of_ffmpeg(self):
        self.assertEqual(len(commands("ffmpeg")), 2)
        for command in commands("ffmpeg"):
            self.goes_live(command)

    def test_the_command_of_gstreamer(self):
        self.assertEqual(len(commands("gst-launch-1.0")), 1)
        self.goes_live(commands("gst-launch-1.0")[0])


class Pages(unittest.TestCase):
    def test_no_page_has_the_marks_of_a_merge(self):
        pages = [*oxbow.ROOT.glob("*.md"), *oxbow.ROOT.glob("*/**/README.md"), *oxbow.ROOT.glob("docs/**/*.md")]
        pages = [page for page in pages if not {"node_modules", "build"} & set(page.parts)]
        marked = [str(page) for page in pages if re.search(r"^(<{7} |>{7} |={7}$)", page.read_text(), re.M)]
        self.assertGreater(len(pages), 50)
        self.assertEqual(marked, [])


if __name__ == "__main__":
    unittest.main()
