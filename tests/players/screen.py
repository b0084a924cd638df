"""A screen that a player shows its pictures on, and what is read off it: the numbers that the clock camera wrote in."""

import os
import subprocess
import sys
import threading
import time
import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import clock_camera  # noqa: E402  (the path comes first)

LOOKS_PER_SECOND = 25


class Screen:
    """Xvfb, as large as the film, so that a player's window fills it; looked at 25 times a second.

    Out: .seen, (ms since 1970, number in the picture) of each look that showed one."""

    def __init__(self, log):
        reader, writer = os.pipe()
        size = f"{clock_camera.WIDTH}x{clock_camera.HEIGHT}"
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{size}x24", "-nocursor", "-nolisten", "tcp"],
            pass_fds=[writer], stdout=log, stderr=log)
        os.close(writer)
        with os.fdopen(reader) as display:
            self.display = ":" + display.readline().strip()
        self.eye = subprocess.Popen(
            ["ffmpeg", "-v", "error", "-nostdin", "-f", "x11grab", "-framerate", str(LOOKS_PER_SECOND), "-video_size", size,
             "-i", self.display, "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"], stdout=subprocess.PIPE, stderr=log)
        self.seen = []
        self.watching = threading.Thread(target=self.look, daemon=True)
        self.watching.start()

    def look(self):
        while len(picture := self.eye.stdout.read(clock_camera.WIDTH * clock_camera.HEIGHT)):
            if len(picture) < clock_camera.WIDTH * clock_camera.HEIGHT:
                return
            number = clock_camera.number_of(picture)
            if number is not None:
                self.seen.append((time.time() * 1000, number))

    def close(self):
        self.eye.terminate()
        self.watching.join()
        self.eye.wait()
        self.server.terminate()
        self.server.wait()
