"""Players for web pages, in headless Chromium."""

import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


class InBrowser:
    def __init__(self, name, package, parameters=""):
        """`parameters`: what is asked of the server, such as parts=0."""
        self.engine, self.parameters = name, parameters
        self.name = f"{name}, `{parameters}`" if parameters else name
        self.version = json.loads((ROOT / package / "package.json").read_text())["version"]

    def play(self, url, from_start, seconds, _folder):
        """As Native.play."""
        done = subprocess.run(
            ["node", pathlib.Path(__file__).with_name("in_browser.mjs"), ROOT, self.engine, url,
             "start" if from_start else "live", str(seconds)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"{self.name}: {done.stderr}")
        return json.loads(done.stdout)


def players():
    of_tests = "tests/browser/node_modules/"
    return [
        InBrowser("hls.js", "ui/node_modules/hls.js"),
        InBrowser("hls.js", "ui/node_modules/hls.js", "parts=0"),
        InBrowser("video.js", of_tests + "video.js"),
        InBrowser("video.js", of_tests + "video.js", "parts=0"),
        InBrowser("Shaka", of_tests + "shaka-player"),
        InBrowser("Shaka", of_tests + "shaka-player", "parts=0"),
    ]
