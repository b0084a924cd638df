#!/usr/bin/env python3
"""From the first key frame sent to the first playlist that names media which can be fetched, beside nginx-rtmp.

usage: first_playlist.py [--runs 15] [--pictures]

The same publisher sends the same frames in real time to both, in turns; each run has a stream of its own. A viewer asks
every 5 ms, as little as a player does: the multivariant playlist of ours, the media playlist of nginx-rtmp (the first
that it writes), and then fetches the first segment that is named, and reads it to its end. --pictures: to the first
picture that hls.js shows in Chromium, too. The machine should be idle.
"""

import argparse
import http.client
import json
import os
import pathlib
import statistics
import subprocess
import sys
import threading
import time
import types
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))
os.environ.setdefault("OXBOW", str(ROOT / "build/release/oxbow"))

import nginx_rtmp  # noqa: E402  (the path comes first)
import oxbow  # noqa: E402
import private_network  # noqa: E402
import rtmp  # noqa: E402

LOOK_EVERY = 0.005
PATIENCE = 12


def source(gop):
    """12 s of 720p30 at 3 Mbit/s with AAC, a key frame every `gop` seconds; encoded once."""
    return oxbow.media(
        f"bench-first-720p30-{gop}.flv", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30", "-f", "lavfi", "-i",
        "sine=frequency=440:sample_rate=48000", "-t", "12", "-c:v", "libx264", "-preset", "veryfast", "-tune",
        "zerolatency", "-g", str(30 * gop), "-keyint_min", str(30 * gop), "-sc_threshold", "0", "-b:v", "2860k",
        "-maxrate", "2860k", "-bufsize", "2860k", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k", "-ac", "2",
        "-shortest")


class Oxbow:
    name = "Oxbow"

    def __init__(self):
        self.server = oxbow.Server("[log]\nlevel = \"warning\"\n[recording]\nreconnect_window_seconds = 0\n")
        self.ready = self.server.ready
        self.http = self.ready["http"]
        self.runs = 0

    def stream(self):
        """What a publisher needs, and the path that a viewer asks for."""
        self.runs += 1
        made = self.server.create_channel(f"first-{self.runs}")
        region, account = made["channel"]["arn"].split(":")[3:5]
        return made, f"/api/video/v1/{region}.{account}.channel.{made['id']}.m3u8"

    def close(self):
        self.server.close()


class NginxRtmp(nginx_rtmp.NginxRtmp):
    http = nginx_rtmp.HTTP
    ready = {"rtmp": nginx_rtmp.RTMP}

    def __init__(self):
        super().__init__(record=False)
        self.runs = 0

    def stream(self):
        self.runs += 1
        return {"streamKey": {"value": f"first-{self.runs}"}}, f"/hls/first-{self.runs}.m3u8"


class Publisher(threading.Thread):
    """Sends in real time until it is told to stop; knows when its first key frame had been sent."""

    def __init__(self, server, made, tags):
        super().__init__()
        self.client = rtmp.Client(types.SimpleNamespace(ready=server.ready)).publish(made)
        self.tags = tags
        self.began = None
        self.over = threading.Event()
        self.start()

    def run(self):
        start = time.monotonic()
        for tag in self.tags:
            if self.over.wait(max(0, start + tag[1] / 1000 - time.monotonic())):
                return
            self.client.send_tags([tag])
            if self.began is None and rtmp.is_picture(tag):
                self.began = time.monotonic()

    def stop(self):
        self.over.set()
        self.join()
        self.client.close()


class Viewer:
    """One connection, as a player keeps it."""

    def __init__(self, url):
        self.host = urllib.parse.urlparse(url).netloc
        self.connection = http.client.HTTPConnection(self.host, timeout=10)

    def get(self, path):
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def first_media(self, path):
        """When the first segment that a playlist names was there, whole."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            status, body = self.get(path)
            names = [line for line in body.decode(errors="replace").splitlines() if line and line[0] != "#"]
            if status == 200 and names:
                path = urllib.parse.urljoin(path, names[0])
                if names[0].partition("?")[0].endswith(".ts"):
                    status, media = self.get(path)
                    assert status == 200 and media[0] == 0x47, f"{path}: {status}"
                    return time.monotonic()
                continue
            time.sleep(LOOK_EVERY)
        raise TimeoutError(f"{path} named no media in {PATIENCE} s")


def one_run(server, tags):
    made, path = server.stream()
    publisher = Publisher(server, made, tags)
    try:
        return Viewer(server.http).first_media(path) - publisher.began
    finally:
        publisher.stop()


def one_picture(server, tags):
    """To the first picture that hls.js shows; the browser was there before."""
    made, path = server.stream()
    browser = subprocess.Popen(["node", ROOT / "bench/first_picture.mjs", ROOT, server.http, path],
                               stdout=subprocess.PIPE, text=True)
    publisher = None
    try:
        if json.loads(browser.stdout.readline()) != "ready":
            raise AssertionError("the browser did not start")
        started = time.monotonic() - time.time()
        publisher = Publisher(server, made, tags)
        seen = json.loads(browser.stdout.readline())
        return started + seen["shownAt"] / 1000 - publisher.began
    finally:
        if publisher:
            publisher.stop()
        browser.terminate()
        browser.communicate()


def told(values):
    return f"{statistics.median(values):.2f} s ({min(values):.2f}-{max(values):.2f})"


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=15)
    options.add_argument("--pictures", action="store_true", help="in Chromium, too: a third of the runs")
    given = options.parse_args()
    network = private_network.enter()
    servers = [Oxbow(), NginxRtmp()]
    print(f"first key frame sent -> first media fetched; {given.runs} runs each, in turns, 720p30 at 3 Mbit/s; "
          f"{network}; load {os.getloadavg()[0]:.1f}\n\n| median (least-most) | {servers[0].name} | {servers[1].name} |\n"
          "| --- | --- | --- |")
    try:
        for gop in (2, 4):
            tags = rtmp.flv_tags(source(gop))
            waited = {server.name: [] for server in servers}
            for _ in range(given.runs):
                for server in servers:
                    waited[server.name].append(one_run(server, tags))
            print(f"| a key frame every {gop} s | " + " | ".join(told(each) for each in waited.values()) + " |", flush=True)
        if given.pictures:
            tags = rtmp.flv_tags(source(2))
            shown = {server.name: [] for server in servers}
            for _ in range(max(1, given.runs // 3)):
                for server in servers:
                    shown[server.name].append(one_picture(server, tags))
            print("| the first picture in hls.js | " + " | ".join(told(each) for each in shown.values()) + " |")
    finally:
        for server in servers:
            server.close()


if __name__ == "__main__":
    main()
