#!/usr/bin/env python3
"""Oxbow beside nginx-rtmp: many channels publish and are recorded, in the same run, alternating.

usage: ingest.py [--channels 20] [--rounds 3] [--seconds 60] [--short]

Both get the same frames from rtmp_load, have HLS and recording on, and run alone on cpu 0; the publishers are on
cpu 1. What is counted is the server's own CPU time, from /proc, after a warm-up. --short: one round of 15 s.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))
os.environ.setdefault("OXBOW", str(ROOT / "build/release/oxbow"))

import api_client  # noqa: E402  (the path comes first)
import nginx_rtmp  # noqa: E402
import oxbow  # noqa: E402
import private_network  # noqa: E402

LOAD = pathlib.Path(os.environ.get("OXBOW_RTMP_LOAD", ROOT / "build/release/bench/rtmp_load"))
MBIT = 3.0
WARM_UP = 36  # seconds: live windows are full, so memory neither grows nor shrinks any more
SERVER_CPU, LOAD_CPU = {0}, {1}
FRAMES_PER_SECOND = 30 + 48_000 / 1_024
LATE_MAX = 0.2  # of all frames: more, and the machine was too busy to publish in real time
ATTEMPTS_MAX = 3  # at a round


def source():
    """20 s of 720p30 at a constant 3 Mbit/s, a key frame every 2 s, with AAC; encoded once."""
    video = f"{round((MBIT - 0.14) * 1000)}k"
    return oxbow.media(
        f"bench-720p30-{MBIT}.flv", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30,noise=alls=12:allf=t", "-f",
        "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", "20", "-c:v", "libx264", "-preset", "veryfast",
        "-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-b:v", video, "-maxrate", video, "-bufsize", video,
        "-x264-params", "nal-hrd=cbr", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k", "-ac", "2", "-shortest")


class OxbowUnderTest:
    name = "Oxbow"

    def __init__(self, channels):
        self.server = oxbow.Server("[log]\nlevel = \"warning\"\n[recording]\nreconnect_window_seconds = 0\n")
        self.folder = self.server.data
        api = api_client.Api(self.server.ready)
        # nginx-rtmp makes no thumbnails; what ours cost is a benchmark of its own.
        arn = api.call("CreateRecordingConfiguration", {
            "destinationConfiguration": {"s3": {"bucketName": "recordings"}},
            "thumbnailConfiguration": {"recordingMode": "DISABLED"}}).json["recordingConfiguration"]["arn"]
        made = [api.call("CreateChannel", {"name": f"bench-{n}", "recordingConfigurationArn": arn}).json
                for n in range(channels)]
        self.urls = [f"{self.server.ready['rtmp']}/{channel['streamKey']['value']}" for channel in made]
        self.processes = [self.server.process.pid]

    def close(self):
        self.server.close()


class NginxUnderTest(nginx_rtmp.NginxRtmp):
    def __init__(self, channels):
        super().__init__(record=True)
        self.urls = [f"{nginx_rtmp.RTMP}/bench-{n}" for n in range(channels)]


def cpu_seconds(processes):
    """Of all threads."""
    return sum(int(task.joinpath("schedstat").read_text().split()[0])
               for pid in processes for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e9


def kernel_share(processes):
    """Clock ticks in user and in kernel mode so far."""
    fields = [pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in processes]
    return sum(int(field[11]) for field in fields), sum(int(field[12]) for field in fields)


def value(processes, file, name):
    """The sum of a `name: number` line of /proc/PID/file."""
    lines = [line for pid in processes for line in pathlib.Path(f"/proc/{pid}/{file}").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith(name + ":"))


def transport_stream_bytes(folder):
    return sum(file.stat().st_size for file in folder.rglob("*.ts"))


def sample(server, load):
    load.send_signal(signal.SIGUSR1)
    sent = json.loads(load.stdout.readline())
    pids = server.processes
    user, kernel = kernel_share(pids)
    return {"at": time.monotonic(), "cpu": cpu_seconds(pids), "user": user, "kernel": kernel, "sent": sent["bytes"],
            "late": sent["late"], "lost": sent["lost"], "wchar": value(pids, "io", "wchar"),
            "written": value(pids, "io", "write_bytes"), "syscw": value(pids, "io", "syscw"),
            "ts": transport_stream_bytes(server.folder)}


def measure(kind, channels, seconds):
    """One round of one server: what it used in `seconds`."""
    os.sched_setaffinity(0, SERVER_CPU)  # what is started from here inherits it
    server = kind(channels)
    os.sched_setaffinity(0, LOAD_CPU)
    load = None
    try:
        idle = value(server.processes, "status", "VmRSS")
        load = subprocess.Popen([LOAD, "--file", source(), "--seconds", str(seconds + 120), *server.urls],
                                stdout=subprocess.PIPE, text=True)
        time.sleep(WARM_UP)
        before = sample(server, load)
        time.sleep(seconds)
        after = sample(server, load)
        rss = value(server.processes, "status", "VmRSS")
        used = {key: after[key] - before[key] for key in before}
        if used["lost"] or used["late"] > LATE_MAX * channels * seconds * FRAMES_PER_SECOND:
            raise Disturbed(f"{used['late']} frames were sent late, {used['lost']} publishers lost")
        return {"cpu": used["cpu"] / channels / used["at"] * 60,
                "kernel": used["kernel"] / max(1, used["kernel"] + used["user"]),
                "wchar": used["wchar"] / used["sent"], "written": used["written"] / used["sent"],
                "wchar_ts": used["wchar"] / max(1, used["ts"]), "written_ts": used["written"] / max(1, used["ts"]),
                "writes": used["syscw"] / channels / used["at"], "memory": (rss - idle) / 1024 / channels,
                "late": used["late"], "mbit": used["sent"] * 8e-6 / channels / used["at"]}
    finally:
        if load:
            load.terminate()
            load.communicate()
        server.close()


class Disturbed(Exception):
    """The publishers did not keep their pace: what the servers used says nothing."""


def undisturbed(kind, channels, seconds):
    for _ in range(ATTEMPTS_MAX):
        try:
            return measure(kind, channels, seconds)
        except Disturbed as why:
            print(f"{kind.name}: {why}; the round begins anew", file=sys.stderr)
    sys.exit("the machine is too busy to publish in real time: try again when it is idle")


def spread(rounds, key, digits):
    values = [one[key] for one in rounds]
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def table(results):
    rows = [("CPU s per channel-minute", "cpu", 4), ("of it in the kernel", "kernel", 2),
            ("write calls' bytes per byte sent", "wchar", 3), ("disk bytes per byte sent", "written", 3),
            ("write calls per channel-second", "writes", 1), ("MB of memory per channel", "memory", 2),
            ("frames sent late", "late", 0)]
    print("| median (least-most) | " + " | ".join(results) + " |")
    print("| --- |" + " --- |" * len(results))
    for title, key, digits in rows:
        print(f"| {title} | " + " | ".join(spread(rounds, key, digits) for rounds in results.values()) + " |")
    ours = results["Oxbow"]
    # nginx-rtmp deletes fragments as it goes, so only ours can be counted beside the segments that are there.
    print(f"\nOxbow, per byte of its transport stream: {spread(ours, 'wchar_ts', 3)} by write calls, "
          f"{spread(ours, 'written_ts', 3)} to disk")
    if "nginx-rtmp" in results:
        cpu = {name: statistics.median(one["cpu"] for one in rounds) for name, rounds in results.items()}
        print(f"CPU against nginx-rtmp: {cpu['Oxbow'] / cpu['nginx-rtmp']:.2f}")


def machine():
    cpus = [line.partition(":")[2].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2 ** 30
    nginx = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}, ", "nginx", "libnginx-mod-rtmp"],
                           capture_output=True, text=True).stdout
    version = subprocess.run([oxbow.BINARY, "--version"], capture_output=True, text=True).stdout.strip()
    return f"{len(cpus)} x {cpus[0]}, {memory:.0f} GiB, Linux {platform.release()}; {nginx}{version}"


def check_room(channels, seconds):
    media = channels * MBIT / 8 * (seconds + WARM_UP) * 1e6
    if shutil.disk_usage(tempfile.gettempdir()).free < 4 * media:
        sys.exit(f"needs {4 * media / 1e9:.1f} GB free in {tempfile.gettempdir()}")
    memory = {line.split(":")[0]: int(line.split()[1]) for line in pathlib.Path("/proc/meminfo").read_text().splitlines()}
    needed = 4 * media / 1e6 / 1000 + channels * 0.02 + 1
    if memory["MemAvailable"] / 1e6 < needed:
        sys.exit(f"needs {needed:.1f} GB of memory available, so that media waits for the disk in the page cache")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--channels", type=int, default=20)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--short", action="store_true", help="one round of 15 s: does it work")
    options.add_argument("--alone", action="store_true", help="Oxbow only: while working on it")
    given = options.parse_args()
    rounds, seconds = (1, 15) if given.short else (given.rounds, given.seconds)

    network = private_network.enter()
    if os.cpu_count() < 2:
        sys.exit("needs two cores: one for the server, one for the publishers")
    check_room(given.channels, seconds)
    source()
    kinds = [OxbowUnderTest] if given.alone else [OxbowUnderTest, NginxUnderTest]
    results = {kind.name: [] for kind in kinds}
    try:
        for number in range(rounds):
            for kind in kinds:
                one = undisturbed(kind, given.channels, seconds)
                results[kind.name].append(one)
                print(f"round {number + 1}, {kind.name}: {one['cpu']:.4f} s per channel-minute, {one['late']} frames "
                      "late", file=sys.stderr)
    except KeyboardInterrupt:
        if not all(results.values()):
            raise
    counts = " and ".join(f"{len(done)} rounds of {name}" for name, done in results.items())
    print(f"{given.channels} channels of {MBIT} Mbit/s, {counts}, {seconds} s each; {machine()}; {network}; "
          f"load {os.getloadavg()[0]:.1f}\n")
    table(results)


if __name__ == "__main__":
    main()
