"""A Ceph RGW of its own: a real S3 server on loopback, in a folder that goes away with it.

One monitor, one OSD in memory, one gateway; no authentication inside the cluster. Debian's ceph-mon, ceph-osd and
radosgw.
"""

import http.client
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

ACCESS_KEY = "OXBOWTESTS0000000000"
SECRET_KEY = "a-secret-of-the-tests-0000000000000000/+"
START_MAX = 60  # seconds

# ms_mon_client_mode: without it the gateway waits for ever for an authentication that nobody asks for.
# paxos_*: a single monitor has nobody to wait for.
CONFIGURATION = """
[global]
fsid = {fsid}
mon_host = [v2:127.0.0.1:{mon2},v1:127.0.0.1:{mon1}]
mon_initial_members = a
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_ipv6 = false
ms_mon_client_mode = crc
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
run_dir = {folder}/run
admin_socket = {folder}/run/$name.asok
pid_file = {folder}/$type.pid
log_file = {folder}/log/$name.log
mon_cluster_log_file = {folder}/log/cluster.log
crash_dir = {folder}/run
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
mon_max_pg_per_osd = 1000
mon_data_avail_warn = 1
mon_data_avail_crit = 1
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
[mon.a]
mon_data = {folder}/mon
[osd.0]
osd_data = {folder}/osd
osd_objectstore = memstore
memstore_device_bytes = 4294967296
osd_class_update_on_start = false
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw_data = {folder}/rgw
ms_mon_client_mode = crc
rgw_thread_pool_size = 64
rgw_enable_usage_log = false
rgw_enable_ops_log = false
rgw_dns_name = localhost
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Rgw:
    """endpoint, access_key, secret_key; stop_gateway() and start_gateway() for an outage."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="oxbow-rgw-"))
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.access_key, self.secret_key = ACCESS_KEY, SECRET_KEY
        self.processes = {}
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _run(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=START_MAX, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
        return done.stdout

    def _daemon(self, name, *command):
        log = open(self.folder / f"log/{name}.out", "ab")
        self.processes[name] = subprocess.Popen([*command, "-f"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()

    def _start(self):
        for name in ("mon", "osd", "rgw", "log", "run"):
            (self.folder / name).mkdir()
        fsid, osd = str(uuid.uuid4()), str(uuid.uuid4())
        mon1, mon2 = free_port(), free_port()
        self.config = self.folder / "ceph.conf"
        self.config.write_text(CONFIGURATION.format(folder=self.folder, fsid=fsid, port=self.port, mon1=mon1,
                                                    mon2=mon2))
        conf = ("-c", self.config)
        monmap = self.folder / "monmap"
        self._run("monmaptool", "--create", "--clobber", "--fsid", fsid, "--addv", "a",
                  f"[v2:127.0.0.1:{mon2},v1:127.0.0.1:{mon1}]", monmap)
        self._run("ceph-mon", *conf, "-i", "a", "--mkfs", "--monmap", monmap)
        self._daemon("mon", "ceph-mon", *conf, "-i", "a")
        self._run("ceph", *conf, "--connect-timeout", "30", "osd", "new", osd, "0")
        self._run("ceph", *conf, "osd", "crush", "add", "osd.0", "1.0", "root=default", "host=localhost")
        self._run("ceph-osd", *conf, "-i", "0", "--mkfs", "--osd-uuid", osd)
        self._daemon("osd", "ceph-osd", *conf, "-i", "0")
        self.start_gateway()
        self._run("radosgw-admin", *conf, "user", "create", "--uid=oxbow", "--display-name=oxbow",
                  f"--access-key={self.access_key}", f"--secret-key={self.secret_key}")

    def start_gateway(self, before=()):
        """In: a command that runs another, such as faketime."""
        self._daemon("rgw", *before, "radosgw", "-c", self.config, "-n", "client.rgw")
        deadline = time.monotonic() + START_MAX
        while time.monotonic() < deadline:
            if self.processes["rgw"].poll() is not None:
                raise AssertionError(f"radosgw ended: {(self.folder / 'log/rgw.out').read_text()}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                try:
                    connection.request("GET", "/")
                    if connection.getresponse().status == 200:
                        return
                finally:
                    connection.close()
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"radosgw did not answer in {START_MAX} s")

    def stop_gateway(self):
        """What is stored stays: it is the OSD's."""
        gateway = self.processes.pop("rgw")
        gateway.kill()
        gateway.wait()

    def aws(self, *arguments, **options):
        """Amazon's own client; its output."""
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key,
                       "AWS_DEFAULT_REGION": "us-east-1", "AWS_CONFIG_FILE": "/dev/null", "AWS_PAGER": ""}
        done = subprocess.run(["aws", "--endpoint-url", self.endpoint, *arguments], env=environment, timeout=120,
                              capture_output=True, text=True, check=False, **options)
        if done.returncode != 0:
            raise AssertionError(f"aws {' '.join(map(str, arguments))}: {done.stderr}")
        return done.stdout

    def configuration(self, bucket, **more):
        """The [store] of an oxbow.toml."""
        keys = {"kind": "s3", "bucket": bucket, "endpoint": self.endpoint, "access_key_id": self.access_key,
                "secret_access_key": self.secret_key, **more}
        return "[store]\n" + "".join(f"{name} = {quoted(value)}\n" for name, value in keys.items())

    def close(self):
        for process in reversed(self.processes.values()):
            process.send_signal(signal.SIGKILL)
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def quoted(value):
    return str(value).lower() if isinstance(value, (bool, int)) else f'"{value}"'
