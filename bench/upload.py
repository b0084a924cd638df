#!/usr/bin/env python3
"""What putting recordings into an S3 bucket costs, beside Amazon's client and rclone; and how much is put.

usage: upload.py [--files 64] [--mb 4] [--rounds 3] [--channels 4] [--minutes 5] [--short]

First the same files are put into a Ceph RGW by the S3 client of Oxbow, by `aws s3 cp` and by `rclone copy`, four at a
time, in turns: CPU seconds of the client per GB, medians. Then channels of 3 Mbit/s are recorded into it for some
minutes: puts per channel-minute, and bytes of playlists and events per byte of media. --short: does it work?
"""

import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))
BUILD = ROOT / "build/release"
os.environ.setdefault("OXBOW", str(BUILD / "oxbow"))

import api_client  # noqa: E402  (the path comes first)
import oxbow  # noqa: E402
import rgw  # noqa: E402

UPLOADS = 4
RCLONE = """[rgw]
type = s3
provider = Ceph
endpoint = {endpoint}
access_key_id = {key}
secret_access_key = {secret}
force_path_style = true
"""


def source():
    """20 s of 720p30 at a constant 3 Mbit/s with AAC; encoded once."""
    return oxbow.media(
        "bench-720p30-3.flv", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30,noise=alls=12:allf=t", "-f", "lavfi",
        "-i", "sine=frequency=440:sample_rate=48000", "-t", "20", "-c:v", "libx264", "-preset", "veryfast", "-g", "60",
        "-keyint_min", "60", "-sc_threshold", "0", "-b:v", "2860k", "-maxrate", "2860k", "-bufsize", "2860k",
        "-x264-params", "nal-hrd=cbr", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k", "-ac", "2", "-shortest")


def cpu_of(command, environment):
    """CPU seconds of the command and its children."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**clean, **environment})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def clients(gateway, folder, work):
    """name: a function of the round."""
    aws = {"AWS_ACCESS_KEY_ID": gateway.access_key, "AWS_SECRET_ACCESS_KEY": gateway.secret_key,
           "AWS_DEFAULT_REGION": "us-east-1", "AWS_CONFIG_FILE": str(work / "aws")}
    (work / "aws").write_text(f"[default]\ns3 =\n  max_concurrent_requests = {UPLOADS}\n  multipart_threshold = 64MB\n")
    (work / "rclone").write_text(RCLONE.format(endpoint=gateway.endpoint, key=gateway.access_key,
                                               secret=gateway.secret_key))
    return {
        "Oxbow": lambda n: cpu_of([BUILD / "bench/upload_files", gateway.endpoint, "bench", gateway.access_key,
                                   gateway.secret_key, folder, f"oxbow-{n}/", str(UPLOADS)], {}),
        "aws s3 cp": lambda n: cpu_of(["/usr/bin/aws", "--endpoint-url", gateway.endpoint, "s3", "cp", "--recursive",
                                       "--quiet", folder, f"s3://bench/aws-{n}/"], aws),
        "rclone copy": lambda n: cpu_of(["rclone", "--config", work / "rclone", "copy", "--s3-no-check-bucket", "--transfers",
                                         str(UPLOADS), folder, f"rgw:bench/rclone-{n}/"], {}),
    }


def compare(gateway, work, files, megabytes, rounds):
    folder = work / "files"
    folder.mkdir()
    for n in range(files):
        (folder / f"{n}.ts").write_bytes(os.urandom(megabytes * 1_000_000))
    took = {name: [] for name in clients(gateway, folder, work)}
    for n in range(rounds):
        for name, run in clients(gateway, folder, work).items():
            took[name].append(run(n))
            gateway.aws("s3", "rm", "--recursive", "--only-show-errors", "s3://bench/")
    gigabytes = files * megabytes / 1_000
    ours = statistics.median(took["Oxbow"])
    print(f"{files} files of {megabytes} MB, {UPLOADS} at a time, {rounds} rounds; CPU seconds per GB: median (least-most)")
    for name, seconds in took.items():
        print(f"  {name:12} {statistics.median(seconds) / gigabytes:8.2f} "
              f"({min(seconds) / gigabytes:.2f}-{max(seconds) / gigabytes:.2f})  x {statistics.median(seconds) / ours:.1f}",
              flush=True)


def record(gateway, channels, minutes):
    server = oxbow.Server(gateway.configuration("live") + '[log]\nlevel = "warning"\n')
    try:
        arn = api_client.Api(server.ready).call("CreateRecordingConfiguration", {
            "destinationConfiguration": {"s3": {"bucketName": "live"}},
            "thumbnailConfiguration": {"recordingMode": "DISABLED"}}).json["recordingConfiguration"]["arn"]
        made = [api_client.Api(server.ready).call("CreateChannel", {"name": f"bench-{n}", "recordingConfigurationArn": arn})
                .json for n in range(channels)]
        urls = [f"{server.ready['rtmp']}/{channel['streamKey']['value']}" for channel in made]
        load = subprocess.Popen([BUILD / "bench/rtmp_load", "--file", source(), "--seconds", str(round(60 * minutes)), *urls],
                                stdout=subprocess.DEVNULL)
        load.wait()
        ids = [channel["channel"]["arn"].rpartition("/")[2] for channel in made]
        for channel in ids:
            server.wait_until_ended(channel, 60)
        oxbow.wait_for("the uploads", 120, lambda: server.metric("oxbow_upload_backlog_objects") == 0)
        puts, bytes_put = server.metric("oxbow_uploads_total"), server.metric("oxbow_uploaded_bytes_total")
        media = sum(int(line.split()[2]) for line in gateway.aws("s3", "ls", "--recursive", "s3://live/").splitlines()
                    if line.endswith(".ts"))
        print(f"{channels} channels of 3 Mbit/s for {minutes} minutes: {puts / channels / minutes:.1f} puts per "
              f"channel-minute; {100 * (bytes_put - media) / media:.2f} % of the media's bytes are playlists and events")
    finally:
        server.close()


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--files", type=int, default=64)
    options.add_argument("--mb", type=int, default=4)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--channels", type=int, default=4)
    options.add_argument("--minutes", type=float, default=5)
    options.add_argument("--short", action="store_true")
    given = options.parse_args()
    if given.short:
        given.files, given.rounds, given.channels, given.minutes = 4, 1, 1, 0.5
    with rgw.Rgw() as gateway, tempfile.TemporaryDirectory(prefix="oxbow-bench-") as work:
        for bucket in ("bench", "live"):
            gateway.aws("s3api", "create-bucket", "--bucket", bucket)
        began = time.monotonic()
        compare(gateway, pathlib.Path(work), given.files, given.mb, given.rounds)
        record(gateway, given.channels, given.minutes)
        print(f"{time.monotonic() - began:.0f} s in all")


if __name__ == "__main__":
    main()
