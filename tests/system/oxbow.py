"""The real program under test: a server of its own data directory, real publishers, real HTTP."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from hls_playlist import Playlist  # noqa: F401  (oxbow.Playlist)

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("OXBOW", str(ROOT / "build/dev/oxbow"))
MEDIA = pathlib.Path(os.environ.get("OXBOW_TEST_MEDIA", ROOT / "build/test-media"))


def wait_for(what, seconds, condition):
    """The first true value of condition(); fails with `what` when none comes in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s for {what}")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)


class Server:
    """`oxbow serve` on free ports."""

    def __init__(self, config="", data=None, environment=None, rtmp="127.0.0.1:0", role="all"):
        self.data = pathlib.Path(data or tempfile.mkdtemp(prefix="oxbow-test-"))
        self.config = config
        self.environment = environment or {}  # beside our own; may change between two starts
        self.rtmp = rtmp
        self.role = role
        self.start()

    def start(self):
        ready = self.data / "test-ready.json"
        ready.unlink(missing_ok=True)
        config = self.data / "oxbow.toml"
        config.write_text(self.config)
        self.log = open(self.data / "server.log", "ab")
        self.process = subprocess.Popen(
            [BINARY, "serve", "--data", self.data, "--config", config, "--http", "127.0.0.1:0",
             "--api", "127.0.0.1:0", "--rtmp", self.rtmp, "--role", self.role, "--ready-file", ready],
            stdout=self.log, stderr=self.log, env={**os.environ, **self.environment})
        wait_for("the ready file", 20, lambda: ready.exists() or self.process.poll() is not None)
        if self.process.poll() is not None:
            self.log.close()
            raise AssertionError("the server did not start:\n" + self.log_text())
        self.ready = json.loads(ready.read_text())

    def log_text(self):
        return (self.data / "server.log").read_text(errors="replace")

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=30)
        self.log.close()
        return code

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def close(self):
        if self.process.poll() is None:
            self.stop()
        log = self.log_text()
        shutil.rmtree(self.data, ignore_errors=True)
        # A sanitizer may report what no answer shows: a race, or a leak at the very end.
        if "Sanitizer" in log or "runtime error:" in log:
            raise AssertionError("a sanitizer has found something:\n" + log[-20_000:])

    def cli(self, *words, check=True):
        done = subprocess.run([BINARY, *words, "--data", self.data], capture_output=True, text=True)
        if check and done.returncode != 0:
            raise AssertionError(f"oxbow {' '.join(words)}: {done.stderr}")
        return done

    def create_channel(self, name, *options):
        """{"channel": {...}, "streamKey": {...}, "ingestUrl": ..., "id": ...}"""
        made = json.loads(self.cli("channel", "create", name, "--json", *options).stdout)
        made["id"] = made["channel"]["arn"].rpartition("/")[2]
        return made

    def get(self, path, headers=None, method="GET"):
        """`path` may be one that a playlist names: from where playlists lie, those lead to the root."""
        if not path.startswith(("/", "http")):
            path = "/" + path.removeprefix("../" * path.count("../"))
        url = path if path.startswith("http") else self.ready["http"] + path
        request = urllib.request.Request(url, headers=headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def metric(self, name):
        """What Prometheus would read; `name` with its labels, as in oxbow_recordings_total{status="ended"}."""
        answer = self.get(self.ready["api"] + "/metrics")
        assert answer.status == 200, answer.text
        return next(float(line.rpartition(" ")[2]) for line in answer.text.splitlines()
                    if line.rpartition(" ")[0] == name)

    def metadata(self, channel_id):
        return self.get(f"/recording-started-{channel_id}.json").json

    def bucket(self, key):
        return self.data / "bucket" / key

    def wait_for_recording(self, channel_id, seconds=20):
        """The metadata, once masterKey is there."""
        def recorded():
            body = self.metadata(channel_id)
            return body if body and body.get("masterKey") else None
        return wait_for(f"a masterKey of {channel_id}", seconds, recorded)

    def wait_until_ended(self, channel_id, seconds=20):
        def ended():
            body = self.metadata(channel_id)
            return body if body and str(body.get("recordingStatus", "")).startswith("RECORDING_ENDED") else None
        return wait_for(f"the end of the recording of {channel_id}", seconds, ended)


def media(name, *arguments):
    """A file that ffmpeg made of `arguments`, once per build folder."""
    MEDIA.mkdir(parents=True, exist_ok=True)
    file = MEDIA / name
    if not file.exists():
        part = file.with_name(f"part-{os.getpid()}-{name}")
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *arguments, part], check=True)
        part.rename(file)
    return file


def film():
    """14 s of what is hard: B-frames, key frames 1 to 9 s apart, 24 fps, AAC in 5.1."""
    return media(
        "film.mp4", "-f", "lavfi", "-i", "mandelbrot=size=854x480:rate=24", "-f", "lavfi", "-i",
        "sine=frequency=500:sample_rate=48000", "-t", "14", "-c:v", "libx264", "-preset", "veryfast", "-bf", "3",
        "-g", "500", "-sc_threshold", "0", "-force_key_frames", "0,1.5,2.5,11.5", "-pix_fmt", "yuv420p",
        "-c:a", "aac", "-ac", "6", "-shortest")


def test_card(seconds=8, size="640x360", rate=30, gop=2, tone=440):
    """Generated picture and tone, a key frame every `gop` seconds."""
    return media(
        f"card-{size}-{rate}-{gop}-{tone}-{seconds}.mp4", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}",
        "-f", "lavfi", "-i", f"sine=frequency={tone}:sample_rate=44100", "-t", str(seconds), "-c:v", "libx264",
        "-preset", "ultrafast", "-g", str(rate * gop), "-keyint_min", str(rate * gop), "-sc_threshold", "0",
        "-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2", "-shortest")


def video_packets(file):
    return packets(file, "v:0")


def video_frames(source):
    return frames(source, "v:0")


def packets(file, stream):
    return count(file, "nb_read_packets", "-count_packets", stream)


def frames(source, stream):
    return count(source, "nb_read_frames", "-count_frames", stream)


def count(source, entry, how, stream):
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-allowed_extensions", "ALL", how, "-select_streams", stream, "-show_entries",
         f"stream={entry}", "-of", "csv=p=0", source] if str(source).split("?")[0].endswith("m3u8") else
        ["ffprobe", "-v", "error", how, "-select_streams", stream, "-show_entries", f"stream={entry}", "-of",
         "csv=p=0", source],
        capture_output=True, text=True)
    if done.returncode != 0 or done.stderr.strip():
        raise AssertionError(f"ffprobe {source}: {done.stderr}")
    return int(done.stdout.strip().split("\n")[0].strip(","))


class Publisher:
    """ffmpeg sends a file by stream copy, in real time, as an encoder would."""

    def __init__(self, made, file, loop=0, url=None, seconds=None, options=()):
        target = url or made["ingestUrl"]
        limit = ["-t", str(seconds)] if seconds else []
        self.process = subprocess.Popen(
            ["ffmpeg", "-v", "error", "-nostdin", "-re", "-stream_loop", str(loop), "-i", file, *limit, "-c", "copy",
             *options, "-f", "flv", target],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def wait(self, seconds=60):
        """Until the file is sent; the exit code."""
        self.errors = self.process.communicate(timeout=seconds)[1].decode(errors="replace")
        return self.process.returncode

    def kill(self):
        self.process.kill()
        self.process.communicate()

    def close(self):
        if self.process.poll() is None:
            self.kill()
