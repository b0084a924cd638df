"""Players that are programs: how each is told to play a URL, from live or from the first second."""

import os
import pathlib
import re
import subprocess
import time

from screen import Screen

# VLC refuses to run as root.
NOT_ROOT = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
COMPLAINT = re.compile(r"(?i)error|failed|invalid|warn|skip")
# What they say of a machine without a desktop, a sound card or a graphics card.
NOT_OF_THE_MEDIA = re.compile(r"(?i)dbus|interface|XDG_RUNTIME|legacy VO|vdpau|libva|ALSA|pulse|xcb|glx|keystore|lua")
MILLISECONDS = 1000
ENDS_WITHIN = 5  # seconds, once it is told to


class Native:
    parameters = ""  # of the URL

    def __init__(self, name, version, command, from_start=()):
        """`command`: its words, before the URL; `from_start`: what makes it begin with the first second."""
        self.name, self.version, self.command, self.from_start = name, version_of(*version), command, list(from_start)

    def play(self, url, from_start, seconds, folder):
        """Plays for `seconds` at most. Out: when it began, what was seen, whether it ended by itself, its complaints."""
        said = pathlib.Path(folder) / "said.log"
        began = time.time() * MILLISECONDS
        with open(said, "wb") as log:
            screen = Screen(log)
            player = subprocess.Popen([*self.command, *(self.from_start if from_start else []), url],
                                      stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                      env={**os.environ, "DISPLAY": screen.display, "HOME": folder, "SDL_AUDIODRIVER": "dummy"})
            ended = ends(player, seconds)
            screen.close()
        lines = [line.strip() for line in said.read_text(errors="replace").splitlines()]
        return {"began": began, "seen": screen.seen, "ended": ended and player.returncode == 0,
                "complaints": [line for line in lines if COMPLAINT.search(line) and not NOT_OF_THE_MEDIA.search(line)]}


def ends(player, seconds):
    """Whether it ends by itself; else it is ended."""
    try:
        player.wait(timeout=seconds)
        return True
    except subprocess.TimeoutExpired:
        player.terminate()
    try:
        player.wait(timeout=ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        player.kill()
        player.wait()
    return False


def version_of(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=True)
    return re.search(r"\d+\.\d+[.\d]*", done.stdout.replace("version 1.0", ""))[0]


def players():
    return [
        Native("mpv", ["mpv", "--version"],
               ["mpv", "--no-config", "--vo=x11", "--fs", "--ao=null", "--osd-level=0", "--no-osc", "--msg-level=all=warn"],
               ["--demuxer-lavf-o=live_start_index=0"]),
        Native("VLC", [*NOT_ROOT, "vlc", "--version"],
               [*NOT_ROOT, "vlc", "-I", "dummy", "--vout=xcb_x11", "--fullscreen", "--no-video-title-show", "--no-osd",
                "--no-video-deco", "--aout=dummy", "--play-and-exit"],
               ["--start-time=0.001"]),
        Native("GStreamer", ["gst-play-1.0", "--version"],
               ["gst-play-1.0", "--no-interactive", "--no-position", "--videosink=ximagesink",
                "--audiosink=fakesink sync=true"],
               ["--start-position=0.1"]),
        Native("ffplay", ["ffplay", "-version"], ["ffplay", "-v", "warning", "-autoexit", "-fs", "-nostats"],
               ["-live_start_index", "0"]),
    ]
