#!/usr/bin/env python3
"""Whether viewers notice a disk on which every write takes half a second longer.

usage: stalled_disk.py [--channels 3] [--seconds 60] [--stall 500] [--bound 0.1]

Two runs of the same length, the second with stall.c in the server. Each says when the segments of the live playlists
were listed, counted from their own end by PROGRAM-DATE-TIME, and how far apart. The same viewers hold the playlists
against the rules of HLS. Ends with exit code 1 when a rule is broken, a segment is missing, or the stalled run is later
than the other by more than the bound, in its median or its 99th percentile.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))
os.environ.setdefault("OXBOW", str(ROOT / "build/release/oxbow"))

import oxbow  # noqa: E402  (the path comes first)
from hls_watch import LIVE, Watch  # noqa: E402
from hostile_connections import POLL_SECONDS, source  # noqa: E402


SETTLES = 6  # seconds: a disk that has become slow is waited for once, 250 ms


def build_stall(folder):
    library = pathlib.Path(folder) / "stall.so"
    subprocess.run(["clang-19", "-shared", "-fPIC", "-O2", "-o", library, ROOT / "bench/stall.c", "-ldl"], check=True)
    return library


def percentile_99(values):
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def one_run(name, given, library=None):
    """Out: (median, 99th percentile) of the delays, and whether all was well."""
    data = pathlib.Path(tempfile.mkdtemp(prefix="oxbow-bench-"))
    environment, stalls = {}, data.with_name(data.name + "-stalls")
    if library:
        environment = {"LD_PRELOAD": str(library), "OXBOW_STALL_FOLDER": f"{data}/", "OXBOW_STALL_MS": str(given.stall),
                       "OXBOW_STALL_WHILE": str(stalls)}
    server = oxbow.Server("[log]\nlevel = \"error\"\n", data=data, environment=environment)
    publishers = []
    try:
        made = [server.create_channel(f"bench-{n}") for n in range(given.channels)]
        publishers = [oxbow.Publisher(channel, source(), loop=-1) for channel in made]
        ids = [channel["id"] for channel in made]
        for channel in ids:
            server.wait_for_recording(channel)
        stalls.touch()
        time.sleep(SETTLES)
        watch = Watch(server, ids, POLL_SECONDS, kinds=(LIVE,), media=True)
        oxbow.wait_for("all live playlists", 60, lambda: len(watch.of(LIVE)) == len(ids))
        time.sleep(given.seconds)
        watch.stop()
        listed = watch.fresh().values()
        delays = [item.delay for channel in listed for item in channel]
        apart = [later.seen_at - earlier.seen_at for channel in listed for earlier, later in zip(channel, channel[1:])]
        wrong = [str(fault) for fault in watch.faults] + watch.failures + [str(watch.missing() or "")]
        wrong = [each for each in wrong if each]
        print(f"{name}: {len(delays)} segments listed after {statistics.median(delays):.3f} s (median), "
              f"{percentile_99(delays):.3f} s (99th percentile), {max(delays):.3f} s (latest)")
        print(f"  {statistics.median(apart):.3f} s apart (median), {percentile_99(apart):.3f} s (99th percentile)")
        for each in wrong[:5]:
            print(f"  {each}")
        return statistics.median(delays), percentile_99(delays), not wrong
    finally:
        for publisher in publishers:
            publisher.close()
        stalls.unlink(missing_ok=True)
        server.kill()
        server.close()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--channels", type=int, default=3)
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--stall", type=int, default=500, help="milliseconds of every write")
    options.add_argument("--bound", type=float, default=0.1, help="seconds that the stalled run may be later")
    given = options.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        plain = one_run("plain", given)
        stalled = one_run(f"every write {given.stall} ms longer", given, build_stall(folder))
    later = [after - before for before, after in zip(plain[:2], stalled[:2])]
    print(f"later by {later[0]:+.3f} s (median), {later[1]:+.3f} s (99th percentile)")
    sys.exit(0 if plain[2] and stalled[2] and max(later) <= given.bound else 1)


if __name__ == "__main__":
    main()
