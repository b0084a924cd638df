#!/usr/bin/env python3
"""What an answer costs the edge, beside nginx that serves the same bytes as files.

usage: edge.py [--short] [--rounds 5] [--seconds 3] [--only NAME] [--profile NAME]

One server loop on CPU 0 against one nginx worker on CPU 0, the client on CPU 1; runs alternate, medians are printed.
The measure is the server's own CPU time per answer, from /proc: it hardly moves when others use the machine.
Run as root it works in a network namespace of its own whose loopback says "congctl cubic": where the host's congestion
control is BBR, its pacing makes large answers on loopback four times dearer and turns the ranking around.
"""

import argparse
import http.client
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))
BUILD = ROOT / "build/release"
os.environ.setdefault("OXBOW", str(BUILD / "oxbow"))

import oxbow  # noqa: E402  (the path comes first)
import quick_publisher  # noqa: E402
import quick_recordings  # noqa: E402
import private_network  # noqa: E402
from certificates import Certificate  # noqa: E402

SERVER_CPU, CLIENT_CPU = {0}, {1}
LONG_SECONDS = 1_300
KEPT_HEADERS = ("content-type", "cache-control", "x-content-type-options", "access-control-allow-origin",
                "access-control-expose-headers", "vary")
# What http_load sends, too.
BROWSER_HEADERS = ("User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
                   "Safari/537.36", "Accept: */*", "Accept-Language: en-GB,en;q=0.9", "Origin: https://example.org",
                   "Referer: https://example.org/watch", "Sec-Fetch-Dest: empty", "Sec-Fetch-Mode: cors",
                   "Sec-Fetch-Site: cross-site")


def pin(pid, cpus):
    for task in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(task), cpus)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def cpu_seconds(pid):
    """Of all threads, in nanoseconds of the scheduler."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        total += int(pathlib.Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0])
    return total / 1e9


def source():
    """12 s of 720p30 at 8 Mbit/s with a key frame every 1.5 s: segments of 1.5 MB, a live playlist of 2 KB."""
    return oxbow.media(
        "bench-edge.flv", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30,noise=alls=20:allf=t", "-f", "lavfi",
        "-i", "sine=frequency=440:sample_rate=48000", "-t", "12", "-c:v", "libx264", "-preset", "veryfast", "-g", "45",
        "-keyint_min", "45", "-sc_threshold", "0", "-b:v", "7900k", "-maxrate", "7900k", "-bufsize", "7900k",
        "-x264-params", "nal-hrd=cbr", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "96k", "-ac", "2")


class Oxbow:
    name = "oxbow"

    def __init__(self, loops=1, cpus=SERVER_CPU, environment=None):
        self.certificate = Certificate()
        self.server = oxbow.Server(f'[log]\nlevel = "warning"\n[server]\nloops = {loops}\n'
                                   '[recording]\nreconnect_window_seconds = 0\n' + self.certificate.config(),
                                   environment=environment)
        self.pid = self.server.process.pid
        self.port = int(self.server.ready["http"].rpartition(":")[2])
        self.tls_port = int(self.server.ready["https"].rpartition(":")[2])
        file = source()
        finished, live = self.server.create_channel("finished"), self.server.create_channel("live")
        oxbow.Publisher(finished, file).wait()
        self.finished, self.live, self.recorded, self.long = finished["id"], live["id"], [], None
        self.publisher = oxbow.Publisher(live, file, loop=-1)
        self.server.wait_for_recording(self.live, 30)
        time.sleep(26)  # until the live playlist has its full length
        pin(self.publisher.process.pid, CLIENT_CPU)
        pin(self.pid, cpus)

    def lines(self, path):
        return [line for line in self.server.get(path).text.splitlines() if line and not line.startswith("#")]

    def live_playlist(self):
        return self.lines(f"/api/video/v1/us-east-1.000000000000.channel.{self.live}.m3u8")[0]

    def thousand_metadata(self):
        """Of a thousand channels, each with a recording."""
        if not self.recorded:
            tags = quick_publisher.flv_tags(quick_recordings.flv(), 1_200)
            for number in range(1_000):
                made = self.server.create_channel(f"many-{number}")
                quick_publisher.publish_when_free(made["ingestUrl"], tags)
                self.recorded.append(made["id"])
            for channel in self.recorded:
                self.server.wait_until_ended(channel, 60)
        return [f"/recording-started-{channel}.json" for channel in self.recorded]

    def long_playlist(self):
        """A finished recording's, of 100 KB."""
        if not self.long:
            made = self.server.create_channel("long")
            subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-readrate", "9", "-stream_loop", "-1", "-i",
                            oxbow.test_card(size="160x90", rate=10, gop=1), "-t", str(LONG_SECONDS), "-c", "copy", "-f", "flv", made["ingestUrl"]], check=True)
            self.server.wait_until_ended(made["id"], 60)
            self.long = made["id"]
        return self.lines(f"/rewind/{self.long}.m3u8")[0]

    def small_playlist(self):
        return self.live_playlist() + "?parts=0"

    def newest_segment(self):
        playlist = self.live_playlist()
        return urllib.parse.urljoin(playlist, self.lines(playlist)[-2])

    def finished_timeline(self):
        return self.lines(f"/rewind/{self.finished}.m3u8")[0]

    def finished_segment(self):
        timeline = self.finished_timeline()
        return urllib.parse.urljoin(timeline, self.lines(timeline)[2])

    def finished_chunk(self):
        """The first chunk holds one live segment; its key in the bucket."""
        key = self.server.metadata(self.finished)["masterKey"]
        folder = self.lines("/" + key)[0].rpartition("/")[0]
        return f"/{key.rpartition('/')[0]}/{folder}/0.ts"

    def close(self):
        self.publisher.close()
        self.server.close()
        self.certificate.close()


class Nginx:
    """Serves copies of what Oxbow serves, as files, with the same headers."""
    name = "nginx"

    def __init__(self, port, tls_port, certificate, connections=4096):
        self.port, self.tls_port, self.certificate, self.connections = port, tls_port, certificate, connections
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="oxbow-bench-nginx-"))
        (self.folder / "www").mkdir()
        self.locations = []
        self.process = None
        self.pid = None

    def add(self, path, answer, gzip):
        """`answer` is Oxbow's, without a coding; `gzip`: its compressed body, or None."""
        name = f"/{len(self.locations)}"
        file = self.folder / f"www{name}"
        file.write_bytes(answer.body)
        file.chmod(0o644)
        if gzip:
            file.with_name(file.name + ".gz").write_bytes(gzip)
        headers = "".join(f'add_header {key} "{answer.headers[key]}"; ' for key in KEPT_HEADERS[1:]
                          if answer.headers[key])
        static = "gzip_static on; " if gzip else ""
        self.locations.append(f'location = {name} {{ types {{}} default_type "{answer.headers["content-type"]}"; '
                              f'{static}{headers}}}')
        return name

    def start(self):
        os.chmod(self.folder, 0o755)
        config = self.folder / "nginx.conf"
        locations = "\n    ".join(self.locations)
        config.write_text(f"""
worker_processes 1;
daemon off;
user root;
pid {self.folder}/nginx.pid;
error_log {self.folder}/error.log;
events {{ use epoll; worker_connections {self.connections}; }}
http {{
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; server_tokens off;
  keepalive_requests 1000000000; keepalive_timeout 300s;
  open_file_cache max=1000 inactive=300s; open_file_cache_valid 300s;
  server {{
    listen 127.0.0.1:{self.port} reuseport backlog=4096;
    listen 127.0.0.1:{self.tls_port} ssl http2 reuseport backlog=4096;
    ssl_certificate {self.certificate.certificate};
    ssl_certificate_key {self.certificate.key};
    ssl_protocols TLSv1.3;
    root {self.folder}/www;
    {locations}
  }}
}}
""")
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-c", config, "-p", self.folder])
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        self.pid = int(oxbow.wait_for("the worker of nginx", 10, lambda: children.read_text().split())[0])
        pin(self.pid, SERVER_CPU)

    def close(self):
        if self.process:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(timeout=10)
        shutil.rmtree(self.folder, ignore_errors=True)


class Workload:
    """`path()` is asked anew for every run, for a live segment grows old.

    `tls`: None, "h1" or "h2"; `streams`: requests at a time on each connection of HTTP/2.
    """

    def __init__(self, name, path, headers=(), status=200, connections=32, tls=None, streams=1):
        self.name, self.path, self.headers = name, path, list(headers)
        self.status, self.connections, self.tls, self.streams = status, connections, tls, streams


def workloads(server):
    gzip = "Accept-Encoding: gzip, deflate, br"
    return [
        Workload("playlist, 2 KB, live", server.small_playlist),
        Workload("playlist with parts, 8 KB, live", server.live_playlist),
        Workload("playlist with parts, gzip", server.live_playlist, [gzip]),
        Workload("playlist, 304", server.finished_timeline, ["If-None-Match: {etag}"], status=304),
        Workload("recording-started-*.json", lambda: f"/recording-started-{server.live}.json"),
        Workload("recording-started-*.json of 1,000 channels", server.thousand_metadata),
        Workload("playlist, 100 KB, gzip", server.long_playlist, [gzip]),
        Workload("segment, 1.5 MB, live", server.newest_segment, connections=8),
        Workload("segment, 1.5 MB, of a finished recording", server.finished_segment, connections=8),
        Workload("object, 1.5 MB, by its key", server.finished_chunk, connections=8),
        Workload("TLS 1.3: playlist, 2 KB, live", server.small_playlist, tls="h1"),
        Workload("TLS 1.3: playlist with parts, 8 KB, live", server.live_playlist, tls="h1"),
        Workload("TLS 1.3: segment, 1.5 MB, live", server.newest_segment, connections=8, tls="h1"),
        Workload("HTTP/2: playlist, 2 KB, 16 streams", server.small_playlist, tls="h2", streams=16),
        Workload("HTTP/2: playlist with parts, 8 KB, 16 streams", server.live_playlist, tls="h2", streams=16),
    ]


def run_tls(port, path, workload, seconds):
    """By h2load, which does HTTP/1.1 over TLS as well; 8 MB windows, so that they hold up no segment."""
    how = ["--h1"] if workload.tls == "h1" else ["-m", str(workload.streams), "-w", "23", "-W", "23"]
    headers = [word for line in (*BROWSER_HEADERS, *workload.headers) for word in ("-H", line)]
    started = time.monotonic()
    done = subprocess.run(
        ["h2load", "-t", "1", "-c", str(workload.connections), "-D", f"{round(seconds * 1000)}ms", *how, *headers,
         f"https://127.0.0.1:{port}{path}"],
        capture_output=True, text=True, check=True, timeout=seconds + 30,  # h2load has been seen not to end
        preexec_fn=lambda: os.sched_setaffinity(0, CLIENT_CPU))
    spent = time.monotonic() - started
    protocol = {"h1": "http/1.1", "h2": "h2"}[workload.tls]
    for expected in ("TLS Protocol: TLSv1.3", f"Application protocol: {protocol}"):
        if expected not in done.stdout:
            raise AssertionError(f"h2load did not say {expected}:\n{done.stdout}")
    answers = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", done.stdout)
    failed = re.search(r"(\d+) failed, (\d+) errored, (\d+) timeout", done.stdout)
    data = re.search(r"\((\d+)\) data", done.stdout)
    return {"requests": int(answers[1]), "bytes": int(data[1]), "seconds": spent,
            "errors": sum(map(int, answers.groups()[1:])) + sum(map(int, failed.groups()))}


def run(peer, path, workload, seconds):
    if workload.tls:
        return run_tls(peer.tls_port, path, workload, seconds)
    port = peer.port
    headers = []
    for line in workload.headers:
        if "{etag}" in line:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", path)
            line = line.replace("{etag}", connection.getresponse().headers["ETag"] or '"none"')
            connection.close()
        headers += ["--header", line]
    paths = [word for each in ([path] if isinstance(path, str) else path) for word in ("--path", each)]
    done = subprocess.run(
        [BUILD / "bench/http_load", "--port", str(port), *paths, "--connections", str(workload.connections),
         "--seconds", str(seconds), "--status", str(workload.status), *headers],
        capture_output=True, text=True, check=True, preexec_fn=lambda: os.sched_setaffinity(0, CLIENT_CPU))
    return json.loads(done.stdout)


def measure(peer, path, workload, seconds):
    before = cpu_seconds(peer.pid)
    try:
        got = run(peer, path, workload, seconds)
    except subprocess.TimeoutExpired:
        return None
    cpu = cpu_seconds(peer.pid) - before
    if got["requests"] == 0:
        return None
    return {"us": cpu / got["requests"] * 1e6, "rate": got["requests"] / got["seconds"], "errors": got["errors"],
            "gigabyte": cpu / got["bytes"] * 1e9 if got["bytes"] else 0, "busy": cpu / got["seconds"],
            "size": got["bytes"] / got["requests"]}


def spread(values):
    middle = statistics.median(values)
    return f"{middle:8.2f} ({min(values):.2f}-{max(values):.2f})"


def compare(workload, server, nginx, name, rounds, seconds):
    run(nginx, name, workload, 1)  # opens its files
    results = {"oxbow": [], "nginx": []}
    for _ in range(rounds):
        results["oxbow"].append(measure(server, workload.path(), workload, seconds))
        results["nginx"].append(measure(nginx, name, workload, seconds))
    pairs = [(o, n) for o, n in zip(results["oxbow"], results["nginx"]) if o and n]
    if not pairs:
        print(f"{workload.name:42} no answers: {results['oxbow']}", flush=True)
        return
    ours, theirs = [o["us"] for o, _ in pairs], [n["us"] for _, n in pairs]
    ratio = statistics.median(theirs) / statistics.median(ours)
    errors = sum(o["errors"] for o, _ in pairs), sum(n["errors"] for _, n in pairs)
    print(f"{workload.name:42} {pairs[0][0]['size']:9.0f} B  oxbow {spread(ours)}  nginx {spread(theirs)}  "
          f"x {ratio:.2f}   {statistics.median(o['rate'] for o, _ in pairs):8.0f} and "
          f"{statistics.median(n['rate'] for _, n in pairs):8.0f} answers/s; busy {pairs[0][0]['busy']:.2f} and "
          f"{pairs[0][1]['busy']:.2f}" + (f"; errors {errors}" if any(errors) else ""), flush=True)


def profile(server, workload):
    """Where the time goes: perf record of the server under this workload, the report on stdout."""
    data = tempfile.NamedTemporaryFile(prefix="oxbow-perf-")
    recorder = subprocess.Popen(["perf", "record", "-q", "-e", "cpu-clock", "-F", "2000", "-g", "-p", str(server.pid),
                                 "-o", data.name, "--", "sleep", "4"])
    run(server, workload.path(), workload, 4.5)
    recorder.wait()
    for by, least in (("dso", "0"), ("symbol", "0.3")):
        subprocess.run(["perf", "report", "-i", data.name, "--stdio", "--no-children", "-g", "none", "--sort", by,
                        "--percent-limit", least])


def version_of(command):
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout + done.stderr).strip().splitlines()[0]


def cpu_model():
    found = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--short", action="store_true", help="one short round of everything: does it work?")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=3)
    options.add_argument("--only", default="", help="the workloads whose names begin so")
    options.add_argument("--profile", default="", help="profile the workloads whose names begin so, with perf")
    given = options.parse_args()
    if os.cpu_count() < 2:
        sys.exit("needs two cores: one for the server, one for the client")
    if shutil.disk_usage("/tmp").free < 2e9:
        sys.exit("needs 2 GB free in /tmp")
    network = private_network.enter()
    rounds, seconds = (1, 0.5) if given.short else (given.rounds, given.seconds)

    server, nginx = Oxbow(), None
    try:
        chosen = [workload for workload in workloads(server) if workload.name.startswith(given.only)]
        if given.profile:
            for workload in chosen:
                if workload.name.startswith(given.profile):
                    profile(server, workload)
            return
        nginx = Nginx(free_port(), free_port(), server.certificate)
        names = []
        for workload in chosen:
            path = workload.path()
            path = path if isinstance(path, str) else path[0]
            coded = server.server.get(path, {"Accept-Encoding": "gzip"})
            gzip = coded.body if coded.headers["Content-Encoding"] == "gzip" else None
            names.append(nginx.add(path, server.server.get(path), gzip))
        nginx.start()
        print(f"{version_of([oxbow.BINARY, 'version'])}; {version_of(['/usr/sbin/nginx', '-v'])}; Linux "
              f"{platform.release()}; {cpu_model()}, {os.cpu_count()} cores; "
              f"{network}\n{rounds} rounds of {seconds} s, alternating; server CPU in microseconds per "
              f"answer: median (least-most); x: nginx / oxbow", flush=True)
        for workload, name in zip(chosen, names):
            compare(workload, server, nginx, name, rounds, seconds)
    finally:
        if nginx:
            nginx.close()
        server.close()


if __name__ == "__main__":
    main()
