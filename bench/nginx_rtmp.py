"""nginx with its RTMP module, as the peer of what we measure: what its README proposes for HLS, with one worker."""

import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import oxbow

RTMP = "rtmp://127.0.0.1:1935/app"
HTTP = "http://127.0.0.1:8190"

CONFIGURATION = """
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
daemon off;
user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    server {{ listen 127.0.0.1:8190; root {folder}; location / {{ add_header Access-Control-Allow-Origin *; }} }}
}}
rtmp {{
    server {{
        listen 127.0.0.1:1935;
        application app {{
            live on;
            hls on;
            hls_path {folder}/hls;
            hls_fragment 2s;
            {record}
        }}
    }}
}}
"""


class NginxRtmp:
    """A running one, in an empty folder. Fragments are cut at key frames from 2 s on."""

    name = "nginx-rtmp"

    def __init__(self, record):
        """`record`: whether it records, too."""
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="oxbow-bench-nginx-"))
        for name in ("hls", "recorded"):
            (self.folder / name).mkdir()
        recording = f"record all; record_path {self.folder}/recorded; record_unique on;" if record else ""
        file = self.folder / "nginx.conf"
        file.write_text(CONFIGURATION.format(folder=self.folder, record=recording))
        self.log = open(self.folder / "server.log", "ab")
        self.process = subprocess.Popen(["nginx", "-c", file], stdout=self.log, stderr=self.log)
        pid = self.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
        # Master, worker, and the cache manager that deletes old fragments: all of it is the server.
        oxbow.wait_for("nginx's worker", 10, lambda: children.read_text().split())
        time.sleep(0.5)
        self.processes = [pid, *map(int, children.read_text().split())]

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
