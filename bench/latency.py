#!/usr/bin/env python3
"""How far behind the camera the page shows live, in Chromium, on loopback.

usage: latency.py [--seconds 60] [--film gop-2|b-frames|gop-6|irregular] [--jumps 10] [--bare]

A camera writes the time into its pictures (tests/system/clock_camera.py); the page is read back from what the browser
draws, so that encoder, server, network and player are all in it. Also: stalls, how long the first picture, a jump to the
first second and one back to live take. --film: pictures that are encoded in another way than with a key frame a second. --bare:
hls.js with its defaults instead of the page, and no jumps. Ends with exit code 1 when the picture stalled.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))
os.environ.setdefault("OXBOW", str(ROOT / "build/release/oxbow"))

import clock_camera  # noqa: E402  (the path comes first)
import oxbow  # noqa: E402

HANGS_MS = 5_000


def told(times):
    return f"{statistics.median(times):.0f} ms (at most {max(times)})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--film", choices=sorted(clock_camera.KINDS), default="")
    parser.add_argument("--jumps", type=int, default=10)
    parser.add_argument("--bare", action="store_true")
    given = parser.parse_args()
    file = clock_camera.film(given.film)
    server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n")
    camera = None
    try:
        made = server.create_channel("clock")
        epoch = round(time.time() * 1000)
        camera = subprocess.Popen([sys.executable, clock_camera.__file__, server.ready["rtmp"],
                                   made["streamKey"]["value"], str(epoch), file])
        server.wait_for_recording(made["id"])
        time.sleep(20)
        run = subprocess.run(["node", ROOT / "bench/latency.mjs", ROOT, server.ready["http"], made["id"], str(epoch),
                              str(given.seconds), str(0 if given.bare else given.jumps), "bare" if given.bare else "page"],
                             capture_output=True, text=True, check=False)
        if run.returncode:
            sys.exit(f"the browser failed: {run.stderr}")
        seen = json.loads(run.stdout)
        print(f"{given.film or 'a key frame a second'}, {'hls.js' if given.bare else 'the page'}; load {os.getloadavg()[0]:.1f}\n"
              f"{seen['samples']} looks in {given.seconds} s: {seen['median']} ms behind the camera (median), "
              f"{seen['p95']} ms (95 %), {seen['worst']} ms (most); {seen['stalls']} stalls\n"
              f"first picture after {seen['toFirstPicture']} ms")
        for at in seen["stalledAt"]:
            print(f"stalled {at:.1f} s after the camera was switched on; its film begins anew every {clock_camera.LOOP_MS // 1000} s")
        if seen["toStart"]:
            print(f"{len(seen['toStart'])} jumps: to the first second {told(seen['toStart'])}, back to live "
                  f"{told(seen['toLive'])}; {sum(took > HANGS_MS for took in seen['toLive'])} hung")
        return 1 if seen["stalls"] else 0
    finally:
        if camera:
            camera.kill()
            camera.wait()
        server.close()


if __name__ == "__main__":
    sys.exit(main())
