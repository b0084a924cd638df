#!/usr/bin/env python3
"""The same streams played by the players of others: what each shows, what it asks for, what fails. Writes a table.

usage: table.py [--players mpv,VLC] [--out docs/players.md]

A camera writes numbers into its pictures (tests/system/clock_camera.py); they are read back from the screen that each player
draws on, so that what is said to have been shown was shown. What a player asked for is read in the server's request log. Scenes,
one player after the other:
  live    the live playlist, from where the player begins by itself
  rewind  /rewind from the first second, while the channel is live
  end     /rewind from where the player begins by itself, and the broadcast ends meanwhile
  recording  the finished recording in the IVS layout, from the first picture to the last
Exit code 1: a player showed nothing in a scene. --out: the table replaces the one in that file.
"""

import argparse
import contextlib
import datetime
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))
import clock_camera  # noqa: E402  (the path comes first)
import oxbow  # noqa: E402

import asked  # noqa: E402
import browser  # noqa: E402
import native  # noqa: E402
from measure import Shown  # noqa: E402

LIVE_SECONDS, REWIND_SECONDS, END_SECONDS = 20, 12, 45
LEAD_SECONDS = 25  # that there are to rewind
BROADCAST_SECONDS = 15  # of what is played to its end
START_FRAMES = 75  # a picture of the first three seconds is one of the start
END_FRAMES = 25  # and of the last second one of the end


class Camera:
    """Publishes until it is closed; .epoch is what its numbers count from."""

    def __init__(self, server, made):
        self.epoch = round(time.time() * 1000)
        self.process = subprocess.Popen(
            [sys.executable, clock_camera.__file__, server.ready["rtmp"], made["streamKey"]["value"], str(self.epoch),
             clock_camera.film()], stdout=subprocess.DEVNULL)

    def close(self):
        self.process.kill()
        self.process.wait()


class Lists:
    """When each segment of a live playlist was listed first, ms since 1970 by its number."""

    def __init__(self, server, path):
        self.listed, self.over = {}, threading.Event()
        self.server, self.path = server, path
        self.thread = threading.Thread(target=self.look)
        self.thread.start()

    def look(self):
        while not self.over.wait(0.1):
            for number in re.findall(r"^[^#].*-(\d+)\.ts$", self.server.get(self.path).text, re.M):
                self.listed.setdefault(int(number), time.time() * 1000)

    def close(self):
        self.over.set()
        self.thread.join()


def path_of_live(server, made):
    """Of the broadcast that is on, not of the one before."""
    def found():
        body = server.metadata(made["id"])
        return body if body and body.get("masterKey") and body["recordingStatus"] == "RECORDING_STARTED" else None
    return urllib.parse.urlparse(oxbow.wait_for("a live broadcast", 20, found)["livePlaybackUrl"]).path


def media_of(server, path):
    return urllib.parse.urljoin(path, server.get(path).text.splitlines()[-1])


def first_number(server, made):
    """Of the first picture of the broadcast that is on."""
    media = media_of(server, f"/rewind/{made['id']}.m3u8")
    segment = urllib.parse.urljoin(media, oxbow.Playlist(server.get(media).text).entries[0]["uri"])
    return clock_camera.numbers_in(server.get(segment).body)[0]


def broadcast(server, made, seconds):
    """One, to its end. Out: the camera's epoch."""
    camera = Camera(server, made)
    server.wait_for_recording(made["id"])
    time.sleep(seconds)
    camera.close()
    server.wait_until_ended(made["id"])
    return camera.epoch


class Table:
    def __init__(self, folder):
        self.log = pathlib.Path(folder) / "requests.log"
        self.folder = folder
        self.server = oxbow.Server(
            "[log]\nlevel = \"warning\"\n[recording]\nreconnect_window_seconds = 0\n[edge]\nrequest_log = \"on\"\n"
            f"request_log_format = \"json\"\nrequest_log_file = \"{self.log}\"\n")
        self.made = self.server.create_channel("players")
        # From its second stream on a channel's playlists declare how far apart its key frames are.
        broadcast(self.server, self.made, 8)

    def play(self, player, path, from_start, seconds, epoch, listed=None, ends=False):
        url = self.server.ready["http"] + path + ("?" + player.parameters if player.parameters else "")
        requests = asked.RequestLog(self.log)
        requests.skip()
        folder = tempfile.mkdtemp(dir=self.folder)
        os.chmod(folder, 0o777)  # for players that will not be root
        played = player.play(url, from_start, seconds, folder)
        time.sleep(0.5)  # the log is written by a thread of its own
        counts, refused = requests.read(listed or {})
        failed = list(dict.fromkeys(played["complaints"] + refused))
        shown = Shown(played, epoch, ends)
        print(f"{player.name}: {path}: {shown.flow() if shown.looks else 'nothing shown'}; {counts}; {failed[:4]}", flush=True)
        return shown, played["ended"], counts, failed

    def live_scenes(self, players):
        """{player's name: [cell of live, cell of rewind]}, and what each asked for and complained of."""
        camera = Camera(self.server, self.made)
        rows = {}
        with contextlib.closing(camera):
            live = path_of_live(self.server, self.made)
            with contextlib.closing(Lists(self.server, media_of(self.server, live))) as lists:
                time.sleep(LEAD_SECONDS)
                first = first_number(self.server, self.made)
                for player in players:
                    row = rows[player.name] = {"failed": {}, "asked": {}}
                    one, _, row["asked"]["live"], row["failed"]["live"] = self.play(
                        player, live, False, LIVE_SECONDS, camera.epoch, lists.listed)
                    row["live"] = f"{one.behind_ms / 1000:.1f} s behind; {one.flow()}" if one.looks else "nothing"
                    two, _, row["asked"]["rewind"], row["failed"]["rewind"] = self.play(
                        player, f"/rewind/{self.made['id']}.m3u8", True, REWIND_SECONDS, camera.epoch, lists.listed)
                    row["rewind"] = from_the_start(two, first)
        return rows

    def end_scene(self, player, row):
        made = self.server.create_channel("ends")
        camera = Camera(self.server, made)
        path_of_live(self.server, made)
        time.sleep(8)
        threading.Timer(BROADCAST_SECONDS - 5, camera.close).start()
        shown, ended, row["asked"]["end"], row["failed"]["end"] = self.play(
            player, f"/rewind/{made['id']}.m3u8", False, END_SECONDS, camera.epoch, ends=True)
        row["end"] = to_the_end(shown, ended, self.last_number(made))

    def recording_scene(self, player, row, made, epoch):
        key = self.server.metadata(made["id"])["masterKey"]
        shown, ended, row["asked"]["recording"], row["failed"]["recording"] = self.play(
            player, f"/{key}", True, BROADCAST_SECONDS + 15, epoch, ends=True)
        row["recording"] = to_the_end(shown, ended, self.last_number(made))

    def last_number(self, made):
        recording = self.server.get(f"/channels/{made['id']}/recordings.json").json["recordings"][0]["id"]
        return clock_camera.numbers_in(self.server.get(f"/recordings/{recording}.ts").body)[-1]

    def close(self):
        self.server.close()


def from_the_start(shown, first):
    if not shown.looks:
        return "nothing"
    away = (shown.first - first) % clock_camera.LOOP_FRAMES
    begins = "from the first second" if away < START_FRAMES else "not from the first second"
    return f"{begins}; {shown.flow()}"


def to_the_end(shown, ended, last):
    if not shown.looks:
        return "nothing"
    lacks = (last - shown.last) % clock_camera.LOOP_FRAMES
    reached = "to the last second" if lacks < END_FRAMES else f"{lacks * clock_camera.FRAME_MS / 1000:.1f} s were not shown"
    return f"{reached}, {'ended' if ended else 'did not end'}; {shown.flow()}"


SCENES = ("live", "rewind", "end", "recording")
MARK = "<!-- Written by ./dev players from here on. -->\n"
HEAD = """
{date}, Debian {debian}, Oxbow {oxbow}, loopback.

| player | live | rewind, from the first second | the broadcast ends meanwhile | recording, to its end | asked for |
| --- | --- | --- | --- | --- | --- |
"""


def written(rows, versions):
    version = subprocess.run([oxbow.BINARY, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    out = HEAD.format(date=datetime.date.today(), debian=pathlib.Path("/etc/debian_version").read_text().strip(), oxbow=version)
    for name, row in rows.items():
        total = {kind: sum(counts[kind] for counts in row["asked"].values()) for kind in asked.KINDS}
        cells = [f"{name} ({versions[name]})", *(row[scene] for scene in SCENES), asked.told(total)]
        out += "| " + " | ".join(cells) + " |\n"
    failed = [f"- {name}, {scene}: " + "; ".join(f"`{one[:160]}`" for one in failed[:3])
              for name, row in rows.items() for scene, failed in row["failed"].items() if failed]
    return out + "\nWhat they complained of, and what was refused:\n\n" + "\n".join(failed or ["- nothing"]) + "\n"


def keep(text, file):
    """Behind what people wrote there."""
    before = file.read_text().partition(MARK)[0] if file.exists() else ""
    file.write_text(before + MARK + text)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--players", help="names, with a comma between them; without it all")
    options.add_argument("--out", type=pathlib.Path)
    given = options.parse_args()
    players = [one for one in browser.players() + native.players()
               if not given.players or one.name.partition(",")[0] in given.players.split(",")]
    folder = tempfile.mkdtemp(prefix="oxbow-players-")
    os.chmod(folder, 0o755)
    table = Table(folder)
    try:
        rows = table.live_scenes(players)
        recorded = table.server.create_channel("recorded")
        epoch = broadcast(table.server, recorded, BROADCAST_SECONDS)
        for player in players:
            table.end_scene(player, rows[player.name])
            table.recording_scene(player, rows[player.name], recorded, epoch)
    finally:
        table.close()
        shutil.rmtree(folder, ignore_errors=True)
    text = written(rows, {one.name: one.version for one in players})
    print(text)
    if given.out:
        keep(text, given.out)
    return 1 if any(row[scene] == "nothing" for row in rows.values() for scene in SCENES) else 0


if __name__ == "__main__":
    sys.exit(main())
